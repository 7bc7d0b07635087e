// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

// Numbers that are not obvious come from torch 1.13 in double precision.

//--- roundtrip.mlir
// CHECK-LABEL: @both_kinds
func.func @both_kinds(%x: tensor<2x4x8xf32>, %v: tensor<8xf32>) -> (tensor<2x4x8xf32>, tensor<8xf32>) {
  // CHECK: sinter.normalize %{{.*}} {center, epsilon = 1.000000e-05 : f64} : tensor<2x4x8xf32> -> tensor<2x4x8xf32>, tensor<2x4xf32>
  %0, %r0 = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<2x4x8xf32> -> tensor<2x4x8xf32>, tensor<2x4xf32>
  // CHECK: sinter.normalize %{{.*}} {epsilon = 9.9999999999999995E-7 : f64} : tensor<8xf32> -> tensor<8xf32>, tensor<f32>
  %1, %r1 = sinter.normalize %v {epsilon = 1.0e-6} : tensor<8xf32> -> tensor<8xf32>, tensor<f32>
  return %0, %1 : tensor<2x4x8xf32>, tensor<8xf32>
}

//--- errors.mlir
func.func @integers(%x: tensor<4x8xi32>) {
  // expected-error @+2 {{normalize: the operand has elements of i32, not f32}}
  // expected-error @+1 {{failed to infer returned types}}
  %0, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<4x8xi32> -> tensor<4x8xi32>, tensor<4xi32>
  return
}
// -----
func.func @scalar(%x: tensor<f32>) {
  // expected-error @+2 {{normalize: the operand has rank 0, but there must be a last dimension to work along}}
  // expected-error @+1 {{failed to infer returned types}}
  %0, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<f32> -> tensor<f32>, tensor<f32>
  return
}
// -----
func.func @epsilon(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{normalize: epsilon must be a positive f32, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %0, %r = sinter.normalize %x {epsilon = 0.0} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
  return
}
// -----
func.func @wrong_rstd(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<4x8xf32>', 'tensor<4xf32>' are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %0, %r = sinter.normalize %x {epsilon = 1.0} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<8xf32>
  return
}

//--- vjp.mlir
// Only the two results are used again, and nothing is divided or rooted a second time.
// CHECK-LABEL: @layer_norm
// CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<4x8xf32>
func.func @layer_norm(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[N:.*]], %[[R:.*]] = sinter.normalize %[[X]]
  // CHECK-NOT: sinter.normalize
  // CHECK-NOT: %[[X]]
  // CHECK: %[[GN:.*]] = arith.mulf %[[G:.*]], %[[N]]
  // CHECK: sinter.reduce sum %[[GN]] axes [1]
  // CHECK: sinter.reduce sum %[[G]] axes [1]
  // CHECK: %[[RB:.*]] = sinter.broadcast %[[R]] dims [0]
  // CHECK: arith.mulf %{{.*}}, %[[RB]]
  %y, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
  %p = arith.mulf %y, %w : tensor<4x8xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

// CHECK-LABEL: @rms_norm_does_not_center_the_gradient
func.func @rms_norm_does_not_center_the_gradient(%x: tensor<4x8xf32>, %w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: sinter.reduce sum %{{.*}} axes [1]
  // CHECK-NOT: sinter.reduce
  // CHECK: return
  %y, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
  %p = arith.mulf %y, %w : tensor<4x8xf32>
  %l = sinter.reduce sum %p axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

//--- lower.mlir
// CHECK-LABEL: @the_mean_comes_first
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @the_mean_comes_first(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]] :
  // What the mean is off by, since the sum is rounded; then the squares.
  // CHECK: %[[REST:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[SUM]] :
  // CHECK: %[[SQUARES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[SUM]] :
  // CHECK: arith.mulf
  // CHECK: arith.addf
  // CHECK: %[[RSTD:.*]] = linalg.generic {{.*}}["parallel"]} ins(%[[SQUARES]], %[[REST]] :
  // CHECK: math.sqrt
  // CHECK: arith.divf
  // CHECK: %[[N:.*]] = linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[X]], %[[SUM]], %[[REST]], %[[RSTD]] :
  // CHECK: return %[[N]], %[[RSTD]]
  %0, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
  return %0, %r : tensor<4x8xf32>, tensor<4xf32>
}

