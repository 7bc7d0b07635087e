// Entries share parameters by name; scopes make the names; inputs and outputs keep theirs.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

// CHECK: module attributes {sinter.config = {}, sinter.program = "counter", sinter.source = "entries.cpp"}
// CHECK: sinter.state @h.0.attn.weight : tensor<2x3xf32> {init = "normal", scale = 2.000000e-02 : f64, trainable}
// CHECK-NEXT: sinter.state @h.0.bias : tensor<3xf32> {init = "zeros", trainable}
// CHECK-NEXT: sinter.state @calls : tensor<i32> {init = "zeros"}
// CHECK-NOT: sinter.state
SINTER_MODEL(counter) {
  auto product = [](Tensor x) {
    Scope block("h.0");
    Tensor weight;
    {
      Scope attention("attn");
      weight = parameter("weight", {2, 3}, normal(0.02));
    }
    Tensor bias = parameter("bias", {3}, zeros());
    return matmul(x, weight) + bias;
  };

  // CHECK: func.func @apply(%arg0: tensor<4x2xf32> {sinter.name = "x"}
  // CHECK-SAME: %arg1: tensor<f32> {sinter.default = 5.000000e-01 : f64, sinter.name = "scale"}
  // CHECK-SAME: -> (tensor<4x3xf32> {sinter.name = "y"}) attributes {sinter.entry}
  entry("apply", [&] {
    Tensor y = product(input("x", {4, 2}));
    output("y", y * scalar_input("scale", 0.5) * scalar_input("scale", 0.5));
  });

  // CHECK: func.func @count() attributes {sinter.entry}
  // CHECK: %[[OLD:.*]] = sinter.read @calls : tensor<i32>
  // CHECK: %[[NEW:.*]] = arith.addi %[[OLD]]
  // CHECK: sinter.write @calls, %[[NEW]] : tensor<i32>
  entry("count", [] {
    Tensor calls = state("calls", {}, zeros(), i32);
    assign(calls, calls + 1);
  });

  // CHECK: func.func @again(
  // CHECK: sinter.read @h.0.attn.weight
  entry("again", [&] { output("y", product(input("x", {1, 2}))); });
}
