// Functions that change shapes.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(shapes) {
  // CHECK-LABEL: func.func @reshape_finds_the_open_size
  entry("reshape_finds_the_open_size", [] {
    // CHECK: sinter.reshape %arg0 : tensor<2x3x4xf32> -> tensor<6x4xf32>
    output("y", reshape(input("x", {2, 3, 4}), {-1, 4}));
  });

  // CHECK-LABEL: func.func @transposes
  entry("transposes", [] {
    Tensor x = input("x", {2, 3, 4});
    // CHECK: sinter.transpose %arg0 [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
    output("last_two", transpose(x));
    // CHECK: sinter.transpose %arg0 [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
    output("given", transpose(x, {-1, 0, 1}));
  });

  // CHECK-LABEL: func.func @slices_count_from_the_end
  entry("slices_count_from_the_end", [] {
    Tensor x = input("x", {4, 8});
    // CHECK: sinter.slice %arg0 [0, 2] to [4, 7] by [1, 2] : tensor<4x8xf32> -> tensor<4x3xf32>
    output("y", slice(x, -1, 2, -1, 2));
  });

  // CHECK-LABEL: func.func @split_and_concat
  entry("split_and_concat", [] {
    // CHECK: %[[A:.*]] = sinter.slice %arg0 [0, 0] to [4, 2] by [1, 1]
    // CHECK: %[[B:.*]] = sinter.slice %arg0 [0, 2] to [4, 4] by [1, 1]
    // CHECK: %[[C:.*]] = sinter.slice %arg0 [0, 4] to [4, 6] by [1, 1]
    auto [a, b, c] = split<3>(input("x", {4, 6}), -1);
    // CHECK: sinter.concat %[[C]], %[[A]], %[[B]] axis 0 : ({{.*}}) -> tensor<12x2xf32>
    output("y", concat({c, a, b}, 0));
  });

  // CHECK-LABEL: func.func @an_embedding_is_a_gather
  entry("an_embedding_is_a_gather", [] {
    // CHECK: sinter.gather %arg0, %arg1 : (tensor<65x8xf32>, tensor<2x3xi32>) -> tensor<2x3x8xf32>
    Tensor table = input("table", {65, 8});
    output("y", gather(table, input("i", {2, 3}, i32)));
  });

  // CHECK-LABEL: func.func @literals
  entry("literals", [] {
    // CHECK: arith.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
    output("c", constant({1, 2, 3, 4}, {2, 2}));
    // CHECK: sinter.iota axis 0 : tensor<5xi32>
    output("n", arange(5));
    // CHECK: arith.constant dense<7> : tensor<2xi32>
    output("f", full({2}, 7, i32));
  });
}
