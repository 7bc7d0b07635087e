// RUN: sinter-opt %s --sinter-fuse-attention -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-fuse-attention | sinter-opt -mlir-print-local-scope | FileCheck %s

#id = affine_map<(h, i, j) -> (h, i, j)>
#row = affine_map<(h, i, j) -> (h, i)>
#column = affine_map<(h, i, j) -> (h, j)>
#head = affine_map<(h, i, j) -> (h)>

// Scores, mask, weights and what they sum; not what happens to that.
// CHECK-LABEL: func @forward
// CHECK: %[[O:.*]] = sinter.attention over [2, 32, 32](%arg0 rows 1, %arg1 columns 1, %arg2 columns 1)
// CHECK-NEXT: ^bb0(%[[Q:.*]]: tensor<2x32x8xf32>, %[[K:.*]]: tensor<2x32x8xf32>, %[[V:.*]]: tensor<2x32x8xf32>):
// CHECK: %[[S:.*]] = sinter.matmul %[[Q]], %[[K]] {transpose_rhs}
// CHECK: %[[M:.*]] = sinter.map(%[[S]])
// CHECK: %[[P:.*]] = sinter.softmax %[[M]]
// CHECK: %[[R:.*]] = sinter.matmul %[[P]], %[[V]]
// CHECK: sinter.yield %[[R]]
// CHECK: sinter.map(%[[O]])
func.func @forward(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %v: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32):
    %y = math.tanh %x : f32
    sinter.yield %y : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %v : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %r = sinter.map(%o) [#id] : (tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  ^bb0(%x: f32):
    %y = math.exp %x : f32
    sinter.yield %y : f32
  }
  return %r : tensor<2x32x8xf32>
}

