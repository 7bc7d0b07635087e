// A small language model of bytes, which is trained on text first (pretrain.cpp), and then by rewards (reinforce.cpp,
// ppo.cpp) or by pairs of texts of which one is preferred (dpo.cpp).
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

// Keys and values of all layers, [B, heads, T, size] each, of the bytes so far; and the place of the one to come.
struct Caches {
  std::vector<Tensor> of;
  Tensor place;
};

// Of all places, or of the one that the caches say, which they take up.
inline Tensor attention(Tensor x, const Config &c, Caches *caches, size_t layer) {
  int64_t B = x.dim(0), T = x.dim(1), size = c.width / c.heads;
  auto [q, k, v] = split<3>(linear("qkv", x, 3 * c.width), -1);
  auto by_head = [&](Tensor t) { return transpose(reshape(t, {B, T, c.heads, size}), {0, 2, 1, 3}); };
  Tensor places = caches ? reshape(caches->place, {1}) : arange(T);
  Tensor keys = rope(by_head(k), places), values = by_head(v);
  if (caches) {
    auto take_up = [&](Tensor &all, Tensor now) { return all = update_at(all, 2, caches->place, now); };
    keys = take_up(caches->of[2 * layer], keys);
    values = take_up(caches->of[2 * layer + 1], values);
  }
  Tensor scores = matmul(rope(by_head(q), places), transpose(keys)) / std::sqrt(double(size));
  Tensor earlier = reshape(places, {T, 1}) >= iota({T, keys.dim(2)}, 1);
  Tensor mixed = matmul(softmax(where(earlier, scores, -INFINITY)), values);
  return linear("out", reshape(transpose(mixed, {0, 2, 1, 3}), x.shape()), c.width);
}

// Hidden states [B, T, width] of tokens [B, T], and what comes next of them. With caches, T is 1.
inline Tensor body(Tensor tokens, const Config &c, Caches *caches = nullptr) {
  Tensor x = gather(parameter("table", {c.vocab, c.width}, normal(0.02)), tokens);
  for (int layer = 0; layer < c.layers; ++layer) {
    Scope scope("h." + std::to_string(layer));
    x = x + attention(norm("norm1", x), c, caches, size_t(layer));
    x = x + linear("down", gelu_tanh(linear("up", norm("norm2", x), 4 * c.width)), c.width);
  }
  return norm("last", x);
}
inline Tensor head(Tensor hidden, const Config &c) { return linear("head", hidden, c.vocab); }

// Of texts [B, T] whose first bytes are a prompt: the hidden states [B, n, width] at the n places that a byte behind it
// follows; and log p of each byte of the alphabet there, [B, n, vocab].
inline Tensor before_bytes(Tensor tokens, int64_t prompt, const Config &c) {
  return slice(body(tokens, c), 1, prompt - 1, tokens.dim(1) - 1);
}
inline Tensor log_continuation(Tensor tokens, int64_t prompt, const Config &c) {
  return log_softmax(head(before_bytes(tokens, prompt, c), c));
}
// Of that what the texts' own bytes have: [B, n].
inline Tensor of_bytes(Tensor logs, Tensor tokens) {
  int64_t T = tokens.dim(1);
  return take_along(logs, slice(tokens, 1, T - logs.dim(1), T), -1);
}

} // namespace policy
