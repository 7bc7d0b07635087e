// A sliding window: what lies before it is as little computed as what comes after a query. Bits are those of one op after the other:
// over several units of a product, several runs of a sum, and sizes that nothing divides.
// RUN: sinter-opt %s --sinter-to-train -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-to-train -mlir-print-local-scope | sinter-opt -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-to-plan | FileCheck %s --check-prefix=PLAN
// RUN: sinter-run --device compiled --entry near %s
// RUN: sinter-run --device compiled --entry nearest %s
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.many
// RUN: cmp %t.one %t.many
// RUN: sinter-run --device cpu --threads 1 --print --march=x86-64-v3 %s > %t.v3
// RUN: cmp %t.one %t.v3
// RUN: sinter-opt %s --sinter-to-train=bf16 > %t.bf16
// RUN: sinter-run --device cpu --threads 2 --print --entry near %t.bf16 > %t.bf16.one
// RUN: sinter-run --device cpu --threads 2 --print --entry near --portable-kernels %t.bf16 > %t.bf16.many
// RUN: cmp %t.bf16.one %t.bf16.many

// PLAN-COUNT-6: plan.launch @attention_
// PLAN-NOT: softmax

#id = affine_map<(b, i, j) -> (b, i, j)>

// CHECK-LABEL: func.func @far
// CHECK: sinter.matmul {{.*}} result(lower) window(100) {transpose_rhs}
// CHECK: sinter.matmul {{.*}} lhs(lower) window(100) :
// CHECK-COUNT-2: result(lower) window(100) {transpose_rhs}
// CHECK-COUNT-3: lhs(lower) window(100)
func.func @far(%q: tensor<2x1100x16xf32>, %k: tensor<2x1100x16xf32>, %v: tensor<2x1100x16xf32>) -> (tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x1100x16xf32>, tensor<2x1100x16xf32>) -> tensor<2x1100x1100xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x1100x1100xf32>) -> tensor<2x1100x1100xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %w = arith.constant 100 : i32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %causal = arith.cmpi sge, %i, %j : i32
    %d = arith.subi %i, %j : i32
    %near = arith.cmpi slt, %d, %w : i32
    %seen = arith.andi %causal, %near : i1
    %z = arith.select %seen, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x1100x1100xf32>
  %o = sinter.matmul %p, %v : (tensor<2x1100x1100xf32>, tensor<2x1100x16xf32>) -> tensor<2x1100x16xf32>
  %f = arith.mulf %o, %o : tensor<2x1100x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x1100x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>) -> (tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>, tensor<2x1100x16xf32>
}

// At most so far away: one more.
// CHECK-LABEL: func.func @near
// CHECK: window(18)
func.func @near(%q: tensor<2x72x16xf32>, %k: tensor<2x72x16xf32>, %v: tensor<2x72x16xf32>) -> (tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x72x16xf32>, tensor<2x72x16xf32>) -> tensor<2x72x72xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x72x72xf32>) -> tensor<2x72x72xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %w = arith.constant 17 : i32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %causal = arith.cmpi sge, %i, %j : i32
    %d = arith.subi %i, %j : i32
    %near = arith.cmpi sle, %d, %w : i32
    %seen = arith.andi %causal, %near : i1
    %z = arith.select %seen, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x72x72xf32>
  %o = sinter.matmul %p, %v : (tensor<2x72x72xf32>, tensor<2x72x16xf32>) -> tensor<2x72x16xf32>
  %f = arith.mulf %o, %o : tensor<2x72x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x72x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>) -> (tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>, tensor<2x72x16xf32>
}

// Nothing but the last two.
// CHECK-LABEL: func.func @nearest
// CHECK: window(2)
func.func @nearest(%q: tensor<2x49x16xf32>, %k: tensor<2x49x16xf32>, %v: tensor<2x49x16xf32>) -> (tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x49x16xf32>, tensor<2x49x16xf32>) -> tensor<2x49x49xf32>
  %m = sinter.map(%s) [#id] : (tensor<2x49x49xf32>) -> tensor<2x49x49xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %w = arith.constant 2 : i32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %causal = arith.cmpi sge, %i, %j : i32
    %d = arith.subi %i, %j : i32
    %near = arith.cmpi slt, %d, %w : i32
    %seen = arith.andi %causal, %near : i1
    %z = arith.select %seen, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<2x49x49xf32>
  %o = sinter.matmul %p, %v : (tensor<2x49x49xf32>, tensor<2x49x16xf32>) -> tensor<2x49x16xf32>
  %f = arith.mulf %o, %o : tensor<2x49x16xf32>
  %l = sinter.reduce sum %f axes [0, 1, 2] : tensor<2x49x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>) -> (tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>, tensor<2x49x16xf32>
}
