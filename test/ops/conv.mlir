// RUN: split-file %s %t
// RUN: sinter-opt %t/roundtrip.mlir | sinter-opt | FileCheck %t/roundtrip.mlir
// RUN: sinter-opt -verify-diagnostics -split-input-file %t/errors.mlir
// RUN: sinter-opt --sinter-differentiate %t/vjp.mlir | FileCheck %t/vjp.mlir
// RUN: sinter-opt --sinter-expand %t/expand.mlir | FileCheck %t/expand.mlir
// RUN: sinter-opt --sinter-lower-to-linalg %t/lower.mlir | FileCheck %t/lower.mlir
// RUN: sinter-run %t/run.mlir
// RUN: sinter-run --unfused %t/run.mlir
// RUN: sinter-run --portable-kernels %t/smooth.mlir
// RUN: sinter-run --grad-check --hvp-check %t/smooth.mlir

//--- roundtrip.mlir
// CHECK-LABEL: @parts
func.func @parts(%x: tensor<2x7x6x3xf32>, %w: tensor<3x2x3x5xf32>, %y: tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32> {
  // CHECK: sinter.conv output %{{.*}}, %{{.*}} strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>) -> tensor<2x4x3x5xf32>
  %0 = sinter.conv output %x, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>) -> tensor<2x4x3x5xf32>
  // CHECK: sinter.conv input %{{.*}}, %{{.*}} strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x4x3x5xf32>, tensor<3x2x3x5xf32>) -> tensor<2x7x6x3xf32>
  %1 = sinter.conv input %y, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x4x3x5xf32>, tensor<3x2x3x5xf32>) -> tensor<2x7x6x3xf32>
  // CHECK: sinter.conv kernel %{{.*}}, %{{.*}} strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32>
  %2 = sinter.conv kernel %x, %y strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32>
  return %2 : tensor<3x2x3x5xf32>
}
// CHECK-LABEL: @groups
func.func @groups(%x: tensor<2x9x6xf32>, %w: tensor<3x2x12xf32>) -> tensor<2x9x12xf32> {
  // CHECK: sinter.conv output %{{.*}}, %{{.*}} strides [1] low [1] dilations [1] {groups = 3 : i64} :
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 3} : (tensor<2x9x6xf32>, tensor<3x2x12xf32>) -> tensor<2x9x12xf32>
  return %0 : tensor<2x9x12xf32>
}

