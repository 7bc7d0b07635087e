// A language model of LLaMA's kind: Touvron et al. 2023 (arXiv:2302.13971): RMS norms in front, rotary positions, a
// gated feed-forward network (arXiv:2002.05202), and queries in groups that share a head of keys and values
// (arXiv:2305.13245).
//   sinterc examples/zoo/llama.cpp -o llama && ./llama train --data text.txt --out run && ./llama sample --checkpoint
//   run
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

struct Config {
  int batch = config("batch", 8), context = config("context", 128), vocabulary = config("vocabulary", 256);
  int layers = config("layers", 4), width = config("width", 256), heads = config("heads", 8, "of queries");
  int shared = config("shared", 2, "heads of keys and values"), hidden = config("hidden", 704);
  int size() const { return width / heads; }
};

static Tensor linear(Tensor x, const std::string &name, int64_t width) {
  return matmul(x, parameter(name + ".weight", {x.dim(-1), width}, normal(0.02)));
}

static Tensor norm(Tensor x, const std::string &name) {
  return rms_norm(x, parameter(name + ".weight", {x.dim(-1)}, ones()));
}

static Tensor attention(Tensor x, const Config &c) {
  const int64_t batch = x.dim(0), context = x.dim(1), group = c.heads / c.shared;
  // [batch, heads, context, size]; a head of keys serves a group of heads of queries.
  auto heads = [&](Tensor y, int64_t count) {
    return transpose(reshape(y, {batch, context, count, c.size()}), {0, 2, 1, 3});
  };
  auto for_group = [&](Tensor y) {
    Tensor each = reshape(y, {batch, c.shared, 1, context, c.size()});
    return reshape(broadcast(each, {batch, c.shared, group, context, c.size()}), {batch, c.heads, context, c.size()});
  };
  Tensor q = rope(heads(linear(x, "q_proj", c.width), c.heads));
  Tensor k = for_group(rope(heads(linear(x, "k_proj", c.shared * c.size()), c.shared)));
  Tensor v = for_group(heads(linear(x, "v_proj", c.shared * c.size()), c.shared));
  Tensor causal = iota({context, context}, 1) <= iota({context, context}, 0);
  Tensor weights = softmax(where(causal, matmul(q, transpose(k)) / std::sqrt(c.size()), -INFINITY));
  return linear(reshape(transpose(matmul(weights, v), {0, 2, 1, 3}), x.shape()), "o_proj", c.width);
}

SINTER_MODEL(llama) {
  Config c;
  check(c.width % c.heads == 0 && c.heads % c.shared == 0, "width must be a multiple of heads, heads of shared");
  LanguageModel model{.batch = c.batch, .context = c.context, .optimizer = {.lr = 1e-3, .weight_decay = 0.1}};
  language_model(model, [&](Tensor tokens, const Select &select) {
    Tensor table = parameter("embed_tokens.weight", {c.vocabulary, c.width}, normal(0.02));
    Tensor x = gather(table, tokens);
    for (int i = 0; i < c.layers; ++i) {
      Scope scope("layers." + std::to_string(i));
      x += attention(norm(x, "input_layernorm"), c);
      Tensor y = norm(x, "post_attention_layernorm");
      x += linear(silu(linear(y, "gate_proj", c.hidden)) * linear(y, "up_proj", c.hidden), "down_proj", c.width);
    }
    return linear(select(norm(x, "norm")), "lm_head", c.vocabulary);
  });
}
