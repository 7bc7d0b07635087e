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
  // CHECK: sinter.softmax %{{.*}} : tensor<2x4x8xf32>
  %0 = sinter.softmax %x : tensor<2x4x8xf32>
  // CHECK: sinter.softmax %{{.*}} : tensor<8xf32>
  %1 = sinter.softmax %v : tensor<8xf32>
  return %0, %1 : tensor<2x4x8xf32>, tensor<8xf32>
}

//--- errors.mlir
func.func @integers(%x: tensor<8xi32>) {
  // expected-error @+1 {{softmax: the operand has elements of i32, not f32}}
  %0 = sinter.softmax %x : tensor<8xi32>
  return
}
// -----
func.func @scalar(%x: tensor<f32>) {
  // expected-error @+1 {{softmax: the operand has rank 0, but there must be a last dimension to work along}}
  %0 = sinter.softmax %x : tensor<f32>
  return
}

//--- vjp.mlir
// CHECK-LABEL: @the_gradient_uses_the_result
func.func @the_gradient_uses_the_result(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[Y:.*]] = sinter.softmax
  // CHECK: sinter.broadcast %{{.*}} dims [] : tensor<f32>
  // CHECK-NOT: sinter.softmax
  // CHECK-NOT: math.exp
  // CHECK: %[[G:.*]] = arith.mulf %{{.*}}, %arg1
  // CHECK: %[[GY:.*]] = arith.mulf %[[G]], %[[Y]]
  // CHECK: %[[SUM:.*]] = sinter.reduce sum %[[GY]] axes [1]
  // CHECK: %[[ALONG:.*]] = sinter.broadcast %[[SUM]] dims [0]
  // CHECK: %[[REST:.*]] = arith.subf %[[G]], %[[ALONG]]
  // CHECK: arith.mulf %[[Y]], %[[REST]]
  %y = sinter.softmax %x : tensor<4x8xf32>
  %p = arith.mulf %y, %w : tensor<4x8xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

//--- lower.mlir
// CHECK-LABEL: @maximum_exponentials_sum_scale
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @maximum_exponentials_sum_scale(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[MINUSINF:.*]] = arith.constant 0xFF800000 : f32
  // CHECK: %[[SEED:.*]] = linalg.fill ins(%[[MINUSINF]] : f32)
  // CHECK: %[[MAX:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]] : tensor<4x8xf32>) outs(%[[SEED]] :
  // CHECK: arith.maximumf
  // CHECK: %[[E:.*]] = linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[X]], %[[MAX]] :
  // CHECK: math.exp
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[E]] :
  // CHECK: arith.addf
  // CHECK: %[[Y:.*]] = linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[E]], %[[SUM]] :
  // CHECK: arith.divf
  // CHECK: return %[[Y]]
  %y = sinter.softmax %x : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- run.mlir
func.func @ordinary_rows() -> (tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %y = sinter.softmax %x : tensor<2x4xf32>
  %e = arith.constant dense<[[0.0320586033, 0.0871443187, 0.236882818, 0.64391426],
                             [0.144102841, 0.025041319, 0.645824129, 0.185031711]]> : tensor<2x4xf32>
  return %y, %e : tensor<2x4xf32>, tensor<2x4xf32>
}

// Rows: all equal, large, far apart, fully masked, half masked, all large and negative.
func.func @hostile_rows() -> (tensor<6x4xf32>, tensor<6x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[7.0, 7.0, 7.0, 7.0], [1000.0, 999.0, 998.0, 0xFF800000], [-1000.0, 1000.0, 0.0, 999.0],
                             [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000], [2.0, 0xFF800000, 2.0, 0xFF800000],
                             [-3.0e38, -3.0e38, -3.0e38, -3.0e38]]> : tensor<6x4xf32>
  %y = sinter.softmax %x : tensor<6x4xf32>
  %e = arith.constant dense<[[0.25, 0.25, 0.25, 0.25], [0.665240956, 0.244728471, 0.0900305732, 0.0],
                             [0.0, 0.731058579, 0.0, 0.268941421], [0.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.5, 0.0],
                             [0.25, 0.25, 0.25, 0.25]]> : tensor<6x4xf32>
  return %y, %e : tensor<6x4xf32>, tensor<6x4xf32>
}