// CHECK-LABEL: @one_reduction_without_a_mean
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
func.func @one_reduction_without_a_mean(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[SQUARES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]] :
  // CHECK: %[[RSTD:.*]] = linalg.generic {{.*}}["parallel"]} ins(%[[SQUARES]] :
  // CHECK: linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[X]], %[[RSTD]] :
  %0, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
  return %0 : tensor<4x8xf32>
}

//--- run.mlir
func.func @layer_norm() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2xf32>
  %en = arith.constant dense<[[-1.34163542, -0.447211807, 0.447211807, 1.34163542],
                              [0.0, -1.50965321, 1.29398846, 0.215664744]]> : tensor<2x4xf32>
  %er = arith.constant dense<[0.894423613, 0.862658976]> : tensor<2xf32>
  return %n, %en, %r, %er : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>
}

func.func @rms_norm() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2xf32>
  %en = arith.constant dense<[[0.365148128, 0.730296256, 1.09544438, 1.46059251],
                              [0.396057775, -0.990144437, 1.5842311, 0.594086662]]> : tensor<2x4xf32>
  %er = arith.constant dense<[0.365148128, 0.792115549]> : tensor<2xf32>
  return %n, %en, %r, %er : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>
}

// Rows: large, all equal, small (where epsilon counts), with NaN, with +inf.
func.func @hostile_rows() -> (tensor<5x4xf32>, tensor<5x4xf32>, tensor<5xf32>, tensor<5xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1000.0, -1000.0, 1000.0, -1000.0], [7.0, 7.0, 7.0, 7.0], [1.0e-3, 2.0e-3, 3.0e-3, 4.0e-3],
                             [0x7FC00000, 1.0, 2.0, 3.0], [1.0, 0x7F800000, 2.0, 3.0]]> : tensor<5x4xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<5x4xf32> -> tensor<5x4xf32>, tensor<5xf32>
  %en = arith.constant dense<[[1.0, -1.0, 1.0, -1.0], [0.0, 0.0, 0.0, 0.0],
                              [-0.447213595, -0.149071198, 0.149071198, 0.447213595],
                              [0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000],
                              [0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000]]> : tensor<5x4xf32>
  %er = arith.constant dense<[0.001, 316.227766, 298.142397, 0x7FC00000, 0x7FC00000]> : tensor<5xf32>
  return %n, %en, %r, %er : tensor<5x4xf32>, tensor<5x4xf32>, tensor<5xf32>, tensor<5xf32>
}

// A common offset of 4096 does not cost the variance its digits: it is that of 0, 1, 2, 3.
func.func @an_offset_does_not_cancel() -> (tensor<1x4xf32>, tensor<1x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[4096.0, 4097.0, 4098.0, 4099.0]]> : tensor<1x4xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<1x4xf32> -> tensor<1x4xf32>, tensor<1xf32>
  %en = arith.constant dense<[[-1.34163542, -0.447211807, 0.447211807, 1.34163542]]> : tensor<1x4xf32>
  return %n, %en : tensor<1x4xf32>, tensor<1x4xf32>
}

func.func @size_one() -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[3.0], [-2.0]]> : tensor<2x1xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<2x1xf32> -> tensor<2x1xf32>, tensor<2xf32>
  %en = arith.constant dense<[[0.0], [0.0]]> : tensor<2x1xf32>
  %m, %s = sinter.normalize %x {epsilon = 1.0e-5} : tensor<2x1xf32> -> tensor<2x1xf32>, tensor<2xf32>
  %em = arith.constant dense<[[0.999999444], [-0.99999875]]> : tensor<2x1xf32>
  return %n, %en, %m, %em : tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>
}

// Gradients through both results, through the normalized rows only, and through rstd only.
func.func @layer_norm_gradients() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %w = arith.constant dense<[[1.0, -2.0, 3.0, 0.5], [0.25, 1.0, -1.0, 2.0]]> : tensor<2x4xf32>
  %wr = arith.constant dense<[2.0, -3.0]> : tensor<2xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2xf32>
  %nw = arith.mulf %n, %w : tensor<2x4xf32>
  %ln = sinter.reduce sum %nw axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %rw = arith.mulf %r, %wr : tensor<2xf32>
  %lr = sinter.reduce sum %rw axes [0] : tensor<2xf32> -> tensor<f32>
  %l = arith.addf %ln, %lr : tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %gn = sinter.grad %ln wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %gr = sinter.grad %lr wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = arith.constant dense<[[1.34162737, -2.01245581, 1.78884991, -1.11802147],
                             [-0.26958093, -1.23755253, 0.0363517775, 1.47078168]]> : tensor<2x4xf32>
  %en = arith.constant dense<[[0.804977495, -2.1913391, 1.9677332, -0.581371592],
                              [-0.26958093, -0.394961661, -0.685868967, 1.35041156]]> : tensor<2x4xf32>
  %er = arith.constant dense<[[0.536649875, 0.178883292, -0.178883292, -0.536649875],
                              [0.0, -0.842590869, 0.722220745, 0.120370124]]> : tensor<2x4xf32>
  return %g, %e, %gn, %en, %gr, %er : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

