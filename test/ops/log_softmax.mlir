// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

// Numbers that are not obvious come from torch 1.13 in double precision.

//--- roundtrip.mlir
// CHECK-LABEL: @any_rank
func.func @any_rank(%x: tensor<2x4x8xf32>, %v: tensor<8xf32>) -> (tensor<2x4x8xf32>, tensor<8xf32>) {
  // CHECK: sinter.log_softmax %{{.*}} : tensor<2x4x8xf32>
  %0 = sinter.log_softmax %x : tensor<2x4x8xf32>
  // CHECK: sinter.log_softmax %{{.*}} : tensor<8xf32>
  %1 = sinter.log_softmax %v : tensor<8xf32>
  return %0, %1 : tensor<2x4x8xf32>, tensor<8xf32>
}

//--- errors.mlir
func.func @integers(%x: tensor<8xi32>) {
  // expected-error @+1 {{log_softmax: the operand has elements of i32, not f32}}
  %0 = sinter.log_softmax %x : tensor<8xi32>
  return
}
// -----
func.func @scalar(%x: tensor<f32>) {
  // expected-error @+1 {{log_softmax: the operand has rank 0, but there must be a last dimension to work along}}
  %0 = sinter.log_softmax %x : tensor<f32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @the_gradient_uses_the_result
func.func @the_gradient_uses_the_result(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[Y:.*]] = sinter.log_softmax
  // CHECK: sinter.broadcast %{{.*}} dims [] : tensor<f32>
  // CHECK: %[[G:.*]] = arith.mulf %{{.*}}, %arg1
  // CHECK-DAG: %[[P:.*]] = math.exp %[[Y]]
  // CHECK-DAG: %[[SUM:.*]] = sinter.reduce sum %[[G]] axes [1]
  // CHECK-DAG: %[[ALONG:.*]] = sinter.broadcast %[[SUM]] dims [0]
  // CHECK: %[[PULL:.*]] = arith.mulf %[[P]], %[[ALONG]]
  // CHECK: arith.subf %[[G]], %[[PULL]]
  %y = sinter.log_softmax %x : tensor<4x8xf32>
  %p = arith.mulf %y, %w : tensor<4x8xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

//--- lower.mlir
// CHECK-LABEL: @the_exponentials_are_not_stored
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @the_exponentials_are_not_stored(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[MINUSINF:.*]] = arith.constant 0xFF800000 : f32
  // CHECK: %[[SEED:.*]] = linalg.fill ins(%[[MINUSINF]] : f32)
  // CHECK: %[[MAX:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]] : tensor<4x8xf32>) outs(%[[SEED]] :
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[MAX]] :
  // CHECK: math.exp
  // CHECK: arith.addf
  // CHECK: %[[Y:.*]] = linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[X]], %[[MAX]], %[[SUM]] :
  // CHECK: math.log
  // CHECK: return %[[Y]]
  %y = sinter.log_softmax %x : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- run.mlir
func.func @ordinary_rows() -> (tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %y = sinter.log_softmax %x : tensor<2x4xf32>
  %e = arith.constant dense<[[-3.4401897, -2.4401897, -1.4401897, -0.440189699],
                             [-1.93722806, -3.68722806, -0.437228059, -1.68722806]]> : tensor<2x4xf32>
  return %y, %e : tensor<2x4xf32>, tensor<2x4xf32>
}

// Rows: all equal, large, far apart (no -inf where softmax underflows), half masked.
func.func @hostile_rows() -> (tensor<4x3xf32>, tensor<4x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[7.0, 7.0, 7.0], [1000.0, 999.0, 998.0], [-1000.0, 1000.0, 0.0],
                             [2.0, 0xFF800000, 2.0]]> : tensor<4x3xf32>
  %y = sinter.log_softmax %x : tensor<4x3xf32>
  %e = arith.constant dense<[[-1.09861229, -1.09861229, -1.09861229], [-0.407605964, -1.40760596, -2.40760596],
                             [-2000.0, 0.0, -1000.0], [-0.693147181, 0xFF800000, -0.693147181]]> : tensor<4x3xf32>
  return %y, %e : tensor<4x3xf32>, tensor<4x3xf32>
}

// A NaN or a +inf anywhere spoils its row and no other; a row of only -inf has no distribution: NaN.
func.func @nan_and_infinity_stay_in_their_row() -> (tensor<4x2xf32>, tensor<4x2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[0x7FC00000, 1.0], [1.0, 0x7F800000], [0xFF800000, 0xFF800000], [1.0, 1.0]]> : tensor<4x2xf32>
  %y = sinter.log_softmax %x : tensor<4x2xf32>
  %e = arith.constant dense<[[0x7FC00000, 0x7FC00000], [0x7FC00000, 0x7FC00000], [0x7FC00000, 0x7FC00000],
                             [-0.693147181, -0.693147181]]> : tensor<4x2xf32>
  return %y, %e : tensor<4x2xf32>, tensor<4x2xf32>
}

func.func @size_one() -> (tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[3.0], [-1000.0]]> : tensor<2x1xf32>
  %y = sinter.log_softmax %x : tensor<2x1xf32>
  %e = arith.constant dense<[[0.0], [0.0]]> : tensor<2x1xf32>
  return %y, %e : tensor<2x1xf32>, tensor<2x1xf32>
}

func.func @gradient() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %w = arith.constant dense<[[1.0, -2.0, 3.0, 0.5], [0.25, 1.0, -1.0, 2.0]]> : tensor<2x4xf32>
  %v = arith.constant dense<[[0.5, 1.0, -1.0, 2.0], [1.0, 0.0, 2.0, -0.5]]> : tensor<2x4xf32>
  %y = sinter.log_softmax %x : tensor<2x4xf32>
  %p = arith.mulf %y, %w : tensor<2x4xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %eg = arith.constant dense<[[0.919853492, -2.2178608, 2.40779295, -1.10978565],
                              [-0.0742313929, 0.943657032, -2.45310429, 1.58367865]]> : tensor<2x4xf32>
  %q = arith.mulf %g, %v : tensor<2x4xf32>
  %k = sinter.reduce sum %q axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %h = sinter.grad %k wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %eh = arith.constant dense<[[0.0524253796, 0.0335765583, 1.27568464, -1.36168658],
                              [0.111287641, 0.07568186, -0.954347685, 0.767378184]]> : tensor<2x4xf32>
  return %g, %eg, %h, %eh : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

func.func @odd_sizes_agree(%x: tensor<3x5x37xf32>, %y: tensor<2x17xf32>, %z: tensor<130xf32>) -> (tensor<3x5x37xf32>, tensor<2x17xf32>, tensor<130xf32>) {
  %0 = sinter.log_softmax %x : tensor<3x5x37xf32>
  %1 = sinter.log_softmax %y : tensor<2x17xf32>
  %2 = sinter.log_softmax %z : tensor<130xf32>
  return %0, %1, %2 : tensor<3x5x37xf32>, tensor<2x17xf32>, tensor<130xf32>
}

//--- smooth.mlir
func.func @rows(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y = sinter.log_softmax %x : tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}
func.func @vector(%x: tensor<7xf32>) -> tensor<7xf32> {
  %y = sinter.log_softmax %x : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @one_element(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %y = sinter.log_softmax %x : tensor<3x1xf32>
  return %y : tensor<3x1xf32>
}
