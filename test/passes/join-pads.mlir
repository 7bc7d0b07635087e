// RUN: sinter-opt %s --sinter-join-pads | FileCheck %s
// RUN: sinter-opt %s --sinter-join-pads --sinter-canonicalize-shapes --sinter-group-kernels --sinter-outline-kernels --canonicalize | FileCheck %s --check-prefix=KERNELS
// RUN: sinter-run %s

#id = affine_map<(i, j, k) -> (i, j, k)>

// The gradient of a split in three, of which the parts come transposed: one kernel that reads each part through its
// transpose.
// CHECK-LABEL: func @split
// CHECK-NOT: sinter.pad
// CHECK: sinter.concat %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x5x12xf32>, tensor<2x5x12xf32>, tensor<2x5x6xf32>) -> tensor<2x5x30xf32>
// KERNELS-LABEL: func @split
// KERNELS: call @concat_2x5x30(
// KERNELS-NOT: call
func.func @split(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x5x4xf32>, %v: tensor<2x5x6xf32>) -> tensor<2x5x30xf32> attributes {sinter.entry} {
  %0 = sinter.transpose %q [0, 2, 1, 3] : tensor<2x3x5x4xf32> -> tensor<2x5x3x4xf32>
  %1 = sinter.reshape %0 : tensor<2x5x3x4xf32> -> tensor<2x5x12xf32>
  %2 = sinter.transpose %k [0, 2, 1, 3] : tensor<2x3x5x4xf32> -> tensor<2x5x3x4xf32>
  %3 = sinter.reshape %2 : tensor<2x5x3x4xf32> -> tensor<2x5x12xf32>
  %a = sinter.pad %1 low [0, 0, 12] high [0, 0, 6] interior [0, 0, 0] : tensor<2x5x12xf32> -> tensor<2x5x30xf32>
  %b = sinter.pad %3 low [0, 0, 0] high [0, 0, 18] interior [0, 0, 0] : tensor<2x5x12xf32> -> tensor<2x5x30xf32>
  %c = sinter.pad %v low [0, 0, 24] high [0, 0, 0] interior [0, 0, 0] : tensor<2x5x6xf32> -> tensor<2x5x30xf32>
  %y = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<2x5x30xf32>, tensor<2x5x30xf32>, tensor<2x5x30xf32>) -> tensor<2x5x30xf32> {
  ^bb0(%4: f32, %5: f32, %6: f32):
    %7 = arith.addf %4, %5 : f32
    %8 = arith.addf %7, %6 : f32
    sinter.yield %8 : f32
  }
  return %y : tensor<2x5x30xf32>
}

