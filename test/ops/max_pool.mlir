// max_pool, take_taps and give_taps. Numbers of PyTorch: test/dsl/windows.cpp.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @all
func.func @all(%x: tensor<2x7x6x5xf32>) -> tensor<2x7x6x5xf32> {
  // CHECK: sinter.max_pool %{{.*}} window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : tensor<2x7x6x5xf32> -> tensor<2x4x3x5xf32>, tensor<2x4x3x5xi32>
  %0, %1 = sinter.max_pool %x window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : tensor<2x7x6x5xf32> -> tensor<2x4x3x5xf32>, tensor<2x4x3x5xi32>
  // CHECK: sinter.take_taps %{{.*}}, %{{.*}} window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x7x6x5xf32>) -> tensor<2x4x3x5xf32>
  %2 = sinter.take_taps %1, %x window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x7x6x5xf32>) -> tensor<2x4x3x5xf32>
  // CHECK: sinter.give_taps %{{.*}}, %{{.*}} window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x4x3x5xf32>) -> tensor<2x7x6x5xf32>
  %3 = sinter.give_taps %1, %2 window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x4x3x5xf32>) -> tensor<2x7x6x5xf32>
  return %3 : tensor<2x7x6x5xf32>
}

//--- errors.mlir
func.func @c1(%x: tensor<2x6x5xi32>) {
  // expected-error @+1 {{max_pool: elements are of i32 and taps of i32, not f32 and i32}}
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1] : tensor<2x6x5xi32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  return
}
// -----
func.func @c1_values(%x: tensor<2x6x5xf32>, %t: tensor<2x3x5xi32>, %g: tensor<2x3x5xi1>) {
  // expected-error @+1 {{give_taps: elements are of i1, not f32}}
  %0 = sinter.give_taps %t, %g window [2] strides [2] low [0] dilations [1] : (tensor<2x3x5xi32>, tensor<2x3x5xi1>) -> tensor<2x6x5xf32>
  return
}
// -----
func.func @c2(%x: tensor<2x6x5xf32>) {
  // expected-error @+1 {{max_pool: window [2, 2], strides [2], low [0] and dilations [1] must have one length, from 1 to 3}}
  %0, %1 = sinter.max_pool %x window [2, 2] strides [2] low [0] dilations [1] : tensor<2x6x5xf32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  return
}
// -----
func.func @c2_rank(%x: tensor<2x6xf32>) {
  // expected-error @+1 {{max_pool: positions of shape [2, 6] have no window of 1 dimensions: it needs 3}}
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1] : tensor<2x6xf32> -> tensor<2x3xf32>, tensor<2x3xi32>
  return
}
// -----
func.func @c3(%x: tensor<2x6x5xf32>) {
  // expected-error @+1 {{max_pool: window 2, stride 0 and dilation 1 of dimension 0 must be at least 1}}
  %0, %1 = sinter.max_pool %x window [2] strides [0] low [0] dilations [1] : tensor<2x6x5xf32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  return
}
// -----
func.func @c3_taps(%x: tensor<2x600x5xf32>) {
  // expected-error @+1 {{max_pool: a window of 257 taps has more than 256}}
  %0, %1 = sinter.max_pool %x window [257] strides [257] low [0] dilations [1] : tensor<2x600x5xf32> -> tensor<2x2x5xf32>, tensor<2x2x5xi32>
  return
}
// -----
func.func @c4(%x: tensor<2x6x5xf32>) {
  // expected-error @+1 {{max_pool: windows of shape [2, 3, 4] are not of positions of shape [2, 6, 5] and taps of shape [2, 3, 4]}}
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1] : tensor<2x6x5xf32> -> tensor<2x3x4xf32>, tensor<2x3x4xi32>
  return
}
// -----
func.func @c5(%x: tensor<2x6x5xf32>) {
  // expected-error @+1 {{max_pool: a tensor is empty, or positions exceed an i32}}
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1000000000] : tensor<2x6x5xf32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @gives
// CHECK-SAME: (%[[X:.*]]: tensor<2x6x5xf32>
func.func @gives(%x: tensor<2x6x5xf32>, %g: tensor<2x3x5xf32>) -> tensor<2x6x5xf32> {
  // CHECK: %{{.*}}, %[[TAPS:.*]] = sinter.max_pool %[[X]]
  // CHECK: sinter.give_taps %[[TAPS]], %{{.*}} window [2] strides [2] low [0] dilations [1]
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1] : tensor<2x6x5xf32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  %2 = arith.mulf %0, %g : tensor<2x3x5xf32>
  %3 = sinter.reduce sum %2 axes [0, 1, 2] : tensor<2x3x5xf32> -> tensor<f32>
  %dx = sinter.grad %3 wrt %x : (tensor<f32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return %dx : tensor<2x6x5xf32>
}

