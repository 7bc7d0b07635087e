// RUN: split-file %s %t
// RUN: sinter-opt %t/ops.mlir | sinter-opt | FileCheck %t/ops.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --march=x86-64-v3 %t/run.mlir
// RUN: sinter-run --device cpu --threads 1 --print %t/run.mlir > %t/one.out
// RUN: bash -c 'for seed in 1 2 3; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %t/run.mlir | cmp - %t/one.out || exit 1; done'

//--- ops.mlir
// CHECK-LABEL: @round_trip
func.func @round_trip(%x: tensor<2x8x6x5xf32>, %w: tensor<3x3x5x7xf32>, %g: tensor<2x8x6x7xf32>) -> (tensor<2x8x6x7xf32>, tensor<3x3x5x7xf32>) {
  // CHECK: sinter.winograd_input %{{.*}} low [1, 1] tiles [4, 3] : tensor<2x8x6x5xf32> -> tensor<16x24x5xf32>
  %v = sinter.winograd_input %x low [1, 1] tiles [4, 3] : tensor<2x8x6x5xf32> -> tensor<16x24x5xf32>
  // CHECK: sinter.winograd_kernel %{{.*}} {turned} : tensor<3x3x5x7xf32> -> tensor<16x5x7xf32>
  %u = sinter.winograd_kernel %w {turned} : tensor<3x3x5x7xf32> -> tensor<16x5x7xf32>
  %m = sinter.matmul %v, %u : (tensor<16x24x5xf32>, tensor<16x5x7xf32>) -> tensor<16x24x7xf32>
  // CHECK: sinter.winograd_output %{{.*}} : tensor<16x24x7xf32> -> tensor<2x8x6x7xf32>
  %y = sinter.winograd_output %m : tensor<16x24x7xf32> -> tensor<2x8x6x7xf32>
  // CHECK: sinter.winograd_cotangent %{{.*}} : tensor<2x8x6x7xf32> -> tensor<16x24x7xf32>
  %c = sinter.winograd_cotangent %g : tensor<2x8x6x7xf32> -> tensor<16x24x7xf32>
  // CHECK: sinter.winograd_taps %{{.*}} : tensor<16x5x7xf32> -> tensor<3x3x5x7xf32>
  %t = sinter.winograd_taps %u : tensor<16x5x7xf32> -> tensor<3x3x5x7xf32>
  return %y, %t : tensor<2x8x6x7xf32>, tensor<3x3x5x7xf32>
}

//--- errors.mlir
func.func @type(%x: tensor<2x8x6x5xi32>) {
  // expected-error @+1 {{winograd_input: tensors of 'tensor<2x8x6x5xi32>' and 'tensor<16x24x5xi32>' are not of f32}}
  %v = sinter.winograd_input %x low [1, 1] tiles [4, 3] : tensor<2x8x6x5xi32> -> tensor<16x24x5xi32>
  return
}
// -----
func.func @rank(%x: tensor<8x6x5xf32>) {
  // expected-error @+1 {{winograd_input: the operand and the result have shapes [8, 6, 5] and [16, 24, 5], not four dimensions, and three of which the first is 16}}
  %v = sinter.winograd_input %x low [1, 1] tiles [4, 3] : tensor<8x6x5xf32> -> tensor<16x24x5xf32>
  return
}
// -----
func.func @tiles(%x: tensor<2x8x6x5xf32>) {
  // expected-error @+1 {{winograd_input: the result has shape [16, 24, 5], but [16, 32, 5] is what there is}}
  %v = sinter.winograd_input %x low [1, 1] tiles [4, 4] : tensor<2x8x6x5xf32> -> tensor<16x24x5xf32>
  return
}
// -----
func.func @taps(%w: tensor<3x2x5x7xf32>) {
  // expected-error @+1 {{winograd_kernel: taps and elements have shapes [3, 2, 5, 7] and [16, 5, 7], not [3, 3, C, F] and [16, C, F]}}
  %u = sinter.winograd_kernel %w : tensor<3x2x5x7xf32> -> tensor<16x5x7xf32>
  return
}
// -----
func.func @elements(%u: tensor<16x5x6xf32>) {
  // expected-error @+1 {{winograd_taps: taps and elements have shapes [3, 3, 5, 7] and [16, 5, 6], not [3, 3, C, F] and [16, C, F]}}
  %w = sinter.winograd_taps %u : tensor<16x5x6xf32> -> tensor<3x3x5x7xf32>
  return
}
// -----
func.func @odd(%m: tensor<16x24x7xf32>) {
  // expected-error @+1 {{winograd_output: positions have shape [2, 8, 5, 7], not four dimensions of which two are even numbers of positions}}
  %y = sinter.winograd_output %m : tensor<16x24x7xf32> -> tensor<2x8x5x7xf32>
  return
}
// -----
func.func @sums(%g: tensor<2x8x6x7xf32>) {
  // expected-error @+1 {{winograd_cotangent: tiles have shape [16, 23, 7], but [16, 24, 7] is what positions of shape [2, 8, 6, 7] take}}
  %m = sinter.winograd_cotangent %g : tensor<2x8x6x7xf32> -> tensor<16x23x7xf32>
  return
}

