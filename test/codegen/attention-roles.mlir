// An attention kernel says that it is one, and its ops what they are in it, from the sinter ops to the linalg ops that
// these become. Code generation reads that, and nothing else makes a kernel one.
// RUN: split-file %s %t
// RUN: sinter-opt %t/lowered.mlir --sinter-to-kernels | FileCheck %t/lowered.mlir
// RUN: not sinter-opt %t/apart.mlir --sinter-cpu-schedule 2>&1 | FileCheck %t/apart.mlir
// RUN: sinter-opt %t/none.mlir --sinter-cpu-schedule --sinter-cpu-emit-attention | FileCheck %t/none.mlir
// RUN: not sinter-opt %t/unknown.mlir --sinter-verify-stage=stage=model 2>&1 | FileCheck %t/unknown.mlir

//--- lowered.mlir
// CHECK-LABEL: func private @attention_
// CHECK-SAME: sinter.kind = "attention"
// CHECK: linalg.generic {{.*}} attrs = {sinter.role = "makes"}
// CHECK: linalg.generic {{.*}} attrs = {sinter.role = "on rows"}
// CHECK: linalg.generic {{.*}} attrs = {sinter.role = "sums columns"}
func.func @plain(%q: tensor<2x32x16xf32>, %k: tensor<2x32x16xf32>, %v: tensor<2x32x16xf32>) -> tensor<2x32x16xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x16xf32>, tensor<2x32x16xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<2x32x32xf32>, tensor<2x32x16xf32>) -> tensor<2x32x16xf32>
  return %o : tensor<2x32x16xf32>
}

//--- apart.mlir
#l = affine_map<(b, i, j, k) -> (b, i, k)>
#r = affine_map<(b, i, j, k) -> (b, j, k)>
#o = affine_map<(b, i, j, k) -> (b, i, j)>
// CHECK: error: @scores is said to be an attention, but its parts do not fit together
func.func private @scores(%q: tensor<2x32x16xf32>, %k: tensor<2x32x16xf32>) -> tensor<2x32x32xf32> attributes {sinter.kernel, sinter.kind = "attention"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x32x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x32x32xf32>) -> tensor<2x32x32xf32>
  %s = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x32x16xf32>, tensor<2x32x16xf32>) outs(%f : tensor<2x32x32xf32>) attrs = {sinter.role = "makes"} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %c, %m : f32
    linalg.yield %n : f32
  } -> tensor<2x32x32xf32>
  return %s : tensor<2x32x32xf32>
}

//--- none.mlir
#l = affine_map<(b, i, j, k) -> (b, i, k)>
#r = affine_map<(b, i, j, k) -> (b, j, k)>
#o = affine_map<(b, i, j, k) -> (b, i, j)>
// CHECK: linalg.generic
func.func private @scores(%q: tensor<2x32x16xf32>, %k: tensor<2x32x16xf32>) -> tensor<2x32x32xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x32x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x32x32xf32>) -> tensor<2x32x32xf32>
  %s = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x32x16xf32>, tensor<2x32x16xf32>) outs(%f : tensor<2x32x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %c, %m : f32
    linalg.yield %n : f32
  } -> tensor<2x32x32xf32>
  return %s : tensor<2x32x32xf32>
}

//--- unknown.mlir
// CHECK: error: {{.*}}attribute `sinter.role` is "product", "sums of columns", "makes", "sums columns", "sums rows", "sums diagonals" or "on rows", not "reads"
func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %y = sinter.softmax %x {sinter.role = "reads"} : tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
