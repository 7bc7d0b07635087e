// RUN: sinter-opt %s --sinter-lower-to-linalg | FileCheck %s

// In an entry a reshape is a view, and stays; in a kernel it is lowered.
// CHECK-LABEL: func @entry
// CHECK: sinter.reshape
func.func @entry(%x: tensor<4x5xf32>) -> tensor<20xf32> attributes {sinter.entry} {
  %y = sinter.reshape %x : tensor<4x5xf32> -> tensor<20xf32>
  return %y : tensor<20xf32>
}
// CHECK-LABEL: func @kernel
// CHECK-NOT: sinter.reshape
// CHECK: tensor.collapse_shape
func.func @kernel(%x: tensor<4x5xf32>) -> tensor<20xf32> attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  %y = sinter.reshape %x : tensor<4x5xf32> -> tensor<20xf32>
  return %y : tensor<20xf32>
}
// Only scatter_add stays: linalg cannot say it, each target emits it itself.
// CHECK-LABEL: func @scatter
// CHECK: sinter.scatter_add
func.func @scatter(%i: tensor<3xi32>, %u: tensor<3x4xf32>) -> tensor<7x4xf32> attributes {sinter.kernel, sinter.kind = "scatter_add"} {
  %y = sinter.scatter_add %i, %u : (tensor<3xi32>, tensor<3x4xf32>) -> tensor<7x4xf32>
  return %y : tensor<7x4xf32>
}