//--- run.mlir
// A one at (1, 2) of the only tile: by hand, row 1 of B times row 2.
func.func @by_hand(%zero: tensor<1x4x4x1xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<16x1x1xf32>, tensor<16x1x1xf32>) attributes {sinter.expect} {
  %one = arith.constant dense<[[[[0.0], [0.0], [0.0], [0.0]], [[0.0], [0.0], [1.0], [0.0]], [[0.0], [0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0], [0.0]]]]> : tensor<1x4x4x1xf32>
  %x = arith.addf %zero, %one : tensor<1x4x4x1xf32>
  %v = sinter.winograd_input %x low [0, 0] tiles [1, 1] : tensor<1x4x4x1xf32> -> tensor<16x1x1xf32>
  %e = arith.constant dense<[[[0.0]], [[0.0]], [[0.0]], [[0.0]], [[-1.0]], [[1.0]], [[1.0]], [[0.0]], [[1.0]], [[-1.0]], [[-1.0]], [[0.0]], [[-1.0]], [[1.0]], [[1.0]], [[0.0]]]> : tensor<16x1x1xf32>
  return %v, %e : tensor<16x1x1xf32>, tensor<16x1x1xf32>
}
// All of it is a convolution, which has few channels here, and so is computed as it is written.
func.func @forwards(%x: tensor<2x8x6x5xf32>, %w: tensor<3x3x5x7xf32>) -> (tensor<2x8x6x7xf32>, tensor<2x8x6x7xf32>, tensor<2x6x4x7xf32>, tensor<2x6x4x7xf32>) attributes {sinter.expect} {
  %v = sinter.winograd_input %x low [1, 1] tiles [4, 3] : tensor<2x8x6x5xf32> -> tensor<16x24x5xf32>
  %u = sinter.winograd_kernel %w : tensor<3x3x5x7xf32> -> tensor<16x5x7xf32>
  %m = sinter.matmul %v, %u : (tensor<16x24x5xf32>, tensor<16x5x7xf32>) -> tensor<16x24x7xf32>
  %y = sinter.winograd_output %m : tensor<16x24x7xf32> -> tensor<2x8x6x7xf32>
  %e = sinter.conv output %x, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x8x6x5xf32>, tensor<3x3x5x7xf32>) -> tensor<2x8x6x7xf32>
  %v0 = sinter.winograd_input %x low [0, 0] tiles [3, 2] : tensor<2x8x6x5xf32> -> tensor<16x12x5xf32>
  %m0 = sinter.matmul %v0, %u : (tensor<16x12x5xf32>, tensor<16x5x7xf32>) -> tensor<16x12x7xf32>
  %y0 = sinter.winograd_output %m0 : tensor<16x12x7xf32> -> tensor<2x6x4x7xf32>
  %e0 = sinter.conv output %x, %w strides [1, 1] low [0, 0] dilations [1, 1] : (tensor<2x8x6x5xf32>, tensor<3x3x5x7xf32>) -> tensor<2x6x4x7xf32>
  return %y, %e, %y0, %e0 : tensor<2x8x6x7xf32>, tensor<2x8x6x7xf32>, tensor<2x6x4x7xf32>, tensor<2x6x4x7xf32>
}
func.func @backwards(%x: tensor<2x8x6x5xf32>, %w: tensor<3x3x5x7xf32>, %g: tensor<2x8x6x7xf32>) -> (tensor<2x8x6x5xf32>, tensor<2x8x6x5xf32>, tensor<3x3x5x7xf32>, tensor<3x3x5x7xf32>) attributes {sinter.expect} {
  %v = sinter.winograd_input %g low [1, 1] tiles [4, 3] : tensor<2x8x6x7xf32> -> tensor<16x24x7xf32>
  %u = sinter.winograd_kernel %w {turned} : tensor<3x3x5x7xf32> -> tensor<16x5x7xf32>
  %m = sinter.matmul %v, %u {transpose_rhs} : (tensor<16x24x7xf32>, tensor<16x5x7xf32>) -> tensor<16x24x5xf32>
  %dx = sinter.winograd_output %m : tensor<16x24x5xf32> -> tensor<2x8x6x5xf32>
  %ex = sinter.conv input %g, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x8x6x7xf32>, tensor<3x3x5x7xf32>) -> tensor<2x8x6x5xf32>
  %t = sinter.winograd_input %x low [1, 1] tiles [4, 3] : tensor<2x8x6x5xf32> -> tensor<16x24x5xf32>
  %c = sinter.winograd_cotangent %g : tensor<2x8x6x7xf32> -> tensor<16x24x7xf32>
  %s = sinter.matmul %t, %c {transpose_lhs} : (tensor<16x24x5xf32>, tensor<16x24x7xf32>) -> tensor<16x5x7xf32>
  %dw = sinter.winograd_taps %s : tensor<16x5x7xf32> -> tensor<3x3x5x7xf32>
  %ew = sinter.conv kernel %x, %g strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x8x6x5xf32>, tensor<2x8x6x7xf32>) -> tensor<3x3x5x7xf32>
  return %dx, %ex, %dw, %ew : tensor<2x8x6x5xf32>, tensor<2x8x6x5xf32>, tensor<3x3x5x7xf32>, tensor<3x3x5x7xf32>
}
// Convolutions of many channels and filters become these, on the CPU.
func.func @many(%x: tensor<2x6x8x64xf32>, %w: tensor<3x3x64x144xf32>, %y: tensor<2x6x8x144xf32>, %z: tensor<2x4x6x144xf32>)
    -> (tensor<2x6x8x144xf32>, tensor<2x6x8x64xf32>, tensor<2x4x6x144xf32>, tensor<3x3x64x144xf32>, tensor<3x3x64x144xf32>, tensor<2x6x8x64xf32>) {
  %0 = sinter.conv output %x, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x144xf32>) -> tensor<2x6x8x144xf32>
  %1 = sinter.conv input %y, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x144xf32>, tensor<3x3x64x144xf32>) -> tensor<2x6x8x64xf32>
  %2 = sinter.conv output %x, %w strides [1, 1] low [0, 0] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x144xf32>) -> tensor<2x4x6x144xf32>
  %3 = sinter.conv kernel %x, %y strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<2x6x8x144xf32>) -> tensor<3x3x64x144xf32>
  %4 = sinter.conv kernel %x, %z strides [1, 1] low [0, 0] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<2x4x6x144xf32>) -> tensor<3x3x64x144xf32>
  %5 = sinter.conv input %z, %w strides [1, 1] low [0, 0] dilations [1, 1] : (tensor<2x4x6x144xf32>, tensor<3x3x64x144xf32>) -> tensor<2x6x8x64xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2x6x8x144xf32>, tensor<2x6x8x64xf32>, tensor<2x4x6x144xf32>, tensor<3x3x64x144xf32>, tensor<3x3x64x144xf32>, tensor<2x6x8x64xf32>
}
