// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt --canonicalize %t/fold.mlir | FileCheck %t/fold.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @reductions
func.func @reductions(%x: tensor<4x8xf32>, %s: tensor<f32>) -> (tensor<4xf32>, tensor<8xf32>, tensor<f32>, tensor<f32>) {
  // CHECK: sinter.reduce sum %{{.*}} axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %0 = sinter.reduce sum %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: sinter.reduce max %{{.*}} axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  %1 = sinter.reduce max %x axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  // CHECK: sinter.reduce min %{{.*}} axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %2 = sinter.reduce min %x axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  // CHECK: sinter.reduce sum %{{.*}} axes [] : tensor<f32> -> tensor<f32>
  %3 = sinter.reduce sum %s axes [] : tensor<f32> -> tensor<f32>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<8xf32>, tensor<f32>, tensor<f32>
}

//--- fold.mlir
// CHECK-LABEL: @nothing_to_reduce_is_the_operand
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @nothing_to_reduce_is_the_operand(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: return %[[X]]
  %0 = sinter.reduce max %x axes [] : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @splats
func.func @splats() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant dense<0.0> : tensor<4x8xf32>
  %two = arith.constant dense<2.0> : tensor<4x8xf32>
  // CHECK-DAG: %[[ZEROS:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
  %0 = sinter.reduce sum %zero axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK-DAG: %[[TWOS:.*]] = arith.constant dense<2.000000e+00> : tensor<4xf32>
  %1 = sinter.reduce max %two axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK-DAG: %[[SUM:.*]] = sinter.reduce sum
  %2 = sinter.reduce sum %two axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  // CHECK: return %[[ZEROS]], %[[TWOS]], %[[SUM]]
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

//--- errors.mlir
func.func @axis_out_of_range(%x: tensor<8x64x64xf32>) -> tensor<8x64xf32> {
  // expected-error @+2 {{reduce: axis 3 is out of range for a tensor of shape [8, 64, 64] (rank 3)}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.reduce sum %x axes [3] : tensor<8x64x64xf32> -> tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}
// -----
func.func @axes_not_increasing(%x: tensor<8x64xf32>) -> tensor<f32> {
  // expected-error @+2 {{reduce: axes must be strictly increasing, but 0 follows 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.reduce sum %x axes [1, 0] : tensor<8x64xf32> -> tensor<f32>
  return %0 : tensor<f32>
}
// -----
func.func @integers(%x: tensor<8x64xi32>) -> tensor<8xi32> {
  // expected-error @+2 {{reduce: the operand has elements of i32, not f32}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.reduce max %x axes [1] : tensor<8x64xi32> -> tensor<8xi32>
  return %0 : tensor<8xi32>
}
// -----
func.func @wrong_result(%x: tensor<8x64xf32>) -> tensor<64xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<8xf32>' are incompatible with return type(s) of operation 'tensor<64xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = sinter.reduce max %x axes [1] : tensor<8x64xf32> -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

//--- vjp.mlir
// CHECK-LABEL: @sum_repeats_the_cotangent
func.func @sum_repeats_the_cotangent(%x: tensor<4x8xf32>, %w: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: sinter.broadcast %{{.*}} dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  // CHECK-NOT: sinter.grad
  %s = sinter.reduce sum %x axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  %p = arith.mulf %s, %w : tensor<8xf32>
  %l = sinter.reduce sum %p axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

// CHECK-LABEL: @max_shares_among_those_that_attain_it
func.func @max_shares_among_those_that_attain_it(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: %[[M:.*]] = sinter.reduce max
  // CHECK: %[[MB:.*]] = sinter.broadcast %[[M]] dims []
  // CHECK: %[[HIT:.*]] = arith.cmpf oeq, %{{.*}}, %[[MB]]
  // CHECK: %[[ONES:.*]] = arith.select %[[HIT]]
  // CHECK: %[[COUNT:.*]] = sinter.reduce sum %[[ONES]]
  // CHECK: arith.divf %{{.*}}, %[[COUNT]]
  // CHECK: arith.select %[[HIT]]
  %l = sinter.reduce max %x axes [0] : tensor<8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %g : tensor<8xf32>
}

//--- lower.mlir
// CHECK-LABEL: @axes_go_one_by_one_innermost_first
// CHECK-SAME: (%[[X:.*]]: tensor<2x4x8xf32>)
func.func @axes_go_one_by_one_innermost_first(%x: tensor<2x4x8xf32>) -> tensor<4xf32> {
  // CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00
  // CHECK: %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] : f32)
  // CHECK: %[[INNER:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[X]] : tensor<2x4x8xf32>) outs(%[[INIT]] : tensor<2x4xf32>)
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %[[ACC:.*]]: f32):
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[ACC]], %[[IN]] : f32
  // CHECK-NEXT: linalg.yield %[[SUM]]
  // CHECK: linalg.generic {{.*}}iterator_types = ["reduction", "parallel"]} ins(%[[INNER]] : tensor<2x4xf32>)
  %0 = sinter.reduce sum %x axes [0, 2] : tensor<2x4x8xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @extrema_start_at_infinities_and_keep_nan
func.func @extrema_start_at_infinities_and_keep_nan(%x: tensor<8xf32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: arith.constant 0xFF800000 : f32
  // CHECK: arith.maximumf
  %0 = sinter.reduce max %x axes [0] : tensor<8xf32> -> tensor<f32>
  // CHECK: arith.constant 0x7F800000 : f32
  // CHECK: arith.minimumf
  %1 = sinter.reduce min %x axes [0] : tensor<8xf32> -> tensor<f32>
  return %0, %1 : tensor<f32>, tensor<f32>
}

//--- run.mlir
func.func @small_sums() -> (tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [-4.0, 0.5, 8.0]]> : tensor<2x3xf32>
  %0 = sinter.reduce sum %x axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  %e0 = arith.constant dense<[6.0, 4.5]> : tensor<2xf32>
  %1 = sinter.reduce sum %x axes [0] : tensor<2x3xf32> -> tensor<3xf32>
  %e1 = arith.constant dense<[-3.0, 2.5, 11.0]> : tensor<3xf32>
  %2 = sinter.reduce sum %x axes [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %e2 = arith.constant dense<10.5> : tensor<f32>
  return %0, %e0, %1, %e1, %2, %e2 : tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<f32>
}

// 0 + 1 + ... + 1002 = 1002 * 1003 / 2: exact in f32 in any order, at a length that is no multiple of anything.
func.func @long_rows_and_columns() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %i = sinter.iota axis 1 : tensor<3x1003xi32>
  %x = arith.sitofp %i : tensor<3x1003xi32> to tensor<3x1003xf32>
  %0 = sinter.reduce sum %x axes [1] : tensor<3x1003xf32> -> tensor<3xf32>
  %t = sinter.transpose %x [1, 0] : tensor<3x1003xf32> -> tensor<1003x3xf32>
  %1 = sinter.reduce sum %t axes [0] : tensor<1003x3xf32> -> tensor<3xf32>
  %e = arith.constant dense<502503.0> : tensor<3xf32>
  return %0, %e, %1, %e : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

func.func @middle_axis_of_three() -> (tensor<2x2xf32>, tensor<2x2xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]> : tensor<2x3x2xf32>
  %0 = sinter.reduce sum %x axes [1] : tensor<2x3x2xf32> -> tensor<2x2xf32>
  %e = arith.constant dense<[[9.0, 12.0], [27.0, 30.0]]> : tensor<2x2xf32>
  return %0, %e : tensor<2x2xf32>, tensor<2x2xf32>
}

// A NaN among several vectors of a row stays, whatever follows it: in the first, in the last, in a lane of its own.
func.func @nan_in_long_rows(%x: tensor<4x48xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %i = sinter.iota axis 0 : tensor<4x48xi32>
  %j = sinter.iota axis 1 : tensor<4x48xi32>
  %c22 = arith.constant dense<22> : tensor<4x48xi32>
  %c3 = arith.constant dense<3> : tensor<4x48xi32>
  %zero = arith.constant dense<0.0> : tensor<4x48xf32>
  %nan = arith.constant dense<0x7FC00000> : tensor<4x48xf32>
  %flat = arith.muli %i, %c22 : tensor<4x48xi32>
  %at = arith.addi %flat, %c3 : tensor<4x48xi32>
  %hit = arith.cmpi eq, %j, %at : tensor<4x48xi32>
  %none = arith.mulf %x, %zero : tensor<4x48xf32>
  %y = arith.select %hit, %nan, %none : tensor<4x48xi1>, tensor<4x48xf32>
  %max = sinter.reduce max %y axes [1] : tensor<4x48xf32> -> tensor<4xf32>
  %min = sinter.reduce min %y axes [1] : tensor<4x48xf32> -> tensor<4xf32>
  %e = arith.constant dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0.0]> : tensor<4xf32>
  return %max, %e, %min, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Rows: ordinary, all equal, large, all -inf, with +inf, with NaN first, with NaN last.
func.func @hostile_extrema() -> (tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 3.0, 2.0], [5.0, 5.0, 5.0], [-1000.0, 1000.0, 0.0], [0xFF800000, 0xFF800000, 0xFF800000],
                             [0x7F800000, 1.0, 2.0], [0x7FC00000, 1.0, 2.0], [1.0, 2.0, 0x7FC00000]]> : tensor<7x3xf32>
  %max = sinter.reduce max %x axes [1] : tensor<7x3xf32> -> tensor<7xf32>
  %emax = arith.constant dense<[3.0, 5.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000, 0x7FC00000]> : tensor<7xf32>
  %min = sinter.reduce min %x axes [1] : tensor<7x3xf32> -> tensor<7xf32>
  %emin = arith.constant dense<[1.0, 5.0, -1000.0, 0xFF800000, 1.0, 0x7FC00000, 0x7FC00000]> : tensor<7xf32>
  return %max, %emax, %min, %emin : tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>
}

