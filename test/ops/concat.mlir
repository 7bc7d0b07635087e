// sinter.concat joins tensors along one dimension.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @two
// CHECK: sinter.concat %{{.*}}, %{{.*}} axis 1 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x5xf32>
func.func @two(%a: tensor<4x2xf32>, %b: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

//--- errors.mlir
func.func @nothing_to_join() {
  // expected-error@+2 {{concat: there is nothing to join: give at least one tensor}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = "sinter.concat"() {axis = 0 : i64} : () -> tensor<4xf32>
  return
}

// -----
func.func @axis_out_of_range(%a: tensor<4x2xf32>) {
  // expected-error@+2 {{concat: axis 2 is out of range for a tensor of shape [4, 2] (rank 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.concat %a, %a axis 2 : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x4xf32>
  return
}

// -----
func.func @negative_axis(%a: tensor<4x2xf32>) {
  // expected-error@+2 {{concat: axis -1 is out of range for a tensor of shape [4, 2] (rank 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.concat %a, %a axis -1 : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x4xf32>
  return
}

// -----
func.func @element_types_differ(%a: tensor<4xf32>, %b: tensor<4xi32>) {
  // expected-error@+2 {{concat: element types differ: 'f32' and 'i32' (operand 1)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.concat %a, %b axis 0 : (tensor<4xf32>, tensor<4xi32>) -> tensor<8xf32>
  return
}

// -----
func.func @ranks_differ(%a: tensor<4x2xf32>, %b: tensor<4xf32>) {
  // expected-error@+2 {{concat: shapes [4, 2] and [4] (operand 1) differ in more than axis 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<4xf32>) -> tensor<4x3xf32>
  return
}

// -----
func.func @other_sizes_differ(%a: tensor<4x2xf32>, %b: tensor<5x2xf32>) {
  // expected-error@+2 {{concat: shapes [4, 2] and [5, 2] (operand 1) differ in more than axis 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<5x2xf32>) -> tensor<4x4xf32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @one
// CHECK-NEXT: return %arg0
func.func @one(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %y = sinter.concat %x axis 0 : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

//--- vjp.mlir
// CHECK-LABEL: @slices_each_part
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg2 : tensor<4x5xf32>
// CHECK-DAG: %[[DA:.*]] = sinter.slice %[[DY]] [0, 0] to [4, 2] by [1, 1] : tensor<4x5xf32> -> tensor<4x2xf32>
// CHECK-DAG: %[[DB:.*]] = sinter.slice %[[DY]] [0, 2] to [4, 5] by [1, 1] : tensor<4x5xf32> -> tensor<4x3xf32>
// CHECK: return %[[DA]], %[[DB]]
func.func @slices_each_part(%a: tensor<4x2xf32>, %b: tensor<4x3xf32>, %c: tensor<4x5xf32>)
    -> (tensor<4x2xf32>, tensor<4x3xf32>) {
  %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x5xf32>
  %p = arith.mulf %y, %c : tensor<4x5xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<4x5xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %a, %b : (tensor<f32>, tensor<4x2xf32>, tensor<4x3xf32>)
    -> (tensor<4x2xf32>, tensor<4x3xf32>)
  return %g#0, %g#1 : tensor<4x2xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: @skips_what_is_not_needed
// CHECK: sinter.slice %{{.*}} [2] to [5] by [1]
// CHECK-NOT: sinter.slice
func.func @skips_what_is_not_needed(%a: tensor<2xf32>, %b: tensor<3xf32>, %c: tensor<5xf32>) -> tensor<3xf32> {
  %y = sinter.concat %a, %b axis 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  %p = arith.mulf %y, %c : tensor<5xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<5xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %b : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

//--- lower.mlir
// CHECK-LABEL: @two
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x5xf32>
// CHECK: %[[A:.*]] = tensor.insert_slice %arg0 into %[[E]][0, 0] [4, 2] [1, 1] : tensor<4x2xf32> into tensor<4x5xf32>
// CHECK: %[[B:.*]] = tensor.insert_slice %arg1 into %[[A]][0, 2] [4, 3] [1, 1] : tensor<4x3xf32> into tensor<4x5xf32>
// CHECK: return %[[B]]
func.func @two(%a: tensor<4x2xf32>, %b: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

//--- run.mlir
func.func @three_along_columns_and_two_along_rows() -> (tensor<2x6xf32>, tensor<2x6xf32>, tensor<4x3xf32>, tensor<4x3xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[[-1.0], [-2.0]]> : tensor<2x1xf32>
  %c = arith.constant dense<[[0.5, 1.0, 1.5], [2.0, 2.5, 3.0]]> : tensor<2x3xf32>
  %y = sinter.concat %a, %b, %c axis 1 : (tensor<2x2xf32>, tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %z = sinter.concat %c, %c axis 0 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %expected0 = arith.constant dense<[
      [1.0, 2.0, -1.0, 0.5, 1.0, 1.5],
      [3.0, 4.0, -2.0, 2.0, 2.5, 3.0]]> : tensor<2x6xf32>
  %expected1 = arith.constant dense<[
      [0.5, 1.0, 1.5],
      [2.0, 2.5, 3.0],
      [0.5, 1.0, 1.5],
      [2.0, 2.5, 3.0]]> : tensor<4x3xf32>
  return %y, %expected0, %z, %expected1 : tensor<2x6xf32>, tensor<2x6xf32>, tensor<4x3xf32>, tensor<4x3xf32>
}

func.func @gradient_of_odd_parts(%a: tensor<3x17xf32>, %b: tensor<3x1xf32>, %c: tensor<3x20xf32>) -> tensor<3x38xf32> {
  %s = arith.mulf %a, %a : tensor<3x17xf32>
  %t = arith.mulf %b, %b : tensor<3x1xf32>
  %y = sinter.concat %s, %t, %c axis 1 : (tensor<3x17xf32>, tensor<3x1xf32>, tensor<3x20xf32>) -> tensor<3x38xf32>
  %z = arith.mulf %y, %y : tensor<3x38xf32>
  return %z : tensor<3x38xf32>
}

// An operand that occurs twice gets both parts.
func.func @gradient_of_the_same_twice(%a: tensor<2x3x2xf32>) -> tensor<2x6x2xf32> {
  %y = sinter.concat %a, %a axis 1 : (tensor<2x3x2xf32>, tensor<2x3x2xf32>) -> tensor<2x6x2xf32>
  %z = arith.mulf %y, %y : tensor<2x6x2xf32>
  return %z : tensor<2x6x2xf32>
}
