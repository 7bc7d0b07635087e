// A model whose softmax, norms and loss are written out is, from stage fused on, the model of the DSL's own.
// RUN: sinterc %s --set own=true --emit=fused -o - | sinter-opt | sed '/^module/s/own = true/own/' > %t.own.mlir
// RUN: sinterc %s --set own=false --emit=fused -o - | sinter-opt | sed '/^module/s/own = false/own/' > %t.written.mlir
// RUN: cmp %t.own.mlir %t.written.mlir
// RUN: FileCheck %s < %t.written.mlir
// RUN: sinterc %s --set own=true --emit=plan -o - | sinter-opt | sed '/^module/s/own = true/own/' > %t.own.mlir
// RUN: sinterc %s --set own=false --emit=plan -o - | sinter-opt | sed '/^module/s/own = false/own/' > %t.written.mlir
// RUN: cmp %t.own.mlir %t.written.mlir

// CHECK-LABEL: func @train
// CHECK: sinter.normalize {{.*}} {center, epsilon = 1.000000e-05 : f64}
// CHECK: sinter.attention
// CHECK: sinter.normalize %{{.*}} {epsilon = 9.9999999999999995E-7 : f64}
// CHECK: sinter.cross_entropy
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

SINTER_MODEL(written_out) {
  bool own = config("own", true, "the DSL's own functions");

  auto softmaxOf = [&](Tensor x) {
    if (own)
      return softmax(x);
    Tensor e = exp(x - max(x, -1, true));
    return e / sum(e, -1, true);
  };
  auto layerNormOf = [&](Tensor x, Tensor weight, Tensor bias) {
    if (own)
      return layer_norm(x, weight, bias);
    Tensor centered = x - mean(x, -1, true);
    Tensor variance = mean(square(centered), -1, true);
    return weight * (centered / sqrt(variance + 1e-5)) + bias;
  };
  auto rmsNormOf = [&](Tensor x, Tensor weight) {
    if (own)
      return rms_norm(x, weight, 1e-6);
    return x * rsqrt(mean(x * x, -1, true) + 1e-6) * weight;
  };
  auto lossOf = [&](Tensor logits, Tensor targets) {
    if (own)
      return mean(cross_entropy(logits, targets));
    Tensor shifted = logits - max(logits, -1, true);
    Tensor logProbabilities = shifted - log(sum(exp(shifted), -1, true));
    Tensor oneHot = cast(iota(logits.shape(), 2) == reshape(targets, {2, 16, 1}), f32);
    return -mean(sum(oneHot * logProbabilities, -1));
  };

  entry("train", [&] {
    Tensor tokens = input("tokens", {2, 16}, i32), targets = input("targets", {2, 16}, i32);
    Tensor table = parameter("table", {40, 32}, normal(0.02));
    Tensor x = gather(table, tokens);
    for (std::string layer : {"h.0", "h.1"}) {
      Scope scope(layer);
      Tensor h = layerNormOf(x, parameter("weight", {32}, ones()), parameter("bias", {32}, zeros()));
      Tensor q = matmul(h, parameter("q", {32, 32}, normal(0.02))), k = matmul(h, parameter("k", {32, 32}, normal(0.02)));
      Tensor mask = iota({16, 16}, 0) >= iota({16, 16}, 1);
      x = x + matmul(softmaxOf(where(mask, matmul(q, transpose(k)), -INFINITY)), h);
    }
    x = rmsNormOf(x, parameter("weight", {32}, ones()));
    Tensor loss = lossOf(matmul(x, transpose(table)), targets);
    minimize(loss, Sgd{.lr = 0.1});
    output("loss", loss);
  });
}
