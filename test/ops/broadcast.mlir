// sinter.broadcast repeats a tensor along new dimensions.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @to_rows
// CHECK: sinter.broadcast %{{.*}} dims [1] : tensor<8xf32> -> tensor<4x8xf32>
func.func @to_rows(%x: tensor<8xf32>) -> tensor<4x8xf32> {
  %y = sinter.broadcast %x dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: @scalar
// CHECK: sinter.broadcast %{{.*}} dims [] : tensor<i1> -> tensor<2x1xi1>
func.func @scalar(%x: tensor<i1>) -> tensor<2x1xi1> {
  %y = sinter.broadcast %x dims [] : tensor<i1> -> tensor<2x1xi1>
  return %y : tensor<2x1xi1>
}

//--- errors.mlir
func.func @too_few_dims(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{broadcast: dims [1] has 1 entries for an operand of shape [4, 8] (rank 2)}}
  %y = sinter.broadcast %x dims [1] : tensor<4x8xf32> -> tensor<2x4x8xf32>
  return
}

// -----
func.func @dim_out_of_range(%x: tensor<8xf32>) {
  // expected-error@+1 {{broadcast: dimension 2 is out of range for a result of shape [4, 8] (rank 2)}}
  %y = sinter.broadcast %x dims [2] : tensor<8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @negative_dim(%x: tensor<8xf32>) {
  // expected-error@+1 {{broadcast: dimension -1 is out of range for a result of shape [4, 8] (rank 2)}}
  %y = sinter.broadcast %x dims [-1] : tensor<8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @not_increasing(%x: tensor<4x4xf32>) {
  // expected-error@+1 {{broadcast: dims [1, 0] must be strictly increasing}}
  %y = sinter.broadcast %x dims [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----
func.func @sizes_differ(%x: tensor<1xf32>) {
  // expected-error@+1 {{broadcast: dimension 0 of the operand has size 1, but dimension 1 of the result has size 8}}
  %y = sinter.broadcast %x dims [1] : tensor<1xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @element_types_differ(%x: tensor<8xf32>) {
  // expected-error@+1 {{broadcast: element types differ: 'f32' and 'i32'}}
  %y = sinter.broadcast %x dims [1] : tensor<8xf32> -> tensor<4x8xi32>
  return
}

// -----
func.func @dynamic_shape(%x: tensor<?xf32>) {
  // expected-error@+1 {{must be statically shaped tensor}}
  %y = sinter.broadcast %x dims [1] : tensor<?xf32> -> tensor<4x8xf32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @identity
// CHECK-NEXT: return %arg0
func.func @identity(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = sinter.broadcast %x dims [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: @of_broadcast
// CHECK-NEXT: sinter.broadcast %arg0 dims [2] : tensor<8xf32> -> tensor<2x4x8x3xf32>
// CHECK-NEXT: return
func.func @of_broadcast(%x: tensor<8xf32>) -> tensor<2x4x8x3xf32> {
  %y = sinter.broadcast %x dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %z = sinter.broadcast %y dims [1, 2] : tensor<4x8xf32> -> tensor<2x4x8x3xf32>
  return %z : tensor<2x4x8x3xf32>
}

// CHECK-LABEL: @of_splat
// CHECK-NEXT: arith.constant dense<2.500000e+00> : tensor<4x8xf32>
// CHECK-NEXT: return
func.func @of_splat() -> tensor<4x8xf32> {
  %x = arith.constant dense<2.5> : tensor<f32>
  %y = sinter.broadcast %x dims [] : tensor<f32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- vjp.mlir
// Every copy contributes: the cotangent is summed over the new dimensions.
// CHECK-LABEL: @sums_over_the_copies
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg1 : tensor<2x3x5xf32>
// CHECK: %[[DX:.*]] = sinter.reduce sum %[[DY]] axes [0, 2] : tensor<2x3x5xf32> -> tensor<3xf32>
// CHECK: return %[[DX]]
func.func @sums_over_the_copies(%x: tensor<3xf32>, %c: tensor<2x3x5xf32>) -> tensor<3xf32> {
  %y = sinter.broadcast %x dims [1] : tensor<3xf32> -> tensor<2x3x5xf32>
  %p = arith.mulf %y, %c : tensor<2x3x5xf32>
  %l = sinter.reduce sum %p axes [0, 1, 2] : tensor<2x3x5xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

//--- lower.mlir
// CHECK: #[[$IN:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK: #[[$OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: @middle
// CHECK: %[[E:.*]] = tensor.empty() : tensor<2x4x3xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$IN]], #[[$OUT]]], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-SAME: ins(%arg0 : tensor<2x3xf32>) outs(%[[E]] : tensor<2x4x3xf32>)
// CHECK-NOT: sinter.
func.func @middle(%x: tensor<2x3xf32>) -> tensor<2x4x3xf32> {
  %y = sinter.broadcast %x dims [0, 2] : tensor<2x3xf32> -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

//--- run.mlir
func.func @along_rows_and_columns() -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[1.0, -2.0, 0.5]> : tensor<3xf32>
  %c = arith.constant dense<[3.0, -4.0]> : tensor<2xf32>
  %r = sinter.broadcast %x dims [1] : tensor<3xf32> -> tensor<2x3xf32>
  %k = sinter.broadcast %c dims [0] : tensor<2xf32> -> tensor<2x3xf32>
  %expected0 = arith.constant dense<[[1.0, -2.0, 0.5], [1.0, -2.0, 0.5]]> : tensor<2x3xf32>
  %expected1 = arith.constant dense<[[3.0, 3.0, 3.0], [-4.0, -4.0, -4.0]]> : tensor<2x3xf32>
  return %r, %expected0, %k, %expected1 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

func.func @scalar_to_odd_length() -> (tensor<1x19xf32>, tensor<1x19xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<-1.5> : tensor<f32>
  %y = sinter.broadcast %x dims [] : tensor<f32> -> tensor<1x19xf32>
  %expected = arith.constant dense<[
      [-1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5]]> : tensor<1x19xf32>
  return %y, %expected : tensor<1x19xf32>, tensor<1x19xf32>
}

func.func @gradient_of_middle(%x: tensor<3x17xf32>) -> tensor<3x5x17xf32> {
  %s = arith.mulf %x, %x : tensor<3x17xf32>
  %y = sinter.broadcast %s dims [0, 2] : tensor<3x17xf32> -> tensor<3x5x17xf32>
  return %y : tensor<3x5x17xf32>
}

func.func @gradient_of_size_one(%x: tensor<1xf32>, %c: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %s = arith.mulf %x, %x : tensor<1xf32>
  %y = sinter.broadcast %s dims [0] : tensor<1xf32> -> tensor<1x1xf32>
  %z = arith.mulf %y, %c : tensor<1x1xf32>
  return %z : tensor<1x1xf32>
}
