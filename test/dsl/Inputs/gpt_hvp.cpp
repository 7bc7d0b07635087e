// A small GPT, its gradient, and a Hessian-vector product along its own parameters.
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

namespace {

Tensor norm(const std::string &name, Tensor x) {
  Scope scope(name);
  return layer_norm(x, parameter("weight", {x.dim(-1)}, ones()), parameter("bias", {x.dim(-1)}, zeros()));
}

Tensor linear(const std::string &name, Tensor x, int64_t out) {
  Scope scope(name);
  return matmul(x, parameter("weight", {x.dim(-1), out}, normal(0.1))) + parameter("bias", {out}, zeros());
}

} // namespace

SINTER_MODEL(gpt_hvp) {
  int64_t T = config("context", 256), D = config("width", 256), H = config("heads", 4), L = config("layers", 4),
          V = config("vocab", 64);
  auto loss = [&] {
    Tensor tokens = input("tokens", {1, T}, i32), targets = input("targets", {1, T}, i32);
    Tensor wte = parameter("wte", {V, D}, normal(0.1));
    Tensor x = gather(wte, tokens) + parameter("wpe", {T, D}, normal(0.1));
    auto byHead = [&](Tensor t) { return transpose(reshape(t, {1, T, H, D / H}), {0, 2, 1, 3}); };
    for (int64_t layer = 0; layer < L; ++layer) {
      Scope scope("h." + std::to_string(layer));
      auto [q, k, v] = split<3>(linear("qkv", norm("ln_1", x), 3 * D), -1);
      Tensor scores = matmul(byHead(q), transpose(byHead(k))) * (1 / std::sqrt(double(D / H)));
      Tensor weights = softmax(where(iota({T, T}, 0) >= iota({T, T}, 1), scores, -INFINITY));
      x = x + linear("proj", reshape(transpose(matmul(weights, byHead(v)), {0, 2, 1, 3}), {1, T, D}), D);
      x = x + linear("down", gelu_tanh(linear("up", norm("ln_2", x), 4 * D)), D);
    }
    return mean(cross_entropy(matmul(norm("ln_f", x), transpose(wte)), targets));
  };
  auto squares = [](const std::vector<Tensor> &tensors) {
    Tensor total = sum(square(tensors[0]));
    for (size_t i = 1; i < tensors.size(); ++i)
      total = total + sum(square(tensors[i]));
    return total;
  };
  entry("gradient", [&] {
    Tensor l = loss();
    std::vector<Parameter> ps = parameters();
    output("loss", l), output("squares", squares(grad(l, std::vector<Tensor>(ps.begin(), ps.end()))));
  });
  entry("hvp", [&] {
    Tensor l = loss();
    std::vector<Parameter> ps = parameters();
    std::vector<Tensor> w(ps.begin(), ps.end()), g = grad(l, w);
    Tensor along = sum(g[0] * w[0]);
    for (size_t i = 1; i < w.size(); ++i)
      along = along + sum(g[i] * w[i]);
    output("squares", squares(grad(along, w)));
  });
}
