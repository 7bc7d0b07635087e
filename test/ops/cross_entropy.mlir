// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

// Numbers that are not obvious come from torch 1.13 in double precision.

//--- roundtrip.mlir
// CHECK-LABEL: @two_results
func.func @two_results(%x: tensor<8x65xf32>, %t: tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK: %{{.*}}, %{{.*}} = sinter.cross_entropy %{{.*}}, %{{.*}} : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  return %l, %s : tensor<8xf32>, tensor<8xf32>
}

//--- errors.mlir
func.func @rank(%x: tensor<2x4x65xf32>, %t: tensor<8xi32>) {
  // expected-error @+2 {{cross_entropy: logits must have rank 2 (rows, classes), but their shape is [2, 4, 65] (rank 3)}}
  // expected-error @+1 {{failed to infer returned types}}
  %l, %s = sinter.cross_entropy %x, %t : (tensor<2x4x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}
// -----
func.func @integer_logits(%x: tensor<8x65xi32>, %t: tensor<8xi32>) {
  // expected-error @+2 {{cross_entropy: logits have elements of i32, not f32}}
  // expected-error @+1 {{failed to infer returned types}}
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xi32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}
// -----
func.func @row_count(%x: tensor<8x65xf32>, %t: tensor<7xi32>) {
  // expected-error @+2 {{cross_entropy: there must be one target for each of the 8 rows of logits, but the targets' shape is [7]}}
  // expected-error @+1 {{failed to infer returned types}}
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<7xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}
// -----
func.func @float_targets(%x: tensor<8x65xf32>, %t: tensor<8xf32>) {
  // expected-error @+2 {{cross_entropy: targets have elements of f32, not i32}}
  // expected-error @+1 {{failed to infer returned types}}
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}

//--- vjp.mlir
// CHECK-LABEL: @softmax_minus_onehot
// CHECK-SAME: (%[[X:.*]]: tensor<8x65xf32>, %[[T:.*]]: tensor<8xi32>)
func.func @softmax_minus_onehot(%x: tensor<8x65xf32>, %t: tensor<8xi32>) -> tensor<8x65xf32> {
  // The probabilities come from the logits, not from lse: see the hostile gradients in the section `run`.
  // CHECK: %[[LOSSES:.*]], %[[LSE:.*]] = sinter.cross_entropy
  // CHECK-NOT: %[[LSE]]
  // CHECK: sinter.softmax %[[X]]
  // CHECK: sinter.iota axis 1 : tensor<8x65xi32>
  // CHECK: %[[ALONG:.*]] = sinter.broadcast %[[T]] dims [0] : tensor<8xi32> -> tensor<8x65xi32>
  // CHECK-NOT: sinter.reduce
  // Selected last: what an ignored row holds meets no zero.
  // CHECK: %[[COUNTS:.*]] = arith.cmpi ult, %[[ALONG]]
  // CHECK: %[[D:.*]] = arith.subf
  // CHECK: arith.select %[[COUNTS]], %[[D]]
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  %m = sinter.reduce sum %l axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %m wrt %x : (tensor<f32>, tensor<8x65xf32>) -> tensor<8x65xf32>
  return %g : tensor<8x65xf32>
}

// CHECK-LABEL: @lse_alone_needs_no_targets
// CHECK-SAME: (%[[X:.*]]: tensor<8x65xf32>, %[[T:.*]]: tensor<8xi32>)
func.func @lse_alone_needs_no_targets(%x: tensor<8x65xf32>, %t: tensor<8xi32>) -> tensor<8x65xf32> {
  // CHECK: sinter.cross_entropy %[[X]], %[[T]]
  // CHECK-NOT: %[[T]]
  // CHECK: sinter.softmax %[[X]]
  // CHECK: return
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  %m = sinter.reduce sum %s axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %m wrt %x : (tensor<f32>, tensor<8x65xf32>) -> tensor<8x65xf32>
  return %g : tensor<8x65xf32>
}

//--- lower.mlir
// CHECK-LABEL: @nothing_as_large_as_the_logits
// CHECK-SAME: (%[[X:.*]]: tensor<8x65xf32>, %[[T:.*]]: tensor<8xi32>)
func.func @nothing_as_large_as_the_logits(%x: tensor<8x65xf32>, %t: tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NOT: -> tensor<8x65xf32>
  // CHECK: %[[MAX:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]] :
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[MAX]] :
  // CHECK: math.exp
  // CHECK: %[[PICKED:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[T]] :
  // CHECK: linalg.index 1
  // CHECK: %[[BOTH:.*]]:2 = linalg.generic {{.*}}["parallel"]} ins(%[[MAX]], %[[SUM]], %[[PICKED]], %[[T]] :
  // CHECK: return %[[BOTH]]#0, %[[BOTH]]#1
  %l, %s = sinter.cross_entropy %x, %t : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
  return %l, %s : tensor<8xf32>, tensor<8xf32>
}

//--- run.mlir
func.func @ordinary_rows() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75], [1000.0, 999.0, 998.0, 0.0]]> : tensor<3x4xf32>
  %t = arith.constant dense<[2, 0, 1]> : tensor<3xi32>
  %l, %s = sinter.cross_entropy %x, %t : (tensor<3x4xf32>, tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>)
  %el = arith.constant dense<[1.4401897, 1.93722806, 1.40760596]> : tensor<3xf32>
  %es = arith.constant dense<[4.4401897, 2.43722806, 1000.40761]> : tensor<3xf32>
  return %l, %el, %s, %es : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// Rows: all equal, far apart, a masked target, a masked other class, all masked, NaN, +inf.
