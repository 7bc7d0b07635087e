// GPTs of seven sizes, alike but for their width and depth: pre-norm blocks, rotary positions, a tied head.
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

struct Size {
  int64_t width, layers, heads;
};
// The last one has four times the parameters of the one before.
const std::vector<Size> sizes = {{24, 2, 2}, {32, 2, 2}, {48, 3, 3}, {64, 4, 4}, {96, 4, 4}, {128, 4, 4}, {256, 4, 8}};

Tensor linear(Tensor x, const std::string &name, int64_t width) {
  Tensor weight = parameter(name + ".weight", {x.dim(-1), width}, normal(1 / std::sqrt(double(x.dim(-1)))));
  return matmul(x, weight);
}

Tensor attention(Tensor x, int64_t heads) {
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2), size = D / heads;
  auto split_heads = [&](Tensor t) { return transpose(reshape(t, {B, T, heads, size}), {0, 2, 1, 3}); };
  auto [q, k, v] = split<3>(linear(x, "qkv", 3 * D), -1);
  Tensor past = iota({T, T}, 0) >= iota({T, T}, 1);
  Tensor scores = matmul(rope(split_heads(q)), transpose(rope(split_heads(k)))) / std::sqrt(double(size));
  Tensor read = matmul(softmax(where(past, scores, -INFINITY)), split_heads(v));
  return reshape(transpose(read, {0, 2, 1, 3}), {B, T, D});
}

/// The mean loss of predicting `next`, in nats a character.
Tensor gpt(const Size &size, Tensor tokens, Tensor next) {
  const int64_t vocabulary = 64, width = size.width;
  Tensor embedding = parameter("embedding.tokens", {vocabulary, width}, normal(0.02));
  Tensor x = gather(embedding, tokens);
  for (int64_t layer = 0; layer < size.layers; ++layer) {
    Scope scope("h" + std::to_string(layer));
    auto norm = [&](const char *name) { return layer_norm(x, parameter(name, {width}, ones())); };
    x += linear(attention(norm("ln1"), size.heads), "out", width) / std::sqrt(2.0 * size.layers);
    x += linear(gelu_tanh(linear(norm("ln2"), "up", 4 * width)), "down", width) / std::sqrt(2.0 * size.layers);
  }
  return mean(cross_entropy(matmul(layer_norm(x), transpose(embedding)), next));
}

} // namespace

SINTER_MODEL(scaling) {
  int batch = config("batch", 8, "texts a step"), context = config("context", 64, "characters of each");
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string name = "gpt" + std::to_string(i);
    auto loss = [&] {
      Scope scope(name);
      return gpt(sizes[i], input("tokens", {batch, context}, i32), input("next", {batch, context}, i32));
    };
    entry("train_" + name, Mode::Training, [&] {
      Tensor l = loss();
      minimize(l, AdamW{.lr = 1e-3, .beta2 = 0.98, .weight_decay = 0.01, .grad_clip = 1});
      output("loss", l);
    });
    entry("eval_" + name, [&] { output("loss", loss()); });
  }
}
