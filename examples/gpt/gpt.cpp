// GPT-2 (Radford et al. 2019): pre-norm blocks, learned positions, gelu by tanh, tied head. Parameters have the names,
// shapes and [in, out] layouts of GPT-2's published checkpoints. The defaults train in a minute on the King James Bible
// by characters; GPT-2 itself is
//   sinterc gpt.cpp --set layers=12 --set heads=12 --set width=768 --set context=1024 --set vocab=50257
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

struct Config {
  int layers = config("layers", 4, "transformer blocks");
  int heads = config("heads", 4, "attention heads");
  int width = config("width", 128, "size of the hidden states");
  int context = config("context", 64, "tokens that the model sees at once");
  int vocab = config("vocab", 64, "distinct tokens");
  int batch = config("batch", 12, "rows of tokens per training step");
  double dropout = config("dropout", 0.0, "probability of dropping an activation");
};

// [..., D] -> [..., D]
Tensor norm(const std::string &name, Tensor x) {
  Scope scope(name);
  Tensor weight = parameter("weight", {x.dim(-1)}, ones());
  Tensor bias = parameter("bias", {x.dim(-1)}, zeros());
  return layer_norm(x, weight, bias);
}

// [..., in] -> [..., out]
Tensor linear(const std::string &name, Tensor x, int64_t out, double deviation) {
  Scope scope(name);
  Tensor weight = parameter("weight", {x.dim(-1), out}, normal(deviation));
  Tensor bias = parameter("bias", {out}, zeros());
  return matmul(x, weight) + bias;
}

// Every position looks back at itself and at those before it. [B, T, D] -> [B, T, D]
Tensor attention(Tensor x, const Config &c, double residual) {
  Scope scope("attn");
  int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2), head = D / c.heads;
  auto [q, k, v] = split<3>(linear("c_attn", x, 3 * D, 0.02), -1);
  auto byHead = [&](Tensor t) { return transpose(reshape(t, {B, T, c.heads, head}), {0, 2, 1, 3}); }; // [B, H, T, D/H]

  Tensor scores = matmul(byHead(q), transpose(byHead(k))) * (1 / std::sqrt(double(head))); // [B, H, T, T]
  Tensor mask = iota({T, T}, 0) >= iota({T, T}, 1);
  Tensor weights = softmax(where(mask, scores, -INFINITY));
  Tensor mixed = matmul(dropout(weights, c.dropout), byHead(v)); // [B, H, T, D/H]

  Tensor joined = reshape(transpose(mixed, {0, 2, 1, 3}), {B, T, D});
  return dropout(linear("c_proj", joined, D, residual), c.dropout);
}

// [B, T, D] -> [B, T, D]
Tensor mlp(Tensor x, const Config &c, double residual) {
  Scope scope("mlp");
  Tensor hidden = gelu_tanh(linear("c_fc", x, 4 * c.width, 0.02));
  return dropout(linear("c_proj", hidden, c.width, residual), c.dropout);
}

} // namespace

SINTER_MODEL(gpt) {
  Config c;
  check(c.heads > 0 && c.width % c.heads == 0,
        "width " + std::to_string(c.width) + " does not divide into " + std::to_string(c.heads) + " heads");
  // Each block adds to the residual stream twice: its output projections start smaller, so that the sum stays in scale.
  double residual = 0.02 / std::sqrt(2.0 * c.layers);

  LanguageModel model{.batch = c.batch, .context = c.context, .optimizer = {.weight_decay = 0.1, .decay = matrices}};
  language_model(model, [&](Tensor tokens, const Select &select) {
    Tensor wte = parameter("wte.weight", {c.vocab, c.width}, normal(0.02));
    Tensor wpe = parameter("wpe.weight", {c.context, c.width}, normal(0.02));
    Tensor x = dropout(gather(wte, tokens) + wpe, c.dropout); // [B, T, D]

    for (int layer = 0; layer < c.layers; ++layer) {
      Scope scope("h." + std::to_string(layer));
      x = x + attention(norm("ln_1", x), c, residual);
      x = x + mlp(norm("ln_2", x), c, residual);
    }

    x = norm("ln_f", x);
    return matmul(select(x), transpose(wte)); // the head is the embedding read backwards: [B, T, V]
  });
}
