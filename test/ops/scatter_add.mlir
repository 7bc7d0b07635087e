// sinter.scatter_add adds rows into a table of zeros by index.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @embedding_gradient
// CHECK: sinter.scatter_add %{{.*}}, %{{.*}} : (tensor<12x64xi32>, tensor<12x64x128xf32>) -> tensor<65x128xf32>
func.func @embedding_gradient(%i: tensor<12x64xi32>, %u: tensor<12x64x128xf32>) -> tensor<65x128xf32> {
  %y = sinter.scatter_add %i, %u : (tensor<12x64xi32>, tensor<12x64x128xf32>) -> tensor<65x128xf32>
  return %y : tensor<65x128xf32>
}

//--- errors.mlir
func.func @float_indices(%i: tensor<2xf32>, %u: tensor<2x3xf32>) {
  // expected-error@+1 {{scatter_add: indices must be i32, but their type is 'tensor<2xf32>'}}
  %y = sinter.scatter_add %i, %u : (tensor<2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  return
}

// -----
func.func @scalar_result(%i: tensor<2xi32>, %u: tensor<2xf32>) {
  // expected-error@+1 {{scatter_add: the result must have at least one dimension, but its type is 'tensor<f32>'}}
  %y = sinter.scatter_add %i, %u : (tensor<2xi32>, tensor<2xf32>) -> tensor<f32>
  return
}

// -----
func.func @wrong_updates(%i: tensor<2xi32>, %u: tensor<2x4xf32>) {
  // expected-error@+1 {{scatter_add: indices of shape [2] and a result of shape [5, 3] need updates of shape [2, 3], but theirs is [2, 4]}}
  %y = sinter.scatter_add %i, %u : (tensor<2xi32>, tensor<2x4xf32>) -> tensor<5x3xf32>
  return
}

// -----
func.func @integer_updates(%i: tensor<2xi32>, %u: tensor<2x3xi32>) {
  // expected-error@+1 {{scatter_add: updates and result must be f32, but their element types are 'i32' and 'i32'}}
  %y = sinter.scatter_add %i, %u : (tensor<2xi32>, tensor<2x3xi32>) -> tensor<5x3xi32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @gathers_from_the_table
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg2 : tensor<5x3xf32>
// CHECK: %[[DU:.*]] = sinter.gather %[[DY]], %arg0 : (tensor<5x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
// CHECK: return %[[DU]]
func.func @gathers_from_the_table(%i: tensor<2xi32>, %u: tensor<2x3xf32>, %c: tensor<5x3xf32>) -> tensor<2x3xf32> {
  %y = sinter.scatter_add %i, %u : (tensor<2xi32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  %p = arith.mulf %y, %c : tensor<5x3xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<5x3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %u : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %g : tensor<2x3xf32>
}

//--- lower.mlir
// No linalg equals it: it stays.
// CHECK-LABEL: @stays
// CHECK-NEXT: sinter.scatter_add
// CHECK-NEXT: return
func.func @stays(%i: tensor<2xi32>, %u: tensor<2x3xf32>) -> tensor<5x3xf32> {
  %y = sinter.scatter_add %i, %u : (tensor<2xi32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  return %y : tensor<5x3xf32>
}

//--- run.mlir
func.func @sums_repeated_rows_and_drops_indices_outside() -> (tensor<4x3xf32>, tensor<4x3xf32>) attributes {sinter.expect} {
  %i = arith.constant dense<[[2, 0], [2, -1], [4, 2]]> : tensor<3x2xi32>
  %u = arith.constant dense<[
      [[0.25, 0.5, 0.75], [1.0, 1.25, 1.5]],
      [[1.75, 2.0, 2.25], [2.5, 2.75, 3.0]],
      [[3.25, 3.5, 3.75], [4.0, 4.25, 4.5]]]> : tensor<3x2x3xf32>
  %y = sinter.scatter_add %i, %u : (tensor<3x2xi32>, tensor<3x2x3xf32>) -> tensor<4x3xf32>
  %expected = arith.constant dense<[
      [1.0, 1.25, 1.5],
      [0.0, 0.0, 0.0],
      [6.0, 6.75, 7.5],
      [0.0, 0.0, 0.0]]> : tensor<4x3xf32>
  return %y, %expected : tensor<4x3xf32>, tensor<4x3xf32>
}

func.func @single_elements_and_extreme_indices() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %i = arith.constant dense<[1, -2147483648, 2147483647, 1, 0]> : tensor<5xi32>
  %u = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %y = sinter.scatter_add %i, %u : (tensor<5xi32>, tensor<5xf32>) -> tensor<3xf32>
  %expected = arith.constant dense<[5.0, 5.0, 0.0]> : tensor<3xf32>
  return %y, %expected : tensor<3xf32>, tensor<3xf32>
}

// In f32, (1e8 + 1) - 1e8 is 0 and (1e8 - 1e8) + 1 is 1: rows are added in the order of the indices.
func.func @order() -> (tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.expect} {
  %i = arith.constant dense<[0, 0, 1, 1, 1]> : tensor<5xi32>
  %u = arith.constant dense<[[1.0], [2.0], [1.0e8], [-1.0e8], [1.0]]> : tensor<5x1xf32>
  %y = sinter.scatter_add %i, %u : (tensor<5xi32>, tensor<5x1xf32>) -> tensor<2x1xf32>
  %expected = arith.constant dense<[[3.0], [1.0]]> : tensor<2x1xf32>
  return %y, %expected : tensor<2x1xf32>, tensor<2x1xf32>
}

func.func @gradient_with_indices_outside(%i: tensor<3x5xi32> {sinter.limit = 11 : i64}, %u: tensor<3x5x19xf32>)
    -> tensor<7x19xf32> {
  %s = arith.mulf %u, %u : tensor<3x5x19xf32>
  %y = sinter.scatter_add %i, %s : (tensor<3x5xi32>, tensor<3x5x19xf32>) -> tensor<7x19xf32>
  return %y : tensor<7x19xf32>
}

func.func @gradient_of_scalar_index(%i: tensor<i32>, %u: tensor<2x3xf32>) -> tensor<8x2x3xf32> {
  %s = arith.mulf %u, %u : tensor<2x3xf32>
  %y = sinter.scatter_add %i, %s : (tensor<i32>, tensor<2x3xf32>) -> tensor<8x2x3xf32>
  return %y : tensor<8x2x3xf32>
}

// A table larger than one block of rows, hit sparsely.
func.func @large_table(%i: tensor<40xi32> {sinter.limit = 700 : i64}, %u: tensor<40x33xf32>) -> tensor<650x33xf32> {
  %y = sinter.scatter_add %i, %u : (tensor<40xi32>, tensor<40x33xf32>) -> tensor<650x33xf32>
  return %y : tensor<650x33xf32>
}
