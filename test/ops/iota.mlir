// sinter.iota gives each element's index along one dimension.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @columns
// CHECK: sinter.iota axis 1 : tensor<64x32xi32>
func.func @columns() -> tensor<64x32xi32> {
  %i = sinter.iota axis 1 : tensor<64x32xi32>
  return %i : tensor<64x32xi32>
}

//--- errors.mlir
func.func @float_result() {
  // expected-error@+1 {{iota: the result must be a tensor of i32, but its type is 'tensor<4xf32>'}}
  %i = sinter.iota axis 0 : tensor<4xf32>
  return
}

// -----
func.func @axis_out_of_range() {
  // expected-error@+1 {{iota: axis 2 is out of range for a tensor of shape [4, 8] (rank 2)}}
  %i = sinter.iota axis 2 : tensor<4x8xi32>
  return
}

// -----
func.func @scalar() {
  // expected-error@+1 {{iota: axis 0 is out of range for a tensor of shape [] (rank 0)}}
  %i = sinter.iota axis 0 : tensor<i32>
  return
}

//--- vjp.mlir
// An index depends on nothing: only the other factor of the product gets a gradient.
// CHECK-LABEL: @no_gradient_flows
// CHECK: %[[I:.*]] = sinter.iota axis 0
// CHECK: %[[F:.*]] = arith.sitofp %[[I]]
// CHECK: sinter.reduce sum %{{.*}} -> tensor<f32>
// CHECK: %[[DX:.*]] = arith.mulf %{{.*}}, %[[F]]
// CHECK: return %[[DX]]
func.func @no_gradient_flows(%x: tensor<5xf32>) -> tensor<5xf32> {
  %i = sinter.iota axis 0 : tensor<5xi32>
  %f = arith.sitofp %i : tensor<5xi32> to tensor<5xf32>
  %p = arith.mulf %x, %f : tensor<5xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<5xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<5xf32>) -> tensor<5xf32>
  return %g : tensor<5xf32>
}

//--- lower.mlir
// CHECK-LABEL: @columns
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} outs(%{{.*}} : tensor<4x3xi32>)
// CHECK: %[[I:.*]] = linalg.index 1 : index
// CHECK: %[[C:.*]] = arith.index_cast %[[I]] : index to i32
// CHECK: linalg.yield %[[C]] : i32
func.func @columns() -> tensor<4x3xi32> {
  %i = sinter.iota axis 1 : tensor<4x3xi32>
  return %i : tensor<4x3xi32>
}

//--- run.mlir
func.func @along_each_axis() -> (tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1x19xi32>, tensor<1x19xi32>) attributes {sinter.expect} {
  %r = sinter.iota axis 0 : tensor<3x2xi32>
  %c = sinter.iota axis 1 : tensor<3x2xi32>
  %o = sinter.iota axis 0 : tensor<1xi32>
  %l = sinter.iota axis 1 : tensor<1x19xi32>
  %expected0 = arith.constant dense<[[0, 0], [1, 1], [2, 2]]> : tensor<3x2xi32>
  %expected1 = arith.constant dense<[[0, 1], [0, 1], [0, 1]]> : tensor<3x2xi32>
  %expected2 = arith.constant dense<[0]> : tensor<1xi32>
  %expected3 = arith.constant dense<[
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]]> : tensor<1x19xi32>
  return %r, %expected0, %c, %expected1, %o, %expected2, %l, %expected3 : tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1x19xi32>, tensor<1x19xi32>
}

// Which positions a causal mask lets through.
func.func @causal_mask() -> (tensor<3x3xf32>, tensor<3x3xf32>) attributes {sinter.expect} {
  %r = sinter.iota axis 0 : tensor<3x3xi32>
  %c = sinter.iota axis 1 : tensor<3x3xi32>
  %m = arith.cmpi sge, %r, %c : tensor<3x3xi32>
  %one = arith.constant dense<1.0> : tensor<3x3xf32>
  %zero = arith.constant dense<0.0> : tensor<3x3xf32>
  %y = arith.select %m, %one, %zero : tensor<3x3xi1>, tensor<3x3xf32>
  %expected = arith.constant dense<[[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]> : tensor<3x3xf32>
  return %y, %expected : tensor<3x3xf32>, tensor<3x3xf32>
}

func.func @added_to_an_argument(%x: tensor<5x17xi32>) -> tensor<5x17xi32> {
  %i = sinter.iota axis 1 : tensor<5x17xi32>
  %y = arith.addi %x, %i : tensor<5x17xi32>
  return %y : tensor<5x17xi32>
}
