// Elementwise functions are arith and math ops on tensors of one shape; broadcasts are explicit.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(elementwise) {
  // CHECK-LABEL: func.func @a_number_takes_the_tensors_shape_and_type
  entry("a_number_takes_the_tensors_shape_and_type", [] {
    Tensor x = input("x", {2, 3}), i = input("i", {4}, i32);
    // CHECK: %[[TWO:.*]] = arith.constant dense<2.000000e+00> : tensor<2x3xf32>
    // CHECK: arith.mulf %[[TWO]], %arg0 : tensor<2x3xf32>
    output("y", 2 * x);
    // CHECK: %[[ONE:.*]] = arith.constant dense<1> : tensor<4xi32>
    // CHECK: arith.addi %arg1, %[[ONE]] : tensor<4xi32>
    output("j", i + 1);
  });

  // CHECK-LABEL: func.func @size_one_dimensions_grow
  entry("size_one_dimensions_grow", [] {
    Tensor x = input("x", {4, 1, 3}), y = input("y", {2, 1});
    // CHECK-DAG: %[[X:.*]] = sinter.reshape %arg0 : tensor<4x1x3xf32> -> tensor<4x3xf32>
    // CHECK-DAG: %[[XX:.*]] = sinter.broadcast %[[X]] dims [0, 2] : tensor<4x3xf32> -> tensor<4x2x3xf32>
    // CHECK-DAG: %[[Y:.*]] = sinter.reshape %arg1 : tensor<2x1xf32> -> tensor<2xf32>
    // CHECK-DAG: %[[YY:.*]] = sinter.broadcast %[[Y]] dims [1] : tensor<2xf32> -> tensor<4x2x3xf32>
    // CHECK: arith.subf %[[XX]], %[[YY]] : tensor<4x2x3xf32>
    output("z", x - y);
  });

  // CHECK-LABEL: func.func @masks_choose
  entry("masks_choose", [] {
    Tensor x = input("x", {3, 3});
    // CHECK: %[[MASK:.*]] = arith.cmpi sge, {{.*}} : tensor<3x3xi32>
    // CHECK: %[[INF:.*]] = arith.constant dense<0xFF800000> : tensor<3x3xf32>
    // CHECK: arith.select %[[MASK]], %arg0, %[[INF]] : tensor<3x3xi1>, tensor<3x3xf32>
    output("causal", where(iota({3, 3}, 0) >= iota({3, 3}, 1), x, -1.0 / 0.0));
    // CHECK: arith.cmpf ogt
    // CHECK: arith.cmpf olt
    // CHECK: arith.andi
    // CHECK: arith.xori
    // CHECK: arith.uitofp
    Tensor above = x > 0;
    Tensor below = x < 1;
    output("outside", cast(!(above && below), f32));
  });

  // CHECK-LABEL: func.func @a_condition_broadcasts_with_its_choices
  entry("a_condition_broadcasts_with_its_choices", [] {
    Tensor mask = input("m", {5, 1}, i32) == 1;
    // CHECK: sinter.broadcast {{.*}} dims [0] : tensor<5xi1> -> tensor<5x7xi1>
    // CHECK: arith.select {{.*}} : tensor<5x7xi1>, tensor<5x7xf32>
    output("y", where(mask, input("x", {7}), 0));
  });

  // CHECK-LABEL: func.func @fma_takes_tensors_and_numbers
  entry("fma_takes_tensors_and_numbers", [] {
    Tensor x = input("x", {2, 3}), y = input("y", {3});
    // CHECK-DAG: %[[HALF:.*]] = arith.constant dense<5.000000e-01> : tensor<2x3xf32>
    // CHECK-DAG: %[[YY:.*]] = sinter.broadcast %arg1 dims [1] : tensor<3xf32> -> tensor<2x3xf32>
    // CHECK: math.fma %[[HALF]], %arg0, %[[YY]] : tensor<2x3xf32>
    output("z", fma(0.5, x, y));
  });

  // CHECK-LABEL: func.func @small_powers_are_products
  entry("small_powers_are_products", [] {
    Tensor x = input("x", {3});
    // CHECK: %[[S:.*]] = arith.mulf %arg0, %arg0
    // CHECK: arith.mulf %[[S]], %arg0
    output("cube", pow(x, 3));
    // CHECK: math.sqrt
    output("root", pow(x, 0.5));
    // CHECK: math.powf
    output("power", pow(x, 1.7));
  });

  // CHECK-LABEL: func.func @casts
  entry("casts", [] {
    Tensor x = input("x", {3});
    // CHECK: %[[I:.*]] = arith.fptosi %arg0 : tensor<3xf32> to tensor<3xi32>
    Tensor i = cast(x, i32);
    // CHECK: arith.sitofp %[[I]]
    output("f", cast(i, f32));
    // CHECK: %[[B:.*]] = arith.cmpi ne, %[[I]]
    // CHECK: arith.extui %[[B]]
    output("b", cast(cast(i, boolean), i32));
  });
}
