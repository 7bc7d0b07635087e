// The optimizers: run-time rates, their own state, decay on the parameters that are named.
// RUN: sinterc %s --emit=model -o - | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

static Tensor loss() {
  Tensor weight = parameter("weight", {4, 2}, normal(1));
  Tensor bias = parameter("bias", {2}, zeros());
  return mean(square(matmul(input("x", {3, 4}), weight) + bias));
}

// CHECK-DAG: sinter.state @optimizer.momentum.v.weight : tensor<4x2xf32> {init = "zeros"}
// CHECK-DAG: sinter.state @optimizer.adamw.m.weight : tensor<4x2xf32> {init = "zeros"}
// CHECK-DAG: sinter.state @optimizer.adamw.v.bias : tensor<2xf32> {init = "zeros"}
SINTER_MODEL(optimizers) {
  // CHECK-LABEL: func.func @sgd(
  // CHECK-SAME: sinter.default = 0.000000e+00 : f64, sinter.name = "grad_clip"
  // CHECK-SAME: sinter.default = 1.250000e-01 : f64, sinter.name = "lr"
  // CHECK: sinter.grad {{.*}} : (tensor<f32>, tensor<4x2xf32>, tensor<2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>)
  // CHECK: sinter.write @weight
  // CHECK: sinter.write @bias
  entry("sgd", Mode::Training, [] { output("grad_norm", minimize(loss(), Sgd{.lr = 0.125})); });

  // CHECK-LABEL: func.func @momentum(
  // CHECK: sinter.write @optimizer.momentum.v.weight
  // CHECK: sinter.write @weight
  entry("momentum", Mode::Training, [] { output("grad_norm", minimize(loss(), Momentum{})); });

  // The correction of the bias is computed once, on scalars; only the weight decays.
  // CHECK-LABEL: func.func @adamw(
  // CHECK-SAME: sinter.name = "weight_decay"
  // CHECK-SAME: sinter.name = "beta1"
  // CHECK-SAME: sinter.name = "step"
  // CHECK: math.expm1 {{.*}} : tensor<f32>
  // CHECK: math.expm1 {{.*}} : tensor<f32>
  // CHECK: %[[DECAY:.*]] = sinter.broadcast %{{.*}} dims [] : tensor<f32> -> tensor<4x2xf32>
  // CHECK: sinter.write @weight
  // CHECK: sinter.write @bias
  entry("adamw", Mode::Training, [] {
    output("grad_norm", minimize(loss(), AdamW{.decay = [](const Parameter &p) { return p.name == "weight"; }}));
  });

  // The model's own inputs keep their names, whether they come before the optimizer's or after; the others step aside.
  // CHECK-LABEL: func.func @names(
  // CHECK-SAME: %arg0: tensor<3xf32> {sinter.name = "lr"}
  // CHECK-SAME: sinter.name = "sinter.lr"
  // CHECK-SAME: sinter.name = "sinter.weight_decay"
  // CHECK-SAME: tensor<2xf32> {sinter.name = "weight_decay"}
  entry("names", Mode::Training, [] {
    Tensor mine = input("lr", {3});
    minimize(loss() + sum(mine), Sgd{});
    output("sum", sum(input("weight_decay", {2})));
  });

  // CHECK-LABEL: func.func @two(
  // CHECK-SAME: sinter.default = 1.000000e-01 : f64, sinter.name = "lr"
  // CHECK-SAME: sinter.default = 2.500000e-01 : f64, sinter.name = "critic.lr"
  // CHECK-COUNT-3: sinter.write
  // CHECK-NOT: sinter.write
  // CHECK: return
  entry("two", Mode::Training, [] {
    Tensor l = loss();
    minimize(l, parameters(named("weight")), Sgd{});
    output("norm", minimize(l, parameters(named("b*")), Momentum{.lr = 0.25, .name = "critic"}));
  });

  // Groups share the rate, times a factor; what is frozen is neither written nor differentiated.
  // CHECK-LABEL: func.func @groups(
  // CHECK: sinter.grad {{.*}} : (tensor<f32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: sinter.write @weight
  // CHECK-NOT: sinter.write
  // CHECK: return
  entry("groups", Mode::Training, [] {
    output("norm", minimize(loss(), Sgd{.groups = {{.of = named("bias"), .frozen = true}, {.of = matrices, .lr = 0.5}}}));
  });
}
