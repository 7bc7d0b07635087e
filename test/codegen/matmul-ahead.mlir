// Panels of a left operand that lies far apart along k: the next block of k is packed slice by slice, each after a panel of
// columns during which its lines were asked for.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-emit-matmul="vector-registers=32" --canonicalize --cse | FileCheck %t/kernels.mlir
// RUN: sinterc --from=model --emit=kernels %t/numbers.mlir | FileCheck %t/numbers.mlir
// RUN: sinter-run --device=cpu %t/numbers.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-opt %t/numbers.mlir --sinter-narrow-products | sinter-run --device=cpu --march=x86-64-v3 -
// The same bits as where the map has a kernel of its own.
// RUN: sinter-run --device cpu --threads 2 --print %t/numbers.mlir > %t/fused.out
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/numbers.mlir > %t/apart.out
// RUN: cmp %t/fused.out %t/apart.out

//--- kernels.mlir
// Two blocks are packed at a time: the first one at once, the second while the first is multiplied.
// CHECK-LABEL: func private @slices
// CHECK: vector.maskedload %[[A:[a-z0-9_]+]][%{{.*}} : memref<1179648xf32>
// CHECK: math.fma
// CHECK: memref.prefetch %[[A]][%{{.*}}], read, locality<2>, data : memref<1179648xf32>
// CHECK: math.fma
// CHECK: vector.maskedload %[[A]][%{{.*}} : memref<1179648xf32>
// CHECK-NOT: memref<1179648xf32>
// CHECK: return
func.func private @slices(%a: tensor<3072x384xf32>, %b: tensor<3072x1536xf32>) -> tensor<384x1536xf32> attributes {sinter.kernel} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<384x1536xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<384x1536xf32>) -> tensor<384x1536xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<3072x384xf32>, tensor<3072x1536xf32>) outs(%f : tensor<384x1536xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  } -> tensor<384x1536xf32>
  return %c : tensor<384x1536xf32>
}

//--- numbers.mlir
func.func @whole_slices(%a: tensor<1312x264xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1312x224xf32> {sinter.range = [0.0, 1.0]}) -> tensor<264x224xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1312x264xf32>, tensor<1312x224xf32>) -> tensor<264x224xf32>
  return %c : tensor<264x224xf32>
}
// Nothing divides anything.
func.func @odd(%a: tensor<1301x271xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1301x219xf32> {sinter.range = [0.0, 1.0]}) -> tensor<271x219xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1301x271xf32>, tensor<1301x219xf32>) -> tensor<271x219xf32>
  return %c : tensor<271x219xf32>
}
// More rows than columns: tiles keep the right operand, and pack the left one for themselves.
func.func @tall(%a: tensor<1302x600xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1302x220xf32> {sinter.range = [0.0, 1.0]}) -> tensor<600x220xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1302x600xf32>, tensor<1302x220xf32>) -> tensor<600x220xf32>
  return %c : tensor<600x220xf32>
}
// More columns than rows: tiles keep the left operand, of which the first one of a thread packs all.
func.func @wide(%a: tensor<1000x256xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1000x576xf32> {sinter.range = [0.0, 1.0]}) -> tensor<256x576xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1000x256xf32>, tensor<1000x576xf32>) -> tensor<256x576xf32>
  return %c : tensor<256x576xf32>
}
// Results that go past the caches leave meanwhile, too.
func.func @late(%a: tensor<1024x528xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1024x2304xf32> {sinter.range = [0.0, 1.0]}) -> tensor<528x2304xf32> attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1024x528xf32>, tensor<1024x2304xf32>) -> tensor<528x2304xf32>
  return %c : tensor<528x2304xf32>
}
// The operand is computed while it is packed.
// CHECK-LABEL: func @computed
// CHECK: call @matmul
// CHECK-NOT: call
// CHECK: return
func.func @computed(%x: tensor<1300x264xf32> {sinter.range = [0.0, 1.0]}, %s: tensor<264xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1300x224xf32> {sinter.range = [0.0, 1.0]}) -> tensor<264x224xf32> attributes {sinter.entry} {
  %ss = sinter.broadcast %s dims [1] : tensor<264xf32> -> tensor<1300x264xf32>
  %a = arith.mulf %x, %ss : tensor<1300x264xf32>
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1300x264xf32>, tensor<1300x224xf32>) -> tensor<264x224xf32>
  return %c : tensor<264x224xf32>
}
