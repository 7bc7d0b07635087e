// RUN: split-file %s %t
// RUN: sinter-opt --sinter-multiply-windows %t/products.mlir | FileCheck %t/products.mlir
// RUN: sinter-opt --sinter-multiply-windows=target=vulkan %t/products.mlir | FileCheck %t/products.mlir --check-prefix=OTHER
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-to-kernels %t/step.mlir | FileCheck %t/step.mlir
// RUN: sinter-run %t/step.mlir

//--- products.mlir
// OTHER-LABEL: @parts
// OTHER-NOT: windows
// CHECK-LABEL: @parts
func.func @parts(%x: tensor<2x7x6x3xf32>, %w: tensor<3x2x3x5xf32>, %y: tensor<2x4x3x5xf32>) -> (tensor<2x4x3x5xf32>, tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>) {
  // CHECK: %[[M:.*]] = sinter.windows %{{.*}} positions [4, 3] taps [3, 2] strides [2, 2] steps [1, 2] low [1, 0] divisors [1, 1] {sinter.prologue} : tensor<2x7x6x3xf32> -> tensor<24x6x3xf32>
  // CHECK: %[[A:.*]] = sinter.reshape %[[M]] : tensor<24x6x3xf32> -> tensor<24x18xf32>
  // CHECK: sinter.matmul %[[A]], %{{.*}} : (tensor<24x18xf32>, tensor<18x5xf32>) -> tensor<24x5xf32>
  %0 = sinter.conv output %x, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>) -> tensor<2x4x3x5xf32>
  // From the windows' side: whose tap is this position?
  // CHECK: sinter.windows %{{.*}} positions [7, 6] taps [3, 2] strides [1, 1] steps [-1, -2] low [-1, 0] divisors [2, 2] {sinter.prologue} : tensor<2x4x3x5xf32> -> tensor<84x6x5xf32>
  // CHECK: sinter.transpose %{{.*}} [0, 2, 1] : tensor<6x3x5xf32> -> tensor<6x5x3xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} : (tensor<84x30xf32>, tensor<30x3xf32>) -> tensor<84x3xf32>
  %1 = sinter.conv input %y, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x4x3x5xf32>, tensor<3x2x3x5xf32>) -> tensor<2x7x6x3xf32>
  // CHECK: sinter.windows
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs} : (tensor<24x18xf32>, tensor<24x5xf32>) -> tensor<18x5xf32>
  %2 = sinter.conv kernel %x, %y strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32>
  return %0, %1, %2 : tensor<2x4x3x5xf32>, tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>
}
// Few channels: lines of taps never leave lines that are padded. Whole vectors of filters are transposed while they are
// packed.
// CHECK-LABEL: @vectors
func.func @vectors(%x: tensor<2x7x9x3xf32>, %w: tensor<3x3x3x32xf32>, %y: tensor<2x7x9x32xf32>) -> (tensor<2x7x9x3xf32>, tensor<3x3x3x32xf32>) {
  // CHECK: sinter.transpose %{{.*}} [0, 2, 1] {sinter.prologue} : tensor<9x3x32xf32> -> tensor<9x32x3xf32>
  %0 = sinter.conv input %y, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x7x9x32xf32>, tensor<3x3x3x32xf32>) -> tensor<2x7x9x3xf32>
  // CHECK: %[[P:.*]] = sinter.pad %{{.*}} low [0, 0, 1, 0] high [0, 0, 1, 0] interior [0, 0, 0, 0] : tensor<2x7x9x3xf32> -> tensor<2x7x11x3xf32>
  // CHECK: sinter.windows %[[P]] positions [7, 9] taps [3, 3] strides [1, 1] steps [1, 1] low [1, 0] divisors [1, 1] {sinter.prologue} : tensor<2x7x11x3xf32> -> tensor<126x9x3xf32>
  %1 = sinter.conv kernel %x, %y strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x7x9x3xf32>, tensor<2x7x9x32xf32>) -> tensor<3x3x3x32xf32>
  return %0, %1 : tensor<2x7x9x3xf32>, tensor<3x3x3x32xf32>
}
// Many channels, 3 x 3 taps, even numbers of positions: tiles with fewer multiplications. Not of strides, of other taps,
// of an odd number of positions, of fewer channels or filters.
// CHECK-LABEL: @tiles
func.func @tiles(%x: tensor<2x6x8x64xf32>, %w: tensor<3x3x64x128xf32>, %y: tensor<2x6x8x128xf32>) -> (tensor<2x6x8x128xf32>, tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>) {
  // CHECK: %[[V:.*]] = sinter.winograd_input %{{.*}} low [1, 1] tiles [3, 4] : tensor<2x6x8x64xf32> -> tensor<16x24x64xf32>
  // CHECK: %[[U:.*]] = sinter.winograd_kernel %{{.*}} : tensor<3x3x64x128xf32> -> tensor<16x64x128xf32>
  // CHECK: %[[M:.*]] = sinter.matmul %[[V]], %[[U]] : (tensor<16x24x64xf32>, tensor<16x64x128xf32>) -> tensor<16x24x128xf32>
  // CHECK: sinter.winograd_output %[[M]] : tensor<16x24x128xf32> -> tensor<2x6x8x128xf32>
  %0 = sinter.conv output %x, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>) -> tensor<2x6x8x128xf32>
  // CHECK: sinter.winograd_kernel %{{.*}} {turned}
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_rhs}
  %1 = sinter.conv input %y, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x128xf32>, tensor<3x3x64x128xf32>) -> tensor<2x6x8x64xf32>
  // CHECK: sinter.winograd_cotangent
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs} : (tensor<16x24x64xf32>, tensor<16x24x128xf32>) -> tensor<16x64x128xf32>
  // CHECK: sinter.winograd_taps
  %2 = sinter.conv kernel %x, %y strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<2x6x8x128xf32>) -> tensor<3x3x64x128xf32>
  return %0, %1, %2 : tensor<2x6x8x128xf32>, tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>
}
// CHECK-LABEL: @no_tiles
// CHECK-NOT: winograd
func.func @no_tiles(%x: tensor<2x6x8x64xf32>, %w: tensor<3x3x64x128xf32>, %v: tensor<3x1x64x128xf32>, %a: tensor<2x6x8x60xf32>, %b: tensor<3x3x60x256xf32>, %u: tensor<3x3x64x112xf32>)
    -> (tensor<2x3x4x128xf32>, tensor<2x6x8x128xf32>, tensor<2x5x8x128xf32>, tensor<2x6x8x256xf32>, tensor<2x6x8x112xf32>, tensor<2x6x8x128xf32>) {
  %0 = sinter.conv output %x, %w strides [2, 2] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>) -> tensor<2x3x4x128xf32>
  %1 = sinter.conv output %x, %v strides [1, 1] low [1, 0] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x1x64x128xf32>) -> tensor<2x6x8x128xf32>
  %2 = sinter.conv output %x, %w strides [1, 1] low [0, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>) -> tensor<2x5x8x128xf32>
  %3 = sinter.conv output %a, %b strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x60xf32>, tensor<3x3x60x256xf32>) -> tensor<2x6x8x256xf32>
  %4 = sinter.conv output %x, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x8x64xf32>, tensor<3x3x64x112xf32>) -> tensor<2x6x8x112xf32>
  %5 = sinter.conv output %x, %w strides [1, 1] low [2, 2] dilations [2, 2] : (tensor<2x6x8x64xf32>, tensor<3x3x64x128xf32>) -> tensor<2x6x8x128xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2x3x4x128xf32>, tensor<2x6x8x128xf32>, tensor<2x5x8x128xf32>, tensor<2x6x8x256xf32>, tensor<2x6x8x112xf32>, tensor<2x6x8x128xf32>
}
// Groups have loops.
// CHECK-LABEL: @groups
func.func @groups(%x: tensor<2x9x6xf32>, %w: tensor<3x2x12xf32>) -> tensor<2x9x12xf32> {
  // CHECK-NEXT: sinter.conv output
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 3} : (tensor<2x9x6xf32>, tensor<3x2x12xf32>) -> tensor<2x9x12xf32>
  return %0 : tensor<2x9x12xf32>
}

