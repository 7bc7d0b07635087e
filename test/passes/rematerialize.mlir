// RUN: sinter-opt %s --sinter-rematerialize --split-input-file | FileCheck %s
// RUN: sinter-opt %s --sinter-rematerialize --split-input-file | sinter-opt --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// The activation dies with the product that reads it; that of the gradient reads what the gradient's map computes again,
// and comes after it. The bias is small enough to be read for this alone.
// CHECK-LABEL: func @activation
// CHECK: %[[H:.*]] = sinter.map(%arg0, %arg1)
// CHECK: %[[Y:.*]] = sinter.matmul %[[H]], %arg2
// CHECK: %[[D:.*]]:2 = sinter.map(%arg0, %[[G:.*]], %arg1)
// CHECK: ^bb0(%[[X:.*]]: f32, %[[C:.*]]: f32, %[[B:.*]]: f32):
// CHECK: arith.mulf %[[X]], %[[C]]
// CHECK: %[[S:.*]] = arith.addf %[[X]], %[[B]]
// CHECK: %[[T:.*]] = math.tanh %[[S]]
// CHECK: sinter.yield %{{.*}}, %[[T]] : f32, f32
// CHECK: sinter.matmul %[[D]]#1, %{{.*}} {transpose_lhs}
func.func @activation(%x: tensor<64x64xf32>, %b: tensor<64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x, %b) [#id, #row] : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    %3 = math.tanh %2 : f32
    sinter.yield %3 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y, %dw, %d : tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Nothing is gained where little is computed in between.
// CHECK-LABEL: func @near
// CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs}
// CHECK: sinter.map(%arg0, %{{.*}}) {{.*}} -> tensor<64x64xf32> {
func.func @near(%x: tensor<64x64xf32>, %w: tensor<64x8xf32>) -> (tensor<64x8xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x8xf32>) -> tensor<64x8xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x8xf32>, tensor<64x8xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x8xf32>) -> tensor<64x8xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %dw, %d : tensor<64x8xf32>, tensor<64x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

// Another way of reading an input is another input, and another large input would have to live longer.
// CHECK-LABEL: func @other_reads
// CHECK-NOT: :2 = sinter.map
// CHECK: return
func.func @other_reads(%x: tensor<64x64xf32>, %z: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x, %z) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %e = sinter.map(%x, %z, %g) [#id, #t, #id] : (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.mulf %0, %1 : f32
    %4 = arith.mulf %3, %2 : f32
    sinter.yield %4 : f32
  }
  return %y, %dw, %d, %e : tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>, tensor<64x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Attention weights are computed again, from what the backward pass reads in any case, where that costs a hundredth of
// all multiplications at most; here 64 * 64 * 4 of more than 64 * 64 * 1024.
// CHECK-LABEL: func @weights
// CHECK: %[[S:.*]] = sinter.matmul %arg0, %arg1 {transpose_rhs}
// CHECK: %[[P:.*]] = sinter.softmax
// CHECK: sinter.matmul %[[P]], %arg2
// CHECK: sinter.matmul %arg0, %arg1 {transpose_rhs}
// CHECK: sinter.map
// CHECK: %[[AGAIN:.*]] = sinter.softmax
// CHECK: sinter.matmul %[[AGAIN]], %{{.*}} {transpose_lhs}
// CHECK: sinter.matmul %{{.*}}, %arg1
func.func @weights(%q: tensor<64x4xf32>, %k: tensor<64x4xf32>, %v: tensor<64x1024xf32>) -> (tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x4xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<64x64xf32>
  %m = sinter.map(%s) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.absf %0 : f32
    sinter.yield %1 : f32
  }
  %p = sinter.softmax %m : tensor<64x64xf32>
  %y = sinter.matmul %p, %v : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dv = sinter.matmul %p, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dq = sinter.matmul %p, %k : (tensor<64x64xf32>, tensor<64x4xf32>) -> tensor<64x4xf32>
  %sum = sinter.reduce sum %dv axes [1] : tensor<64x1024xf32> -> tensor<64xf32>
  %f = sinter.map(%q, %sum) [#id, affine_map<(d0, d1) -> (d0)>] : (tensor<64x4xf32>, tensor<64xf32>) -> tensor<64x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %dk = sinter.map(%f, %dq) [#id, #id] : (tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<64x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y, %dv, %dk : tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x4xf32>
}
