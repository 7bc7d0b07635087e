// Two attentions of the same rows and columns are one where neither waits for the other: scores are computed once.
// RUN: sinter-opt %s --sinter-to-train --sinter-merge-attention=target=cpu --cse -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-to-train --sinter-merge-attention=target=cpu --cse -mlir-print-local-scope | sinter-opt -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-to-train --sinter-merge-attention=target=vulkan --cse -mlir-print-local-scope | FileCheck %s
// RUN: sinter-opt %s --sinter-to-plan=target=cpu | FileCheck %s --check-prefix=PLAN
// What has no kernel is taken apart whole, and meets there.
// RUN: sinter-opt %s --sinter-to-train --sinter-merge-attention | FileCheck %s --check-prefix=PORTABLE
// RUN: not sinter-opt %s --sinter-merge-attention=target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: unknown target 'tpu'; cpu, vulkan and portable are known

// Numbers: those of the interpreter, and the bits of one kernel each.
// RUN: sinter-run --device compiled %s
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.apart
// RUN: cmp %t.one %t.apart

#id = affine_map<(b, i, j) -> (b, i, j)>

// The cotangent is given: forwards and backwards, o, dq, dk, dv by six products.
// CHECK-LABEL: func.func @given
// CHECK: %[[ALL:.*]]:4 = sinter.attention over [2, 80, 80](%arg0 rows 1, %arg1 columns 1, %arg2 columns 1, %{{.*}} rows 1)
// CHECK: ^bb0(%[[Q:.*]]: tensor<{{.*}}>, %[[K:.*]]: tensor<{{.*}}>, %[[V:.*]]: tensor<{{.*}}>, %[[W:.*]]: tensor<{{.*}}>):
// CHECK-NEXT: %[[S:.*]] = sinter.matmul %[[Q]], %[[K]] {transpose_rhs}
// CHECK-NEXT: %[[P:.*]] = sinter.softmax %[[S]]
// CHECK-NEXT: sinter.matmul %[[P]], %[[V]] :
// CHECK-NEXT: sinter.matmul %[[W]], %[[V]] {transpose_rhs}
// CHECK-NEXT: sinter.matmul %[[P]], %[[W]] {transpose_lhs}
// CHECK-NOT: {transpose_rhs}
// CHECK-NOT: sinter.softmax
// CHECK-NOT: sinter.attention
// CHECK: return %[[ALL]]#0, %[[ALL]]#1, %[[ALL]]#2, %[[ALL]]#3
// PORTABLE-LABEL: func.func @given
// PORTABLE-COUNT-2: sinter.attention
// PLAN-LABEL: plan.entry @given
// PLAN-COUNT-1: plan.launch @attention_
// PLAN-NOT: plan.launch @attention_
func.func @given(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>, %v: tensor<2x80x16xf32>, %w: tensor<2x80x16xf32>)
    -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p = sinter.softmax %s : tensor<2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %m = sinter.map(%o, %w) [#id, #id] : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %m axes [0, 1, 2] : tensor<2x80x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %l wrt %q, %k, %v : (tensor<f32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>
}

// What the gradient goes along is known only when o is.
// CHECK-LABEL: func.func @waits
// CHECK: %[[O:.*]] = sinter.attention over
// CHECK: sinter.attention over
// PLAN-LABEL: plan.entry @waits
// PLAN-COUNT-2: plan.launch @attention_
func.func @waits(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>, %v: tensor<2x80x16xf32>)
    -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p = sinter.softmax %s : tensor<2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %m = sinter.map(%o, %o) [#id, #id] : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    sinter.yield %z : f32
  }
  %l = sinter.reduce sum %m axes [0, 1, 2] : tensor<2x80x16xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %q : (tensor<f32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  return %o, %g : tensor<2x80x16xf32>, tensor<2x80x16xf32>
}

// Other keys: nothing in common but the queries. (What has the same queries and keys is fused as one from the start.)
// CHECK-LABEL: func.func @values
// CHECK: %[[BOTH:.*]]:2 = sinter.attention over [2, 80, 80](%arg0 rows 1, %arg1 columns 1, %arg2 columns 1, %arg3 columns 1)
// CHECK: sinter.attention over [2, 80, 80](%arg0 rows 1, %arg3 columns 1, %arg2 columns 1)
// CHECK-NOT: sinter.attention
// PLAN-LABEL: plan.entry @values
// PLAN-COUNT-2: plan.launch @attention_
func.func @values(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>, %v: tensor<2x80x16xf32>, %u: tensor<2x80x16xf32>)
    -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p = sinter.softmax %s : tensor<2x80x80xf32>
  %o = sinter.matmul %p, %v : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %s2 = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p2 = sinter.softmax %s2 : tensor<2x80x80xf32>
  %o2 = sinter.matmul %p2, %u : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %s3 = sinter.matmul %q, %u {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p3 = sinter.softmax %s3 : tensor<2x80x80xf32>
  %o3 = sinter.matmul %p3, %v : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  return %o, %o2, %o3 : tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>
}