//--- errors.mlir
func.func @c1(%x: tensor<2x7x3xi32>) {
  // expected-error @+1 {{windows: elements are of i32, not f32}}
  %0 = sinter.windows %x positions [7] taps [3] strides [1] steps [1] low [1] divisors [1] : tensor<2x7x3xi32> -> tensor<14x3x3xi32>
  return
}
// -----
func.func @c2(%x: tensor<2x7x3xf32>) {
  // expected-error @+1 {{windows: attributes have 1 and 2 numbers}}
  %0 = sinter.windows %x positions [7] taps [3] strides [1] steps [1] low [1, 1] divisors [1] : tensor<2x7x3xf32> -> tensor<14x3x3xf32>
  return
}
// -----
func.func @c2_rank(%x: tensor<2x7x3xf32>) {
  // expected-error @+1 {{windows: the input has shape [2, 7, 3], but with 2 numbers, from 1 to 3, in each attribute it has two dimensions more}}
  %0 = sinter.windows %x positions [7, 1] taps [3, 1] strides [1, 1] steps [1, 1] low [1, 1] divisors [1, 1] : tensor<2x7x3xf32> -> tensor<14x3x3xf32>
  return
}
// -----
func.func @c3(%x: tensor<2x7x3xf32>) {
  // expected-error @+1 {{windows: positions 7, taps 3 and divisor 0 of dimension 0 must be at least 1}}
  %0 = sinter.windows %x positions [7] taps [3] strides [1] steps [1] low [1] divisors [0] : tensor<2x7x3xf32> -> tensor<14x3x3xf32>
  return
}
// -----
func.func @c4(%x: tensor<2x7x3xf32>) {
  // expected-error @+1 {{windows: the result has shape [14, 3, 4], but [14, 3, 3] is what there is}}
  %0 = sinter.windows %x positions [7] taps [3] strides [1] steps [1] low [1] divisors [1] : tensor<2x7x3xf32> -> tensor<14x3x4xf32>
  return
}

