// The elementwise ops of math: values, gradients, second order. The rules stand in dialects/sinter/ops/Elementwise.cpp.
// RUN: split-file %s %t
// RUN: sinter-opt -verify-diagnostics -split-input-file --sinter-differentiate %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

// Expected numbers come from Python's math module.

//--- errors.mlir
func.func @no_rule(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{math.cbrt: has no gradient, but the loss depends on it}}
  %y = math.cbrt %x : tensor<8xf32>
  %l = sinter.reduce sum %y axes [0] : tensor<8xf32> -> tensor<f32>
  // expected-remark @+1 {{the gradient was asked for here}}
  %g = sinter.grad %l wrt %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %g : tensor<8xf32>
}

//--- vjp.mlir
// CHECK-LABEL: @tanh_uses_its_result
func.func @tanh_uses_its_result(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[Y:.*]] = math.tanh
  // CHECK-NOT: math
  // CHECK: %[[YY:.*]] = arith.mulf %[[Y]], %[[Y]]
  // CHECK: %[[D:.*]] = arith.subf %{{.*}}, %[[YY]]
  // CHECK: %[[G:.*]] = arith.mulf %{{.*}}, %[[D]]
  // CHECK: return %[[G]]
  %y = math.tanh %x : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

// Steps have gradient zero, not none.
// CHECK-LABEL: @floor_stops_the_gradient
func.func @floor_stops_the_gradient(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00>
  // CHECK: return %[[ZERO]]
  %y = math.floor %x : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

// Only what is asked for is built: no logarithm for the exponent's gradient.
// CHECK-LABEL: @only_the_needed_operand
func.func @only_the_needed_operand(%x: tensor<f32>) -> tensor<f32> {
  // CHECK-NOT: math.log
  // CHECK: return
  %c = arith.constant dense<3.0> : tensor<f32>
  %y = math.powf %x, %c : tensor<f32>
  %g = sinter.grad %y wrt %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %g : tensor<f32>
}

//--- run.mlir
// The operands are gathered, so that nothing can be folded. Each row ends with what is hostile to its function.
func.func @exp(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -1000.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.exp %x : tensor<11xf32>
  %e = arith.constant dense<[0.0820849986, 0.60653066, 1.0, 1.64872127, 2.71828183, 20.0855369, 0.0, 0x7F800000, 0.0, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @exp2(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -2000.0, 2000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.exp2 %x : tensor<11xf32>
  %e = arith.constant dense<[0.176776695, 0.707106781, 1.0, 1.41421356, 2.0, 8.0, 0.0, 0x7F800000, 0.0, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @expm1(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -1000.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.expm1 %x : tensor<11xf32>
  %e = arith.constant dense<[-0.917915001, -0.39346934, 0.0, 0.648721271, 1.71828183, 19.0855369, -1.0, 0x7F800000, -1.0, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @log(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[0.25, 0.5, 1.0, 2.5, 10.0, 1000.0, 1.0e-30, 0.0, -1.0, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.log %x : tensor<11xf32>
  %e = arith.constant dense<[-1.38629436, -0.693147181, 0.0, 0.916290732, 2.30258509, 6.90775528, -69.0775528, 0xFF800000, 0x7FC00000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @log1p(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-0.5, 0.0, 0.5, 1.0, 3.0, 1000.0, 0.001, -1.0, -2.0, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.log1p %x : tensor<11xf32>
  %e = arith.constant dense<[-0.693147181, 0.0, 0.405465108, 0.693147181, 1.38629436, 6.90875478, 0.000999500381, 0xFF800000, 0x7FC00000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @sqrt(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[0.25, 0.5, 1.0, 2.5, 10.0, 1000.0, 1.0e-30, 0.0, -1.0, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.sqrt %x : tensor<11xf32>
  %e = arith.constant dense<[0.5, 0.707106781, 1.0, 1.58113883, 3.16227766, 31.6227766, 1.0e-15, 0.0, 0x7FC00000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @rsqrt(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[0.25, 0.5, 1.0, 2.5, 10.0, 1000.0, 1.0e-30, 0.0, -1.0, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.rsqrt %x : tensor<11xf32>
  %e = arith.constant dense<[2.0, 1.41421356, 1.0, 0.632455532, 0.316227766, 0.0316227766, 9.99999998e+14, 0x7F800000, 0x7FC00000, 0.0, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @tanh(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -1000.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.tanh %x : tensor<11xf32>
  %e = arith.constant dense<[-0.986614298, -0.462117157, 0.0, 0.462117157, 0.761594156, 0.995054754, -1.0, 1.0, -1.0, 1.0, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @erf(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -1000.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.erf %x : tensor<11xf32>
  %e = arith.constant dense<[-0.999593048, -0.520499878, 0.0, 0.520499878, 0.842700793, 0.99997791, -1.0, 1.0, -1.0, 1.0, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @sin(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -20.0, 20.0, 0.001, 100.0, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.sin %x : tensor<11xf32>
  %e = arith.constant dense<[-0.598472144, -0.479425539, 0.0, 0.479425539, 0.841470985, 0.141120008, -0.912945251, 0.912945251, 0.000999999881, -0.506365641, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @cos(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -20.0, 20.0, 0.001, 100.0, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.cos %x : tensor<11xf32>
  %e = arith.constant dense<[-0.801143616, 0.877582562, 1.0, 0.877582562, 0.540302306, -0.989992497, 0.408082062, 0.408082062, 0.9999995, 0.862318872, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @absf(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -0.5, 0.0, 0.5, 1.0, 3.0, -1000.0, 1000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.absf %x : tensor<11xf32>
  %e = arith.constant dense<[2.5, 0.5, 0.0, 0.5, 1.0, 3.0, 1000.0, 1000.0, 0x7F800000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @floor(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.floor %x : tensor<11xf32>
  %e = arith.constant dense<[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @ceil(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.ceil %x : tensor<11xf32>
  %e = arith.constant dense<[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}

func.func @roundeven(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<11xf32>, tensor<11xf32>) attributes {sinter.expect} {
  %table = arith.constant dense<[[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]]> : tensor<1x11xf32>
  %x = sinter.gather %table, %zero : (tensor<1x11xf32>, tensor<i32>) -> tensor<11xf32>
  %y = math.roundeven %x : tensor<11xf32>
  %e = arith.constant dense<[-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 0.0, 1000000.0, 0xFF800000, 0x7F800000, 0x7FC00000]> : tensor<11xf32>
  return %y, %e : tensor<11xf32>, tensor<11xf32>
}


func.func @powf(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<10xf32>, tensor<10xf32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[2.0, 2.0, 9.0, 0.25, -2.0, -2.0, 0.0, 0.0, -2.0, 0x7FC00000]]> : tensor<1x10xf32>
  %tb = arith.constant dense<[[3.0, -1.0, 0.5, 1.5, 3.0, 2.0, 2.0, 0.0, 0.5, 1.0]]> : tensor<1x10xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x10xf32>, tensor<i32>) -> tensor<10xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x10xf32>, tensor<i32>) -> tensor<10xf32>
  %y = math.powf %a, %b : tensor<10xf32>
  %e = arith.constant dense<[8.0, 0.5, 3.0, 0.125, -8.0, 4.0, 0.0, 1.0, 0x7FC00000, 0x7FC00000]> : tensor<10xf32>
  return %y, %e : tensor<10xf32>, tensor<10xf32>
}

func.func @fma_and_copysign(%zero: tensor<i32> {sinter.limit = 1 : i64}) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) attributes {sinter.expect} {
  %ta = arith.constant dense<[[2.0, -3.0, 0.5, 0x7F800000]]> : tensor<1x4xf32>
  %tb = arith.constant dense<[[4.0, 1.0, -0.0, -1.0]]> : tensor<1x4xf32>
  %a = sinter.gather %ta, %zero : (tensor<1x4xf32>, tensor<i32>) -> tensor<4xf32>
  %b = sinter.gather %tb, %zero : (tensor<1x4xf32>, tensor<i32>) -> tensor<4xf32>
  %0 = math.fma %a, %b, %a : tensor<4xf32>
  %e0 = arith.constant dense<[10.0, -6.0, 0.5, 0x7FC00000]> : tensor<4xf32>
  %1 = math.copysign %a, %b : tensor<4xf32>
  %e1 = arith.constant dense<[2.0, 3.0, -0.5, 0xFF800000]> : tensor<4xf32>
  return %0, %e0, %1, %e1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Where the formula alone would give NaN: 0^b, a^0, and the corner of |x|.
func.func @gradients_at_zero() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {sinter.expect} {
  %a = arith.constant dense<[0.0, 0.0, 3.0]> : tensor<3xf32>
  %b = arith.constant dense<[2.0, 0.0, 0.0]> : tensor<3xf32>
  %y = math.powf %a, %b : tensor<3xf32>
  %z = math.absf %a : tensor<3xf32>
  %ly = sinter.reduce sum %y axes [0] : tensor<3xf32> -> tensor<f32>
  %lz = sinter.reduce sum %z axes [0] : tensor<3xf32> -> tensor<f32>
  %g:2 = sinter.grad %ly wrt %a, %b : (tensor<f32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  %h = sinter.grad %lz wrt %a : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %ea = arith.constant dense<[0.0, 0.0, 0.0]> : tensor<3xf32>
  %eb = arith.constant dense<[0.0, 0.0, 1.09861229]> : tensor<3xf32>
  %eh = arith.constant dense<[0.0, 0.0, 1.0]> : tensor<3xf32>
  return %g#0, %ea, %g#1, %eb, %h, %eh : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

//--- smooth.mlir
func.func @exp(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.exp %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @exp2(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.exp2 %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @expm1(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.expm1 %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @tanh(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.tanh %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @erf(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.erf %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @sin(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.sin %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @cos(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.cos %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @absf(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.absf %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @log(%x: tensor<3x5xf32> {sinter.range = [0.1, 3.0]}) -> tensor<3x5xf32> {
  %y = math.log %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @log1p(%x: tensor<3x5xf32> {sinter.range = [-0.5, 3.0]}) -> tensor<3x5xf32> {
  %y = math.log1p %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @sqrt(%x: tensor<3x5xf32> {sinter.range = [0.1, 3.0]}) -> tensor<3x5xf32> {
  %y = math.sqrt %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @rsqrt(%x: tensor<3x5xf32> {sinter.range = [0.1, 3.0]}) -> tensor<3x5xf32> {
  %y = math.rsqrt %x : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @powf(%x: tensor<3x5xf32> {sinter.range = [0.2, 3.0]}, %b: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %y = math.powf %x, %b : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @fma(%a: tensor<7xf32>, %b: tensor<7xf32>, %c: tensor<7xf32>) -> tensor<7xf32> {
  %y = math.fma %a, %b, %c : tensor<7xf32>
  return %y : tensor<7xf32>
}
func.func @copysign(%a: tensor<7xf32>, %b: tensor<7xf32>) -> tensor<7xf32> {
  %y = math.copysign %a, %b : tensor<7xf32>
  return %y : tensor<7xf32>
}
// GPT-2's activation, as a chain that becomes one map: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
func.func @tanh_gelu(%x: tensor<3x17xf32>) -> tensor<3x17xf32> {
  %half = arith.constant dense<0.5> : tensor<3x17xf32>
  %one = arith.constant dense<1.0> : tensor<3x17xf32>
  %a = arith.constant dense<0.044715> : tensor<3x17xf32>
  %b = arith.constant dense<0.797884583> : tensor<3x17xf32>
  %0 = arith.mulf %x, %x : tensor<3x17xf32>
  %1 = arith.mulf %0, %x : tensor<3x17xf32>
  %2 = arith.mulf %1, %a : tensor<3x17xf32>
  %3 = arith.addf %x, %2 : tensor<3x17xf32>
  %4 = arith.mulf %3, %b : tensor<3x17xf32>
  %5 = math.tanh %4 : tensor<3x17xf32>
  %6 = arith.addf %5, %one : tensor<3x17xf32>
  %7 = arith.mulf %6, %half : tensor<3x17xf32>
  %8 = arith.mulf %7, %x : tensor<3x17xf32>
  return %8 : tensor<3x17xf32>
}