func.func @hostile_rows() -> (tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[7.0, 7.0], [-1000.0, 1000.0], [0xFF800000, 3.0], [3.0, 0xFF800000], [0xFF800000, 0xFF800000],
                             [1.0, 0x7FC00000], [1.0, 0x7F800000]]> : tensor<7x2xf32>
  %t = arith.constant dense<0> : tensor<7xi32>
  %l, %s = sinter.cross_entropy %x, %t : (tensor<7x2xf32>, tensor<7xi32>) -> (tensor<7xf32>, tensor<7xf32>)
  %el = arith.constant dense<[0.693147181, 2000.0, 0x7F800000, 0.0, 0x7FC00000, 0x7FC00000, 0x7FC00000]> : tensor<7xf32>
  %es = arith.constant dense<[7.69314718, 1000.0, 3.0, 3.0, 0xFF800000, 0x7FC00000, 0x7FC00000]> : tensor<7xf32>
  return %l, %el, %s, %es : tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>
}

// Targets below 0 and from V on: no loss and no gradient, while lse is what it is.
func.func @ignored_targets() -> (tensor<4xf32>, tensor<4xf32>, tensor<4x2xf32>, tensor<4x2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]> : tensor<4x2xf32>
  %t = arith.constant dense<[-1, 2, 1, -2147483648]> : tensor<4xi32>
  %l, %s = sinter.cross_entropy %x, %t : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>)
  %el = arith.constant dense<[0.0, 0.0, 0.693147181, 0.0]> : tensor<4xf32>
  %m = sinter.reduce sum %l axes [0] : tensor<4xf32> -> tensor<f32>
  %g = sinter.grad %m wrt %x : (tensor<f32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %eg = arith.constant dense<[[0.0, 0.0], [0.0, 0.0], [0.5, -0.5], [0.0, 0.0]]> : tensor<4x2xf32>
  return %l, %el, %g, %eg : tensor<4xf32>, tensor<4xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

func.func @size_one() -> (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[5.0]]> : tensor<1x1xf32>
  %t = arith.constant dense<0> : tensor<1xi32>
  %l, %s = sinter.cross_entropy %x, %t : (tensor<1x1xf32>, tensor<1xi32>) -> (tensor<1xf32>, tensor<1xf32>)
  %el = arith.constant dense<0.0> : tensor<1xf32>
  %es = arith.constant dense<5.0> : tensor<1xf32>
  return %l, %el, %s, %es : tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>
}

func.func @gradients() -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.25, 2.0, 0.75], [1000.0, 999.0, 998.0, 0.0]]> : tensor<3x4xf32>
  %t = arith.constant dense<[2, 0, 1]> : tensor<3xi32>
  %wl = arith.constant dense<[1.0, 0.5, 2.0]> : tensor<3xf32>
  %ws = arith.constant dense<[-1.0, 2.0, 0.25]> : tensor<3xf32>
  %l, %s = sinter.cross_entropy %x, %t : (tensor<3x4xf32>, tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>)
  %lw = arith.mulf %l, %wl : tensor<3xf32>
  %sw = arith.mulf %s, %ws : tensor<3xf32>
  %both = arith.addf %lw, %sw : tensor<3xf32>
  %sum = sinter.reduce sum %both axes [0] : tensor<3xf32> -> tensor<f32>
  %lsum = sinter.reduce sum %lw axes [0] : tensor<3xf32> -> tensor<f32>
  %g = sinter.grad %sum wrt %x : (tensor<f32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %gl = sinter.grad %lsum wrt %x : (tensor<f32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %e = arith.constant dense<[[0.0, 0.0, -1.0, 0.0], [-0.139742897, 0.0626032975, 1.61456032, 0.462579277],
                             [1.49679215, -1.44936094, 0.20256879, 0.0]]> : tensor<3x4xf32>
  %el = arith.constant dense<[[0.0320586033, 0.0871443187, -0.763117182, 0.64391426],
                              [-0.427948579, 0.0125206595, 0.322912064, 0.0925158554],
                              [1.33048191, -1.51054306, 0.180061146, 0.0]]> : tensor<3x4xf32>
  return %g, %e, %gl, %el : tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}

func.func @odd_sizes_agree(%x: tensor<13x37xf32>, %t: tensor<13xi32> {sinter.limit = 40 : i64}) -> (tensor<13xf32>, tensor<13xf32>) {
  %l, %s = sinter.cross_entropy %x, %t : (tensor<13x37xf32>, tensor<13xi32>) -> (tensor<13xf32>, tensor<13xf32>)
  return %l, %s : tensor<13xf32>, tensor<13xf32>
}

//--- smooth.mlir
func.func @both_results(%x: tensor<3x5xf32>, %t: tensor<3xi32> {sinter.limit = 6 : i64}) -> (tensor<3xf32>, tensor<3xf32>) {
  %l, %s = sinter.cross_entropy %x, %t : (tensor<3x5xf32>, tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>)
  return %l, %s : tensor<3xf32>, tensor<3xf32>
}
func.func @losses_only(%x: tensor<3x5xf32>, %t: tensor<3xi32> {sinter.limit = 5 : i64}) -> tensor<3xf32> {
  %l, %s = sinter.cross_entropy %x, %t : (tensor<3x5xf32>, tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>)
  return %l : tensor<3xf32>
}
func.func @lse_only(%x: tensor<3x5xf32>, %t: tensor<3xi32>) -> tensor<3xf32> {
  %l, %s = sinter.cross_entropy %x, %t : (tensor<3x5xf32>, tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>)
  return %s : tensor<3xf32>
}
