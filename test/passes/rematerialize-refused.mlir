// What rematerialize leaves alone: each function differs in one thing from one that test/passes/rematerialize.mlir accepts.
// RUN: sinter-opt %s --sinter-rematerialize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func @accepted
// CHECK: :2 = sinter.map
func.func @accepted(%x: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
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

// CHECK-NOT: :2 = sinter.map

// Nobody reads it later: what the second product needs is in memory at the first.
func.func @no_later_reader(%x: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y, %d : tensor<64x256xf32>, tensor<64x64xf32>
}

// Nobody reads it early.
func.func @no_early_reader(%x: tensor<64x64xf32>, %y: tensor<64x256xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %z = sinter.softmax %y : tensor<64x256xf32>
  %g = sinter.matmul %z, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %dw, %d : tensor<64x256xf32>, tensor<64x64xf32>
}

// The later map is computed by a reduction, which stores nothing; or by a product.
func.func @reduced(%x: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x256xf32>, tensor<64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %s = sinter.reduce sum %d axes [1] : tensor<64x64xf32> -> tensor<64xf32>
  return %y, %dw, %s : tensor<64x256xf32>, tensor<64x256xf32>, tensor<64xf32>
}
func.func @prologue(%x: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x256xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %y, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %d = sinter.map(%x, %g) [#id, #id] attributes {sinter.prologue} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %s = sinter.matmul %d, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  return %y, %dw, %s : tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x256xf32>
}

// A reader of which the later map is made does not read what that computes: it would wait for itself.
func.func @reader_comes_first(%x: tensor<64x64xf32>, %w: tensor<64x256xf32>) -> (tensor<64x256xf32>, tensor<64x64xf32>) {
  %h = sinter.map(%x) [#id] : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %dw = sinter.matmul %h, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x256xf32>) -> tensor<64x256xf32>
  %g = sinter.matmul %dw, %w {transpose_rhs} : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
  %d = sinter.map(%x, %g) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %dw, %d : tensor<64x256xf32>, tensor<64x64xf32>
}

// Attention weights that would cost more than a hundredth of all multiplications (64 * 64 * 64 of 64 * 64 * 2240), and weights
// behind a map that reads more than scores, are stored.
// CHECK-LABEL: func @dear_weights
// CHECK-COUNT-1: sinter.softmax
// CHECK-NOT: sinter.softmax
// CHECK-LABEL: func @biased_weights
// CHECK-COUNT-1: sinter.softmax
// CHECK-NOT: sinter.softmax
// CHECK: return
func.func @dear_weights(%q: tensor<64x64xf32>, %k: tensor<64x64xf32>, %v: tensor<64x1024xf32>) -> (tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x64xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %p = sinter.softmax %s : tensor<64x64xf32>
  %y = sinter.matmul %p, %v : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dv = sinter.matmul %p, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dq = sinter.matmul %q, %k : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y, %dv, %dq : tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x64xf32>
}
func.func @biased_weights(%q: tensor<64x4xf32>, %k: tensor<64x4xf32>, %b: tensor<64x64xf32>, %v: tensor<64x1024xf32>) -> (tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x4xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<64x64xf32>
  %m = sinter.map(%s, %b) [#id, #id] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<64x64xf32>
  %y = sinter.matmul %p, %v : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dv = sinter.matmul %p, %y {transpose_lhs} : (tensor<64x64xf32>, tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %dq = sinter.matmul %m, %k : (tensor<64x64xf32>, tensor<64x4xf32>) -> tensor<64x4xf32>
  return %y, %dv, %dq : tensor<64x1024xf32>, tensor<64x1024xf32>, tensor<64x4xf32>
}