func.func @rms_norm_gradients() -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75]]> : tensor<2x4xf32>
  %w = arith.constant dense<[[1.0, -2.0, 3.0, 0.5], [0.25, 1.0, -1.0, 2.0]]> : tensor<2x4xf32>
  %wr = arith.constant dense<[2.0, -3.0]> : tensor<2xf32>
  %n, %r = sinter.normalize %x {epsilon = 1.0e-5} : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2xf32>
  %nw = arith.mulf %n, %w : tensor<2x4xf32>
  %ln = sinter.reduce sum %nw axes [0, 1] : tensor<2x4xf32> -> tensor<f32>
  %rw = arith.mulf %r, %wr : tensor<2xf32>
  %lr = sinter.reduce sum %rw axes [0] : tensor<2xf32> -> tensor<f32>
  %l = arith.addf %ln, %lr : tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %gn = sinter.grad %ln wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %gr = sinter.grad %lr wrt %x : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = arith.constant dense<[[0.243432248, -0.973728017, 0.730296743, -0.304289458],
                             [0.485363117, 0.073779975, 0.35722137, 2.01523244]]> : tensor<2x4xf32>
  %en = arith.constant dense<[[0.267775424, -0.925041665, 0.803326272, -0.206916753],
                              [0.298984157, 0.539727375, -0.38829447, 1.735664]]> : tensor<2x4xf32>
  %er = arith.constant dense<[[-0.0243431761, -0.0486863522, -0.0730295283, -0.0973727044],
                              [0.18637896, -0.4659474, 0.745515839, 0.27956844]]> : tensor<2x4xf32>
  return %g, %e, %gn, %en, %gr, %er : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

func.func @odd_sizes_agree(%x: tensor<3x5x37xf32>, %y: tensor<130xf32>) -> (tensor<3x5x37xf32>, tensor<3x5xf32>, tensor<130xf32>, tensor<f32>) {
  %0, %r0 = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<3x5x37xf32> -> tensor<3x5x37xf32>, tensor<3x5xf32>
  %1, %r1 = sinter.normalize %y {epsilon = 1.0e-5} : tensor<130xf32> -> tensor<130xf32>, tensor<f32>
  return %0, %r0, %1, %r1 : tensor<3x5x37xf32>, tensor<3x5xf32>, tensor<130xf32>, tensor<f32>
}

//--- smooth.mlir
func.func @layer_norm_both_results(%x: tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>) {
  %n, %r = sinter.normalize %x {epsilon = 1.0e-2, center} : tensor<2x3x5xf32> -> tensor<2x3x5xf32>, tensor<2x3xf32>
  return %n, %r : tensor<2x3x5xf32>, tensor<2x3xf32>
}
func.func @layer_norm_rows_only(%x: tensor<7xf32>) -> tensor<7xf32> {
  %n, %r = sinter.normalize %x {epsilon = 1.0e-2, center} : tensor<7xf32> -> tensor<7xf32>, tensor<f32>
  return %n : tensor<7xf32>
}
func.func @layer_norm_rstd_only(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %n, %r = sinter.normalize %x {epsilon = 1.0e-2, center} : tensor<2x5xf32> -> tensor<2x5xf32>, tensor<2xf32>
  return %r : tensor<2xf32>
}
func.func @rms_norm_both_results(%x: tensor<2x3x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3xf32>) {
  %n, %r = sinter.normalize %x {epsilon = 1.0e-2} : tensor<2x3x5xf32> -> tensor<2x3x5xf32>, tensor<2x3xf32>
  return %n, %r : tensor<2x3x5xf32>, tensor<2x3xf32>
}
func.func @rms_norm_of_one_element(%x: tensor<3x1xf32>) -> tensor<3x1xf32> {
  %n, %r = sinter.normalize %x {epsilon = 1.0e-1} : tensor<3x1xf32> -> tensor<3x1xf32>, tensor<3xf32>
  return %n : tensor<3x1xf32>
}