// A gradient that is written out: products that make and that sum, sums of rows, in one; the second, which reads what it
// gives, is another.
// CHECK-LABEL: func @backward
// CHECK: %[[G:.*]]:3 = sinter.attention over [2, 32, 32](%arg0 rows 1, %arg1 columns 1, %arg3 rows 1, %arg2 columns 1)
// CHECK: sinter.reduce sum
// CHECK: sinter.yield
// CHECK: sinter.attention over [2, 32, 32](%[[G]]#{{.}} rows 1, %[[G]]#{{.}} columns 1, %[[G]]#{{.}} columns 1)
// CHECK: return %[[G]]#0, %[[G]]#1, %[[G]]#2
func.func @backward(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %v: tensor<2x32x8xf32>, %do: tensor<2x32x8xf32>)
    -> (tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2x32x8xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %dp = sinter.matmul %do, %v {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %pdp = sinter.map(%p, %dp) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %d = sinter.reduce sum %pdp axes [2] : tensor<2x32x32xf32> -> tensor<2x32xf32>
  %ds = sinter.map(%p, %dp, %d) [#id, #id, #row] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>, tensor<2x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %u = arith.subf %y, %z : f32
    %w = arith.mulf %x, %u : f32
    sinter.yield %w : f32
  }
  %dv = sinter.matmul %p, %do {transpose_lhs} : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %dq = sinter.matmul %ds, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %dk = sinter.matmul %ds, %q {transpose_lhs} : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %s2 = sinter.matmul %dq, %dk {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p2 = sinter.softmax %s2 : tensor<2x32x32xf32>
  %o2 = sinter.matmul %p2, %dv : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %dv, %dq, %dk, %o2 : tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2x32x8xf32>, tensor<2x32x8xf32>
}

// What scores are combined with: one number a row, a column, a head, each score; nothing of these moves into the region.
// CHECK-LABEL: func @operands
// CHECK: sinter.attention over [2, 32, 32](%arg0 rows 1, %arg1 columns 1, %arg2 rows 1, %arg3 columns 1, %arg4, %arg5 rows 1 columns 2)
func.func @operands(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %r: tensor<2x32xf32>, %c: tensor<2x32xf32>, %h: tensor<2xf32>, %bias: tensor<2x32x32xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s, %r, %c, %h, %bias) [#id, #row, #column, #head, #id] : (tensor<2x32x32xf32>, tensor<2x32xf32>, tensor<2x32xf32>, tensor<2xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %a: f32, %b: f32, %d: f32, %e: f32):
    %0 = arith.addf %x, %a : f32
    %1 = arith.addf %0, %b : f32
    %2 = arith.mulf %1, %d : f32
    %3 = arith.addf %2, %e : f32
    sinter.yield %3 : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Any number of rows and columns; a tensor that is rows here and columns there is two operands.
// CHECK-LABEL: func @any_size
// CHECK: sinter.attention over [2, 33, 33](%arg0 rows 1, %arg0 columns 1)
func.func @any_size(%x: tensor<2x33x8xf32>) -> tensor<2x33x8xf32> {
  %s = sinter.matmul %x, %x {transpose_rhs} : (tensor<2x33x8xf32>, tensor<2x33x8xf32>) -> tensor<2x33x33xf32>
  %p = sinter.softmax %s : tensor<2x33x33xf32>
  %o = sinter.matmul %p, %x : (tensor<2x33x33xf32>, tensor<2x33x8xf32>) -> tensor<2x33x8xf32>
  return %o : tensor<2x33x8xf32>
}

// Nothing of these is fused. Weights that somebody else reads:
// CHECK-LABEL: func @weights_leave
// CHECK-NOT: sinter.attention
func.func @weights_leave(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> (tensor<2x32x8xf32>, tensor<2x32x32xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o, %p : tensor<2x32x8xf32>, tensor<2x32x32xf32>
}

// A value in the middle that a gradient is asked for:
// CHECK-LABEL: func @variable
// CHECK-NOT: sinter.attention
func.func @variable(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %v = sinter.variable %s : tensor<2x32x32xf32>
  %p = sinter.softmax %v : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Scores that are no product:
// CHECK-LABEL: func @no_product
// CHECK-NOT: sinter.attention
func.func @no_product(%s: tensor<2x32x32xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Scores that are read both ways:
// CHECK-LABEL: func @transposed
// CHECK-NOT: sinter.attention
func.func @transposed(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s, %s) [#id, affine_map<(h, i, j) -> (h, j, i)>] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Weights on the right of a product, and a sum over queries of them:
// CHECK-LABEL: func @weights_on_the_right
// CHECK-NOT: sinter.attention
func.func @weights_on_the_right(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> (tensor<2x8x32xf32>, tensor<2x32xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %k, %p {transpose_lhs, transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x32xf32>) -> tensor<2x8x32xf32>
  %t = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %w = sinter.softmax %t : tensor<2x32x32xf32>
  %r = sinter.reduce sum %w axes [1] : tensor<2x32x32xf32> -> tensor<2x32xf32>
  return %o, %r : tensor<2x8x32xf32>, tensor<2x32xf32>
}

// A path that leaves and comes back: what is summed second depends on what was summed first.
// CHECK-LABEL: func @not_closed
// CHECK-NOT: sinter.attention
func.func @not_closed(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %e = math.exp %o : tensor<2x32x8xf32>
  %r = sinter.matmul %p, %e : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %r : tensor<2x32x8xf32>
}

// Two in a row, the second of what the first gives, are two.
// CHECK-LABEL: func @two
// CHECK: %[[A:.*]] = sinter.attention over [2, 32, 32](%arg0 rows 1, %arg1 columns 1)
// CHECK: sinter.attention over [2, 32, 32](%[[A]] rows 1, %arg1 columns 1)
func.func @two(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %s2 = sinter.matmul %o, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p2 = sinter.softmax %s2 : tensor<2x32x32xf32>
  %o2 = sinter.matmul %p2, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o2 : tensor<2x32x8xf32>
}

// A matrix by distance comes along if its rows and columns are those of scores: its table is the operand. One that is read
// the other way around stays what it is, rows and columns of an operand.
// CHECK-LABEL: func @diagonals
// CHECK: %[[T:.*]] = sinter.diagonals %arg3 rows 32
// CHECK: sinter.attention over [2, 32, 32](%arg2, %arg0 rows 1, %arg1 columns 1, %[[T]] rows 2 columns 1)
// CHECK: ^bb0(%[[TABLE:.*]]: tensor<63xf32>, %{{.*}}, %{{.*}}, %[[OTHER:.*]]: tensor<2x32x32xf32>):
// CHECK: %[[D:.*]] = sinter.diagonals %[[TABLE]] rows 32 : tensor<63xf32> -> tensor<32x32xf32>
// CHECK: sinter.map(%{{.*}}, %[[D]], %[[OTHER]])
// CHECK: sinter.map
func.func @diagonals(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %t: tensor<63xf32>, %u: tensor<2x63xf32>) -> (tensor<2x32x8xf32>, tensor<32x32xf32>) attributes {sinter.entry} {
  %d = sinter.diagonals %t rows 32 : tensor<63xf32> -> tensor<32x32xf32>
  %e = sinter.diagonals %u rows 32 : tensor<2x63xf32> -> tensor<2x32x32xf32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s, %d, %e) [#id, affine_map<(h, i, j) -> (i, j)>, affine_map<(h, i, j) -> (h, j, i)>] : (tensor<2x32x32xf32>, tensor<32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %0 = arith.addf %x, %y : f32
    %1 = arith.addf %0, %z : f32
    sinter.yield %1 : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  %r = sinter.map(%d) [affine_map<(i, j) -> (i, j)>] : (tensor<32x32xf32>) -> tensor<32x32xf32> {
  ^bb0(%x: f32):
    %0 = math.tanh %x : f32
    sinter.yield %0 : f32
  }
  return %o, %r : tensor<2x32x8xf32>, tensor<32x32xf32>
}
