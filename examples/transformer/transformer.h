// The transformer of "Attention Is All You Need": Vaswani et al. 2017 (arXiv:1706.03762), section 3. Norms come behind
// each sum, as in the paper, or in front (`pre_norm`), which trains without a warm-up. One table is the embedding of
// both languages and, transposed, the output head (section 3.4).
#pragma once

#include <sinter/sinter.h>

#include <cmath>

struct Transformer {
  int layers, heads, width, hidden, vocabulary;
  double dropout = 0;
  bool pre_norm = false;
  int padding = 0; ///< the token that fills up what is shorter

  /// What is read: source i32 [B, S] -> [B, S, width].
  sinter::Tensor encode(sinter::Tensor source) const;
  /// What comes after each token of written, i32 [B, T] -> [B, T, width]; `read` is what encode gives of the source.
  /// `looks` gets how each token looks at those of the source, of every layer [B, heads, T, S].
  sinter::Tensor decode(sinter::Tensor written, sinter::Tensor read, sinter::Tensor source,
                        std::vector<sinter::Tensor> *looks = nullptr) const;
  /// As logits: [..., width] -> [..., vocabulary].
  sinter::Tensor head(sinter::Tensor x) const { return sinter::matmul(x, sinter::transpose(table())); }

private:
  sinter::Tensor linear(sinter::Tensor x, const std::string &name, int64_t out) const;
  sinter::Tensor norm(sinter::Tensor x, const std::string &name) const;
  sinter::Tensor attention(sinter::Tensor x, sinter::Tensor y, sinter::Tensor mask,
                           std::vector<sinter::Tensor> *looks = nullptr) const;
  sinter::Tensor feed_forward(sinter::Tensor x) const;
  template <typename Sublayer>
  sinter::Tensor residual(sinter::Tensor x, const std::string &name, Sublayer sublayer) const;
  sinter::Tensor table() const;
  sinter::Tensor embed(sinter::Tensor tokens) const;
  sinter::Tensor is_word(sinter::Tensor tokens) const;
};

inline sinter::Tensor Transformer::linear(sinter::Tensor x, const std::string &name, int64_t out) const {
  using namespace sinter;
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), out}, xavier_uniform())) + parameter("bias", {out}, zeros());
}

inline sinter::Tensor Transformer::norm(sinter::Tensor x, const std::string &name) const {
  using namespace sinter;
  Scope scope(name);
  return layer_norm(x, parameter("weight", {width}, ones()), parameter("bias", {width}, zeros()));
}

// Every position of x looks at what `mask` lets it see of y: section 3.2.2.
inline sinter::Tensor Transformer::attention(sinter::Tensor x, sinter::Tensor y, sinter::Tensor mask,
                                             std::vector<sinter::Tensor> *looks) const {
  using namespace sinter;
  int64_t size = width / heads;
  auto by_head = [&](Tensor z) { return transpose(reshape(z, {z.dim(0), z.dim(1), heads, size}), {0, 2, 1, 3}); };
  Tensor q = by_head(linear(x, "q", width)), k = by_head(linear(y, "k", width)), v = by_head(linear(y, "v", width));
  Tensor scores = matmul(q, transpose(k)) / std::sqrt(double(size));
  Tensor weights = softmax(where(mask, scores, -INFINITY)), mixed = matmul(weights, v);
  if (looks)
    looks->push_back(weights);
  return linear(reshape(transpose(mixed, {0, 2, 1, 3}), x.shape()), "out", width);
}

inline sinter::Tensor Transformer::feed_forward(sinter::Tensor x) const {
  return linear(sinter::relu(linear(x, "in", hidden)), "out", width);
}

template <typename Sublayer>
sinter::Tensor Transformer::residual(sinter::Tensor x, const std::string &name, Sublayer sublayer) const {
  using namespace sinter;
  Scope scope(name);
  if (pre_norm)
    return x + sinter::dropout(sublayer(norm(x, "norm")), dropout);
  return norm(x + sinter::dropout(sublayer(x), dropout), "norm");
}

inline sinter::Tensor Transformer::table() const {
  return sinter::parameter("embedding", {vocabulary, width}, sinter::normal(1 / std::sqrt(double(width))));
}

inline sinter::Tensor Transformer::embed(sinter::Tensor tokens) const {
  using namespace sinter;
  Tensor x = gather(table(), tokens) * std::sqrt(double(width)) + sinusoidal_positions(tokens.dim(1), width);
  return sinter::dropout(x, dropout);
}

// For every head and every position that looks: [B, 1, 1, S].
inline sinter::Tensor Transformer::is_word(sinter::Tensor tokens) const {
  return sinter::reshape(tokens != padding, {tokens.dim(0), 1, 1, tokens.dim(1)});
}

inline sinter::Tensor Transformer::encode(sinter::Tensor source) const {
  using namespace sinter;
  Tensor x = embed(source), mask = is_word(source);
  for (int layer = 0; layer < layers; ++layer) {
    Scope scope("encoder." + std::to_string(layer));
    x = residual(x, "self", [&](Tensor y) { return attention(y, y, mask); });
    x = residual(x, "mlp", [&](Tensor y) { return feed_forward(y); });
  }
  return pre_norm ? norm(x, "encoder.norm") : x;
}

inline sinter::Tensor Transformer::decode(sinter::Tensor written, sinter::Tensor read, sinter::Tensor source,
                                          std::vector<sinter::Tensor> *looks) const {
  using namespace sinter;
  Tensor x = embed(written), mask = is_word(source);
  int64_t length = written.dim(1);
  Tensor is_past = iota({length, length}, 1) <= iota({length, length}, 0);
  for (int layer = 0; layer < layers; ++layer) {
    Scope scope("decoder." + std::to_string(layer));
    x = residual(x, "self", [&](Tensor y) { return attention(y, y, is_past); });
    x = residual(x, "cross", [&](Tensor y) { return attention(y, read, mask, looks); });
    x = residual(x, "mlp", [&](Tensor y) { return feed_forward(y); });
  }
  return pre_norm ? norm(x, "decoder.norm") : x;
}
