// sinter.transpose permutes dimensions.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @last_two
// CHECK: sinter.transpose %{{.*}} [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
func.func @last_two(%x: tensor<2x3x4xf32>) -> tensor<2x4x3xf32> {
  %y = sinter.transpose %x [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

//--- errors.mlir
func.func @repeated_dimension(%x: tensor<2x3x4xf32>) {
  // expected-error@+2 {{transpose: [2, 0, 2] is not a permutation of the dimensions of a tensor of shape [2, 3, 4] (rank 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.transpose %x [2, 0, 2] : tensor<2x3x4xf32> -> tensor<4x2x4xf32>
  return
}

// -----
func.func @too_short(%x: tensor<2x3x4xf32>) {
  // expected-error@+2 {{transpose: [1, 0] is not a permutation of the dimensions of a tensor of shape [2, 3, 4] (rank 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.transpose %x [1, 0] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
  return
}

// -----
func.func @out_of_range(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{transpose: [0, 2] is not a permutation of the dimensions of a tensor of shape [2, 3] (rank 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.transpose %x [0, 2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @wrong_result(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @identity
// CHECK-NEXT: return %arg0
func.func @identity(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = sinter.transpose %x [0, 1] : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK-LABEL: @there_and_back
// CHECK-NEXT: return %arg0
func.func @there_and_back(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %y = sinter.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %z = sinter.transpose %y [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  return %z : tensor<2x3x4xf32>
}

// CHECK-LABEL: @of_transpose
// CHECK-NEXT: sinter.transpose %arg0 [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
// CHECK-NEXT: return
func.func @of_transpose(%x: tensor<2x3x4xf32>) -> tensor<3x4x2xf32> {
  %y = sinter.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %z = sinter.transpose %y [2, 0, 1] : tensor<4x2x3xf32> -> tensor<3x4x2xf32>
  return %z : tensor<3x4x2xf32>
}

// CHECK-LABEL: @of_splat
// CHECK-NEXT: arith.constant dense<true> : tensor<3x2xi1>
// CHECK-NEXT: return
func.func @of_splat() -> tensor<3x2xi1> {
  %x = arith.constant dense<true> : tensor<2x3xi1>
  %y = sinter.transpose %x [1, 0] : tensor<2x3xi1> -> tensor<3x2xi1>
  return %y : tensor<3x2xi1>
}

//--- vjp.mlir
// CHECK-LABEL: @permutes_back
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg1 : tensor<4x2x3xf32>
// CHECK: %[[DX:.*]] = sinter.transpose %[[DY]] [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
// CHECK: return %[[DX]]
func.func @permutes_back(%x: tensor<2x3x4xf32>, %c: tensor<4x2x3xf32>) -> tensor<2x3x4xf32> {
  %y = sinter.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %p = arith.mulf %y, %c : tensor<4x2x3xf32>
  %l = sinter.reduce sum %p axes [0, 1, 2] : tensor<4x2x3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %g : tensor<2x3x4xf32>
}

//--- lower.mlir
// Read through the inverse permutation, written in order.
// CHECK: #[[$IN:.*]] = affine_map<(d0, d1, d2) -> (d1, d2, d0)>
// CHECK: #[[$OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: @rotate
// CHECK: linalg.generic {indexing_maps = [#[[$IN]], #[[$OUT]]], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-SAME: ins(%arg0 : tensor<2x3x4xf32>) outs(%{{.*}} : tensor<4x2x3xf32>)
// CHECK-NOT: sinter.
func.func @rotate(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %y = sinter.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  return %y : tensor<4x2x3xf32>
}

//--- run.mlir
func.func @rotates_and_swaps() -> (tensor<4x2x3xf32>, tensor<4x2x3xf32>, tensor<2x4x3xf32>, tensor<2x4x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[
      [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]],
      [[13.0, 14.0, 15.0, 16.0], [17.0, 18.0, 19.0, 20.0], [21.0, 22.0, 23.0, 24.0]]]> : tensor<2x3x4xf32>
  %y = sinter.transpose %x [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %z = sinter.transpose %x [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
  %expected0 = arith.constant dense<[
      [[1.0, 5.0, 9.0], [13.0, 17.0, 21.0]],
      [[2.0, 6.0, 10.0], [14.0, 18.0, 22.0]],
      [[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]],
      [[4.0, 8.0, 12.0], [16.0, 20.0, 24.0]]]> : tensor<4x2x3xf32>
  %expected1 = arith.constant dense<[
      [[1.0, 5.0, 9.0], [2.0, 6.0, 10.0], [3.0, 7.0, 11.0], [4.0, 8.0, 12.0]],
      [[13.0, 17.0, 21.0], [14.0, 18.0, 22.0], [15.0, 19.0, 23.0], [16.0, 20.0, 24.0]]]> : tensor<2x4x3xf32>
  return %y, %expected0, %z, %expected1 : tensor<4x2x3xf32>, tensor<4x2x3xf32>, tensor<2x4x3xf32>, tensor<2x4x3xf32>
}

func.func @dimensions_of_size_one() -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %y = sinter.transpose %x [1, 2, 0] : tensor<1x3x1xf32> -> tensor<3x1x1xf32>
  %expected = arith.constant dense<[[[1.0]], [[2.0]], [[3.0]]]> : tensor<3x1x1xf32>
  return %y, %expected : tensor<3x1x1xf32>, tensor<3x1x1xf32>
}

func.func @gradient_of_odd_matrix(%x: tensor<17x33xf32>) -> tensor<33x17xf32> {
  %s = arith.mulf %x, %x : tensor<17x33xf32>
  %y = sinter.transpose %s [1, 0] : tensor<17x33xf32> -> tensor<33x17xf32>
  return %y : tensor<33x17xf32>
}

func.func @gradient_of_heads(%x: tensor<2x3x2x5xf32>, %c: tensor<2x2x3x5xf32>) -> tensor<2x2x3x5xf32> {
  %s = arith.mulf %x, %x : tensor<2x3x2x5xf32>
  %y = sinter.transpose %s [0, 2, 1, 3] : tensor<2x3x2x5xf32> -> tensor<2x2x3x5xf32>
  %z = arith.mulf %y, %c : tensor<2x2x3x5xf32>
  return %z : tensor<2x2x3x5xf32>
}

func.func @booleans_and_integers(%i: tensor<5x7xi32>, %j: tensor<7x5xi32>) -> (tensor<5x7xi1>, tensor<7x5xi32>) {
  %k = sinter.transpose %i [1, 0] : tensor<5x7xi32> -> tensor<7x5xi32>
  %b = arith.cmpi slt, %k, %j : tensor<7x5xi32>
  %c = sinter.transpose %b [1, 0] : tensor<7x5xi1> -> tensor<5x7xi1>
  return %c, %k : tensor<5x7xi1>, tensor<7x5xi32>
}
