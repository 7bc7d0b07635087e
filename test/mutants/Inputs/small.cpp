// What the mutants of test/mutants are made from: a classifier, a block of attention, and the ops that neither has.
// Small sizes that no tile divides, so that a mutant takes milliseconds and every edge is there.
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

// [B, T, D] -> [B, T, D]
Tensor attention(Tensor x, int64_t heads) {
  int64_t batch = x.dim(0), length = x.dim(1), width = x.dim(2);
  auto [q, k, v] = split<3>(matmul(x, parameter("qkv", {width, 3 * width}, normal(0.1))), -1);
  auto byHead = [&](Tensor t) { return transpose(reshape(t, {batch, length, heads, -1}), {0, 2, 1, 3}); };
  Tensor scores = matmul(byHead(q), transpose(byHead(k))) * (1 / std::sqrt(double(width / heads)));
  Tensor later = arange(length) > reshape(arange(length), {-1, 1});
  Tensor mixed = matmul(softmax(where(later, -INFINITY, scores)), byHead(v));
  return reshape(transpose(mixed, {0, 2, 1, 3}), {batch, length, width});
}

} // namespace

SINTER_MODEL(small) {
  std::string part = config("part", "mlp", "mlp, attention or shapes");

  if (part == "mlp")
    entry("train", Mode::Training, [] {
      Tensor images = input("images", {5, 7}), labels = input("labels", {5}, i32);
      Tensor hidden = gelu_tanh(matmul(images, parameter("w1", {7, 19}, normal(0.3))) + parameter("b1", {19}, zeros()));
      Tensor logits = matmul(dropout(hidden, 0.25), parameter("w2", {19, 3}, normal(0.3)));
      Tensor loss = mean(cross_entropy(logits, labels));
      output("loss", loss);
      output("norm", minimize(loss, AdamW{.lr = 0.01}));
    });

  if (part == "attention")
    entry("train", Mode::Training, [] {
      Tensor x = gather(parameter("table", {11, 8}, normal(0.5)), input("tokens", {2, 6}, i32));
      Tensor loss = mean(square(layer_norm(x + attention(x, 2))));
      output("loss", loss);
      output("norm", minimize(loss, Sgd{.lr = 0.1}));
    });

  if (part == "shapes")
    entry("shapes", [] {
      Tensor x = input("x", {4, 6}), y = input("y", {4, 6});
      Tensor joined = concat({slice(x, 1, 1, 5), slice(y, 1, 0, 6, 2)}, 1);
      Tensor gradient = grad(sum(exp(joined) * log_softmax(joined)), x);
      output("gradient", gradient);
      output("best", argmax(y));
      output("kept", cast(max(x, {0}) < min(y, {0}), i32));
      output("moved", transpose(x * 2) / reshape(abs(y) + 1, {6, 4}));
    });
}
