// Reductions and matrix products.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
// RUN: sinterc %s --emit=fused -o - | FileCheck %s --check-prefix=FUSED
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(products) {
  // CHECK-LABEL: func.func @reductions
  entry("reductions", [] {
    Tensor x = input("x", {2, 3, 4});
    // CHECK: sinter.reduce sum %arg0 axes [0, 1, 2] : tensor<2x3x4xf32> -> tensor<f32>
    output("all", sum(x));
    // CHECK: sinter.reduce max %arg0 axes [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>
    output("some", max(x, {-1, 0}));
    // CHECK: %[[MIN:.*]] = sinter.reduce min %arg0 axes [1]
    // CHECK: sinter.reshape %[[MIN]] : tensor<2x4xf32> -> tensor<2x1x4xf32>
    output("kept", min(x, 1, true));
    // CHECK: %[[SUM:.*]] = sinter.reduce sum %arg0 axes [1, 2]
    // CHECK: %[[N:.*]] = arith.constant dense<1.200000e+01> : tensor<2xf32>
    // CHECK: arith.divf %[[SUM]], %[[N]]
    output("mean", mean(x, {1, 2}));
  });

  // CHECK-LABEL: func.func @one_matrix_for_all_batches
  entry("one_matrix_for_all_batches", [] {
    // CHECK: %[[TALL:.*]] = sinter.reshape %arg0 : tensor<2x3x4xf32> -> tensor<6x4xf32>
    // CHECK: %[[Y:.*]] = sinter.matmul %[[TALL]], %arg1 : (tensor<6x4xf32>, tensor<4x5xf32>) -> tensor<6x5xf32>
    // CHECK: sinter.reshape %[[Y]] : tensor<6x5xf32> -> tensor<2x3x5xf32>
    Tensor a = input("a", {2, 3, 4});
    output("y", matmul(a, input("b", {4, 5})));
  });

  // CHECK-LABEL: func.func @batches_broadcast
  entry("batches_broadcast", [] {
    // CHECK: sinter.broadcast {{.*}} : tensor<7x3x4xf32> -> tensor<2x7x3x4xf32>
    // CHECK: sinter.matmul {{.*}} : (tensor<2x7x3x4xf32>, tensor<2x7x4x5xf32>) -> tensor<2x7x3x5xf32>
    Tensor a = input("a", {1, 7, 3, 4});
    output("y", matmul(a, input("b", {2, 7, 4, 5})));
  });

  // The transposes stay values, of which a gradient may be asked; mark-variables folds each with the one that undoes
  // it.
  // CHECK-LABEL: func.func @transposes_are_read_through
  // FUSED-LABEL: func.func @transposes_are_read_through
  entry("transposes_are_read_through", [] {
    // CHECK: %[[BT:.*]] = sinter.transpose %arg1 [1, 0]
    // CHECK: %[[AT:.*]] = sinter.transpose %arg0 [1, 0]
    // CHECK: %[[B:.*]] = sinter.transpose %[[BT]] [1, 0]
    // CHECK: %[[A:.*]] = sinter.transpose %[[AT]] [1, 0]
    // CHECK: sinter.matmul %[[A]], %[[B]] {transpose_lhs, transpose_rhs} : (tensor<4x3xf32>, tensor<5x4xf32>) -> tensor<3x5xf32>
    // FUSED-NEXT: sinter.matmul %arg0, %arg1 {transpose_lhs, transpose_rhs}
    Tensor a = input("a", {4, 3}), b = input("b", {5, 4});
    output("y", matmul(transpose(a), transpose(b)));
  });

  // CHECK-LABEL: func.func @a_gradient_is_a_tensor_like_any_other
  entry("a_gradient_is_a_tensor_like_any_other", [] {
    Tensor x = input("x", {3});
    // CHECK: %[[G:.*]] = sinter.grad %{{.*}} wrt %arg0 : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
    Tensor g = grad(sum(exp(x)), x);
    // CHECK: %[[D:.*]] = arith.mulf %[[G]], %{{.*}}
    // CHECK: %[[S:.*]] = sinter.reduce sum %[[D]]
    // CHECK: sinter.grad %[[S]] wrt %arg0
    output("hvp", grad(dot(g, full({3}, 2)), x));
  });
}
