// Row-wise functions work along any axis; dropout acts in training only.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(nn) {
  // CHECK-LABEL: func.func @softmax_along_another_axis_transposes
  entry("softmax_along_another_axis_transposes", [] {
    // CHECK: %[[T:.*]] = sinter.transpose %arg0 [0, 2, 1]
    // CHECK: %[[S:.*]] = sinter.softmax %[[T]] : tensor<2x4x3xf32>
    // CHECK: sinter.transpose %[[S]] [0, 2, 1] : tensor<2x4x3xf32> -> tensor<2x3x4xf32>
    output("y", softmax(input("x", {2, 3, 4}), 1));
  });

  // CHECK-LABEL: func.func @norms
  entry("norms", [] {
    Tensor x = input("x", {2, 8});
    // CHECK: sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64} : tensor<2x8xf32> -> tensor<2x8xf32>, tensor<2xf32>
    output("layer", layer_norm(x));
    // CHECK: sinter.normalize %arg0 {epsilon = 2.500000e-01 : f64}
    output("rms", rms_norm(x, 0.25));
  });

  // CHECK-LABEL: func.func @cross_entropy_keeps_the_positions
  entry("cross_entropy_keeps_the_positions", [] {
    Tensor logits = input("logits", {2, 3, 10}), targets = input("targets", {2, 3}, i32);
    // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %{{.*}}, %{{.*}} : (tensor<6x10xf32>, tensor<6xi32>)
    // CHECK: sinter.reshape %[[L]] : tensor<6xf32> -> tensor<2x3xf32>
    output("loss", cross_entropy(logits, targets));
  });

  // CHECK-LABEL: func.func @dropout_draws_a_stream_per_call
  // CHECK-SAME: sinter.name = "x"
  // CHECK-SAME: sinter.default = 0.000000e+00 : f64, sinter.name = "seed"
  // CHECK-SAME: sinter.default = 0.000000e+00 : f64, sinter.name = "seed_high"
  // CHECK-SAME: sinter.default = 1.000000e+00 : f64, sinter.name = "step"
  entry("dropout_draws_a_stream_per_call", Mode::Training, [] {
    Tensor x = input("x", {2, 8});
    // CHECK: sinter.iota axis 1
    // The key of this step, from both words of the seed; then the bits.
    // CHECK: %[[HIGH:.*]] = sinter.threefry %[[STEP:.*]], %{{.*}}, %[[SEED:.*]], %{{.*}} : tensor<i32>
    // CHECK: %[[KEY1:.*]] = arith.xori %{{.*}}, %[[HIGH]] : tensor<i32>
    // CHECK: %[[LOW:.*]] = sinter.threefry %[[STEP]], %{{.*}}, %[[KEY1]], %{{.*}} : tensor<i32>
    // CHECK: arith.xori %[[SEED]], %[[LOW]] : tensor<i32>
    // CHECK: %[[FIRST:.*]] = arith.constant dense<0> : tensor<2x8xi32>
    // CHECK-NEXT: sinter.threefry %{{.*}}, %{{.*}}, %{{.*}}, %[[FIRST]] : tensor<2x8xi32>
    // CHECK: arith.cmpi uge
    // CHECK: arith.constant dense<1.33333337> : tensor<2x8xf32>
    x = dropout(x, 0.25);
    // CHECK: %[[SECOND:.*]] = arith.constant dense<1> : tensor<2x8xi32>
    // CHECK-NEXT: sinter.threefry %{{.*}}, %{{.*}}, %{{.*}}, %[[SECOND]] : tensor<2x8xi32>
    output("y", dropout(x, 0.25));
  });

  // CHECK-LABEL: func.func @dropout_rests_outside_of_training
  entry("dropout_rests_outside_of_training", [] {
    // CHECK-NEXT: %[[Y:.*]] = sinter.reshape %arg0 : tensor<2x8xf32> -> tensor<2x8xf32>
    // CHECK-NEXT: return %[[Y]]
    output("y", dropout(input("x", {2, 8}), 0.25));
  });
}