//--- errors.mlir
func.func @c1(%x: tensor<2x9x6xi32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: the input has elements of i32, not f32}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<2x9x6xi32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c2(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: strides [1], low [1, 1] and dilations [1] must have one length, from 1 to 3}}
  %0 = sinter.conv output %x, %w strides [1] low [1, 1] dilations [1] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c2_rank(%x: tensor<2x9x6xf32>, %w: tensor<3x3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: the kernel has shape [3, 3, 6, 4], but with 1 strides it has 3 dimensions}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<2x9x6xf32>, tensor<3x3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c3(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: stride 1 and dilation 0 of dimension 0 must be at least 1}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [0] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c4(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<3x9x4xf32> {
  // expected-error @+1 {{conv: 2 images in, but 3 out (shapes [2, 9, 6] and [3, 9, 4])}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<3x9x4xf32>
  return %0 : tensor<3x9x4xf32>
}
// -----
func.func @c5_divides(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: 3 groups do not divide 6 channels in and 4 out}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 3} : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c5_kernel(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: the kernel has shape [3, 6, 4], but with 6 channels in, 4 out and 2 groups its last two dimensions are 3 and 4}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 2} : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @c6_empty(%x: tensor<0x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<0x9x4xf32> {
  // expected-error @+1 {{conv: the input, of shape [0, 9, 6], is empty}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<0x9x6xf32>, tensor<3x6x4xf32>) -> tensor<0x9x4xf32>
  return %0 : tensor<0x9x4xf32>
}
// -----
func.func @c6_far(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // expected-error @+1 {{conv: positions of dimension 0 exceed an i32}}
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1073741824] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// -----
func.func @sums_c1(%x: tensor<4x9x6xf32>, %y: tensor<4x9x6xi32>) {
  // expected-error @+1 {{tap_sums: elements are of i32, not f32}}
  %0 = sinter.tap_sums %x, %y taps [3] strides [1] low [1] dilations [1] : (tensor<4x9x6xf32>, tensor<4x9x6xi32>) -> tensor<2x3x6xf32>
  return
}
// -----
func.func @sums_c2(%x: tensor<4x9x6xf32>, %y: tensor<4x9x6xf32>) {
  // expected-error @+1 {{tap_sums: attributes have 1 and 2 numbers}}
  %0 = sinter.tap_sums %x, %y taps [3] strides [1] low [1, 1] dilations [1] : (tensor<4x9x6xf32>, tensor<4x9x6xf32>) -> tensor<2x3x6xf32>
  return
}
// -----
func.func @sums_c2_shapes(%x: tensor<4x9x6xf32>, %y: tensor<4x9x5xf32>) {
  // expected-error @+1 {{tap_sums: the operands have shapes [4, 9, 6] and [4, 9, 5], but with 1 numbers, from 1 to 3, in each attribute they have two dimensions more, the first and the last the same}}
  %0 = sinter.tap_sums %x, %y taps [3] strides [1] low [1] dilations [1] : (tensor<4x9x6xf32>, tensor<4x9x5xf32>) -> tensor<2x3x6xf32>
  return
}
// -----
func.func @sums_c3(%x: tensor<4x9x6xf32>, %y: tensor<4x9x6xf32>) {
  // expected-error @+1 {{tap_sums: taps 3, stride 0 and dilation 1 of dimension 0 must be at least 1}}
  %0 = sinter.tap_sums %x, %y taps [3] strides [0] low [1] dilations [1] : (tensor<4x9x6xf32>, tensor<4x9x6xf32>) -> tensor<2x3x6xf32>
  return
}
// -----
func.func @sums_c4(%x: tensor<4x9x6xf32>, %y: tensor<4x9x6xf32>) {
  // expected-error @+1 {{tap_sums: the result has shape [3, 3, 6], not blocks that divide 4, 3 and 6}}
  %0 = sinter.tap_sums %x, %y taps [3] strides [1] low [1] dilations [1] : (tensor<4x9x6xf32>, tensor<4x9x6xf32>) -> tensor<3x3x6xf32>
  return
}
// -----
func.func @interleave_c1(%x: tensor<2x3x4xf32>, %y: tensor<2x3x4xi32>) {
  // expected-error @+1 {{interleave: tensors of 'tensor<2x3x4xi32>' and 'tensor<2x6x4xf32>' are not of f32}}
  %0 = sinter.interleave %x, %y strides [2] phases [0, 1] : (tensor<2x3x4xf32>, tensor<2x3x4xi32>) -> tensor<2x6x4xf32>
  return
}
// -----
func.func @interleave_c2(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{interleave: strides [0] of a tensor of shape [2, 6, 4] must be from 1 to 3 numbers, two fewer than it has dimensions, and at least 1}}
  %0 = sinter.interleave %x strides [0] phases [0] : (tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}
// -----
func.func @interleave_c3(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{interleave: phases [1, 0] of 2 inputs must ascend, one for each, below 2}}
  %0 = sinter.interleave %x, %x strides [2] phases [1, 0] : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}
// -----
func.func @interleave_c4(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{interleave: an input has shape [2, 3, 4], but one phase of [2, 7, 4] has [2, 4, 4]}}
  %0 = sinter.interleave %x, %x strides [2] phases [0, 1] : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x7x4xf32>
  return
}

