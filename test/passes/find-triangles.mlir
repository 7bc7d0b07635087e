// RUN: sinter-opt %s --sinter-find-triangles --split-input-file | FileCheck %s
// RUN: sinter-opt %s --sinter-find-triangles --split-input-file | sinter-opt --split-input-file | FileCheck %s
// RUN: sinter-opt %s --sinter-to-train --split-input-file | FileCheck %s --check-prefix=GRADIENTS

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// What is masked is not multiplied, before softmax and after it.
// CHECK-LABEL: func @causal
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) {transpose_rhs} :
// CHECK: sinter.softmax
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) :
func.func @causal(%q: tensor<3x8x4xf32>, %k: tensor<3x8x4xf32>, %v: tensor<3x8x4xf32>) -> tensor<3x8x4xf32> {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x8x4xf32>, tensor<3x8x4xf32>) -> tensor<3x8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<3x8x8xf32>) -> tensor<3x8x8xf32> {
  ^bb0(%0: f32):
    %never = arith.constant 0xFF800000 : f32
    %scale = arith.constant 0.5 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.mulf %0, %scale : f32
    %3 = arith.select %1, %2, %never : f32
    sinter.yield %3 : f32
  }
  %p = sinter.softmax %m : tensor<3x8x8xf32>
  %o = sinter.matmul %p, %v : (tensor<3x8x8xf32>, tensor<3x8x4xf32>) -> tensor<3x8x4xf32>
  return %o : tensor<3x8x4xf32>
}

// -----

