// Results that go past the caches wait in the scratch, and leave row by row while the next tile is multiplied.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir -split-input-file --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %t/kernels.mlir
// RUN: sinter-run --device=cpu %t/numbers.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-opt %t/numbers.mlir --sinter-narrow-products | sinter-run --device=cpu -

//--- kernels.mlir
// CHECK-LABEL: func private @waits
// Nothing waits when a call begins.
// CHECK: %[[PLACE:.*]] = memref.view %{{.*}}[%c16][] : memref<?xi8> to memref<2xi64>
// CHECK: memref.store %c0_i64, %[[PLACE]][%c0]
// CHECK: scf.for
// As many steps of k for each of the rows that wait.
// CHECK: %[[NEXT:.*]] = memref.load %[[PLACE]][%c0]
// CHECK: %[[WAITS:.*]] = arith.cmpi ne
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c12 step %c1 iter_args
// CHECK: scf.for
// CHECK: math.fma
// CHECK: scf.if %[[WAITS]]
// CHECK: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK: memref.store %c0_i64, %[[PLACE]][%c0]
// What this tile computes takes its turn.
// CHECK-COUNT-24: vector.store %{{.*}} : memref<384xf32>, vector<16xf32>
// CHECK: memref.store %{{.*}}, %[[PLACE]][%c0]
// CHECK: memref.store %{{.*}}, %[[PLACE]][%c1]
// The last one's results leave before the call ends.
// CHECK: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"()
// CHECK-NEXT: return
func.func private @waits(%a: tensor<1536x384xf32>, %b: tensor<384x1536xf32>) -> tensor<1536x1536xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1536x1536xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1536x1536xf32>) -> tensor<1536x1536xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<1536x384xf32>, tensor<384x1536xf32>) outs(%f : tensor<1536x1536xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1536x1536xf32>
  return %c : tensor<1536x1536xf32>
}

// -----

// A short sum leaves no time for that.
// CHECK-LABEL: func private @short
// CHECK-NOT: memref<2xi64>
// CHECK: return
func.func private @short(%a: tensor<1536x64xf32>, %b: tensor<64x1536xf32>) -> tensor<1536x1536xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1536x1536xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1536x1536xf32>) -> tensor<1536x1536xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<1536x64xf32>, tensor<64x1536xf32>) outs(%f : tensor<1536x1536xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<1536x1536xf32>
  return %c : tensor<1536x1536xf32>
}

//--- numbers.mlir
// Against halves whose results stay in the caches: rows that no tile divides, an epilogue; several blocks of k, of which the
// last is shorter; both operands packed.
func.func @epilogue(%a: tensor<1030x200xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<200x1040xf32> {sinter.range = [0.0, 1.0]}, %c: tensor<1040xf32> {sinter.range = [0.0, 1.0]}, %d: tensor<1030x1040xf32> {sinter.range = [0.0, 1.0]})
    -> (tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>) attributes {sinter.entry, sinter.expect} {
  %bias = sinter.broadcast %c dims [1] : tensor<1040xf32> -> tensor<1030x1040xf32>
  %rest = arith.addf %bias, %d : tensor<1030x1040xf32>
  %y0 = sinter.matmul %a, %b : (tensor<1030x200xf32>, tensor<200x1040xf32>) -> tensor<1030x1040xf32>
  %y = arith.addf %y0, %rest : tensor<1030x1040xf32>
  %upper = sinter.slice %y [0, 0] to [515, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %lower = sinter.slice %y [515, 0] to [1030, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %a0 = sinter.slice %a [0, 0] to [515, 200] by [1, 1] : tensor<1030x200xf32> -> tensor<515x200xf32>
  %a1 = sinter.slice %a [515, 0] to [1030, 200] by [1, 1] : tensor<1030x200xf32> -> tensor<515x200xf32>
  %r0 = sinter.slice %rest [0, 0] to [515, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %r1 = sinter.slice %rest [515, 0] to [1030, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %u0 = sinter.matmul %a0, %b : (tensor<515x200xf32>, tensor<200x1040xf32>) -> tensor<515x1040xf32>
  %l0 = sinter.matmul %a1, %b : (tensor<515x200xf32>, tensor<200x1040xf32>) -> tensor<515x1040xf32>
  %u = arith.addf %u0, %r0 : tensor<515x1040xf32>
  %l = arith.addf %l0, %r1 : tensor<515x1040xf32>
  return %upper, %u, %lower, %l : tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>
}
func.func @blocks(%a: tensor<1200x1030xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1200x1040xf32> {sinter.range = [0.0, 1.0]})
    -> (tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>) attributes {sinter.entry, sinter.expect} {
  %y = sinter.matmul %a, %b {transpose_lhs} : (tensor<1200x1030xf32>, tensor<1200x1040xf32>) -> tensor<1030x1040xf32>
  %upper = sinter.slice %y [0, 0] to [515, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %lower = sinter.slice %y [515, 0] to [1030, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %a0 = sinter.slice %a [0, 0] to [1200, 515] by [1, 1] : tensor<1200x1030xf32> -> tensor<1200x515xf32>
  %a1 = sinter.slice %a [0, 515] to [1200, 1030] by [1, 1] : tensor<1200x1030xf32> -> tensor<1200x515xf32>
  %u = sinter.matmul %a0, %b {transpose_lhs} : (tensor<1200x515xf32>, tensor<1200x1040xf32>) -> tensor<515x1040xf32>
  %l = sinter.matmul %a1, %b {transpose_lhs} : (tensor<1200x515xf32>, tensor<1200x1040xf32>) -> tensor<515x1040xf32>
  return %upper, %u, %lower, %l : tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>, tensor<515x1040xf32>
}
func.func @transposed(%a: tensor<1030x300xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1040x300xf32> {sinter.range = [0.0, 1.0]})
    -> (tensor<515x1040xf32>, tensor<515x1040xf32>) attributes {sinter.entry, sinter.expect} {
  %y = sinter.matmul %a, %b {transpose_rhs} : (tensor<1030x300xf32>, tensor<1040x300xf32>) -> tensor<1030x1040xf32>
  %lower = sinter.slice %y [515, 0] to [1030, 1040] by [1, 1] : tensor<1030x1040xf32> -> tensor<515x1040xf32>
  %a1 = sinter.slice %a [515, 0] to [1030, 300] by [1, 1] : tensor<1030x300xf32> -> tensor<515x300xf32>
  %l = sinter.matmul %a1, %b {transpose_rhs} : (tensor<515x300xf32>, tensor<1040x300xf32>) -> tensor<515x1040xf32>
  return %lower, %l : tensor<515x1040xf32>, tensor<515x1040xf32>
}
