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