//--- vjp.mlir
// Of three tensors that are multiplied, each gradient is the product of the other two.
// CHECK-LABEL: @output
// CHECK-SAME: (%[[X:.*]]: tensor<2x9x6xf32>, %[[W:.*]]: tensor<3x6x4xf32>, %[[G:.*]]: tensor<2x5x4xf32>)
func.func @output(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>, %g: tensor<2x5x4xf32>) -> (tensor<2x9x6xf32>, tensor<3x6x4xf32>) {
  // CHECK-DAG: %[[DX:.*]] = sinter.conv input %{{.*}}, %[[W]] strides [2] low [1] dilations [1] : (tensor<2x5x4xf32>, tensor<3x6x4xf32>) -> tensor<2x9x6xf32>
  // CHECK-DAG: %[[DW:.*]] = sinter.conv kernel %[[X]], %{{.*}} strides [2] low [1] dilations [1] : (tensor<2x9x6xf32>, tensor<2x5x4xf32>) -> tensor<3x6x4xf32>
  // CHECK: return %[[DX]], %[[DW]]
  %0 = sinter.conv output %x, %w strides [2] low [1] dilations [1] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x5x4xf32>
  %1 = arith.mulf %0, %g : tensor<2x5x4xf32>
  %2 = sinter.reduce sum %1 axes [0, 1, 2] : tensor<2x5x4xf32> -> tensor<f32>
  %dx, %dw = sinter.grad %2 wrt %x, %w : (tensor<f32>, tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> (tensor<2x9x6xf32>, tensor<3x6x4xf32>)
  return %dx, %dw : tensor<2x9x6xf32>, tensor<3x6x4xf32>
}

//--- expand.mlir
// One tap that never leaves the input: a product of matrices, whose other parts read it transposed.
// CHECK-LABEL: @points
func.func @points(%x: tensor<2x3x4x6xf32>, %w: tensor<1x1x6x5xf32>, %y: tensor<2x3x4x5xf32>) -> (tensor<2x3x4x5xf32>, tensor<2x3x4x6xf32>, tensor<1x1x6x5xf32>) {
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} : (tensor<24x6xf32>, tensor<6x5xf32>) -> tensor<24x5xf32>
  %0 = sinter.conv output %x, %w strides [1, 1] low [0, 0] dilations [3, 1] : (tensor<2x3x4x6xf32>, tensor<1x1x6x5xf32>) -> tensor<2x3x4x5xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_rhs} : (tensor<24x5xf32>, tensor<6x5xf32>) -> tensor<24x6xf32>
  %1 = sinter.conv input %y, %w strides [1, 1] low [0, 0] dilations [3, 1] : (tensor<2x3x4x5xf32>, tensor<1x1x6x5xf32>) -> tensor<2x3x4x6xf32>
  // CHECK: sinter.matmul %{{.*}}, %{{.*}} {transpose_lhs} : (tensor<24x6xf32>, tensor<24x5xf32>) -> tensor<6x5xf32>
  %2 = sinter.conv kernel %x, %y strides [1, 1] low [0, 0] dilations [3, 1] : (tensor<2x3x4x6xf32>, tensor<2x3x4x5xf32>) -> tensor<1x1x6x5xf32>
  return %0, %1, %2 : tensor<2x3x4x5xf32>, tensor<2x3x4x6xf32>, tensor<1x1x6x5xf32>
}
// One tap is not enough: a stride leaves positions out.
// CHECK-LABEL: @skips
func.func @skips(%x: tensor<2x4x6xf32>, %w: tensor<1x6x5xf32>) -> tensor<2x2x5xf32> {
  // CHECK: sinter.conv output
  %0 = sinter.conv output %x, %w strides [2] low [0] dilations [1] : (tensor<2x4x6xf32>, tensor<1x6x5xf32>) -> tensor<2x2x5xf32>
  return %0 : tensor<2x2x5xf32>
}
// The gradient of a kernel whose channels know nothing of each other: in blocks of images, and these are summed.
// CHECK-LABEL: @apart
func.func @apart(%x: tensor<18x9x6xf32>, %y: tensor<18x9x6xf32>) -> tensor<3x1x6xf32> {
  // CHECK: sinter.tap_sums %{{.*}}, %{{.*}} taps [3] strides [1] low [1] dilations [1] : (tensor<18x9x6xf32>, tensor<18x9x6xf32>) -> tensor<9x3x6xf32>
  // CHECK: sinter.reduce sum %{{.*}} axes [0] : tensor<9x3x6xf32> -> tensor<3x6xf32>
  %0 = sinter.conv kernel %x, %y strides [1] low [1] dilations [1] {groups = 6} : (tensor<18x9x6xf32>, tensor<18x9x6xf32>) -> tensor<3x1x6xf32>
  return %0 : tensor<3x1x6xf32>
}
// Positions that meet the same taps, of which each second one does: a product without strides for each of four phases.
// CHECK-LABEL: @phases
func.func @phases(%y: tensor<2x4x3x5xf32>, %w: tensor<3x1x6x5xf32>) -> tensor<2x7x6x6xf32> {
  // CHECK: sinter.slice %{{.*}} [1, 0, 0, 0] to [3, 1, 6, 5] by [2, 2, 1, 1]
  // CHECK: %[[EVEN:.*]] = sinter.reshape %{{.*}} : tensor<24x6xf32> -> tensor<2x4x3x6xf32>
  // CHECK: sinter.slice %{{.*}} [0, 0, 0, 0] to [3, 1, 6, 5] by [2, 2, 1, 1]
  // CHECK: %[[ODD:.*]] = sinter.conv input %{{.*}} strides [1, 1] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xf32>, tensor<2x1x6x5xf32>) -> tensor<2x4x3x6xf32>
  // CHECK: sinter.interleave %[[EVEN]], %[[ODD]] strides [2, 2] phases [0, 2] : (tensor<2x4x3x6xf32>, tensor<2x4x3x6xf32>) -> tensor<2x7x6x6xf32>
  %0 = sinter.conv input %y, %w strides [2, 2] low [1, 0] dilations [1, 1] : (tensor<2x4x3x5xf32>, tensor<3x1x6x5xf32>) -> tensor<2x7x6x6xf32>
  return %0 : tensor<2x7x6x6xf32>
}

