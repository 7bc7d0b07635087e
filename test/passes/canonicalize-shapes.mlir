// RUN: sinter-opt %s --split-input-file --sinter-canonicalize-shapes --canonicalize | FileCheck %s
// RUN: sinter-opt %s --split-input-file --sinter-canonicalize-shapes | sinter-opt --split-input-file | FileCheck %s --check-prefix=ROUND
// RUN: sinter-run %s --device=cpu

// Rows become two-dimensional, with views around them; the map between takes their shape.
// CHECK-LABEL: func @rows
// CHECK: %[[X:.*]] = sinter.reshape %arg0 : tensor<3x4x5xf32> -> tensor<12x5xf32>
// CHECK: %[[M:.*]] = sinter.map(%[[X]])
// CHECK: %[[S:.*]] = sinter.softmax %[[M]] : tensor<12x5xf32>
// CHECK: sinter.reshape %[[S]] : tensor<12x5xf32> -> tensor<3x4x5xf32>
// ROUND-LABEL: func @rows
func.func @rows(%x: tensor<3x4x5xf32>) -> tensor<3x4x5xf32> attributes {sinter.entry} {
  %0 = sinter.map (%x) [affine_map<(i, j, k) -> (i, j, k)>] : (tensor<3x4x5xf32>) -> tensor<3x4x5xf32> {
  ^bb0(%1: f32):
    %2 = arith.addf %1, %1 : f32
    sinter.yield %2 : f32
  }
  %3 = sinter.softmax %0 : tensor<3x4x5xf32>
  return %3 : tensor<3x4x5xf32>
}

// -----

// Batches of products have one dimension; a sum over everything first runs over rows.
// CHECK-LABEL: func @batches
// CHECK: sinter.matmul %{{.*}}, %{{.*}} : (tensor<6x4x5xf32>, tensor<6x5x2xf32>) -> tensor<6x4x2xf32>
// CHECK: sinter.reduce sum %{{.*}} axes [1]
// CHECK: sinter.reduce sum
func.func @batches(%a: tensor<2x3x4x5xf32>, %b: tensor<2x3x5x2xf32>) -> (tensor<2x3x4x2xf32>, tensor<f32>) attributes {sinter.entry} {
  %c = sinter.matmul %a, %b : (tensor<2x3x4x5xf32>, tensor<2x3x5x2xf32>) -> tensor<2x3x4x2xf32>
  %s = sinter.reduce sum %a axes [0, 1, 2, 3] : tensor<2x3x4x5xf32> -> tensor<f32>
  return %c, %s : tensor<2x3x4x2xf32>, tensor<f32>
}

// -----

// A splat that two ops read in memory is stored once: two maps would be equal members of one kernel.
// CHECK-LABEL: @one_splat
func.func @one_splat(%x: tensor<2x9x6xf32>) -> (tensor<2x9x6xf32>, tensor<2x9x6xf32>) attributes {sinter.entry} {
  // CHECK: %[[MAP:.*]] = sinter.map() []
  // CHECK-NOT: sinter.map
  // CHECK: %[[SPLAT:.*]] = sinter.reshape %[[MAP]]
  // CHECK: sinter.conv output %{{.*}}, %[[SPLAT]]
  // CHECK: sinter.conv input %{{.*}}, %[[SPLAT]]
  %w = arith.constant dense<0.5> : tensor<2x1x6xf32>
  %0 = sinter.conv output %x, %w strides [1] low [1] dilations [1] {groups = 6} : (tensor<2x9x6xf32>, tensor<2x1x6xf32>) -> tensor<2x9x6xf32>
  %1 = sinter.conv input %x, %w strides [1] low [1] dilations [1] {groups = 6} : (tensor<2x9x6xf32>, tensor<2x1x6xf32>) -> tensor<2x9x6xf32>
  return %0, %1 : tensor<2x9x6xf32>, tensor<2x9x6xf32>
}
