// RUN: sinter-opt %s --sinter-narrow-products | FileCheck %s
// RUN: sinter-opt %s --sinter-to-train=bf16 | FileCheck %s --check-prefix=GRADIENTS

// CHECK-LABEL: func @product
// CHECK: sinter.matmul %{{.*}}, %{{.*}} {bf16, transpose_rhs} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
// CHECK: sinter.reduce
// The products of gradients are narrowed, too; sums are not.
// GRADIENTS-LABEL: func @product
// GRADIENTS-COUNT-2: sinter.matmul {{.*}}bf16
// GRADIENTS-NOT: xbf16
func.func @product(%a: tensor<4x8xf32>, %b: tensor<6x8xf32>) -> (tensor<f32>, tensor<4x8xf32>) {
  %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<4x8xf32>, tensor<6x8xf32>) -> tensor<4x6xf32>
  %s = sinter.reduce sum %c axes [0, 1] : tensor<4x6xf32> -> tensor<f32>
  %g = sinter.grad %s wrt %a : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %s, %g : tensor<f32>, tensor<4x8xf32>
}

// What is no product of matrices stays in f32: a sum of products that a map multiplies, a look-up, a softmax.
// CHECK-LABEL: func @no_product
// CHECK-NOT: bf16
// CHECK: return
func.func @no_product(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>, %i: tensor<3xi32>) -> (tensor<4xf32>, tensor<3x8xf32>, tensor<4x8xf32>) {
  %m = sinter.map (%a, %b) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %s = sinter.reduce sum %m axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %g = sinter.gather %a, %i : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<3x8xf32>
  %p = sinter.softmax %m : tensor<4x8xf32>
  return %s, %g, %p : tensor<4xf32>, tensor<3x8xf32>, tensor<4x8xf32>
}