//--- lower.mlir
// Rows, terms and columns, along which vectors go; what is outside counts as zero.
// CHECK-DAG: #[[OTHER:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: @loops
func.func @loops(%x: tensor<2x9x6xf32>, %w: tensor<3x6x4xf32>) -> tensor<2x9x4xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[OTHER]], #[[RESULT]]], iterator_types = ["parallel", "reduction", "parallel"]}
  // CHECK: %[[INSIDE:.*]] = arith.cmpi ult
  // CHECK: %[[X:.*]] = tensor.extract %{{.*}} : tensor<2x9x6xf32>
  // CHECK: arith.select %[[INSIDE]], %[[X]]
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<2x9x6xf32>, tensor<3x6x4xf32>) -> tensor<2x9x4xf32>
  return %0 : tensor<2x9x4xf32>
}
// Channels that know nothing of each other have code for each tap and for a block of positions, which read four elements
// and two of the kernel; nothing is asked where a tap is inside for certain.
// CHECK-LABEL: @apart
func.func @apart(%x: tensor<2x9x6xf32>, %w: tensor<2x1x6xf32>) -> tensor<2x9x6xf32> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]}
  // CHECK: arith.cmpi ult
  // CHECK: %[[FIRST:.*]] = math.fma
  // CHECK-NOT: arith.cmpi
  // CHECK: math.fma
  // CHECK: math.fma
  // CHECK: math.fma %{{.*}}, %{{.*}}, %[[FIRST]]
  // CHECK: math.fma
  // CHECK: math.fma
  // CHECK-NOT: math.fma
  // CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 0, 0] [2, 3, 1, 6] [1, 1, 1, 1]
  // CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 1, 0]
  // CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 2, 0]
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 6} : (tensor<2x9x6xf32>, tensor<2x1x6xf32>) -> tensor<2x9x6xf32>
  return %0 : tensor<2x9x6xf32>
}
// Of positions between those of a strided convolution, a block knows which taps meet one: six of twelve.
// CHECK-LABEL: @between
func.func @between(%y: tensor<2x4x6xf32>, %w: tensor<3x1x6xf32>) -> tensor<2x8x6xf32> {
  // CHECK: linalg.generic
  // CHECK-NOT: arith.remui
  // CHECK-COUNT-6: math.fma
  // CHECK-NOT: math.fma
  // CHECK: tensor.insert_slice
  %0 = sinter.conv input %y, %w strides [2] low [1] dilations [1] {groups = 6} : (tensor<2x4x6xf32>, tensor<3x1x6xf32>) -> tensor<2x8x6xf32>
  return %0 : tensor<2x8x6xf32>
}
// So does each term of a kernel's gradient, which is what four windows add to each tap.
// CHECK-LABEL: @sums
func.func @sums(%x: tensor<4x8x6xf32>, %y: tensor<4x8x6xf32>) -> tensor<2x3x6xf32> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]}
  // CHECK-COUNT-10: tensor.extract
  // CHECK-NOT: tensor.extract
  // CHECK: linalg.yield
  %0 = sinter.tap_sums %x, %y taps [3] strides [1] low [1] dilations [1] : (tensor<4x8x6xf32>, tensor<4x8x6xf32>) -> tensor<2x3x6xf32>
  return %0 : tensor<2x3x6xf32>
}