// Keys are rows of one and columns of the other: not the same scores, though both have 80 of each.
// CHECK-LABEL: func.func @turned
// CHECK-COUNT-2: sinter.attention over
func.func @turned(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>) -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %p = sinter.softmax %s : tensor<2x80x80xf32>
  %o = sinter.matmul %p, %k : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  %t = sinter.matmul %k, %q {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
  %r = sinter.softmax %t : tensor<2x80x80xf32>
  %u = sinter.matmul %r, %q : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
  return %o, %u : tensor<2x80x16xf32>, tensor<2x80x16xf32>
}

// Such as nobody writes, since equal products are one before they are fused. Queries are the values of the other one: rows there,
// columns here.
// CHECK-LABEL: func.func @both
// CHECK: sinter.attention over [2, 80, 80](%arg0 rows 1, %arg1 columns 1, %arg2 columns 1, %arg0 columns 1)
// CHECK-NOT: sinter.attention
func.func @both(%q: tensor<2x80x16xf32>, %k: tensor<2x80x16xf32>, %v: tensor<2x80x16xf32>) -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %o0 = sinter.attention over [2, 80, 80](%q rows 1, %k columns 1, %v columns 1) : (tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%a0: tensor<2x80x16xf32>, %a1: tensor<2x80x16xf32>, %a2: tensor<2x80x16xf32>):
    %s = sinter.matmul %a0, %a1 {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
    %p = sinter.softmax %s : tensor<2x80x80xf32>
    %o = sinter.matmul %p, %a2 : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
    sinter.yield %o : tensor<2x80x16xf32>
  }
  %o1 = sinter.attention over [2, 80, 80](%q rows 1, %k columns 1, %q columns 1) : (tensor<2x80x16xf32>, tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%a0: tensor<2x80x16xf32>, %a1: tensor<2x80x16xf32>, %a2: tensor<2x80x16xf32>):
    %s = sinter.matmul %a0, %a1 {transpose_rhs} : (tensor<2x80x16xf32>, tensor<2x80x16xf32>) -> tensor<2x80x80xf32>
    %p = sinter.softmax %s : tensor<2x80x80xf32>
    %o = sinter.matmul %p, %a2 : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
    sinter.yield %o : tensor<2x80x16xf32>
  }
  return %o0, %o1 : tensor<2x80x16xf32>, tensor<2x80x16xf32>
}

// Queries are as wide as there are columns, and are added to the scores of the other one: rows there, rows x columns here.
// CHECK-LABEL: func.func @added
// CHECK: sinter.attention over [2, 80, 80](%arg0 rows 1, %arg1 columns 1, %arg2 columns 1, %arg0 rows 1 columns 2)
// CHECK-NOT: sinter.attention
func.func @added(%q: tensor<2x80x80xf32>, %k: tensor<2x80x80xf32>, %v: tensor<2x80x16xf32>) -> (tensor<2x80x16xf32>, tensor<2x80x16xf32>) attributes {sinter.entry} {
  %o0 = sinter.attention over [2, 80, 80](%q rows 1, %k columns 1, %v columns 1) : (tensor<2x80x80xf32>, tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%a0: tensor<2x80x80xf32>, %a1: tensor<2x80x80xf32>, %a2: tensor<2x80x16xf32>):
    %s = sinter.matmul %a0, %a1 {transpose_rhs} : (tensor<2x80x80xf32>, tensor<2x80x80xf32>) -> tensor<2x80x80xf32>
    %p = sinter.softmax %s : tensor<2x80x80xf32>
    %o = sinter.matmul %p, %a2 : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
    sinter.yield %o : tensor<2x80x16xf32>
  }
  %o1 = sinter.attention over [2, 80, 80](%q rows 1, %k columns 1, %q rows 1 columns 2, %v columns 1) : (tensor<2x80x80xf32>, tensor<2x80x80xf32>, tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32> {
  ^bb0(%a0: tensor<2x80x80xf32>, %a1: tensor<2x80x80xf32>, %a2: tensor<2x80x80xf32>, %a3: tensor<2x80x16xf32>):
    %s = sinter.matmul %a0, %a1 {transpose_rhs} : (tensor<2x80x80xf32>, tensor<2x80x80xf32>) -> tensor<2x80x80xf32>
    %m = sinter.map(%s, %a2) [#id, #id] : (tensor<2x80x80xf32>, tensor<2x80x80xf32>) -> tensor<2x80x80xf32> {
    ^bb1(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      sinter.yield %z : f32
    }
    %p = sinter.softmax %m : tensor<2x80x80xf32>
    %o = sinter.matmul %p, %a3 : (tensor<2x80x80xf32>, tensor<2x80x16xf32>) -> tensor<2x80x16xf32>
    sinter.yield %o : tensor<2x80x16xf32>
  }
  return %o0, %o1 : tensor<2x80x16xf32>, tensor<2x80x16xf32>
}