// What may be denormal is zero: exp(-86) is below 4 * 2^-126, exp(-85) above.
func.func @no_denormals() -> (tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[0.0, -86.0, -85.0, -100.0]> : tensor<4xf32>
  %large = arith.constant dense<1.0e38> : tensor<4xf32>
  %y = sinter.softmax %x : tensor<4xf32>
  %z = arith.mulf %y, %large : tensor<4xf32>
  %e = arith.constant dense<[1.0e38, 0.0, 12.160993, 0.0]> : tensor<4xf32>
  return %z, %e : tensor<4xf32>, tensor<4xf32>
}

// A NaN or a +inf anywhere spoils its row and no other.
func.func @nan_and_infinity_stay_in_their_row() -> (tensor<4x3xf32>, tensor<4x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[0x7FC00000, 1.0, 2.0], [0.0, 0.0, 0x7FC00000], [0x7F800000, 1.0, 2.0], [1.0, 1.0, 1.0]]> : tensor<4x3xf32>
  %y = sinter.softmax %x : tensor<4x3xf32>
  %e = arith.constant dense<[[0x7FC00000, 0x7FC00000, 0x7FC00000], [0x7FC00000, 0x7FC00000, 0x7FC00000],
                             [0x7FC00000, 0x7FC00000, 0x7FC00000], [0.333333343, 0.333333343, 0.333333343]]> : tensor<4x3xf32>
  return %y, %e : tensor<4x3xf32>, tensor<4x3xf32>
}

func.func @size_one() -> (tensor<3x1xf32>, tensor<3x1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[3.0], [-1000.0], [0xFF800000]]> : tensor<3x1xf32>
  %y = sinter.softmax %x : tensor<3x1xf32>
  %e = arith.constant dense<[[1.0], [1.0], [0.0]]> : tensor<3x1xf32>
  return %y, %e : tensor<3x1xf32>, tensor<3x1xf32>
}

func.func @gradient() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %w = arith.constant dense<[[1.0, -2.0, 3.0, 0.5], [0.25, 1.0, -1.0, 2.0]]> : tensor<2x4xf32>
  %v = arith.constant dense<[[0.5, 1.0, -1.0, 2.0], [1.0, 0.0, 2.0, -0.5]]> : tensor<2x4xf32>
  %y = sinter.softmax %x : tensor<2x4xf32>
  %p = arith.mulf %y, %w : tensor<2x4xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %eg = arith.constant dense<[[0.00351440675, -0.251879808, 0.499733785, -0.251368383],
                              [0.0669636793, 0.0304175319, -0.507169771, 0.40978856]]> : tensor<2x4xf32>
  %q = arith.mulf %g, %v : tensor<2x4xf32>
  %k = sinter.reduce sum %q axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %h = sinter.grad %k wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %eh = arith.constant dense<[[0.0378575457, 0.147975923, -0.779768405, 0.593934937],
                              [0.143061107, -0.0120035366, 0.41107263, -0.542130201]]> : tensor<2x4xf32>
  return %g, %eg, %h, %eh : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// A fully masked row has gradient 0, and masked elements of another row too.
func.func @masked_elements_have_no_gradient() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[0xFF800000, 0xFF800000, 0xFF800000], [1.0, 0xFF800000, 1.0]]> : tensor<2x3xf32>
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>
  %y = sinter.softmax %x : tensor<2x3xf32>
  %p = arith.mulf %y, %w : tensor<2x3xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %e = arith.constant dense<[[0.0, 0.0, 0.0], [-0.5, 0.0, 0.5]]> : tensor<2x3xf32>
  return %g, %e : tensor<2x3xf32>, tensor<2x3xf32>
}

func.func @odd_sizes_agree(%x: tensor<3x5x37xf32>, %y: tensor<2x17xf32>, %z: tensor<130xf32>) -> (tensor<3x5x37xf32>, tensor<2x17xf32>, tensor<130xf32>) {
  %0 = sinter.softmax %x : tensor<3x5x37xf32>
  %1 = sinter.softmax %y : tensor<2x17xf32>
  %2 = sinter.softmax %z : tensor<130xf32>
  return %0, %1, %2 : tensor<3x5x37xf32>, tensor<2x17xf32>, tensor<130xf32>
}

//--- smooth.mlir
func.func @rows(%x: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %y = sinter.softmax %x : tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}
func.func @vector(%x: tensor<7xf32>) -> tensor<7xf32> {
  %y = sinter.softmax %x : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @one_element(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %y = sinter.softmax %x : tensor<3x1xf32>
  return %y : tensor<3x1xf32>
}
