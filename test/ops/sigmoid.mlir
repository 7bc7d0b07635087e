// sinter.sigmoid: 1 / (1 + exp(-x)), right to the last digits in both tails, and so is its slope.
// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-expand-math --cse %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @sigmoid
// CHECK: sinter.sigmoid %{{.*}} : tensor<3xf32>
func.func @sigmoid(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = sinter.sigmoid %x : tensor<3xf32>
  return %y : tensor<3xf32>
}

//--- errors.mlir
func.func @integers(%x: tensor<3xi32>) -> tensor<3xi32> {
  // expected-error @+1 {{operand #0 must be floating-point-like}}
  %y = sinter.sigmoid %x : tensor<3xi32>
  return %y : tensor<3xi32>
}

//--- vjp.mlir
// y sigmoid(-x), not y (1 - y), which has no digits left on the right.
// CHECK-LABEL: @slope
func.func @slope(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[Y:.*]] = sinter.sigmoid %arg0
  // CHECK: %[[NEGATIVE:.*]] = arith.negf %arg0
  // CHECK: %[[REST:.*]] = sinter.sigmoid %[[NEGATIVE]]
  // CHECK: arith.mulf %[[Y]], %[[REST]]
  %y = sinter.sigmoid %x : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- lower.mlir
// The two of a slope share everything but the last choice: one polynomial, one division.
// CHECK-LABEL: func private @both
// CHECK: arith.divf
// CHECK-NOT: arith.divf
// CHECK: return
func.func private @both(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %y = sinter.sigmoid %x : vector<16xf32>
  %n = arith.negf %x : vector<16xf32>
  %z = sinter.sigmoid %n : vector<16xf32>
  return %y, %z : vector<16xf32>, vector<16xf32>
}

//--- run.mlir
// Quotients with the exact values, from Python's math module; gathered, so that nothing can be folded.
func.func @tails(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-80.0, -40.0, -20.0, -10.0, -1.0, 0.0, 1.0, 10.0, 20.0]]> : tensor<1x9xf32>
  %x = sinter.gather %table, %zero : (tensor<1x9xf32>, tensor<i32>) -> tensor<9xf32>
  %exact = arith.constant dense<[1.804851388e-35, 4.248354255e-18, 2.061153618e-09, 4.539786870e-05, 2.689414214e-01, 5.000000000e-01, 7.310585786e-01, 9.999546021e-01, 9.999999979e-01]> : tensor<9xf32>
  %slopes = arith.constant dense<[1.804851388e-35, 4.248354255e-18, 2.061153614e-09, 4.539580774e-05, 1.966119332e-01, 2.500000000e-01, 1.966119332e-01, 4.539580774e-05, 2.061153614e-09]> : tensor<9xf32>
  %y = sinter.sigmoid %x : tensor<9xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<9xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<9xf32>) -> tensor<9xf32>
  %0 = arith.divf %y, %exact : tensor<9xf32>
  %1 = arith.divf %g, %slopes : tensor<9xf32>
  %one = arith.constant dense<1.0> : tensor<9xf32>
  return %0, %one, %1, %one : tensor<9xf32>, tensor<9xf32>, tensor<9xf32>, tensor<9xf32>
}

func.func @limits(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[0xFF800000, 0x7F800000, 0x7FC00000, -3.0e38, 3.0e38]]> : tensor<1x5xf32>
  %x = sinter.gather %table, %zero : (tensor<1x5xf32>, tensor<i32>) -> tensor<5xf32>
  %y = sinter.sigmoid %x : tensor<5xf32>
  %e = arith.constant dense<[0.0, 1.0, 0x7FC00000, 0.0, 1.0]> : tensor<5xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<5xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<5xf32>) -> tensor<5xf32>
  %s = arith.constant dense<[0.0, 0.0, 0x7FC00000, 0.0, 0.0]> : tensor<5xf32>
  return %y, %e, %g, %s : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

//--- smooth.mlir
func.func @sigmoid(%x: tensor<19xf32>) -> tensor<19xf32> {
  %y = sinter.sigmoid %x : tensor<19xf32>
  return %y : tensor<19xf32>
}
// One for each element of a wide tensor, scaled.
func.func @gate(%x: tensor<5x33xf32>, %z: tensor<33xf32>) -> tensor<5x33xf32> {
  %w = sinter.broadcast %z dims [1] : tensor<33xf32> -> tensor<5x33xf32>
  %u = arith.mulf %x, %w : tensor<5x33xf32>
  %y = sinter.sigmoid %u : tensor<5x33xf32>
  %v = arith.mulf %x, %y : tensor<5x33xf32>
  return %v : tensor<5x33xf32>
}
