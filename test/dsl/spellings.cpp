// The ways to write out a softmax, a norm and a loss, and what each becomes.
// RUN: sinterc %s --emit=fused -o - | sinter-opt | FileCheck %s
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir
// RUN: sinter-run --unfused %t.mlir
// RUN: sinter-run --grad-check --hvp-check %t.mlir --device=reference
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(spellings) {
  auto x = [] { return input("x", {4, 8}); };

  //===--- softmax -------------------------------------------------------------------------------------===//

  // CHECK-LABEL: func.func @softmax_kept_dims
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_kept_dims", [&] {
    Tensor a = x(), e = exp(a - max(a, -1, true));
    output("y", e / sum(e, -1, true));
  });
  // CHECK-LABEL: func.func @softmax_everything_twice
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_everything_twice", [&] {
    Tensor a = x();
    output("y", exp(a - max(a, -1, true)) / sum(exp(a - max(a, -1, true)), -1, true));
  });
  // CHECK-LABEL: func.func @softmax_by_reshape_and_broadcast
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_by_reshape_and_broadcast", [&] {
    Tensor a = x(), e = exp(a - broadcast(reshape(max(a, 1), {4, 1}), {4, 8}));
    output("y", e / broadcast(reshape(sum(e, 1), {4, 1}), {4, 8}));
  });
  // CHECK-LABEL: func.func @softmax_without_max
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_without_max", [&] {
    Tensor e = exp(x());
    output("y", e / sum(e, -1, true));
  });
  // CHECK-LABEL: func.func @softmax_with_the_largest_of_all
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_with_the_largest_of_all", [&] {
    Tensor a = x(), e = exp(a - max(a));
    output("y", e / sum(e, -1, true));
  });
  // CHECK-LABEL: func.func @softmax_minus_max_in_front
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_minus_max_in_front", [&] {
    Tensor a = x(), e = exp(-max(a, -1, true) + a);
    output("y", e * (1 / sum(e, -1, true)));
  });
  // The inverse after it is repeated.
  // CHECK-LABEL: func.func @softmax_times_inverse
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_times_inverse", [&] {
    Tensor a = x(), e = exp(a - max(a, -1, true));
    output("y", 1 / broadcast(sum(e, -1, true), {4, 8}) * e);
  });
  // A temperature: the maximum goes, the number stays.
  // CHECK-LABEL: func.func @softmax_of_scaled_differences
  // CHECK-NEXT: %[[S:.*]] = sinter.map(%arg0)
  // CHECK: %[[C:.*]] = arith.constant 2.000000e+00 : f32
  // CHECK-NEXT: %[[Q:.*]] = arith.divf %{{.*}}, %[[C]] : f32
  // CHECK-NEXT: sinter.yield %[[Q]]
  // CHECK: %[[Y:.*]] = sinter.softmax %[[S]] : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_of_scaled_differences", [&] {
    Tensor a = x(), e = exp((a - max(a, -1, true)) / 2);
    output("y", e / sum(e, -1, true));
  });
  // Along another dimension: what the DSL's own makes.
  // CHECK-LABEL: func.func @softmax_along_the_middle
  // CHECK-NEXT: %[[T:.*]] = sinter.transpose %arg0 [0, 2, 1]
  // CHECK-NEXT: %[[S:.*]] = sinter.softmax %[[T]] : tensor<2x5x3xf32>
  // CHECK-NEXT: %[[Y:.*]] = sinter.transpose %[[S]] [0, 2, 1]
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_along_the_middle", [&] {
    Tensor a = input("a", {2, 3, 5}), e = exp(a - max(a, 1, true));
    output("y", e / sum(e, 1, true));
  });
  // Sums of flattened positions.
  // CHECK-LABEL: func.func @softmax_of_flat_rows
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<2x3x5xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_of_flat_rows", [&] {
    Tensor a = input("a", {2, 3, 5}), m = max(reshape(a, {6, 5}), 1), e = exp(a - reshape(m, {2, 3, 1}));
    output("y", e / reshape(sum(reshape(e, {6, 5}), 1), {2, 3, 1}));
  });
  // CHECK-LABEL: func.func @softmax_of_one_element
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x1xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_of_one_element", [&] {
    Tensor a = input("a", {4, 1}), e = exp(a - max(a, -1, true));
    output("y", e / sum(e, -1, true));
  });
  // CHECK-LABEL: func.func @softmax_of_one_row
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_of_one_row", [&] {
    Tensor a = input("a", {8}), e = exp(a - max(a));
    output("y", e / sum(e));
  });
  // CHECK-LABEL: func.func @softmax_as_exponential_of_a_difference
  // CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("softmax_as_exponential_of_a_difference", [&] {
    Tensor a = x(), m = max(a, -1, true);
    output("y", exp(a - (m + log(sum(exp(a - m), -1, true)))));
  });

  //===--- its logarithm -------------------------------------------------------------------------------===//

  // CHECK-LABEL: func.func @log_softmax_in_two_steps
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_softmax_in_two_steps", [&] {
    Tensor a = x(), d = a - max(a, -1, true);
    output("y", d - log(sum(exp(d), -1, true)));
  });
  // CHECK-LABEL: func.func @log_softmax_by_the_sum
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_softmax_by_the_sum", [&] {
    Tensor a = x(), m = max(a, -1, true);
    output("y", a - (log(sum(exp(a - m), -1, true)) + m));
  });
  // CHECK-LABEL: func.func @log_softmax_from_the_other_side
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_softmax_from_the_other_side", [&] {
    Tensor a = x(), m = max(a, -1, true);
    output("y", -(m - a + log(broadcast(sum(exp(a - m), -1, true), {4, 8}))));
  });
  // CHECK-LABEL: func.func @log_softmax_without_max
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_softmax_without_max", [&] {
    Tensor a = x();
    output("y", a - log(sum(exp(a), -1, true)));
  });
  // CHECK-LABEL: func.func @log_of_softmax
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_of_softmax", [&] { output("y", log(softmax(x()))); });
  // CHECK-LABEL: func.func @log_of_softmax_along_the_middle
  // CHECK-NEXT: sinter.transpose
  // CHECK-NEXT: sinter.log_softmax
  // CHECK-NEXT: sinter.transpose
  // CHECK-NEXT: return
  entry("log_of_softmax_along_the_middle", [&] { output("y", log(softmax(input("a", {2, 3, 5}), 1))); });
  // CHECK-LABEL: func.func @log_of_written_out_softmax
  // CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("log_of_written_out_softmax", [&] {
    Tensor a = x(), e = exp(a - max(a, -1, true));
    output("y", log(e / sum(e, -1, true)));
  });
  // Both of one sum.
  // CHECK-LABEL: func.func @softmax_and_logarithm
  // CHECK-DAG: %[[P:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
  // CHECK-DAG: %[[L:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
  // CHECK-NEXT: return %[[P]], %[[L]]
  entry("softmax_and_logarithm", [&] {
    Tensor a = x(), d = a - max(a, -1, true), e = exp(d), s = sum(e, -1, true);
    output("p", e / s);
    output("l", d - log(s));
  });

  //===--- norms ---------------------------------------------------------------------------------------===//

  // CHECK-LABEL: func.func @layer_norm_by_sqrt
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_by_sqrt", [&] {
    Tensor a = x(), d = a - mean(a, -1, true);
    output("y", d / sqrt(mean(d * d, -1, true) + 1e-5));
  });
  // CHECK-LABEL: func.func @layer_norm_by_inverse
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-01 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_by_inverse", [&] {
    Tensor a = x(), d = a - sum(a, -1, true) * 0.125;
    output("y", d * (1 / sqrt(0.1 + sum(square(d), -1, true) / 8)));
  });
  // CHECK-LABEL: func.func @layer_norm_by_rsqrt_of_repeated
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_by_rsqrt_of_repeated", [&] {
    Tensor a = x(), m = broadcast(mean(a, -1, true), {4, 8}), v = broadcast(mean(pow(a - m, 2.0), -1, true), {4, 8});
    output("y", (a - m) * rsqrt(v + 1e-5));
  });
  // CHECK-LABEL: func.func @layer_norm_by_power
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_by_power", [&] {
    Tensor a = x(), d = -mean(a, -1, true) + a;
    output("y", pow(mean(d * d, -1, true) + 1e-5, -0.5) * d);
  });
  // CHECK-LABEL: func.func @layer_norm_by_mean_of_squares
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-01 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_by_mean_of_squares", [&] {
    Tensor a = x(), m = mean(a, -1, true), v = maximum(mean(a * a, -1, true) - m * m, 0.0);
    output("y", (a - m) / sqrt(v + 0.1));
  });
  // CHECK-LABEL: func.func @rms_norm_by_rsqrt
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {epsilon = 9.9999999999999995E-7 : f64}
  // CHECK-NEXT: return %[[Y]]
  entry("rms_norm_by_rsqrt", [&] {
    Tensor a = x();
    output("y", a * rsqrt(mean(a * a, -1, true) + 1e-6));
  });
  // CHECK-LABEL: func.func @rms_norm_of_a_product
  // CHECK: %[[P:.*]] = sinter.map
  // CHECK: %[[Y:.*]], %{{.*}} = sinter.normalize %[[P]] {epsilon
  // CHECK-NEXT: return %[[Y]]
  entry("rms_norm_of_a_product", [&] {
    Tensor a = x() * input("w", {4, 8});
    output("y", a / sqrt(mean(square(a), -1, true) + 1e-6));
  });
  // Weights at any place; a number, and one value a row.
  // CHECK-LABEL: func.func @layer_norm_with_weights
  // CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64}
  // CHECK-NEXT: %[[Y:.*]] = sinter.map(%arg2, %[[N]], %arg1)
  // CHECK-NEXT: ^bb0(%[[B:.*]]: f32, %[[A:.*]]: f32, %[[W:.*]]: f32):
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %[[A]], %[[W]]
  // CHECK-NEXT: %[[Q:.*]] = arith.addf %[[P]], %[[B]]
  // CHECK-NEXT: sinter.yield %[[Q]]
  // CHECK: return %[[Y]]
  entry("layer_norm_with_weights", [&] {
    Tensor a = x(), w = input("w", {8}), b = input("b", {8}), d = a - mean(a, -1, true);
    output("y", b + w * d / sqrt(mean(d * d, -1, true) + 1e-5));
  });
  // CHECK-LABEL: func.func @rms_norm_with_weights_inside
  // CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %arg0
  // CHECK: %[[Y:.*]] = sinter.map(%{{.*}}, %[[N]], %arg1)
  // CHECK-COUNT-3: arith.mulf
  // CHECK-NOT: sinter.
  // CHECK: sinter.yield
  entry("rms_norm_with_weights_inside", [&] {
    Tensor a = x(), w = input("w", {8}), r = input("r", {4, 1});
    output("y", a * (w * (3 * rsqrt(mean(a * a, -1, true) + 1e-6) * r)));
  });
  // CHECK-LABEL: func.func @layer_norm_of_one_element
  // CHECK-NEXT: sinter.normalize %arg0 {center, epsilon
  // CHECK-NEXT: return
  entry("layer_norm_of_one_element", [&] {
    Tensor a = input("a", {4, 1}), d = a - mean(a, -1, true);
    output("y", d / sqrt(mean(d * d, -1, true) + 1e-5));
  });
  // Means of flat positions.
  // CHECK-LABEL: func.func @layer_norm_of_flat_rows
  // CHECK-NEXT: %[[Y:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64} : tensor<2x3x5xf32>
  // CHECK-NEXT: return %[[Y]]
  entry("layer_norm_of_flat_rows", [&] {
    Tensor a = input("a", {2, 3, 5}), d = a - reshape(mean(reshape(a, {6, 5}), 1), {2, 3, 1});
    output("y", d / reshape(sqrt(mean(square(reshape(d, {6, 5})), 1) + 1e-5), {2, 3, 1}));
  });

  //===--- cross entropy -------------------------------------------------------------------------------===//

  auto targets = [] { return argmax(input("t", {4, 8})); };

  // CHECK-LABEL: func.func @loss_by_one_hot
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_one_hot", [&] {
    Tensor a = x(), h = cast(iota({4, 8}, 1) == reshape(targets(), {4, 1}), f32);
    output("loss", -sum(log_softmax(a) * h, -1));
  });
  // CHECK-LABEL: func.func @loss_by_where
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_where", [&] {
    Tensor a = x(), d = a - max(a, -1, true), l = d - log(sum(exp(d), -1, true));
    output("loss", sum(where(reshape(targets(), {4, 1}) == arange(8), -l, 0.0), -1));
  });
  // CHECK-LABEL: func.func @loss_by_where_not
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_where_not", [&] {
    Tensor l = log(softmax(x()));
    output("loss", 0 - sum(where(arange(8) != reshape(targets(), {4, 1}), 0.0, l), -1));
  });
  // CHECK-LABEL: func.func @loss_by_gather
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_gather", [&] {
    Tensor l = log_softmax(x());
    output("loss", -gather(reshape(l, {-1}), arange(4) * 8.0 + targets()));
  });
  // CHECK-LABEL: func.func @loss_by_unit_matrix
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_unit_matrix", [&] {
    Tensor l = log_softmax(x()), unit = cast(iota({8, 8}, 0) == iota({8, 8}, 1), f32);
    output("loss", sum(gather(unit, targets()) * -l, -1));
  });
  // One sum over classes and rows; the negation behind it, in a number.
  // CHECK-LABEL: func.func @loss_by_one_sum
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg{{.}}, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: %[[S:.*]] = sinter.reduce sum %[[L]] axes [0]
  // CHECK-NEXT: sinter.map(%[[S]])
  // CHECK: arith.constant 2.500000e-01
  // CHECK-NEXT: arith.mulf
  entry("loss_by_one_sum", [&] {
    Tensor h = where(iota({4, 8}, 1) == reshape(targets(), {4, 1}), 1.0, 0.0);
    output("loss", sum(h * log_softmax(x())) * -0.25);
  });
  // The logarithm of the sum next to the logit itself, of which nothing as large as the logits is made.
  // CHECK-LABEL: func.func @loss_by_difference
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg{{.}}, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_difference", [&] {
    Tensor a = x(), m = max(a, -1), lse = m + log(sum(exp(a - reshape(m, {4, 1})), -1));
    output("loss", lse - sum(a * cast(iota({4, 8}, 1) == reshape(targets(), {4, 1}), f32), -1));
  });
  // CHECK-LABEL: func.func @loss_by_difference_of_shifted
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg{{.}}, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: return %[[L]]
  entry("loss_by_difference_of_shifted", [&] {
    Tensor a = x(), d = a - max(a, -1, true);
    output("loss", -(gather(reshape(d, {32}), targets() + 8 * arange(4)) - log(sum(exp(d), -1))));
  });
  // Weights for each row, and positions in two dimensions.
  // CHECK-LABEL: func.func @loss_of_positions
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %{{.*}}, %{{.*}} : (tensor<6x5xf32>, tensor<6xi32>)
  // CHECK-NEXT: %[[R:.*]] = sinter.reshape %[[L]] : tensor<6xf32> -> tensor<2x3xf32>
  // CHECK-NEXT: %[[W:.*]] = sinter.map(%[[R]], %arg2)
  // CHECK-NOT: arith.negf
  // CHECK: sinter.reduce sum %[[W]] axes [0, 1]
  // CHECK-NOT: arith.negf
  // CHECK: return
  entry("loss_of_positions", [&] {
    Tensor a = input("a", {2, 3, 5}), t = reshape(argmax(input("t", {2, 3, 5})), {2, 3, 1}), w = input("w", {2, 3});
    output("loss", -sum(sum(log_softmax(a) * cast(iota({2, 3, 5}, 2) == t, f32), -1) * w) / sum(w * w));
  });
  // What stays is a negation.
  // CHECK-LABEL: func.func @log_likelihood
  // CHECK: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg{{.}}, %{{.*}} : (tensor<4x8xf32>, tensor<4xi32>)
  // CHECK-NEXT: %[[N:.*]] = sinter.map(%[[L]])
  // CHECK: arith.negf
  // CHECK: return %[[N]]
  entry("log_likelihood", [&] {
    output("l", sum(log_softmax(x()) * cast(iota({4, 8}, 1) == reshape(targets(), {4, 1}), f32), -1));
  });
}