//--- step.mlir
// Forwards and backwards, windows stand in the kernels of products, of which one adds a bias and takes the maximum, and
// one sums the columns of the output's gradient: nothing of windows x taps crosses a kernel's boundary.
// CHECK-NOT: tensor<98x9x{{[0-9]+}}xf32>)
// CHECK: func.func private @{{.*}} attributes {{{.*}}sinter.kind = "product"
// CHECK: sinter.windows
// CHECK: sinter.role = "product"
// CHECK: arith.maximumf
func.func @step(%x: tensor<2x7x7x16xf32>, %w: tensor<3x3x16x20xf32>, %b: tensor<20xf32>) -> (tensor<2x7x7x16xf32>, tensor<3x3x16x20xf32>, tensor<20xf32>) attributes {sinter.entry} {
  %0 = sinter.conv output %x, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x7x7x16xf32>, tensor<3x3x16x20xf32>) -> tensor<2x7x7x20xf32>
  %1 = sinter.broadcast %b dims [3] : tensor<20xf32> -> tensor<2x7x7x20xf32>
  %2 = arith.addf %0, %1 : tensor<2x7x7x20xf32>
  %zero = arith.constant dense<0.0> : tensor<2x7x7x20xf32>
  %3 = arith.maximumf %2, %zero : tensor<2x7x7x20xf32>
  %4 = arith.mulf %3, %3 : tensor<2x7x7x20xf32>
  %5 = sinter.reduce sum %4 axes [0, 1, 2, 3] : tensor<2x7x7x20xf32> -> tensor<f32>
  %dx, %dw, %db = sinter.grad %5 wrt %x, %w, %b : (tensor<f32>, tensor<2x7x7x16xf32>, tensor<3x3x16x20xf32>, tensor<20xf32>) -> (tensor<2x7x7x16xf32>, tensor<3x3x16x20xf32>, tensor<20xf32>)
  return %dx, %dw, %db : tensor<2x7x7x16xf32>, tensor<3x3x16x20xf32>, tensor<20xf32>
}
