// RUN: sinter-opt %s --sinter-group-attention | FileCheck %s
// RUN: sinter-opt %s --sinter-group-attention | sinter-opt | FileCheck %s
// RUN: sinter-opt %s --sinter-group-attention | sinter-opt --sinter-outline-kernels | FileCheck %s --check-prefix=OUTLINED

#id = affine_map<(h, i, j) -> (h, i, j)>
#row = affine_map<(h, i, j) -> (h, i)>

// Scores, mask, weights and what they mix; not what happens to that.
// CHECK-LABEL: func @forward
// CHECK: sinter.matmul %arg0, %arg1 {sinter.attention = 0 : i64, transpose_rhs}
// CHECK: sinter.map(%{{.*}}) [#{{.*}}] attributes {sinter.attention = 0 : i64}
// CHECK: sinter.softmax %{{.*}} {sinter.attention = 0 : i64}
// CHECK: sinter.matmul %{{.*}}, %arg2 {sinter.attention = 0 : i64}
// CHECK: sinter.map(%{{.*}}) [#{{.*}}] : (tensor<2x32x8xf32>)
// OUTLINED-LABEL: func @forward
// OUTLINED: %[[O:.*]] = call @attention_2x32x32(%arg0, %arg1, %arg2)
// OUTLINED-NEXT: call @map{{.*}}(%
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

// A gradient: products that make and that mix, sums of rows. A group of its own.
// CHECK-LABEL: func @backward
// CHECK: sinter.matmul %arg0, %arg1 {sinter.attention = 0 : i64, transpose_rhs}
// CHECK: sinter.softmax %{{.*}} {sinter.attention = 0 : i64}
// CHECK: sinter.matmul %arg3, %arg2 {sinter.attention = 0 : i64, transpose_rhs}
// CHECK: sinter.map(%{{.*}}, %{{.*}}) [{{.*}}] attributes {sinter.attention = 0 : i64}
// CHECK: sinter.reduce sum %{{.*}} axes [2] {sinter.attention = 0 : i64}
// CHECK: sinter.map(%{{.*}}, %{{.*}}, %{{.*}}) [{{.*}}] attributes {sinter.attention = 0 : i64}
// CHECK: sinter.matmul %{{.*}}, %arg3 {sinter.attention = 0 : i64, transpose_lhs}
// CHECK: sinter.matmul %{{.*}}, %arg1 {sinter.attention = 0 : i64}
// CHECK: sinter.matmul %{{.*}}, %arg0 {sinter.attention = 0 : i64, transpose_lhs}
// CHECK: sinter.softmax %{{.*}} {sinter.attention = 1 : i64}
// OUTLINED-LABEL: func @backward
// OUTLINED: call @attention_2x32x32.1(%arg0, %arg1, %arg3, %arg2)
// OUTLINED: call @attention_2x32x32.2
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

// Nothing of these is a group. Weights that somebody else reads:
// CHECK-LABEL: func @weights_leave
// CHECK-NOT: sinter.attention
func.func @weights_leave(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> (tensor<2x32x8xf32>, tensor<2x32x32xf32>) {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o, %p : tensor<2x32x8xf32>, tensor<2x32x32xf32>
}

// A bias that is a tensor:
// CHECK-LABEL: func @bias
// CHECK-NOT: sinter.attention
func.func @bias(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %bias: tensor<2x32x32xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s, %bias) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Vectors of keys that are not whole:
// CHECK-LABEL: func @part_vectors
// CHECK-NOT: sinter.attention
func.func @part_vectors(%q: tensor<2x32x8xf32>, %k: tensor<2x40x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x40x8xf32>) -> tensor<2x32x40xf32>
  %p = sinter.softmax %s : tensor<2x32x40xf32>
  %o = sinter.matmul %p, %k : (tensor<2x32x40xf32>, tensor<2x40x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// A path that leaves and comes back: what is mixed second depends on what was mixed first.
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

// A product that mixes weights and makes what weights are multiplied with:
// CHECK-LABEL: func @makes_and_mixes
// CHECK-NOT: sinter.attention
func.func @makes_and_mixes(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>, %w: tensor<2x32x32xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %r = sinter.matmul %p, %w : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%p, %r) [#id, #id] : (tensor<2x32x32xf32>, tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %o = sinter.matmul %m, %k : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// A sum over keys in which those that a mask hides count:
// CHECK-LABEL: func @hidden_keys_count
// CHECK-NOT: sinter.attention
func.func @hidden_keys_count(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k result(lower) {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %e = sinter.map(%p) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32):
    %z = math.exp %x : f32
    sinter.yield %z : f32
  }
  %r = sinter.reduce sum %e axes [2] : tensor<2x32x32xf32> -> tensor<2x32xf32>
  %w = sinter.map(%p, %r) [#id, #row] : (tensor<2x32x32xf32>, tensor<2x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %o = sinter.matmul %w, %k lhs(lower) : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Of the weights themselves, these are zeros.
// CHECK-LABEL: func @hidden_keys_are_zero
// CHECK: sinter.reduce sum {{.*}}sinter.attention = 0
func.func @hidden_keys_are_zero(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k result(lower) {transpose_rhs} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x32x32xf32>
  %e = sinter.map(%p) [#id] : (tensor<2x32x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32):
    %z = arith.mulf %x, %x : f32
    sinter.yield %z : f32
  }
  %r = sinter.reduce sum %e axes [2] : tensor<2x32x32xf32> -> tensor<2x32xf32>
  %w = sinter.map(%p, %r) [#id, #row] : (tensor<2x32x32xf32>, tensor<2x32xf32>) -> tensor<2x32x32xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %o = sinter.matmul %w, %k lhs(lower) : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Products of bf16 are a group like others.
// CHECK-LABEL: func @narrow
// CHECK: sinter.matmul {{.*}}bf16{{.*}}sinter.attention = 0
// CHECK: sinter.softmax {{.*}}sinter.attention = 0
// CHECK: sinter.matmul {{.*}}bf16{{.*}}sinter.attention = 0
func.func @narrow(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs, bf16} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k {bf16} : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}
