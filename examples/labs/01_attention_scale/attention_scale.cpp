// Why attention divides its scores by sqrt(d), why blocks have layer norms, and why there are several heads.
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

/// Scores of queries and keys with independent normal numbers, [groups, queries, keys], and what softmax makes of them
/// before and after they are divided by sqrt(d).
void scores(int64_t d) {
  const int64_t groups = 64, size = 64; // of each group's queries and keys
  Tensor q = normal({groups, size, d}), k = normal({groups, size, d}), v = normal({groups, size, size});
  Tensor raw = matmul(q, transpose(k));
  auto look = [&](Tensor s, const std::string &name) {
    Tensor p = softmax(s);
    output("variance_" + name, mean(square(s)));                           // their mean is 0
    output("entropy_" + name, -mean(sum(p * log_softmax(s), -1)));         // nats
    output("gradient_" + name, sqrt(sum(square(grad(dot(p, v), s)), -1))); // of each row: |J v|, J = diag(p) - p p'
  };
  look(raw, "raw");
  look(raw / std::sqrt(double(d)), "scaled");
}

/// Root mean squares of x behind each of `layers` residual blocks whose branch keeps the variance of what it reads.
void depth(int layers) {
  const int64_t rows = 256, width = 256;
  auto branch = [&](Tensor x, int layer) {
    Scope scope("layer" + std::to_string(layer));
    Tensor h = relu(matmul(x, parameter("in", {width, 2 * width}, normal(std::sqrt(2.0 / width)))));
    return matmul(h, parameter("out", {2 * width, width}, normal(std::sqrt(0.5 / width))));
  };
  Tensor none = normal({rows, width}), before = none, after = none;
  std::vector<Tensor> sizes[3];
  for (int layer = 0; layer < layers; ++layer) {
    none = none + branch(none, layer);
    before = before + branch(layer_norm(before), layer);
    after = layer_norm(after + branch(after, layer));
    for (int kind = 0; kind < 3; ++kind)
      sizes[kind].push_back(sqrt(mean(square(kind == 0 ? none : kind == 1 ? before : after))));
  }
  output("none", stack(sizes[0]));
  output("before", stack(sizes[1]));
  output("after", stack(sizes[2]));
}

/// A query that asks for the values of two keys: one layer of attention and a linear map read both.
Tensor two_lookups(int64_t heads, Tensor values, Tensor asked) {
  Scope scope("heads" + std::to_string(heads));
  const int64_t B = values.dim(0), T = values.dim(1), classes = 8, D = 32, size = D / heads;
  auto linear = [&](Tensor x, const char *name, int64_t width) {
    return matmul(x, parameter(name, {x.dim(-1), width}, xavier_normal()));
  };
  auto split_heads = [&](Tensor x) { return transpose(reshape(x, {B, -1, heads, size}), {0, 2, 1, 3}); };
  // Token j is key j with its value; the query has an embedding for what it asks first, and for what second.
  Tensor x = parameter("keys", {T, D}, normal(1)) + gather(parameter("values", {classes, D}, normal(1)), values);
  auto half = [&](const char *name, int64_t which) {
    return gather(parameter(name, {T, D}, normal(1)), slice(asked, 1, which, which + 1)); // [B, 1, D]
  };
  Tensor q = split_heads(linear(half("first", 0) + half("second", 1), "q", D));
  Tensor p = softmax(matmul(q, transpose(split_heads(linear(x, "k", D)))) / std::sqrt(double(size)));
  Tensor read = reshape(transpose(matmul(p, split_heads(linear(x, "v", D))), {0, 2, 1, 3}), {B, D});
  return reshape(linear(read, "out", 2 * classes), {B, 2, classes});
}

} // namespace

SINTER_MODEL(attention_scale) {
  for (int64_t d : {16, 32, 64, 128, 256, 512, 1024})
    entry("scores_" + std::to_string(d), [&] { scores(d); });

  entry("depth", [] { depth(32); });

  // The same parameters for one head of 32, two of 16, and four of 8: trained side by side on the same questions.
  entry("lookups", Mode::Training, [] {
    const int64_t B = 256, T = 16;
    Tensor values = cast(uniform({B, T}, 0, 8), i32);
    Tensor first = cast(uniform({B, 1}, 0, T), i32), other = cast(uniform({B, 1}, 1, T), i32);
    Tensor asked = concat({first, remainder(first + other, full({}, T, i32))}, 1); // two different keys
    Tensor wanted = take_along(values, asked, 1), loss = full({}, 0);
    std::vector<Tensor> both;
    for (int64_t heads : {1, 2, 4}) {
      Tensor logits = two_lookups(heads, values, asked);
      loss += mean(cross_entropy(logits, wanted));
      both.push_back(mean(cast(all(argmax(logits) == wanted, -1), f32)));
    }
    minimize(loss, Adam{.lr = 3e-3});
    output("both_right", stack(both));
  });
}
