// sinter.pad puts zeros around and between the elements of a tensor.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @around_and_between
// CHECK: sinter.pad %{{.*}} low [0, 2] high [1, 0] interior [0, 2] : tensor<4x2xf32> -> tensor<5x6xf32>
func.func @around_and_between(%x: tensor<4x2xf32>) -> tensor<5x6xf32> {
  %y = sinter.pad %x low [0, 2] high [1, 0] interior [0, 2] : tensor<4x2xf32> -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

//--- errors.mlir
func.func @too_few_entries(%x: tensor<4x2xf32>) {
  // expected-error@+2 {{pad: low [0] high [1, 0] interior [0, 0] must each have one entry per dimension of a tensor of shape [4, 2] (rank 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.pad %x low [0] high [1, 0] interior [0, 0] : tensor<4x2xf32> -> tensor<5x2xf32>
  return
}

// -----
func.func @negative(%x: tensor<4xf32>) {
  // expected-error@+2 {{pad: low 0, high -1, interior 0 of dimension 0 must not be negative}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.pad %x low [0] high [-1] interior [0] : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----
func.func @empty(%x: tensor<3x0xf32>) {
  // expected-error@+2 {{pad: dimension 1 of a tensor of shape [3, 0] is empty}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.pad %x low [0, 0] high [0, 2] interior [0, 0] : tensor<3x0xf32> -> tensor<3x2xf32>
  return
}

// -----
func.func @wrong_result(%x: tensor<4xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<8xf32>' are incompatible with return type(s) of operation 'tensor<9xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.pad %x low [1] high [0] interior [1] : tensor<4xf32> -> tensor<9xf32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @nothing_added
// CHECK-NEXT: return %arg0
func.func @nothing_added(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %y = sinter.pad %x low [0, 0] high [0, 0] interior [0, 3] : tensor<4x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// CHECK-LABEL: @zeros_among_zeros
// CHECK-NEXT: arith.constant dense<0.000000e+00> : tensor<6xf32>
// CHECK-NEXT: return
func.func @zeros_among_zeros() -> tensor<6xf32> {
  %x = arith.constant dense<0.0> : tensor<4xf32>
  %y = sinter.pad %x low [1] high [1] interior [0] : tensor<4xf32> -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-LABEL: @ones_stay
// CHECK: sinter.pad
func.func @ones_stay() -> tensor<6xf32> {
  %x = arith.constant dense<1.0> : tensor<4xf32>
  %y = sinter.pad %x low [1] high [1] interior [0] : tensor<4xf32> -> tensor<6xf32>
  return %y : tensor<6xf32>
}

//--- vjp.mlir
// CHECK-LABEL: @slices_the_elements_out
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg1 : tensor<10xf32>
// CHECK: %[[DX:.*]] = sinter.slice %[[DY]] [1] to [8] by [3] : tensor<10xf32> -> tensor<3xf32>
// CHECK: return %[[DX]]
func.func @slices_the_elements_out(%x: tensor<3xf32>, %c: tensor<10xf32>) -> tensor<3xf32> {
  %y = sinter.pad %x low [1] high [2] interior [2] : tensor<3xf32> -> tensor<10xf32>
  %p = arith.mulf %y, %c : tensor<10xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<10xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

//--- lower.mlir
// CHECK-LABEL: @around_and_between
// CHECK-DAG: %[[E:.*]] = tensor.empty() : tensor<5x6xf32>
// CHECK-DAG: %[[Z:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[F:.*]] = linalg.fill ins(%[[Z]] : f32) outs(%[[E]] : tensor<5x6xf32>)
// CHECK: tensor.insert_slice %arg0 into %[[F]][0, 2] [4, 2] [1, 3] : tensor<4x2xf32> into tensor<5x6xf32>
func.func @around_and_between(%x: tensor<4x2xf32>) -> tensor<5x6xf32> {
  %y = sinter.pad %x low [0, 2] high [1, 0] interior [0, 2] : tensor<4x2xf32> -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

//--- run.mlir
func.func @around_and_between() -> (tensor<4x10xf32>, tensor<4x10xf32>, tensor<4x3xf32>, tensor<4x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [-4.0, 0.5, 6.0]]> : tensor<2x3xf32>
  %y = sinter.pad %x low [0, 1] high [1, 2] interior [1, 2] : tensor<2x3xf32> -> tensor<4x10xf32>
  %z = sinter.pad %x low [2, 0] high [0, 0] interior [0, 0] : tensor<2x3xf32> -> tensor<4x3xf32>
  %expected0 = arith.constant dense<[
      [0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0],
      [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
      [0.0, -4.0, 0.0, 0.0, 0.5, 0.0, 0.0, 6.0, 0.0, 0.0],
      [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]> : tensor<4x10xf32>
  %expected1 = arith.constant dense<[
      [0.0, 0.0, 0.0],
      [0.0, 0.0, 0.0],
      [1.0, 2.0, 3.0],
      [-4.0, 0.5, 6.0]]> : tensor<4x3xf32>
  return %y, %expected0, %z, %expected1 : tensor<4x10xf32>, tensor<4x10xf32>, tensor<4x3xf32>, tensor<4x3xf32>
}

func.func @integers() -> (tensor<4xi32>, tensor<4xi32>) attributes {sinter.expect} {
  %x = arith.constant dense<[5, -6]> : tensor<2xi32>
  %y = sinter.pad %x low [1] high [0] interior [1] : tensor<2xi32> -> tensor<4xi32>
  %expected = arith.constant dense<[0, 5, 0, -6]> : tensor<4xi32>
  return %y, %expected : tensor<4xi32>, tensor<4xi32>
}

func.func @gradient_of_rows(%x: tensor<3x17xf32>) -> tensor<3x40xf32> {
  %s = arith.mulf %x, %x : tensor<3x17xf32>
  %y = sinter.pad %s low [0, 5] high [0, 18] interior [0, 0] : tensor<3x17xf32> -> tensor<3x40xf32>
  return %y : tensor<3x40xf32>
}

func.func @gradient_of_interior(%x: tensor<2x1x3xf32>, %c: tensor<6x3x8xf32>) -> tensor<6x3x8xf32> {
  %s = arith.mulf %x, %x : tensor<2x1x3xf32>
  %y = sinter.pad %s low [1, 0, 0] high [0, 2, 1] interior [3, 7, 2] : tensor<2x1x3xf32> -> tensor<6x3x8xf32>
  %z = arith.mulf %y, %c : tensor<6x3x8xf32>
  return %z : tensor<6x3x8xf32>
}
