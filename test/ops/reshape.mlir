// sinter.reshape gives the same elements, in row-major order, another shape.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @merge
// CHECK: sinter.reshape %{{.*}} : tensor<2x3x4xf32> -> tensor<6x4xf32>
func.func @merge(%x: tensor<2x3x4xf32>) -> tensor<6x4xf32> {
  %y = sinter.reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

//--- errors.mlir
func.func @element_counts_differ(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{reshape: shape [2, 3] has 6 elements, but shape [4, 2] has 8}}
  %y = sinter.reshape %x : tensor<2x3xf32> -> tensor<4x2xf32>
  return
}

// -----
func.func @element_types_differ(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{reshape: element types differ: 'f32' and 'i32'}}
  %y = sinter.reshape %x : tensor<2x3xf32> -> tensor<6xi32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @there_and_back
// CHECK-NEXT: return %arg0
func.func @there_and_back(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = sinter.reshape %x : tensor<4x8xf32> -> tensor<32xf32>
  %z = sinter.reshape %y : tensor<32xf32> -> tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}

// CHECK-LABEL: @of_reshape
// CHECK-NEXT: sinter.reshape %arg0 : tensor<4x8xf32> -> tensor<2x16xf32>
// CHECK-NEXT: return
func.func @of_reshape(%x: tensor<4x8xf32>) -> tensor<2x16xf32> {
  %y = sinter.reshape %x : tensor<4x8xf32> -> tensor<32xf32>
  %z = sinter.reshape %y : tensor<32xf32> -> tensor<2x16xf32>
  return %z : tensor<2x16xf32>
}

// CHECK-LABEL: @of_constant
// CHECK-NEXT: arith.constant dense<{{\[}}[1, 2], [3, 4]]> : tensor<2x2xi32>
// CHECK-NEXT: return
func.func @of_constant() -> tensor<2x2xi32> {
  %x = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %y = sinter.reshape %x : tensor<4xi32> -> tensor<2x2xi32>
  return %y : tensor<2x2xi32>
}

//--- vjp.mlir
// CHECK-LABEL: @reshapes_back
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg1 : tensor<6xf32>
// CHECK: %[[DX:.*]] = sinter.reshape %[[DY]] : tensor<6xf32> -> tensor<2x3xf32>
// CHECK: return %[[DX]]
func.func @reshapes_back(%x: tensor<2x3xf32>, %c: tensor<6xf32>) -> tensor<2x3xf32> {
  %y = sinter.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  %p = arith.mulf %y, %c : tensor<6xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<6xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %g : tensor<2x3xf32>
}

//--- lower.mlir
// CHECK-LABEL: @merge
// CHECK-NEXT: tensor.collapse_shape %arg0 {{\[}}[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
// CHECK-NEXT: return
func.func @merge(%x: tensor<2x3x4xf32>) -> tensor<6x4xf32> {
  %y = sinter.reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// CHECK-LABEL: @split
// CHECK-NEXT: tensor.expand_shape %arg0 {{\[}}[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
// CHECK-NEXT: return
func.func @split(%x: tensor<6x4xf32>) -> tensor<2x3x4xf32> {
  %y = sinter.reshape %x : tensor<6x4xf32> -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// A shape that is neither goes through the flat one.
// CHECK-LABEL: @regroup
// CHECK-NEXT: %[[FLAT:.*]] = tensor.collapse_shape %arg0 {{\[}}[0, 1]] : tensor<4x6xf32> into tensor<24xf32>
// CHECK-NEXT: tensor.expand_shape %[[FLAT]] {{\[}}[0, 1]] output_shape [3, 8] : tensor<24xf32> into tensor<3x8xf32>
// CHECK-NEXT: return
func.func @regroup(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %y = sinter.reshape %x : tensor<4x6xf32> -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// CHECK-LABEL: @to_and_from_scalar
// CHECK-NEXT: %[[S:.*]] = tensor.collapse_shape %arg0 [] : tensor<1x1xf32> into tensor<f32>
// CHECK-NEXT: tensor.expand_shape %[[S]] [] output_shape [1] : tensor<f32> into tensor<1xf32>
func.func @to_and_from_scalar(%x: tensor<1x1xf32>) -> tensor<1xf32> {
  %y = sinter.reshape %x : tensor<1x1xf32> -> tensor<f32>
  %z = sinter.reshape %y : tensor<f32> -> tensor<1xf32>
  return %z : tensor<1xf32>
}

//--- run.mlir
func.func @keeps_row_major_order() -> (tensor<3x8xf32>, tensor<3x8xf32>, tensor<1x24x1xf32>, tensor<1x24x1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[
      [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]],
      [[13.0, 14.0, 15.0, 16.0], [17.0, 18.0, 19.0, 20.0], [21.0, 22.0, 23.0, 24.0]]]> : tensor<2x3x4xf32>
  %y = sinter.reshape %x : tensor<2x3x4xf32> -> tensor<3x8xf32>
  %z = sinter.reshape %x : tensor<2x3x4xf32> -> tensor<1x24x1xf32>
  %expected0 = arith.constant dense<[
      [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
      [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0],
      [17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0]]> : tensor<3x8xf32>
  %expected1 = arith.constant dense<[
      [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [9.0], [10.0], [11.0], [12.0], [13.0], [14.0], [15.0], [16.0], [17.0], [18.0], [19.0], [20.0], [21.0], [22.0], [23.0], [24.0]]]> : tensor<1x24x1xf32>
  return %y, %expected0, %z, %expected1 : tensor<3x8xf32>, tensor<3x8xf32>, tensor<1x24x1xf32>, tensor<1x24x1xf32>
}

// The sum keeps the reshapes between two computations.
func.func @between_computations() -> (tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[
      [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]],
      [[13.0, 14.0, 15.0, 16.0], [17.0, 18.0, 19.0, 20.0], [21.0, 22.0, 23.0, 24.0]]]> : tensor<2x3x4xf32>
  %s = arith.addf %x, %x : tensor<2x3x4xf32>
  %y = sinter.reshape %s : tensor<2x3x4xf32> -> tensor<4x6xf32>
  %r = sinter.reduce sum %y axes [1] : tensor<4x6xf32> -> tensor<4xf32>
  %expected = arith.constant dense<[42.0, 114.0, 186.0, 258.0]> : tensor<4xf32>
  return %r, %expected : tensor<4xf32>, tensor<4xf32>
}

func.func @gradient_of_regroup(%x: tensor<5x6xf32>, %c: tensor<3x10xf32>) -> tensor<3x10xf32> {
  %s = arith.mulf %x, %x : tensor<5x6xf32>
  %y = sinter.reshape %s : tensor<5x6xf32> -> tensor<3x10xf32>
  %z = arith.mulf %y, %c : tensor<3x10xf32>
  return %z : tensor<3x10xf32>
}

func.func @gradient_of_scalar(%x: tensor<1x1xf32>) -> tensor<f32> {
  %s = arith.mulf %x, %x : tensor<1x1xf32>
  %y = sinter.reshape %s : tensor<1x1xf32> -> tensor<f32>
  return %y : tensor<f32>
}
