// Panels of a left operand that lies far apart along k: the next block of k is packed slice by slice, each after a panel of
// columns during which its lines were asked for.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-schedule="vector-registers=32" --sinter-cpu-emit-matmul --canonicalize --cse | FileCheck %t/kernels.mlir
// RUN: sinter-run --device=cpu %t/numbers.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/numbers.mlir
// RUN: sinter-opt %t/numbers.mlir --sinter-narrow-products | sinter-run --device=cpu --march=x86-64-v3 -
// RUN: sinter-run --device=cpu %t/computed.mlir
// RUN: sinter-run --device=cpu --march=x86-64-v3 %t/computed.mlir
// The same bits as where the map has a kernel of its own.
// RUN: sinter-run --device cpu --threads 2 --print %t/computed.mlir > %t/fused.out
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %t/computed.mlir > %t/apart.out
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
func.func private @slices(%a: tensor<3072x384xf32>, %b: tensor<3072x1536xf32>) -> tensor<384x1536xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<384x1536xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<384x1536xf32>) -> tensor<384x1536xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<3072x384xf32>, tensor<3072x1536xf32>) outs(%f : tensor<384x1536xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  } -> tensor<384x1536xf32>
  return %c : tensor<384x1536xf32>
}

//--- numbers.mlir
// Against sums of products of a fifth of k each: single blocks, of which nothing can be packed ahead.
func.func @whole_slices(%a: tensor<1312x264xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1312x224xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<264x224xf32>, tensor<264x224xf32>) attributes {sinter.entry, sinter.expect} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1312x264xf32>, tensor<1312x224xf32>) -> tensor<264x224xf32>
  %a0 = sinter.slice %a [0, 0] to [263, 264] by [1, 1] : tensor<1312x264xf32> -> tensor<263x264xf32>
  %b0 = sinter.slice %b [0, 0] to [263, 224] by [1, 1] : tensor<1312x224xf32> -> tensor<263x224xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<263x264xf32>, tensor<263x224xf32>) -> tensor<264x224xf32>
  %a1 = sinter.slice %a [263, 0] to [526, 264] by [1, 1] : tensor<1312x264xf32> -> tensor<263x264xf32>
  %b1 = sinter.slice %b [263, 0] to [526, 224] by [1, 1] : tensor<1312x224xf32> -> tensor<263x224xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<263x264xf32>, tensor<263x224xf32>) -> tensor<264x224xf32>
  %e1 = arith.addf %p0, %p1 : tensor<264x224xf32>
  %a2 = sinter.slice %a [526, 0] to [789, 264] by [1, 1] : tensor<1312x264xf32> -> tensor<263x264xf32>
  %b2 = sinter.slice %b [526, 0] to [789, 224] by [1, 1] : tensor<1312x224xf32> -> tensor<263x224xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<263x264xf32>, tensor<263x224xf32>) -> tensor<264x224xf32>
  %e2 = arith.addf %e1, %p2 : tensor<264x224xf32>
  %a3 = sinter.slice %a [789, 0] to [1052, 264] by [1, 1] : tensor<1312x264xf32> -> tensor<263x264xf32>
  %b3 = sinter.slice %b [789, 0] to [1052, 224] by [1, 1] : tensor<1312x224xf32> -> tensor<263x224xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<263x264xf32>, tensor<263x224xf32>) -> tensor<264x224xf32>
  %e3 = arith.addf %e2, %p3 : tensor<264x224xf32>
  %a4 = sinter.slice %a [1052, 0] to [1312, 264] by [1, 1] : tensor<1312x264xf32> -> tensor<260x264xf32>
  %b4 = sinter.slice %b [1052, 0] to [1312, 224] by [1, 1] : tensor<1312x224xf32> -> tensor<260x224xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %e4 = arith.addf %e3, %p4 : tensor<264x224xf32>
  return %c, %e4 : tensor<264x224xf32>, tensor<264x224xf32>
}
// Nothing divides anything.
func.func @odd(%a: tensor<1301x271xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1301x219xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<271x219xf32>, tensor<271x219xf32>) attributes {sinter.entry, sinter.expect} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1301x271xf32>, tensor<1301x219xf32>) -> tensor<271x219xf32>
  %a0 = sinter.slice %a [0, 0] to [261, 271] by [1, 1] : tensor<1301x271xf32> -> tensor<261x271xf32>
  %b0 = sinter.slice %b [0, 0] to [261, 219] by [1, 1] : tensor<1301x219xf32> -> tensor<261x219xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<261x271xf32>, tensor<261x219xf32>) -> tensor<271x219xf32>
  %a1 = sinter.slice %a [261, 0] to [522, 271] by [1, 1] : tensor<1301x271xf32> -> tensor<261x271xf32>
  %b1 = sinter.slice %b [261, 0] to [522, 219] by [1, 1] : tensor<1301x219xf32> -> tensor<261x219xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<261x271xf32>, tensor<261x219xf32>) -> tensor<271x219xf32>
  %e1 = arith.addf %p0, %p1 : tensor<271x219xf32>
  %a2 = sinter.slice %a [522, 0] to [783, 271] by [1, 1] : tensor<1301x271xf32> -> tensor<261x271xf32>
  %b2 = sinter.slice %b [522, 0] to [783, 219] by [1, 1] : tensor<1301x219xf32> -> tensor<261x219xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<261x271xf32>, tensor<261x219xf32>) -> tensor<271x219xf32>
  %e2 = arith.addf %e1, %p2 : tensor<271x219xf32>
  %a3 = sinter.slice %a [783, 0] to [1044, 271] by [1, 1] : tensor<1301x271xf32> -> tensor<261x271xf32>
  %b3 = sinter.slice %b [783, 0] to [1044, 219] by [1, 1] : tensor<1301x219xf32> -> tensor<261x219xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<261x271xf32>, tensor<261x219xf32>) -> tensor<271x219xf32>
  %e3 = arith.addf %e2, %p3 : tensor<271x219xf32>
  %a4 = sinter.slice %a [1044, 0] to [1301, 271] by [1, 1] : tensor<1301x271xf32> -> tensor<257x271xf32>
  %b4 = sinter.slice %b [1044, 0] to [1301, 219] by [1, 1] : tensor<1301x219xf32> -> tensor<257x219xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<257x271xf32>, tensor<257x219xf32>) -> tensor<271x219xf32>
  %e4 = arith.addf %e3, %p4 : tensor<271x219xf32>
  return %c, %e4 : tensor<271x219xf32>, tensor<271x219xf32>
}
// More rows than columns: tiles keep the right operand, and pack the left one for themselves.
func.func @tall(%a: tensor<1302x600xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1302x220xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<600x220xf32>, tensor<600x220xf32>) attributes {sinter.entry, sinter.expect} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1302x600xf32>, tensor<1302x220xf32>) -> tensor<600x220xf32>
  %a0 = sinter.slice %a [0, 0] to [261, 600] by [1, 1] : tensor<1302x600xf32> -> tensor<261x600xf32>
  %b0 = sinter.slice %b [0, 0] to [261, 220] by [1, 1] : tensor<1302x220xf32> -> tensor<261x220xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<261x600xf32>, tensor<261x220xf32>) -> tensor<600x220xf32>
  %a1 = sinter.slice %a [261, 0] to [522, 600] by [1, 1] : tensor<1302x600xf32> -> tensor<261x600xf32>
  %b1 = sinter.slice %b [261, 0] to [522, 220] by [1, 1] : tensor<1302x220xf32> -> tensor<261x220xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<261x600xf32>, tensor<261x220xf32>) -> tensor<600x220xf32>
  %e1 = arith.addf %p0, %p1 : tensor<600x220xf32>
  %a2 = sinter.slice %a [522, 0] to [783, 600] by [1, 1] : tensor<1302x600xf32> -> tensor<261x600xf32>
  %b2 = sinter.slice %b [522, 0] to [783, 220] by [1, 1] : tensor<1302x220xf32> -> tensor<261x220xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<261x600xf32>, tensor<261x220xf32>) -> tensor<600x220xf32>
  %e2 = arith.addf %e1, %p2 : tensor<600x220xf32>
  %a3 = sinter.slice %a [783, 0] to [1044, 600] by [1, 1] : tensor<1302x600xf32> -> tensor<261x600xf32>
  %b3 = sinter.slice %b [783, 0] to [1044, 220] by [1, 1] : tensor<1302x220xf32> -> tensor<261x220xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<261x600xf32>, tensor<261x220xf32>) -> tensor<600x220xf32>
  %e3 = arith.addf %e2, %p3 : tensor<600x220xf32>
  %a4 = sinter.slice %a [1044, 0] to [1302, 600] by [1, 1] : tensor<1302x600xf32> -> tensor<258x600xf32>
  %b4 = sinter.slice %b [1044, 0] to [1302, 220] by [1, 1] : tensor<1302x220xf32> -> tensor<258x220xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<258x600xf32>, tensor<258x220xf32>) -> tensor<600x220xf32>
  %e4 = arith.addf %e3, %p4 : tensor<600x220xf32>
  return %c, %e4 : tensor<600x220xf32>, tensor<600x220xf32>
}
// More columns than rows: tiles keep the left operand, of which the first one of a thread packs all.
func.func @wide(%a: tensor<1000x256xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1000x576xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<256x576xf32>, tensor<256x576xf32>) attributes {sinter.entry, sinter.expect} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1000x256xf32>, tensor<1000x576xf32>) -> tensor<256x576xf32>
  %a0 = sinter.slice %a [0, 0] to [200, 256] by [1, 1] : tensor<1000x256xf32> -> tensor<200x256xf32>
  %b0 = sinter.slice %b [0, 0] to [200, 576] by [1, 1] : tensor<1000x576xf32> -> tensor<200x576xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<200x256xf32>, tensor<200x576xf32>) -> tensor<256x576xf32>
  %a1 = sinter.slice %a [200, 0] to [400, 256] by [1, 1] : tensor<1000x256xf32> -> tensor<200x256xf32>
  %b1 = sinter.slice %b [200, 0] to [400, 576] by [1, 1] : tensor<1000x576xf32> -> tensor<200x576xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<200x256xf32>, tensor<200x576xf32>) -> tensor<256x576xf32>
  %e1 = arith.addf %p0, %p1 : tensor<256x576xf32>
  %a2 = sinter.slice %a [400, 0] to [600, 256] by [1, 1] : tensor<1000x256xf32> -> tensor<200x256xf32>
  %b2 = sinter.slice %b [400, 0] to [600, 576] by [1, 1] : tensor<1000x576xf32> -> tensor<200x576xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<200x256xf32>, tensor<200x576xf32>) -> tensor<256x576xf32>
  %e2 = arith.addf %e1, %p2 : tensor<256x576xf32>
  %a3 = sinter.slice %a [600, 0] to [800, 256] by [1, 1] : tensor<1000x256xf32> -> tensor<200x256xf32>
  %b3 = sinter.slice %b [600, 0] to [800, 576] by [1, 1] : tensor<1000x576xf32> -> tensor<200x576xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<200x256xf32>, tensor<200x576xf32>) -> tensor<256x576xf32>
  %e3 = arith.addf %e2, %p3 : tensor<256x576xf32>
  %a4 = sinter.slice %a [800, 0] to [1000, 256] by [1, 1] : tensor<1000x256xf32> -> tensor<200x256xf32>
  %b4 = sinter.slice %b [800, 0] to [1000, 576] by [1, 1] : tensor<1000x576xf32> -> tensor<200x576xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<200x256xf32>, tensor<200x576xf32>) -> tensor<256x576xf32>
  %e4 = arith.addf %e3, %p4 : tensor<256x576xf32>
  return %c, %e4 : tensor<256x576xf32>, tensor<256x576xf32>
}
// Results that go past the caches leave meanwhile, too.
func.func @late(%a: tensor<1024x528xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1024x2304xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<528x2304xf32>, tensor<528x2304xf32>) attributes {sinter.entry, sinter.expect} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<1024x528xf32>, tensor<1024x2304xf32>) -> tensor<528x2304xf32>
  %a0 = sinter.slice %a [0, 0] to [205, 528] by [1, 1] : tensor<1024x528xf32> -> tensor<205x528xf32>
  %b0 = sinter.slice %b [0, 0] to [205, 2304] by [1, 1] : tensor<1024x2304xf32> -> tensor<205x2304xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<205x528xf32>, tensor<205x2304xf32>) -> tensor<528x2304xf32>
  %a1 = sinter.slice %a [205, 0] to [410, 528] by [1, 1] : tensor<1024x528xf32> -> tensor<205x528xf32>
  %b1 = sinter.slice %b [205, 0] to [410, 2304] by [1, 1] : tensor<1024x2304xf32> -> tensor<205x2304xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<205x528xf32>, tensor<205x2304xf32>) -> tensor<528x2304xf32>
  %e1 = arith.addf %p0, %p1 : tensor<528x2304xf32>
  %a2 = sinter.slice %a [410, 0] to [615, 528] by [1, 1] : tensor<1024x528xf32> -> tensor<205x528xf32>
  %b2 = sinter.slice %b [410, 0] to [615, 2304] by [1, 1] : tensor<1024x2304xf32> -> tensor<205x2304xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<205x528xf32>, tensor<205x2304xf32>) -> tensor<528x2304xf32>
  %e2 = arith.addf %e1, %p2 : tensor<528x2304xf32>
  %a3 = sinter.slice %a [615, 0] to [820, 528] by [1, 1] : tensor<1024x528xf32> -> tensor<205x528xf32>
  %b3 = sinter.slice %b [615, 0] to [820, 2304] by [1, 1] : tensor<1024x2304xf32> -> tensor<205x2304xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<205x528xf32>, tensor<205x2304xf32>) -> tensor<528x2304xf32>
  %e3 = arith.addf %e2, %p3 : tensor<528x2304xf32>
  %a4 = sinter.slice %a [820, 0] to [1024, 528] by [1, 1] : tensor<1024x528xf32> -> tensor<204x528xf32>
  %b4 = sinter.slice %b [820, 0] to [1024, 2304] by [1, 1] : tensor<1024x2304xf32> -> tensor<204x2304xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<204x528xf32>, tensor<204x2304xf32>) -> tensor<528x2304xf32>
  %e4 = arith.addf %e3, %p4 : tensor<528x2304xf32>
  return %c, %e4 : tensor<528x2304xf32>, tensor<528x2304xf32>
}
//--- computed.mlir
// The operand is computed while it is packed; the sums are scaled instead. (Rounded to bf16, these would differ.)
func.func @computed(%a: tensor<1300x264xf32> {sinter.range = [0.0, 1.0]}, %b: tensor<1300x224xf32> {sinter.range = [0.0, 1.0]}, %s: tensor<264xf32> {sinter.range = [0.0, 1.0]}) -> (tensor<264x224xf32>, tensor<264x224xf32>) attributes {sinter.entry, sinter.expect} {
  %ss = sinter.broadcast %s dims [1] : tensor<264xf32> -> tensor<1300x264xf32>
  %scaled = arith.mulf %a, %ss : tensor<1300x264xf32>
  %c = sinter.matmul %scaled, %b {transpose_lhs} : (tensor<1300x264xf32>, tensor<1300x224xf32>) -> tensor<264x224xf32>
  %a0 = sinter.slice %a [0, 0] to [260, 264] by [1, 1] : tensor<1300x264xf32> -> tensor<260x264xf32>
  %b0 = sinter.slice %b [0, 0] to [260, 224] by [1, 1] : tensor<1300x224xf32> -> tensor<260x224xf32>
  %p0 = sinter.matmul %a0, %b0 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %a1 = sinter.slice %a [260, 0] to [520, 264] by [1, 1] : tensor<1300x264xf32> -> tensor<260x264xf32>
  %b1 = sinter.slice %b [260, 0] to [520, 224] by [1, 1] : tensor<1300x224xf32> -> tensor<260x224xf32>
  %p1 = sinter.matmul %a1, %b1 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %e1 = arith.addf %p0, %p1 : tensor<264x224xf32>
  %a2 = sinter.slice %a [520, 0] to [780, 264] by [1, 1] : tensor<1300x264xf32> -> tensor<260x264xf32>
  %b2 = sinter.slice %b [520, 0] to [780, 224] by [1, 1] : tensor<1300x224xf32> -> tensor<260x224xf32>
  %p2 = sinter.matmul %a2, %b2 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %e2 = arith.addf %e1, %p2 : tensor<264x224xf32>
  %a3 = sinter.slice %a [780, 0] to [1040, 264] by [1, 1] : tensor<1300x264xf32> -> tensor<260x264xf32>
  %b3 = sinter.slice %b [780, 0] to [1040, 224] by [1, 1] : tensor<1300x224xf32> -> tensor<260x224xf32>
  %p3 = sinter.matmul %a3, %b3 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %e3 = arith.addf %e2, %p3 : tensor<264x224xf32>
  %a4 = sinter.slice %a [1040, 0] to [1300, 264] by [1, 1] : tensor<1300x264xf32> -> tensor<260x264xf32>
  %b4 = sinter.slice %b [1040, 0] to [1300, 224] by [1, 1] : tensor<1300x224xf32> -> tensor<260x224xf32>
  %p4 = sinter.matmul %a4, %b4 {transpose_lhs} : (tensor<260x264xf32>, tensor<260x224xf32>) -> tensor<264x224xf32>
  %e4 = arith.addf %e3, %p4 : tensor<264x224xf32>
  %sr = sinter.broadcast %s dims [0] : tensor<264xf32> -> tensor<264x224xf32>
  %e = arith.mulf %e4, %sr : tensor<264x224xf32>
  return %c, %e : tensor<264x224xf32>, tensor<264x224xf32>
}
