// sinter.slice reads a strided box of a tensor.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run --grad-check --hvp-check %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @strided
// CHECK: sinter.slice %{{.*}} [0, 2] to [4, 8] by [1, 3] : tensor<4x8xf32> -> tensor<4x2xf32>
func.func @strided(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %y = sinter.slice %x [0, 2] to [4, 8] by [1, 3] : tensor<4x8xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

//--- errors.mlir
func.func @too_few_entries(%x: tensor<4x8xf32>) {
  // expected-error@+2 {{slice: [0] to [4] by [1] must each have one entry per dimension of a tensor of shape [4, 8] (rank 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [0] to [4] by [1] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @limit_out_of_range(%x: tensor<4x8xf32>) {
  // expected-error@+2 {{slice: 2 to 9 is empty or out of range for dimension 1 of a tensor of shape [4, 8]}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [0, 2] to [4, 9] by [1, 1] : tensor<4x8xf32> -> tensor<4x7xf32>
  return
}

// -----
func.func @negative_start(%x: tensor<8xf32>) {
  // expected-error@+2 {{slice: -1 to 3 is empty or out of range for dimension 0 of a tensor of shape [8]}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [-1] to [3] by [1] : tensor<8xf32> -> tensor<4xf32>
  return
}

// -----
func.func @empty(%x: tensor<8xf32>) {
  // expected-error@+2 {{slice: 3 to 3 is empty or out of range for dimension 0 of a tensor of shape [8]}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [3] to [3] by [1] : tensor<8xf32> -> tensor<0xf32>
  return
}

// -----
func.func @no_stride(%x: tensor<8xf32>) {
  // expected-error@+2 {{slice: stride 0 of dimension 0 must be at least 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [0] to [3] by [0] : tensor<8xf32> -> tensor<3xf32>
  return
}

// -----
func.func @wrong_result(%x: tensor<8xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<3xf32>' are incompatible with return type(s) of operation 'tensor<4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = sinter.slice %x [0] to [8] by [3] : tensor<8xf32> -> tensor<4xf32>
  return
}

//--- fold.mlir
// CHECK-LABEL: @whole
// CHECK-NEXT: return %arg0
func.func @whole(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %y = sinter.slice %x [0, 0] to [4, 1] by [1, 5] : tensor<4x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// Elements 2, 5, 8, 11, of which the second and fourth: 5 and 11.
// CHECK-LABEL: @of_slice
// CHECK-NEXT: sinter.slice %arg0 [5] to [12] by [6] : tensor<16xf32> -> tensor<2xf32>
// CHECK-NEXT: return
func.func @of_slice(%x: tensor<16xf32>) -> tensor<2xf32> {
  %y = sinter.slice %x [2] to [13] by [3] : tensor<16xf32> -> tensor<4xf32>
  %z = sinter.slice %y [1] to [4] by [2] : tensor<4xf32> -> tensor<2xf32>
  return %z : tensor<2xf32>
}

// CHECK-LABEL: @of_splat
// CHECK-NEXT: arith.constant dense<7> : tensor<2xi32>
// CHECK-NEXT: return
func.func @of_splat() -> tensor<2xi32> {
  %x = arith.constant dense<7> : tensor<8xi32>
  %y = sinter.slice %x [1] to [3] by [1] : tensor<8xi32> -> tensor<2xi32>
  return %y : tensor<2xi32>
}

//--- vjp.mlir
// Elements 1, 4 and 7 of 10 were read: one zero before, two between, two after.
// CHECK-LABEL: @pads_with_zeros
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DY:.*]] = arith.mulf %{{.*}}, %arg1 : tensor<3xf32>
// CHECK: %[[DX:.*]] = sinter.pad %[[DY]] low [1] high [2] interior [2] : tensor<3xf32> -> tensor<10xf32>
// CHECK: return %[[DX]]
func.func @pads_with_zeros(%x: tensor<10xf32>, %c: tensor<3xf32>) -> tensor<10xf32> {
  %y = sinter.slice %x [1] to [9] by [3] : tensor<10xf32> -> tensor<3xf32>
  %p = arith.mulf %y, %c : tensor<3xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<10xf32>) -> tensor<10xf32>
  return %g : tensor<10xf32>
}

//--- lower.mlir
// CHECK-LABEL: @strided
// CHECK-NEXT: tensor.extract_slice %arg0[0, 2] [4, 2] [1, 3] : tensor<4x8xf32> to tensor<4x2xf32>
// CHECK-NEXT: return
func.func @strided(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %y = sinter.slice %x [0, 2] to [4, 8] by [1, 3] : tensor<4x8xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

//--- run.mlir
func.func @strides_and_ends() -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<1x1xf32>, tensor<1x1xf32>, tensor<4x2xf32>, tensor<4x2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[
      [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
      [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0],
      [19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0],
      [28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0]]> : tensor<4x9xf32>
  %y = sinter.slice %x [1, 2] to [4, 9] by [2, 3] : tensor<4x9xf32> -> tensor<2x3xf32>
  %z = sinter.slice %x [3, 8] to [4, 9] by [1, 1] : tensor<4x9xf32> -> tensor<1x1xf32>
  %w = sinter.slice %x [0, 0] to [4, 9] by [1, 8] : tensor<4x9xf32> -> tensor<4x2xf32>
  %expected0 = arith.constant dense<[[12.0, 15.0, 18.0], [30.0, 33.0, 36.0]]> : tensor<2x3xf32>
  %expected1 = arith.constant dense<[[36.0]]> : tensor<1x1xf32>
  %expected2 = arith.constant dense<[[1.0, 9.0], [10.0, 18.0], [19.0, 27.0], [28.0, 36.0]]> : tensor<4x2xf32>
  return %y, %expected0, %z, %expected1, %w, %expected2 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<1x1xf32>, tensor<1x1xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

func.func @gradient_of_columns(%x: tensor<3x41xf32>) -> tensor<3x19xf32> {
  %s = arith.mulf %x, %x : tensor<3x41xf32>
  %y = sinter.slice %s [0, 5] to [3, 24] by [1, 1] : tensor<3x41xf32> -> tensor<3x19xf32>
  return %y : tensor<3x19xf32>
}

func.func @gradient_of_strides(%x: tensor<5x7x4xf32>, %c: tensor<2x3x1xf32>) -> tensor<2x3x1xf32> {
  %s = arith.mulf %x, %x : tensor<5x7x4xf32>
  %y = sinter.slice %s [1, 0, 3] to [5, 7, 4] by [3, 3, 1] : tensor<5x7x4xf32> -> tensor<2x3x1xf32>
  %z = arith.mulf %y, %c : tensor<2x3x1xf32>
  return %z : tensor<2x3x1xf32>
}

func.func @split_in_three(%x: tensor<2x51xf32>) -> (tensor<2x17xf32>, tensor<2x17xf32>, tensor<2x17xf32>) {
  %q = sinter.slice %x [0, 0] to [2, 17] by [1, 1] : tensor<2x51xf32> -> tensor<2x17xf32>
  %k = sinter.slice %x [0, 17] to [2, 34] by [1, 1] : tensor<2x51xf32> -> tensor<2x17xf32>
  %v = sinter.slice %x [0, 34] to [2, 51] by [1, 1] : tensor<2x51xf32> -> tensor<2x17xf32>
  %p = arith.mulf %q, %k : tensor<2x17xf32>
  %r = arith.mulf %p, %v : tensor<2x17xf32>
  return %p, %q, %r : tensor<2x17xf32>, tensor<2x17xf32>, tensor<2x17xf32>
}