//--- lower.mlir
// One tap after the other: larger, or the first NaN, or the first of all.
// CHECK-LABEL: @each_tap
func.func @each_tap(%x: tensor<2x6x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3x5xi32>) {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
  // CHECK-COUNT-2: arith.cmpf ugt
  // CHECK-NOT: arith.cmpf ugt
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [0] dilations [1] : tensor<2x6x5xf32> -> tensor<2x3x5xf32>, tensor<2x3x5xi32>
  return %0, %1 : tensor<2x3x5xf32>, tensor<2x3x5xi32>
}

//--- run.mlir
// The first of equal ones, the first NaN; -inf counts as any number, and a window of nothing has no tap.
func.func @first(%zero: tensor<1x10x1xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<1x7x1xf32>, tensor<1x7x1xf32>, tensor<1x7x1xi32>, tensor<1x7x1xi32>) attributes {sinter.expect} {
  %n = arith.constant dense<[[[3.0], [3.0], [-0.0], [0.0], [1.0], [0x7FC00000], [0x7FC00000], [2.0], [0xFF800000], [0xFF800000]]]> : tensor<1x10x1xf32>
  %x = arith.addf %zero, %n : tensor<1x10x1xf32>
  %0, %1 = sinter.max_pool %x window [2] strides [2] low [2] dilations [1] : tensor<1x10x1xf32> -> tensor<1x7x1xf32>, tensor<1x7x1xi32>
  %e = arith.constant dense<[[[0xFF800000], [3.0], [0.0], [0x7FC00000], [0x7FC00000], [0xFF800000], [0xFF800000]]]> : tensor<1x7x1xf32>
  %t = arith.constant dense<[[[-1], [0], [0], [1], [0], [0], [-1]]]> : tensor<1x7x1xi32>
  return %0, %e, %1, %t : tensor<1x7x1xf32>, tensor<1x7x1xf32>, tensor<1x7x1xi32>, tensor<1x7x1xi32>
}
// Taps that are none take zero, and give to nobody.
func.func @none(%zero: tensor<1x4x1xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<1x2x1xf32>, tensor<1x2x1xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>) attributes {sinter.expect} {
  %n = arith.constant dense<[[[1.0], [2.0], [4.0], [8.0]]]> : tensor<1x4x1xf32>
  %x = arith.addf %zero, %n : tensor<1x4x1xf32>
  %t = arith.constant dense<[[[-1], [1]]]> : tensor<1x2x1xi32>
  %zeros = sinter.slice %zero [0, 0, 0] to [1, 2, 1] by [1, 1, 1] : tensor<1x4x1xf32> -> tensor<1x2x1xf32>
  %i = arith.fptosi %zeros : tensor<1x2x1xf32> to tensor<1x2x1xi32>
  %taps = arith.addi %i, %t : tensor<1x2x1xi32>
  %0 = sinter.take_taps %taps, %x window [2] strides [2] low [0] dilations [1] : (tensor<1x2x1xi32>, tensor<1x4x1xf32>) -> tensor<1x2x1xf32>
  %e = arith.constant dense<[[[0.0], [8.0]]]> : tensor<1x2x1xf32>
  %g = arith.constant dense<3.0> : tensor<1x2x1xf32>
  %1 = sinter.give_taps %taps, %g window [2] strides [2] low [0] dilations [1] : (tensor<1x2x1xi32>, tensor<1x2x1xf32>) -> tensor<1x4x1xf32>
  %f = arith.constant dense<[[[0.0], [0.0], [0.0], [3.0]]]> : tensor<1x4x1xf32>
  return %0, %e, %1, %f : tensor<1x2x1xf32>, tensor<1x2x1xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
}
func.func @three(%x: tensor<2x4x5x6x17xf32>) -> (tensor<2x2x3x6x17xf32>, tensor<2x2x3x6x17xi32>) {
  %0, %1 = sinter.max_pool %x window [2, 3, 2] strides [2, 2, 1] low [0, 1, 1] dilations [1, 1, 2] : tensor<2x4x5x6x17xf32> -> tensor<2x2x3x6x17xf32>, tensor<2x2x3x6x17xi32>
  return %0, %1 : tensor<2x2x3x6x17xf32>, tensor<2x2x3x6x17xi32>
}

//--- smooth.mlir
func.func @overlapping(%x: tensor<2x7x6x5xf32>, %g: tensor<2x4x3x5xf32>) -> (tensor<2x4x3x5xf32>, tensor<2x7x6x5xf32>, tensor<2x4x3x5xf32>) {
  %0, %1 = sinter.max_pool %x window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : tensor<2x7x6x5xf32> -> tensor<2x4x3x5xf32>, tensor<2x4x3x5xi32>
  %2 = sinter.give_taps %1, %g window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x4x3x5xf32>) -> tensor<2x7x6x5xf32>
  %3 = arith.mulf %2, %2 : tensor<2x7x6x5xf32>
  %4 = sinter.take_taps %1, %3 window [3, 2] strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xi32>, tensor<2x7x6x5xf32>) -> tensor<2x4x3x5xf32>
  return %0, %3, %4 : tensor<2x4x3x5xf32>, tensor<2x7x6x5xf32>, tensor<2x4x3x5xf32>
}
