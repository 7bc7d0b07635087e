// A small language model of bytes, which is trained on text first (pretrain.cpp) and by rewards then (reinforce.cpp).
#pragma once

#include <sinter/sinter.h>

#include <cmath>

namespace policy {

using namespace sinter;

struct Config {
  int layers = config("layers", 2), heads = config("heads", 4), width = config("width", 128);
  int context = config("context", 64), batch = config("batch", 32);
  int64_t vocab = 256;
};

inline Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), out}, normal(0.02))) + parameter("bias", {out}, zeros());
}

inline Tensor norm(const std::string &name, Tensor x) { return rms_norm(x, parameter(name, {x.dim(-1)}, ones())); }

inline Tensor attention(Tensor x, const Config &c) {
  int64_t B = x.dim(0), T = x.dim(1), size = c.width / c.heads;
  auto [q, k, v] = split<3>(linear("qkv", x, 3 * c.width), -1);
  auto by_head = [&](Tensor t) { return transpose(reshape(t, {B, T, c.heads, size}), {0, 2, 1, 3}); };
  Tensor scores = matmul(rope(by_head(q)), transpose(rope(by_head(k)))) / std::sqrt(double(size));
  Tensor weights = softmax(where(iota({T, T}, 0) >= iota({T, T}, 1), scores, -INFINITY));
  Tensor mixed = transpose(matmul(weights, by_head(v)), {0, 2, 1, 3});
  return linear("out", reshape(mixed, x.shape()), c.width);
}

// Hidden states [B, T, width] of tokens [B, T], and what comes next of them.
inline Tensor body(Tensor tokens, const Config &c) {
  Tensor x = gather(parameter("table", {c.vocab, c.width}, normal(0.02)), tokens);
  for (int layer = 0; layer < c.layers; ++layer) {
    Scope scope("h." + std::to_string(layer));
    x = x + attention(norm("norm1", x), c);
    x = x + linear("down", gelu_tanh(linear("up", norm("norm2", x), 4 * c.width)), c.width);
  }
  return norm("last", x);
}
inline Tensor head(Tensor hidden, const Config &c) { return linear("head", hidden, c.vocab); }

} // namespace policy