// Parts that overlap, or leave a gap, are added.
// CHECK-LABEL: func @not_side_by_side
// KERNELS-LABEL: func @not_side_by_side
// CHECK: sinter.map
// CHECK: sinter.map
// CHECK-NOT: sinter.concat
func.func @not_side_by_side(%x: tensor<1x1x4xf32>, %z: tensor<1x1x4xf32>) -> (tensor<1x1x7xf32>, tensor<1x1x9xf32>) attributes {sinter.entry} {
  %a = sinter.pad %x low [0, 0, 0] high [0, 0, 3] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x7xf32>
  %b = sinter.pad %z low [0, 0, 3] high [0, 0, 0] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x7xf32>
  %y = sinter.map (%a, %b) [#id, #id] : (tensor<1x1x7xf32>, tensor<1x1x7xf32>) -> tensor<1x1x7xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.pad %x low [0, 0, 0] high [0, 0, 5] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x9xf32>
  %d = sinter.pad %z low [0, 0, 5] high [0, 0, 0] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x9xf32>
  %w = sinter.map (%c, %d) [#id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y, %w : tensor<1x1x7xf32>, tensor<1x1x9xf32>
}

// A slice that is split into heads and transposed is read where it stands; one whose dimensions merge is not.
// KERNELS-LABEL: func @heads
// KERNELS: %[[A:.*]] = call @transpose_2x3x5x4(%arg0) : (tensor<2x5x30xf32>) -> tensor<2x3x5x4xf32>
// KERNELS: %[[S:.*]] = call @slice_2x5x12(%arg0)
// KERNELS: %[[R:.*]] = sinter.reshape %[[S]]
// KERNELS: %[[B:.*]] = call @transpose_60x2(%[[R]])
// KERNELS: return %[[A]], %[[B]]
// KERNELS-LABEL: func private @concat_2x5x30
// KERNELS: sinter.transpose
// KERNELS: sinter.reshape
// KERNELS: sinter.transpose
// KERNELS: sinter.reshape
// KERNELS: sinter.concat
// KERNELS-LABEL: func private @transpose_2x3x5x4
// KERNELS: sinter.slice
// KERNELS: sinter.reshape
// KERNELS: sinter.transpose
func.func @heads(%x: tensor<2x5x30xf32>) -> (tensor<2x3x5x4xf32>, tensor<60x2xf32>) attributes {sinter.entry} {
  %0 = sinter.slice %x [0, 0, 12] to [2, 5, 24] by [1, 1, 1] : tensor<2x5x30xf32> -> tensor<2x5x12xf32>
  %1 = sinter.reshape %0 : tensor<2x5x12xf32> -> tensor<2x5x3x4xf32>
  %2 = sinter.transpose %1 [0, 2, 1, 3] : tensor<2x5x3x4xf32> -> tensor<2x3x5x4xf32>
  %3 = sinter.slice %x [0, 0, 0] to [2, 5, 12] by [1, 1, 1] : tensor<2x5x30xf32> -> tensor<2x5x12xf32>
  %4 = sinter.reshape %3 : tensor<2x5x12xf32> -> tensor<2x60xf32>
  %5 = sinter.transpose %4 [1, 0] : tensor<2x60xf32> -> tensor<60x2xf32>
  return %2, %5 : tensor<2x3x5x4xf32>, tensor<60x2xf32>
}

// Near misses: what is made of parts side by side is no sum of all of them, each once.
// CHECK-LABEL: func @no_sum
// CHECK-COUNT-8: sinter.pad
// CHECK-NOT: sinter.concat
func.func @no_sum(%x: tensor<1x1x4xf32>, %y: tensor<1x1x3xf32>, %z: tensor<1x1x2xf32>) -> (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) attributes {sinter.entry} {
  %a = sinter.pad %x low [0, 0, 0] high [0, 0, 5] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x9xf32>
  %b = sinter.pad %y low [0, 0, 4] high [0, 0, 2] interior [0, 0, 0] : tensor<1x1x3xf32> -> tensor<1x1x9xf32>
  %c = sinter.pad %z low [0, 0, 7] high [0, 0, 0] interior [0, 0, 0] : tensor<1x1x2xf32> -> tensor<1x1x9xf32>
  %minus = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.subf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %product = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.mulf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %largest = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.maximumf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %twice = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    %5 = arith.addf %4, %2 : f32
    sinter.yield %5 : f32
  }
  %more = sinter.map (%a, %b, %c) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %one = arith.constant 1.0 : f32
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    %5 = arith.addf %4, %one : f32
    sinter.yield %5 : f32
  }
  // Of two parts that leave the end to the padding, and of one whose elements stand apart.
  %d = sinter.pad %x low [0, 0, 0] high [0, 0, 5] interior [0, 0, 0] : tensor<1x1x4xf32> -> tensor<1x1x9xf32>
  %e = sinter.pad %y low [0, 0, 4] high [0, 0, 2] interior [0, 0, 0] : tensor<1x1x3xf32> -> tensor<1x1x9xf32>
  %short = sinter.map (%d, %e) [#id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %f = sinter.pad %x low [0, 0, 0] high [0, 0, 2] interior [0, 0, 1] : tensor<1x1x4xf32> -> tensor<1x1x9xf32>
  %g = sinter.pad %y low [0, 0, 4] high [0, 0, 2] interior [0, 0, 0] : tensor<1x1x3xf32> -> tensor<1x1x9xf32>
  %h = sinter.pad %z low [0, 0, 7] high [0, 0, 0] interior [0, 0, 0] : tensor<1x1x2xf32> -> tensor<1x1x9xf32>
  %apart = sinter.map (%f, %g, %h) [#id, #id, #id] : (tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>) -> tensor<1x1x9xf32> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.addf %3, %2 : f32
    sinter.yield %4 : f32
  }
  %i = arith.addf %more, %apart : tensor<1x1x9xf32>
  return %minus, %product, %largest, %twice, %short, %i : tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>, tensor<1x1x9xf32>
}

// Parts along two dimensions, and one that is read through a transpose.
// CHECK-LABEL: func @not_along_one
// CHECK-NOT: sinter.concat
// CHECK: return
func.func @not_along_one(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>, %z: tensor<4x8xf32>, %w: tensor<8x4xf32>) -> (tensor<4x8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %a = sinter.pad %x low [0, 0] high [2, 4] interior [0, 0] : tensor<2x4xf32> -> tensor<4x8xf32>
  %b = sinter.pad %y low [2, 4] high [0, 0] interior [0, 0] : tensor<2x4xf32> -> tensor<4x8xf32>
  %r = sinter.map (%a, %b) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.pad %z low [0, 0] high [4, 0] interior [0, 0] : tensor<4x8xf32> -> tensor<8x8xf32>
  %d = sinter.pad %w low [0, 4] high [0, 0] interior [0, 0] : tensor<8x4xf32> -> tensor<8x8xf32>
  %s = sinter.map (%c, %d) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %r, %s : tensor<4x8xf32>, tensor<8x8xf32>
}

// Side by side in number only: two that overlap by one and leave the last place to the padding; and one below the other,
// of which the lower one is read through a transpose.
// CHECK-LABEL: func @as_many_elements
// CHECK-NOT: sinter.concat
// CHECK: return
func.func @as_many_elements(%x: tensor<4xf32>, %y: tensor<4x8xf32>) -> (tensor<8xf32>, tensor<8x8xf32>) attributes {sinter.entry} {
  %a = sinter.pad %x low [0] high [4] interior [0] : tensor<4xf32> -> tensor<8xf32>
  %b = sinter.pad %x low [3] high [1] interior [0] : tensor<4xf32> -> tensor<8xf32>
  %r = sinter.map (%a, %b) [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %c = sinter.pad %y low [0, 0] high [4, 0] interior [0, 0] : tensor<4x8xf32> -> tensor<8x8xf32>
  %d = sinter.pad %y low [4, 0] high [0, 0] interior [0, 0] : tensor<4x8xf32> -> tensor<8x8xf32>
  %s = sinter.map (%c, %d) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %r, %s : tensor<8xf32>, tensor<8x8xf32>
}
