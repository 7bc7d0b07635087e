// Three ways to look back: attention, attention to a window, and linear attention; each in a language model of any
// length, and on a task that asks for a far token.
#include <cmath>
#include <functional>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

Tensor linear(Tensor x, const std::string &name, int64_t width) {
  return matmul(x, parameter(name, {x.dim(-1), width}, xavier_normal()));
}

using Mix = std::function<Tensor(Tensor q, Tensor k, Tensor v)>; ///< of [B, heads, T, size]

/// softmax(q k' / sqrt(size)) v, where a query sees itself and those before, `window` in all (0: every one).
Tensor attend(Tensor q, Tensor k, Tensor v, int64_t window) {
  const int64_t T = q.dim(2);
  Tensor distance = iota({T, T}, 0) - iota({T, T}, 1);
  Tensor seen = window ? distance >= 0 && distance < window : distance >= 0;
  return matmul(softmax(where(seen, matmul(q, transpose(k)) / std::sqrt(double(q.dim(3))), -INFINITY)), v);
}

/// Katharopoulos et al. 2020 (arXiv:2006.16236): f(q) . sum of f(k) v' over what was before, with f = elu + 1: a state
/// of size x size numbers, however long the text is.
Tensor attend_linearly(Tensor q, Tensor k, Tensor v) {
  auto f = [](Tensor t) { return where(t > 0, t + 1, exp(minimum(t, 0))); };
  const int64_t B = q.dim(0), H = q.dim(1), T = q.dim(2), D = q.dim(3);
  Tensor state = cumsum(reshape(f(k), {B, H, T, D, 1}) * reshape(v, {B, H, T, 1, D}), 2);
  Tensor weight = sum(f(q) * cumsum(f(k), 2), -1, true);
  return reshape(matmul(reshape(f(q), {B, H, T, 1, D}), state), {B, H, T, D}) / weight;
}

/// x + what its positions read of each other. [B, T, width]
Tensor block(Tensor x, int64_t heads, const Mix &mix) {
  const int64_t B = x.dim(0), T = x.dim(1), width = x.dim(2), size = width / heads;
  Tensor z = layer_norm(x);
  auto split_heads = [&](const char *name) {
    return transpose(reshape(linear(z, name, width), {B, T, heads, size}), {0, 2, 1, 3});
  };
  Tensor read = mix(split_heads("q"), split_heads("k"), split_heads("v"));
  return x + linear(reshape(transpose(read, {0, 2, 1, 3}), {B, T, width}), "out", width);
}

} // namespace

SINTER_MODEL(lookback) {
  int longest = config("longest", 16384, "tokens of the longest text"), width = config("width", 64);
  const int64_t window = 32;
  const std::vector<std::pair<std::string, Mix>> kinds = {
      {"full", [](Tensor q, Tensor k, Tensor v) { return attend(q, k, v, 0); }},
      {"window", [=](Tensor q, Tensor k, Tensor v) { return attend(q, k, v, window); }},
      {"linear", attend_linearly}};

  // A language model of one block and one text of T tokens: what a step of training takes.
  for (int64_t T = longest / 16; T <= longest; T *= 2)
    for (const auto &[name, mix] : kinds)
      entry("text_" + name + "_" + std::to_string(T), Mode::Training, [&] {
        Tensor tokens = input("tokens", {1, T}, i32), next = input("next", {1, T}, i32);
        Scope scope("text");
        Tensor x = block(gather(parameter("tokens", {64, width}, normal(1)), tokens), 4, mix);
        x += linear(gelu_tanh(linear(layer_norm(x), "in", 4 * width)), "back", width);
        Tensor loss = mean(cross_entropy(linear(layer_norm(x), "head", 64), next));
        minimize(loss, Sgd{.lr = 0.1, .grad_clip = INFINITY});
        output("loss", loss);
      });

  // Associative recall: P pairs of a key and a value, each a token, and then keys alone: which value had they?
  for (int64_t P : {16, 64, 256})
    entry("recall_" + std::to_string(P), Mode::Training, [&, P] {
      const int64_t B = 32, asked = 8, size = 32, classes = 16;
      Tensor keys = sort(uniform({B, P})).indices; // a permutation: each key once
      Tensor values = cast(uniform({B, P}, 0, double(classes)), i32);
      Tensor places = cast(uniform({B, asked}, 0, double(P)), i32);
      Tensor wanted = take_along(values, places, 1), loss = full({}, 0);
      std::vector<Tensor> right;
      for (const auto &[name, mix] : kinds) {
        Scope scope(name + std::to_string(P));
        Tensor key = parameter("key", {P, size}, normal(1));
        Tensor pairs = gather(key, keys) + gather(parameter("value", {classes, size}, normal(1)), values);
        Tensor x = concat({pairs, gather(key, take_along(keys, places, 1)) + parameter("asks", {size}, normal(1))}, 1);
        Tensor logits = linear(slice(block(x, 1, mix), 1, P, P + asked), "head", classes);
        loss += mean(cross_entropy(logits, wanted));
        right.push_back(mean(cast(argmax(logits) == wanted, f32)));
      }
      minimize(loss, Adam{.lr = 3e-3});
      output("right", stack(right));
    });
}
