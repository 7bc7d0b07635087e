// RUN: split-file %s %t
// RUN: sinter-opt %t/expand.mlir --sinter-differentiate --cse --canonicalize | FileCheck %t/expand.mlir
// RUN: sinter-opt %t/errors.mlir --sinter-differentiate -verify-diagnostics -split-input-file
// RUN: sinter-opt %t/locations.mlir --sinter-differentiate -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %t/locations.mlir
// RUN: sinter-run %t/nested.mlir --device=reference

//--- expand.mlir
// CHECK-LABEL: func @product_rule
// CHECK-NOT: sinter.grad
// CHECK: return %arg1, %arg0
func.func @product_rule(%x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %z = arith.mulf %x, %y : tensor<f32>
  %g:2 = sinter.grad %z wrt %x, %y : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %g#0, %g#1 : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: func @independent_is_zero
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK: return %[[Z]]
func.func @independent_is_zero(%x: tensor<f32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %g = sinter.grad %x wrt %y : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

// Ops that the loss does not need are not differentiated, so an op without a gradient may stand there.
// CHECK-LABEL: func @side_branch
// CHECK: math.cbrt
// CHECK: return
func.func @side_branch(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %o = math.cbrt %x : tensor<f32>
  %y = arith.mulf %x, %x : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g, %o : tensor<f32>, tensor<f32>
}

//--- errors.mlir
func.func @opaque(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{math.cbrt: has no gradient, but the loss depends on it}}
  %y = math.cbrt %x : tensor<f32>
  // expected-remark @below {{the gradient was asked for here}}
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- locations.mlir
// Gradient ops carry the line of the op they came from.
// CHECK: math.cos %{{.*}} loc("model.cpp":7:3)
func.func @lines(%x: tensor<f32>) -> tensor<f32> {
  %y = math.sin %x : tensor<f32> loc("model.cpp":7:3)
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32> loc("model.cpp":9:3)
  return %g : tensor<f32>
}

//--- nested.mlir
// d2/dx2 of x^3 at 2 is 12; the Hessian of a*b (a = 3, b = 5) applied to (1, 2) is (2, 1).
func.func @second_derivative() -> (tensor<f32>, tensor<f32>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<2.0> : tensor<f32>
  %x2 = arith.mulf %x, %x : tensor<f32>
  %x3 = arith.mulf %x2, %x : tensor<f32>
  %g = sinter.grad %x3 wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %h = sinter.grad %g wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %expected = arith.constant dense<12.0> : tensor<f32>
  return %h, %expected : tensor<f32>, tensor<f32>
}
func.func @hessian_vector_product() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) attributes {sinter.entry, sinter.expect} {
  %a = arith.constant dense<3.0> : tensor<f32>
  %b = arith.constant dense<5.0> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %l = arith.mulf %a, %b : tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %gb = arith.mulf %g#1, %two : tensor<f32>
  %dot = arith.addf %g#0, %gb : tensor<f32>
  %h:2 = sinter.grad %dot wrt %a, %b : (tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %h#0, %two, %h#1, %one : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}
