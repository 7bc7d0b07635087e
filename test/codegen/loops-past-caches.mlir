// Results that no cache would hold until they are read are stored past the caches, in whole lines: not smaller ones, not
// over an operand, not where a line begins within another, and not what is read again.
// RUN: sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-loops %s | FileCheck %s
// RUN: sinterc --from=model --emit=plan -o - %S/Inputs/past-caches.mlir | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-loops | FileCheck %S/Inputs/past-caches.mlir
// RUN: sinter-run --device cpu --threads 1 --print %S/Inputs/past-caches.mlir > %t.one
// RUN: sinter-run --device cpu --threads 3 --print --schedule-seed 3 %S/Inputs/past-caches.mlir | cmp - %t.one
// RUN: sinter-run --device cpu %S/Inputs/past-caches.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#scalar = affine_map<(d0, d1) -> ()>
module attributes {sinter.target = "cpu"} {
  // CHECK-LABEL: func.func private @large
  // CHECK: vector.store {{.*}}nontemporal = true
  // CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"
  func.func private @large(%x: tensor<3072x1024xf32>) -> tensor<3072x1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
    %e = tensor.empty() : tensor<3072x1024xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3072x1024xf32>) outs(%e : tensor<3072x1024xf32>) {
    ^bb0(%i: f32, %out: f32):
      %0 = arith.negf %i : f32
      linalg.yield %0 : f32
    } -> tensor<3072x1024xf32>
    return %y : tensor<3072x1024xf32>
  }
  // One number for all lanes, too.
  // CHECK-LABEL: func.func private @number
  // CHECK: vector.store {{.*}}nontemporal = true
  func.func private @number(%x: tensor<f32>) -> tensor<3072x1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
    %e = tensor.empty() : tensor<3072x1024xf32>
    %y = linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<f32>) outs(%e : tensor<3072x1024xf32>) {
    ^bb0(%i: f32, %out: f32):
      linalg.yield %i : f32
    } -> tensor<3072x1024xf32>
    return %y : tensor<3072x1024xf32>
  }
  // CHECK-LABEL: func.func private @smaller
  // CHECK-NOT: nontemporal
  // CHECK-NOT: sfence
  func.func private @smaller(%x: tensor<3071x1024xf32>) -> tensor<3071x1024xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
    %e = tensor.empty() : tensor<3071x1024xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3071x1024xf32>) outs(%e : tensor<3071x1024xf32>) {
    ^bb0(%i: f32, %out: f32):
      %0 = arith.negf %i : f32
      linalg.yield %0 : f32
    } -> tensor<3071x1024xf32>
    return %y : tensor<3071x1024xf32>
  }
  // CHECK-LABEL: func.func private @in_place
  // CHECK-NOT: nontemporal
  func.func private @in_place(%x: tensor<3072x1024xf32>) -> tensor<3072x1024xf32> attributes {sinter.kernel, sinter.kind = "elements", sinter.in_place = array<i64: 0, 0>} {
    %e = tensor.empty() : tensor<3072x1024xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3072x1024xf32>) outs(%e : tensor<3072x1024xf32>) {
    ^bb0(%i: f32, %out: f32):
      %0 = arith.negf %i : f32
      linalg.yield %0 : f32
    } -> tensor<3072x1024xf32>
    return %y : tensor<3072x1024xf32>
  }
  // CHECK-LABEL: func.func private @broken_lines
  // CHECK-NOT: nontemporal
  func.func private @broken_lines(%x: tensor<3100x1029xf32>, %row: tensor<1029xf32>) -> tensor<3100x1029xf32> attributes {sinter.kernel, sinter.kind = "elements"} {
    %e = tensor.empty() : tensor<3100x1029xf32>
    %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %row : tensor<3100x1029xf32>, tensor<1029xf32>) outs(%e : tensor<3100x1029xf32>) {
    ^bb0(%i: f32, %j: f32, %out: f32):
      %0 = arith.addf %i, %j : f32
      linalg.yield %0 : f32
    } -> tensor<3100x1029xf32>
    return %y : tensor<3100x1029xf32>
  }
}
