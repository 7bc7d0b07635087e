// sinter.grad marks a gradient; `differentiate` expands it.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @of_two
// CHECK: sinter.grad %{{.*}} wrt %{{.*}}, %{{.*}} : (tensor<f32>, tensor<4xf32>, tensor<2xf32>) -> (tensor<4xf32>, tensor<2xf32>)
func.func @of_two(%l: tensor<f32>, %a: tensor<4xf32>, %b: tensor<2xf32>) -> (tensor<4xf32>, tensor<2xf32>) {
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<4xf32>, tensor<2xf32>) -> (tensor<4xf32>, tensor<2xf32>)
  return %g#0, %g#1 : tensor<4xf32>, tensor<2xf32>
}

//--- errors.mlir
func.func @loss_is_not_a_scalar(%l: tensor<2xf32>, %a: tensor<4xf32>) {
  // expected-error@+1 {{grad: the loss must be a scalar tensor<f32> or tensor<f64>, but its type is 'tensor<2xf32>'}}
  %g = sinter.grad %l wrt %a : (tensor<2xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----
func.func @loss_is_an_integer(%l: tensor<i32>, %a: tensor<4xf32>) {
  // expected-error@+1 {{grad: the loss must be a scalar tensor<f32> or tensor<f64>, but its type is 'tensor<i32>'}}
  %g = sinter.grad %l wrt %a : (tensor<i32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----
func.func @too_few_results(%l: tensor<f32>, %a: tensor<4xf32>) {
  // expected-error@+1 {{grad: 2 values give 2 gradients, not 1}}
  %g = sinter.grad %l wrt %a, %a : (tensor<f32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----
func.func @result_of_another_type(%l: tensor<f32>, %a: tensor<4xf32>) {
  // expected-error@+1 {{grad: value 0 has type 'tensor<4xf32>', but its gradient has type 'tensor<2x2xf32>'}}
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<4xf32>) -> tensor<2x2xf32>
  return
}

// -----
func.func @wrt_an_integer(%l: tensor<f32>, %a: tensor<4xi32>) {
  // expected-error@+1 {{grad: value 0 of type 'tensor<4xi32>' has no gradient: only tensors of floats have one}}
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<4xi32>) -> tensor<4xi32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @loss_does_not_depend_on_it
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK: return %[[ZERO]]
func.func @loss_does_not_depend_on_it(%a: tensor<4xf32>, %b: tensor<2xf32>) -> tensor<2xf32> {
  %l = sinter.reduce sum %a axes [0] : tensor<4xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %b : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  return %g : tensor<2xf32>
}

// CHECK-LABEL: @of_itself
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : tensor<f32>
// CHECK: return %[[ONE]]
func.func @of_itself(%l: tensor<f32>) -> tensor<f32> {
  %g = sinter.grad %l wrt %l : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- run.mlir
// l = sum(a^3): gradient 3 a^2, second derivative along v 6 a v.
func.func @nested() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[1.0, -2.0, 0.5]> : tensor<3xf32>
  %v = arith.constant dense<[2.0, 1.0, -4.0]> : tensor<3xf32>
  %a2 = arith.mulf %a, %a : tensor<3xf32>
  %a3 = arith.mulf %a2, %a : tensor<3xf32>
  %l = sinter.reduce sum %a3 axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %a : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %gv = arith.mulf %g, %v : tensor<3xf32>
  %m = sinter.reduce sum %gv axes [0] : tensor<3xf32> -> tensor<f32>
  %h = sinter.grad %m wrt %a : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %expected0 = arith.constant dense<[3.0, 12.0, 0.75]> : tensor<3xf32>
  %expected1 = arith.constant dense<[12.0, -12.0, -12.0]> : tensor<3xf32>
  return %g, %expected0, %h, %expected1 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// Through a value in the middle: l = sum(b * a) with b = 2 a; wrt b alone it is a, wrt a it is 4 a.
func.func @of_an_intermediate_value() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[1.0, -2.0, 0.5]> : tensor<3xf32>
  %two = arith.constant dense<[2.0, 2.0, 2.0]> : tensor<3xf32>
  %b = arith.mulf %a, %two : tensor<3xf32>
  %p = arith.mulf %b, %a : tensor<3xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<3xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %b, %a : (tensor<f32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  %expected0 = arith.constant dense<[1.0, -2.0, 0.5]> : tensor<3xf32>
  %expected1 = arith.constant dense<[4.0, -8.0, 2.0]> : tensor<3xf32>
  return %g#0, %expected0, %g#1, %expected1 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

func.func @unrelated_value_gets_zeros() -> (tensor<2xf32>, tensor<2xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = arith.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %l = sinter.reduce sum %a axes [0] : tensor<2xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %b : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %expected = arith.constant dense<0.0> : tensor<2xf32>
  return %g, %expected : tensor<2xf32>, tensor<2xf32>
}