//--- run.mlir
// What lies outside counts as zero; the kernel is not flipped.
func.func @not_flipped(%zero: tensor<1x3x1xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<1x3x1xf32>, tensor<1x3x1xf32>) attributes {sinter.expect} {
  %ones = arith.constant dense<1.0> : tensor<1x3x1xf32>
  %x = arith.addf %zero, %ones : tensor<1x3x1xf32>
  %w = arith.constant dense<[[[1.0]], [[2.0]], [[4.0]]]> : tensor<3x1x1xf32>
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] : (tensor<1x3x1xf32>, tensor<3x1x1xf32>) -> tensor<1x3x1xf32>
  %e = arith.constant dense<[[[6.0], [7.0], [3.0]]]> : tensor<1x3x1xf32>
  return %0, %e : tensor<1x3x1xf32>, tensor<1x3x1xf32>
}
// Windows that lie outside altogether give zeros, and so do positions that no window has; padding may be negative.
func.func @far(%zero: tensor<1x3x1xf32> {sinter.range = [0.0, 0.0]}) -> (tensor<1x4x1xf32>, tensor<1x4x1xf32>, tensor<1x7x1xf32>, tensor<1x7x1xf32>) attributes {sinter.expect} {
  %n = arith.constant dense<[[[1.0], [2.0], [4.0]]]> : tensor<1x3x1xf32>
  %x = arith.addf %zero, %n : tensor<1x3x1xf32>
  %w = arith.constant dense<[[[1.0]], [[8.0]]]> : tensor<2x1x1xf32>
  %0 = sinter.conv output %x, %w strides [1] low [-1] dilations [1] : (tensor<1x3x1xf32>, tensor<2x1x1xf32>) -> tensor<1x4x1xf32>
  %e = arith.constant dense<[[[34.0], [4.0], [0.0], [0.0]]]> : tensor<1x4x1xf32>
  %1 = sinter.conv input %x, %w strides [3] low [0] dilations [1] : (tensor<1x3x1xf32>, tensor<2x1x1xf32>) -> tensor<1x7x1xf32>
  %f = arith.constant dense<[[[1.0], [8.0], [0.0], [2.0], [16.0], [0.0], [4.0]]]> : tensor<1x7x1xf32>
  return %0, %e, %1, %f : tensor<1x4x1xf32>, tensor<1x4x1xf32>, tensor<1x7x1xf32>, tensor<1x7x1xf32>
}
// Whole and broken numbers of vectors in channels in, channels out and windows.
func.func @sizes(%a: tensor<2x6x7x16xf32>, %u: tensor<3x3x16x20xf32>, %b: tensor<3x9x33xf32>, %v: tensor<5x33x17xf32>, %c: tensor<1x3x4x5x3xf32>, %t: tensor<2x3x2x3x40xf32>)
    -> (tensor<2x6x7x20xf32>, tensor<3x5x17xf32>, tensor<1x2x4x3x40xf32>) {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<2x6x7x16xf32>, tensor<3x3x16x20xf32>) -> tensor<2x6x7x20xf32>
  %1 = sinter.conv output %b, %v strides [2] low [2] dilations [1] : (tensor<3x9x33xf32>, tensor<5x33x17xf32>) -> tensor<3x5x17xf32>
  %2 = sinter.conv output %c, %t strides [2, 1, 2] low [1, 1, 1] dilations [1, 1, 2] : (tensor<1x3x4x5x3xf32>, tensor<2x3x2x3x40xf32>) -> tensor<1x2x4x3x40xf32>
  return %0, %1, %2 : tensor<2x6x7x20xf32>, tensor<3x5x17xf32>, tensor<1x2x4x3x40xf32>
}
// The other two parts, of several units of a long sum.
func.func @long(%x: tensor<3x17x19x5xf32>, %y: tensor<3x17x19x24xf32>, %w: tensor<3x3x5x24xf32>) -> (tensor<3x3x5x24xf32>, tensor<3x17x19x5xf32>) {
  %0 = sinter.conv kernel %x, %y strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x17x19x5xf32>, tensor<3x17x19x24xf32>) -> tensor<3x3x5x24xf32>
  %1 = sinter.conv input %y, %w strides [1, 1] low [1, 1] dilations [1, 1] : (tensor<3x17x19x24xf32>, tensor<3x3x5x24xf32>) -> tensor<3x17x19x5xf32>
  return %0, %1 : tensor<3x3x5x24xf32>, tensor<3x17x19x5xf32>
}
// Channels apart: of so many taps that they have loops, and of so many images that threads share them.
func.func @apart(%x: tensor<6x9x11x20xf32>, %y: tensor<6x9x11x20xf32>, %w: tensor<9x9x1x20xf32>) -> (tensor<6x9x11x20xf32>, tensor<6x9x11x20xf32>, tensor<9x9x1x20xf32>, tensor<3x3x1x20xf32>) {
  %0 = sinter.conv output %x, %w strides [1, 1] low [4, 4] dilations [1, 1] {groups = 20} : (tensor<6x9x11x20xf32>, tensor<9x9x1x20xf32>) -> tensor<6x9x11x20xf32>
  %1 = sinter.conv input %y, %w strides [1, 1] low [4, 4] dilations [1, 1] {groups = 20} : (tensor<6x9x11x20xf32>, tensor<9x9x1x20xf32>) -> tensor<6x9x11x20xf32>
  %2 = sinter.conv kernel %x, %y strides [1, 1] low [4, 4] dilations [1, 1] {groups = 20} : (tensor<6x9x11x20xf32>, tensor<6x9x11x20xf32>) -> tensor<9x9x1x20xf32>
  %3 = sinter.conv kernel %x, %y strides [1, 1] low [1, 1] dilations [1, 1] {groups = 20} : (tensor<6x9x11x20xf32>, tensor<6x9x11x20xf32>) -> tensor<3x3x1x20xf32>
  return %0, %1, %2, %3 : tensor<6x9x11x20xf32>, tensor<6x9x11x20xf32>, tensor<9x9x1x20xf32>, tensor<3x3x1x20xf32>
}
// Blocks of positions of each size; taps that are outside for certain, for some blocks, for none; strides and dilations
// that meet and that do not; one to three dimensions.
func.func @blocks(%a: tensor<2x5x8x17xf32>, %u: tensor<3x3x1x17xf32>, %b: tensor<3x7x33xf32>, %v: tensor<4x1x33xf32>, %c: tensor<2x3x4x6x5xf32>, %t: tensor<2x3x2x1x5xf32>, %d: tensor<2x11x16xf32>, %s: tensor<5x1x16xf32>)
    -> (tensor<2x5x8x17xf32>, tensor<3x7x33xf32>, tensor<2x2x4x3x5xf32>, tensor<2x11x16xf32>, tensor<2x4x16xf32>) {
  %0 = sinter.conv output %a, %u strides [1, 1] low [1, 1] dilations [1, 1] {groups = 17} : (tensor<2x5x8x17xf32>, tensor<3x3x1x17xf32>) -> tensor<2x5x8x17xf32>
  %1 = sinter.conv output %b, %v strides [1] low [6] dilations [3] {groups = 33} : (tensor<3x7x33xf32>, tensor<4x1x33xf32>) -> tensor<3x7x33xf32>
  %2 = sinter.conv output %c, %t strides [2, 1, 2] low [1, 1, 0] dilations [1, 1, 2] {groups = 5} : (tensor<2x3x4x6x5xf32>, tensor<2x3x2x1x5xf32>) -> tensor<2x2x4x3x5xf32>
  %3 = sinter.conv output %d, %s strides [1] low [2] dilations [1] {groups = 16} : (tensor<2x11x16xf32>, tensor<5x1x16xf32>) -> tensor<2x11x16xf32>
  %4 = sinter.conv output %d, %s strides [3] low [2] dilations [1] {groups = 16} : (tensor<2x11x16xf32>, tensor<5x1x16xf32>) -> tensor<2x4x16xf32>
  return %0, %1, %2, %3, %4 : tensor<2x5x8x17xf32>, tensor<3x7x33xf32>, tensor<2x2x4x3x5xf32>, tensor<2x11x16xf32>, tensor<2x4x16xf32>
}
func.func @blocks_between(%a: tensor<2x3x4x17xf32>, %u: tensor<3x3x1x17xf32>, %b: tensor<3x4x33xf32>, %v: tensor<4x1x33xf32>, %c: tensor<2x2x2x3x5xf32>, %t: tensor<2x3x2x1x5xf32>)
    -> (tensor<2x6x8x17xf32>, tensor<2x5x7x17xf32>, tensor<3x12x33xf32>, tensor<3x11x33xf32>, tensor<2x4x4x6x5xf32>) {
  %0 = sinter.conv input %a, %u strides [2, 2] low [1, 1] dilations [1, 1] {groups = 17} : (tensor<2x3x4x17xf32>, tensor<3x3x1x17xf32>) -> tensor<2x6x8x17xf32>
  %1 = sinter.conv input %a, %u strides [2, 2] low [1, 1] dilations [1, 1] {groups = 17} : (tensor<2x3x4x17xf32>, tensor<3x3x1x17xf32>) -> tensor<2x5x7x17xf32>
  %2 = sinter.conv input %b, %v strides [3] low [1] dilations [2] {groups = 33} : (tensor<3x4x33xf32>, tensor<4x1x33xf32>) -> tensor<3x12x33xf32>
  %3 = sinter.conv input %b, %v strides [3] low [2] dilations [1] {groups = 33} : (tensor<3x4x33xf32>, tensor<4x1x33xf32>) -> tensor<3x11x33xf32>
  %4 = sinter.conv input %c, %t strides [2, 2, 2] low [0, 1, 0] dilations [1, 1, 2] {groups = 5} : (tensor<2x2x2x3x5xf32>, tensor<2x3x2x1x5xf32>) -> tensor<2x4x4x6x5xf32>
  return %0, %1, %2, %3, %4 : tensor<2x6x8x17xf32>, tensor<2x5x7x17xf32>, tensor<3x12x33xf32>, tensor<3x11x33xf32>, tensor<2x4x4x6x5xf32>
}
func.func @blocks_of_sums(%a: tensor<18x5x8x17xf32>, %b: tensor<18x3x4x17xf32>, %c: tensor<3x13x33xf32>, %d: tensor<3x7x33xf32>) -> (tensor<3x3x1x17xf32>, tensor<3x3x1x17xf32>, tensor<4x1x33xf32>, tensor<9x1x33xf32>) {
  %0 = sinter.conv kernel %a, %a strides [1, 1] low [1, 1] dilations [1, 1] {groups = 17} : (tensor<18x5x8x17xf32>, tensor<18x5x8x17xf32>) -> tensor<3x3x1x17xf32>
  %1 = sinter.conv kernel %a, %b strides [2, 2] low [1, 1] dilations [1, 1] {groups = 17} : (tensor<18x5x8x17xf32>, tensor<18x3x4x17xf32>) -> tensor<3x3x1x17xf32>
  %2 = sinter.conv kernel %c, %d strides [2] low [2] dilations [1] {groups = 33} : (tensor<3x13x33xf32>, tensor<3x7x33xf32>) -> tensor<4x1x33xf32>
  %3 = sinter.conv kernel %c, %c strides [1] low [13] dilations [3] {groups = 33} : (tensor<3x13x33xf32>, tensor<3x13x33xf32>) -> tensor<9x1x33xf32>
  return %0, %1, %2, %3 : tensor<3x3x1x17xf32>, tensor<3x3x1x17xf32>, tensor<4x1x33xf32>, tensor<9x1x33xf32>
}