// Who looks ahead instead: the other triangle. A product with the transposed weights, and one with them on the right.
// CHECK-LABEL: func @upper
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(upper) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(upper) {transpose_lhs} :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} rhs(lower) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} rhs(upper) {transpose_rhs} :
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @upper(%q: tensor<8x4xf32>, %k: tensor<4x8xf32>, %v: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  %s = sinter.matmul %q, %k : (tensor<8x4xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %m = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %never = arith.constant 0xFF800000 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi slt, %j, %i : i32
    %2 = arith.select %1, %never, %0 : f32
    sinter.yield %2 : f32
  }
  %p = sinter.softmax %m : tensor<8x8xf32>
  %t = sinter.transpose %p [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
  %a = sinter.matmul %p, %v {transpose_lhs} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %b = sinter.matmul %v, %t : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %c = sinter.matmul %v, %p {transpose_rhs} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %a, %b, %c : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// A mask that is added, a mask that is multiplied, a mask that is a tensor read in another order, and a reshape between.
// CHECK-LABEL: func @other_masks
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} result(lower) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) :
// CHECK: sinter.matmul %{{.*}}, %{{.*}} rhs(lower) :
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#swap = affine_map<(d0, d1, d2) -> (d2, d1)>
func.func @other_masks(%x: tensor<2x8x8xf32>, %y: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x1x8x8xf32>) {
  %add, %keep = sinter.map() [] : () -> (tensor<8x8xf32>, tensor<8x8xf32>) {
    %never = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %1 = arith.cmpi ugt, %i, %j : i32
    %2 = arith.select %1, %never, %zero : f32
    %3 = arith.select %1, %zero, %one : f32
    sinter.yield %2, %3 : f32, f32
  }
  %s = sinter.matmul %x, %y : (tensor<2x8x8xf32>, tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %r = sinter.matmul %y, %x : (tensor<2x8x8xf32>, tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %m:2 = sinter.map(%s, %r, %add, %keep) [#id, #id, #swap, #swap] : (tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8x8xf32>) {
  ^bb0(%0: f32, %1: f32, %2: f32, %3: f32):
    %4 = arith.addf %0, %2 : f32
    %5 = arith.negf %1 : f32
    %6 = arith.mulf %5, %3 : f32
    sinter.yield %4, %6 : f32, f32
  }
  %p = sinter.softmax %m#0 : tensor<2x8x8xf32>
  %a = sinter.matmul %p, %y : (tensor<2x8x8xf32>, tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %q = sinter.reshape %m#1 : tensor<2x8x8xf32> -> tensor<2x1x8x8xf32>
  %z = sinter.reshape %x : tensor<2x8x8xf32> -> tensor<2x1x8x8xf32>
  %b = sinter.matmul %z, %q : (tensor<2x1x8x8xf32>, tensor<2x1x8x8xf32>) -> tensor<2x1x8x8xf32>
  return %a, %b : tensor<2x8x8xf32>, tensor<2x1x8x8xf32>
}

// -----

// The gradient: of five products two have the transposed weights, and that of the weights is needed only where they are
// not zero. Dropout in between changes nothing.
// GRADIENTS-LABEL: func @gradient
// GRADIENTS: sinter.attention over [3, 8, 8](
// GRADIENTS: sinter.attention over [3, 8, 8](%arg0 rows 1, %arg1 columns 1, %arg3 rows 1 columns 2, %arg2 columns 1, %{{.*}} rows 1)
// GRADIENTS-NEXT: ^bb0(%[[Q:.*]]: tensor<3x8x4xf32>, %[[K:.*]]: tensor<3x8x4xf32>, %{{.*}}: tensor<3x8x8xi1>, %[[V:.*]]: tensor<3x8x4xf32>, %[[DO:.*]]: tensor<3x8x4xf32>):
// GRADIENTS: sinter.matmul %[[Q]], %[[K]] result(lower) {transpose_rhs} :
// GRADIENTS-DAG: sinter.matmul %[[DO]], %[[V]] result(lower) {transpose_rhs} :
// GRADIENTS-DAG: sinter.matmul %{{.*}}, %[[DO]] lhs(lower) {transpose_lhs} :
// GRADIENTS-DAG: sinter.matmul %{{.*}}, %[[K]] lhs(lower) :
// GRADIENTS-DAG: sinter.matmul %{{.*}}, %[[Q]] lhs(lower) {transpose_lhs} :
// GRADIENTS: return
func.func @gradient(%q: tensor<3x8x4xf32>, %k: tensor<3x8x4xf32>, %v: tensor<3x8x4xf32>, %drop: tensor<3x8x8xi1>) -> (tensor<3x8x4xf32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>) {
  %never = arith.constant dense<0xFF800000> : tensor<3x8x8xf32>
  %zero = arith.constant dense<0.0> : tensor<3x8x8xf32>
  %scale = arith.constant dense<0.5> : tensor<3x8x8xf32>
  %more = arith.constant dense<1.25> : tensor<3x8x8xf32>
  %i = sinter.iota axis 1 : tensor<3x8x8xi32>
  %j = sinter.iota axis 2 : tensor<3x8x8xi32>
  %mask = arith.cmpi sge, %i, %j : tensor<3x8x8xi32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x8x4xf32>, tensor<3x8x4xf32>) -> tensor<3x8x8xf32>
  %x = arith.mulf %s, %scale : tensor<3x8x8xf32>
  %m = arith.select %mask, %x, %never : tensor<3x8x8xi1>, tensor<3x8x8xf32>
  %p = sinter.softmax %m : tensor<3x8x8xf32>
  %more_p = arith.mulf %p, %more : tensor<3x8x8xf32>
  %d = arith.select %drop, %zero, %more_p : tensor<3x8x8xi1>, tensor<3x8x8xf32>
  %o = sinter.matmul %d, %v : (tensor<3x8x8xf32>, tensor<3x8x4xf32>) -> tensor<3x8x4xf32>
  %o2 = arith.mulf %o, %o : tensor<3x8x4xf32>
  %loss = sinter.reduce sum %o2 axes [0, 1, 2] : tensor<3x8x4xf32> -> tensor<f32>
  %g:3 = sinter.grad %loss wrt %q, %k, %v : (tensor<f32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>) -> (tensor<3x8x4xf32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>)
  return %g#0, %g#1, %g#2 : tensor<3x8x4xf32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>
}

// -----

// A window to both sides, a mask of other dimensions than the last two, and one of a rectangle leave all to multiply.
// CHECK-LABEL: func @not_causal
// CHECK-NOT: (lower)
// CHECK-NOT: (upper)
// CHECK: return
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @not_causal(%a: tensor<8x8x8xf32>, %b: tensor<8x8x8xf32>, %c: tensor<8x8x9xf32>, %v: tensor<8x8x8xf32>, %w: tensor<8x9x8xf32>)
    -> (tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8x8x8xf32>) {
  %s0 = sinter.matmul %a, %b : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %s1 = sinter.matmul %b, %a : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %s2 = sinter.matmul %a, %c : (tensor<8x8x8xf32>, tensor<8x8x9xf32>) -> tensor<8x8x9xf32>
  %window, %batch = sinter.map(%s0, %s1) [#id, #id] : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> (tensor<8x8x8xf32>, tensor<8x8x8xf32>) {
  ^bb0(%0: f32, %1: f32):
    %never = arith.constant 0xFF800000 : f32
    %two = arith.constant 2 : i32
    %h = sinter.index 0 : i32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %2 = arith.addi %i, %two : i32
    %3 = arith.cmpi sge, %2, %j : i32
    %4 = arith.cmpi sge, %h, %j : i32
    %5 = arith.select %3, %0, %never : f32
    %6 = arith.select %4, %1, %never : f32
    sinter.yield %5, %6 : f32, f32
  }
  %rectangle = sinter.map(%s2) [#id] : (tensor<8x8x9xf32>) -> tensor<8x8x9xf32> {
  ^bb0(%0: f32):
    %never = arith.constant 0xFF800000 : f32
    %i = sinter.index 1 : i32
    %j = sinter.index 2 : i32
    %1 = arith.cmpi sge, %i, %j : i32
    %2 = arith.select %1, %0, %never : f32
    sinter.yield %2 : f32
  }
  %p0 = sinter.softmax %window : tensor<8x8x8xf32>
  %p1 = sinter.softmax %batch : tensor<8x8x8xf32>
  %p2 = sinter.softmax %rectangle : tensor<8x8x9xf32>
  %o0 = sinter.matmul %p0, %v : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %o1 = sinter.matmul %p1, %v : (tensor<8x8x8xf32>, tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %o2 = sinter.matmul %p2, %w : (tensor<8x8x9xf32>, tensor<8x9x8xf32>) -> tensor<8x8x8xf32>
  return %o0, %o1, %o2 : tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8x8x8xf32>
}

// -----

// A window to one side is still triangular. But a product that anyone else reads is needed whole; and zero times the
// inverse of a product is no reason to skip the product, since the inverse of zero is infinite.
// CHECK-LABEL: func @demand
// CHECK: %[[S:.*]] = sinter.matmul %{{.*}}, %{{.*}} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
// CHECK: %[[R:.*]] = sinter.matmul %{{.*}}, %{{.*}} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) rhs(lower) :
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @demand(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = sinter.matmul %y, %x : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %m:2 = sinter.map(%s, %r) [#id, #id] : (tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  ^bb0(%0: f32, %1: f32):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %three = arith.constant 3 : i32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %2 = arith.addi %j, %three : i32
    %3 = arith.cmpi sle, %j, %i : i32
    %4 = arith.cmpi sge, %2, %i : i32
    %5 = arith.andi %3, %4 : i1
    %6 = arith.select %5, %0, %zero : f32
    %7 = arith.select %5, %one, %zero : f32
    %8 = arith.divf %one, %1 : f32
    %9 = arith.mulf %7, %8 : f32
    sinter.yield %6, %9 : f32, f32
  }
  %o = sinter.matmul %m#0, %m#1 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %s, %o : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// Zero times what is finite whatever it is made of, such as the slope of a soft cap, is a reason; zero times an
// exponential, which may be infinite, is none.
// CHECK-LABEL: func @bounded
// CHECK: %[[S:.*]] = sinter.matmul %{{.*}}, %{{.*}} result(lower) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
// CHECK: %[[R:.*]] = sinter.matmul %{{[a-z0-9]+}}, %{{[a-z0-9]+}} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
// CHECK: sinter.matmul %{{.*}}, %{{.*}} lhs(lower) rhs(lower) :
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @bounded(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %s = sinter.matmul %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = sinter.matmul %y, %x : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = sinter.map(%s) [#id] : (tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32):
    %1 = math.tanh %0 : f32
    sinter.yield %1 : f32
  }
  %m:2 = sinter.map(%t, %r, %x) [#id, #id, #id]
      : (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %i = sinter.index 0 : i32
    %j = sinter.index 1 : i32
    %3 = arith.cmpi sle, %j, %i : i32
    %4 = arith.select %3, %2, %zero : f32
    %5 = arith.mulf %0, %0 : f32
    %6 = arith.subf %one, %5 : f32
    %7 = arith.mulf %4, %6 : f32
    %8 = math.exp %1 : f32
    %9 = arith.mulf %4, %8 : f32
    sinter.yield %7, %9 : f32, f32
  }
  %o = sinter.matmul %m#0, %m#1 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %o : tensor<8x8xf32>
}
