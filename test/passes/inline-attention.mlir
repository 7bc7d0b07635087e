// Where a target has no kernel for it, attention is its ops again; where it has, these get the number of their group.
// RUN: sinter-opt %s --sinter-fuse-attention --sinter-inline-attention | FileCheck %s --check-prefix=APART
// RUN: sinter-opt %s --sinter-fuse-attention --sinter-inline-attention=target=cpu | FileCheck %s --check-prefix=KEPT
// RUN: sinter-opt %s --sinter-fuse-attention --sinter-inline-attention="target=cpu mark" | FileCheck %s --check-prefix=MARKED
// RUN: sinter-opt %s --sinter-fuse-attention --sinter-inline-attention="target=cpu mark" --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels | FileCheck %s --check-prefix=OUTLINED

#id = affine_map<(h, i, j) -> (h, i, j)>
#row = affine_map<(h, i, j) -> (h, i)>

// APART-NOT: sinter.attention
// KEPT-LABEL: func @forward
// KEPT: sinter.attention over
// MARKED-LABEL: func @forward
// MARKED: sinter.matmul %arg0, %arg1 {sinter.attention = 0 : i64, sinter.role = "makes", transpose_rhs}
// MARKED: sinter.map(%{{.*}}) [#{{.*}}] attributes {sinter.attention = 0 : i64, sinter.role = "on rows"}
// MARKED: sinter.softmax %{{.*}} {sinter.attention = 0 : i64, sinter.role = "on rows"}
// MARKED: sinter.matmul %{{.*}}, %arg2 {sinter.attention = 0 : i64, sinter.role = "sums columns"}
// MARKED: sinter.map(%{{.*}}) [#{{.*}}] : (tensor<2x32x8xf32>)
// OUTLINED-LABEL: func @forward
// OUTLINED: %[[O:.*]] = call @attention_2x32x32(%arg0, %arg1, %arg2)
// OUTLINED-NEXT: call @map{{.*}}(%
// OUTLINED: func private @attention_2x32x32
// OUTLINED-NEXT: sinter.matmul {{.*}} {sinter.role = "makes", transpose_rhs}
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

// MARKED-LABEL: func @narrow
// MARKED: sinter.matmul {{.*}}bf16{{.*}}sinter.attention = 0
// MARKED: sinter.softmax {{.*}}sinter.attention = 0
// MARKED: sinter.matmul {{.*}}bf16{{.*}}sinter.attention = 0
func.func @narrow(%q: tensor<2x32x8xf32>, %k: tensor<2x32x8xf32>) -> tensor<2x32x8xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs, bf16} : (tensor<2x32x8xf32>, tensor<2x32x8xf32>) -> tensor<2x32x32xf32>
  %p = sinter.softmax %s : tensor<2x32x32xf32>
  %o = sinter.matmul %p, %k {bf16} : (tensor<2x32x32xf32>, tensor<2x32x8xf32>) -> tensor<2x32x8xf32>
  return %o : tensor<2x32x8xf32>
}

// Weights that are zero where products leave out keys:
// MARKED-LABEL: func @hidden_keys_are_zero
// MARKED: sinter.reduce sum {{.*}}sinter.attention = 0
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

// No kernel: a sum over keys in which those that a mask hides count.
// MARKED-LABEL: func @hidden_keys_count
// MARKED-NOT: sinter.attention
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