//--- smooth.mlir
func.func @strided(%x: tensor<2x7x6x3xf32>, %w: tensor<3x2x3x5xf32>) -> tensor<2x4x3x5xf32> {
  %0 = sinter.conv output %x, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<3x2x3x5xf32>) -> tensor<2x4x3x5xf32>
  return %0 : tensor<2x4x3x5xf32>
}
func.func @transposed(%y: tensor<2x4x3x5xf32>, %w: tensor<3x2x3x5xf32>) -> tensor<2x7x6x3xf32> {
  %0 = sinter.conv input %y, %w strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x4x3x5xf32>, tensor<3x2x3x5xf32>) -> tensor<2x7x6x3xf32>
  return %0 : tensor<2x7x6x3xf32>
}
func.func @kernel(%x: tensor<2x7x6x3xf32>, %y: tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32> {
  %0 = sinter.conv kernel %x, %y strides [2, 2] low [1, 0] dilations [1, 2] : (tensor<2x7x6x3xf32>, tensor<2x4x3x5xf32>) -> tensor<3x2x3x5xf32>
  return %0 : tensor<3x2x3x5xf32>
}
func.func @groups(%x: tensor<2x9x6xf32>, %w: tensor<3x2x12xf32>) -> tensor<2x9x12xf32> {
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 3} : (tensor<2x9x6xf32>, tensor<3x2x12xf32>) -> tensor<2x9x12xf32>
  return %0 : tensor<2x9x12xf32>
}
func.func @depthwise(%x: tensor<2x3x5x4x20xf32>, %w: tensor<3x2x2x1x20xf32>) -> tensor<2x3x3x4x20xf32> {
  %0 = sinter.conv output %x, %w strides [1, 2, 1] low [1, 1, 1] dilations [1, 1, 2] {groups = 20} : (tensor<2x3x5x4x20xf32>, tensor<3x2x2x1x20xf32>) -> tensor<2x3x3x4x20xf32>
  return %0 : tensor<2x3x3x4x20xf32>
}
func.func @depthwise_kernel(%x: tensor<2x9x6xf32>, %y: tensor<2x9x6xf32>) -> tensor<3x1x6xf32> {
  %0 = sinter.conv kernel %x, %y strides [1] low [1] dilations [1] {groups = 6} : (tensor<2x9x6xf32>, tensor<2x9x6xf32>) -> tensor<3x1x6xf32>
  return %0 : tensor<3x1x6xf32>
}
