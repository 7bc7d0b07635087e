// What fuse-prologues leaves alone: each function differs in one thing from @accepted.
// RUN: sinter-opt %s --sinter-fuse-prologues | FileCheck %s
// RUN: sinter-run %s --device=cpu

#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (j)>
#id3 = affine_map<(i, j, k) -> (i, j, k)>
#outer = affine_map<(i, j, k) -> (i, k)>

// CHECK-LABEL: func @accepted
// CHECK: sinter.map{{.*}}sinter.prologue
func.func @accepted(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// CHECK-NOT: sinter.prologue

// Five readers: the map would be computed five times.
func.func @readers(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>) attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %b = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %c = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %d = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %e = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %a, %b, %c, %d, %e : tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>, tensor<6x16xf32>
}

// Five ops: dear.
func.func @five_ops(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    %2 = arith.mulf %1, %1 : f32
    %3 = arith.mulf %2, %2 : f32
    %4 = arith.mulf %3, %3 : f32
    %5 = arith.mulf %4, %4 : f32
    sinter.yield %5 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// Three tensors to read instead of one.
func.func @three_inputs(%x: tensor<6x8xf32>, %z: tensor<6x8xf32>, %u: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x, %z, %u) [#id, #id, #id] : (tensor<6x8xf32>, tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// Two computed tensors would wait for the product instead of one.
func.func @two_computed(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> (tensor<6x16xf32>, tensor<6x8xf32>, tensor<6x8xf32>) attributes {sinter.entry} {
  %p = sinter.softmax %x : tensor<6x8xf32>
  %q = sinter.log_softmax %x : tensor<6x8xf32>
  %h = sinter.map (%p, %q) [#id, #id] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y, %p, %q : tensor<6x16xf32>, tensor<6x8xf32>, tensor<6x8xf32>
}

// What the map reads is not stored: only it reads that.
func.func @not_stored(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %p = sinter.softmax %x : tensor<6x8xf32>
  %h = sinter.map (%p) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// Few rows, few columns: such products pack nothing.
func.func @few_rows(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>) -> tensor<4x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
func.func @few_columns(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>) -> tensor<6x4xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> tensor<6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// A batch of products, as attention's are.
func.func @batch(%x: tensor<2x6x8xf32>, %w: tensor<2x8x16xf32>) -> tensor<2x6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id3] : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %h, %w : (tensor<2x6x8xf32>, tensor<2x8x16xf32>) -> tensor<2x6x16xf32>
  return %y : tensor<2x6x16xf32>
}

// A right operand that is read along its columns.
func.func @columns(%x: tensor<16x8xf32>, %w: tensor<6x8xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<16x8xf32>) -> tensor<16x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %y = sinter.matmul %w, %h {transpose_rhs} : (tensor<6x8xf32>, tensor<16x8xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// Triangles, of either operand and of the result.
func.func @triangles(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %a = sinter.matmul %h, %w lhs(lower) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %g = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.addf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %b = sinter.matmul %g, %w rhs(upper) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %f = sinter.map (%x) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = arith.subf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %c = sinter.matmul %f, %w result(lower) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %a, %b, %c : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// A view between the two that strides of one cannot express in the other.
func.func @reshaped(%x: tensor<4x12xf32>, %w: tensor<8x16xf32>) -> tensor<6x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x) [#id] : (tensor<4x12xf32>) -> tensor<4x12xf32> {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    sinter.yield %1 : f32
  }
  %r = sinter.reshape %h : tensor<4x12xf32> -> tensor<6x8xf32>
  %y = sinter.matmul %r, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}

// A map of two results.
func.func @two_results(%x: tensor<6x8xf32>, %w: tensor<8x16xf32>) -> (tensor<6x16xf32>, tensor<6x8xf32>) attributes {sinter.entry} {
  %h:2 = sinter.map (%x) [#id] : (tensor<6x8xf32>) -> (tensor<6x8xf32>, tensor<6x8xf32>) {
  ^bb0(%0: f32):
    %1 = arith.mulf %0, %0 : f32
    %2 = arith.addf %0, %0 : f32
    sinter.yield %1, %2 : f32, f32
  }
  %y = sinter.matmul %h#0, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  return %y, %h#1 : tensor<6x16xf32>, tensor<6x8xf32>
}

// A gather that a sum reads too, and one that is read along its columns.
func.func @gathers(%table: tensor<27x8xf32>, %words: tensor<6xi32> {sinter.limit = 27}, %w: tensor<8x16xf32>, %v: tensor<16x8xf32>) -> (tensor<6x16xf32>, tensor<6xf32>, tensor<16x6xf32>) attributes {sinter.entry} {
  %g = sinter.gather %table, %words : (tensor<27x8xf32>, tensor<6xi32>) -> tensor<6x8xf32>
  %y = sinter.matmul %g, %w : (tensor<6x8xf32>, tensor<8x16xf32>) -> tensor<6x16xf32>
  %s = sinter.reduce sum %g axes [1] : tensor<6x8xf32> -> tensor<6xf32>
  %f = sinter.gather %table, %words : (tensor<27x8xf32>, tensor<6xi32>) -> tensor<6x8xf32>
  %z = sinter.matmul %v, %f {transpose_rhs} : (tensor<16x8xf32>, tensor<6x8xf32>) -> tensor<16x6xf32>
  return %y, %s, %z : tensor<6x16xf32>, tensor<6xf32>, tensor<16x6xf32>
}

// Five words of four columns side by side would be five parts of the result's rows, each of which reads all of the other
// operand. Four are few enough.
func.func @five_parts(%table: tensor<27x4xf32>, %words: tensor<6x5xi32> {sinter.limit = 27}, %g: tensor<6x16xf32>) -> tensor<20x16xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %words : (tensor<27x4xf32>, tensor<6x5xi32>) -> tensor<6x5x4xf32>
  %r = sinter.reshape %e : tensor<6x5x4xf32> -> tensor<6x20xf32>
  %dw = sinter.matmul %r, %g {transpose_lhs} : (tensor<6x20xf32>, tensor<6x16xf32>) -> tensor<20x16xf32>
  return %dw : tensor<20x16xf32>
}

// CHECK-LABEL: func @four_parts
// CHECK: sinter.gather {{.*}}sinter.prologue
func.func @four_parts(%table: tensor<27x4xf32>, %words: tensor<6x4xi32> {sinter.limit = 27}, %g: tensor<6x16xf32>) -> tensor<16x16xf32> attributes {sinter.entry} {
  %e = sinter.gather %table, %words : (tensor<27x4xf32>, tensor<6x4xi32>) -> tensor<6x4x4xf32>
  %r = sinter.reshape %e : tensor<6x4x4xf32> -> tensor<6x16xf32>
  %dw = sinter.matmul %r, %g {transpose_lhs} : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<16x16xf32>
  return %dw : tensor<16x16xf32>
}

// Two maps whose two first dimensions the sum runs over: one of them only, as only one operand's rows can be found by
// division.
// CHECK-LABEL: func @both_split_the_sum
// CHECK-COUNT-1: sinter.prologue
// CHECK-NOT: sinter.prologue
// CHECK: return
func.func @both_split_the_sum(%x: tensor<2x3x8xf32>, %s: tensor<2x8xf32>, %g: tensor<2x3x16xf32>, %u: tensor<2x16xf32>) -> tensor<8x16xf32> attributes {sinter.entry} {
  %h = sinter.map (%x, %s) [#id3, #outer] : (tensor<2x3x8xf32>, tensor<2x8xf32>) -> tensor<2x3x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %k = sinter.map (%g, %u) [#id3, #outer] : (tensor<2x3x16xf32>, tensor<2x16xf32>) -> tensor<2x3x16xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %h2 = sinter.reshape %h : tensor<2x3x8xf32> -> tensor<6x8xf32>
  %k2 = sinter.reshape %k : tensor<2x3x16xf32> -> tensor<6x16xf32>
  %dw = sinter.matmul %h2, %k2 {transpose_lhs} : (tensor<6x8xf32>, tensor<6x16xf32>) -> tensor<8x16xf32>
  return %dw : tensor<8x16xf32>
}