func.func @size_one() -> (tensor<2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[3.0], [-2.0]]> : tensor<2x1xf32>
  %0 = sinter.reduce max %x axes [1] : tensor<2x1xf32> -> tensor<2xf32>
  %e0 = arith.constant dense<[3.0, -2.0]> : tensor<2xf32>
  %1 = sinter.reduce min %x axes [0] : tensor<2x1xf32> -> tensor<1xf32>
  %e1 = arith.constant dense<[-2.0]> : tensor<1xf32>
  return %0, %e0, %1, %e1 : tensor<2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>
}

func.func @a_tied_maximum_shares_its_gradient() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.expect} {
  %x = arith.constant dense<[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]> : tensor<2x3xf32>
  %m = sinter.reduce max %x axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  %l = sinter.reduce sum %m axes [0] : tensor<2xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %e = arith.constant dense<[[0.0, 0.5, 0.5], [0.333333343, 0.333333343, 0.333333343]]> : tensor<2x3xf32>
  return %g, %e : tensor<2x3xf32>, tensor<2x3xf32>
}

func.func @odd_sizes_agree(%x: tensor<5x17x33xf32>) -> (tensor<5x17xf32>, tensor<17x33xf32>, tensor<5xf32>, tensor<f32>) {
  %0 = sinter.reduce sum %x axes [2] : tensor<5x17x33xf32> -> tensor<5x17xf32>
  %1 = sinter.reduce max %x axes [0] : tensor<5x17x33xf32> -> tensor<17x33xf32>
  %2 = sinter.reduce min %x axes [1, 2] : tensor<5x17x33xf32> -> tensor<5xf32>
  %3 = sinter.reduce sum %x axes [0, 1, 2] : tensor<5x17x33xf32> -> tensor<f32>
  return %0, %1, %2, %3 : tensor<5x17xf32>, tensor<17x33xf32>, tensor<5xf32>, tensor<f32>
}

//--- smooth.mlir
func.func @sums(%x: tensor<3x1x5xf32>) -> (tensor<3xf32>, tensor<1x5xf32>) {
  %y = arith.mulf %x, %x : tensor<3x1x5xf32>
  %0 = sinter.reduce sum %y axes [1, 2] : tensor<3x1x5xf32> -> tensor<3xf32>
  %1 = sinter.reduce sum %y axes [0] : tensor<3x1x5xf32> -> tensor<1x5xf32>
  return %0, %1 : tensor<3xf32>, tensor<1x5xf32>
}

func.func @extrema(%x: tensor<3x7xf32>) -> (tensor<3xf32>, tensor<7xf32>) {
  %y = arith.mulf %x, %x : tensor<3x7xf32>
  %0 = sinter.reduce max %y axes [1] : tensor<3x7xf32> -> tensor<3xf32>
  %1 = sinter.reduce min %y axes [0] : tensor<3x7xf32> -> tensor<7xf32>
  return %0, %1 : tensor<3xf32>, tensor<7xf32>
}
