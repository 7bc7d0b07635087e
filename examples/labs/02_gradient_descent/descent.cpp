// Gradient descent, w <- w - eta g, on a quadratic and on a small network: several runs side by side, each with a rate
// of its own, which is one more dimension of all weights. Both are described as a loss of their weights; the entries
// that look at it are the same.
#include <cmath>
#include <functional>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

using Weights = std::vector<Tensor>;                   ///< each [runs, ...]
using Losses = std::function<Tensor(const Weights &)>; ///< of each run: [runs]

/// The product of two vectors in the space of all weights, for each run: [runs].
Tensor inner(const Weights &a, const Weights &b) {
  Tensor result = full({a[0].dim(0)}, 0);
  for (size_t i = 0; i < a.size(); ++i)
    result += sum(reshape(a[i] * b[i], {a[i].dim(0), -1}), -1);
  return result;
}

/// a + factors b, with one factor for each run.
Weights moved(const Weights &a, Tensor factors, const Weights &b) {
  Weights result;
  for (size_t i = 0; i < a.size(); ++i) {
    Shape column(size_t(a[i].rank()), 1);
    column[0] = a[i].dim(0);
    result.push_back(a[i] + reshape(factors, column) * b[i]);
  }
  return result;
}

/// H v = d(g . v) / dw: the Hessian's product with a vector, without the Hessian. v counts as a number, even g itself.
Weights hessian_times(const Weights &w, const Weights &gradient, Weights v) {
  for (Tensor &part : v)
    part = stop_gradient(part);
  return grad(sum(inner(gradient, v)), w);
}

/// Three entries: a step of gradient descent, a step of a power iteration for the Hessian's largest eigenvalue, and
/// what a step does to the loss against what its second-order expansion says.
void look_at(const std::string &name, int64_t runs, const std::function<Losses()> &describe) {
  auto begin = [&](Losses &losses, Weights &w) {
    losses = describe();
    for (const Parameter &p : parameters())
      w.push_back(p);
  };

  entry(name + "_step", Mode::Training, [&] {
    Losses losses;
    Weights w;
    begin(losses, w);
    Tensor loss = losses(w), eta = input("eta", {runs});
    Weights next = moved(w, -eta, grad(sum(loss), w));
    for (size_t i = 0; i < w.size(); ++i)
      assign(w[i], next[i]);
    output("losses", loss);
  });

  entry(name + "_sharpness", [&] {
    Losses losses;
    Weights w, v;
    begin(losses, w);
    for (const Parameter &p : parameters())
      v.push_back(state("direction." + p.name, p.shape(), normal(1)));
    Weights product = hessian_times(w, grad(sum(losses(w)), w), v); // runs do not meet: one Hessian each
    output("eigenvalues", inner(v, product) / inner(v, v));         // Rayleigh's quotient
    Weights zero(v);
    for (Tensor &z : zero)
      z = full(z.shape(), 0);
    Weights next = moved(zero, rsqrt(inner(product, product)), product);
    for (size_t i = 0; i < v.size(); ++i)
      assign(v[i], next[i]);
  });

  entry(name + "_drop", [&] {
    Losses losses;
    Weights w;
    begin(losses, w);
    Tensor loss = losses(w), eta = input("eta", {runs});
    Weights g = grad(sum(loss), w);
    output("drops", loss - losses(moved(w, -eta, g)));
    output("slopes", inner(g, g));                          // |g|^2
    output("curvatures", inner(g, hessian_times(w, g, g))); // g' H g
  });
}

} // namespace

SINTER_MODEL(descent) {
  int size = config("size", 64, "dimensions of the quadratic"), rates = config("rates", 256, "runs on it");
  int images = config("images", 5000), pixels = 14 * 14, hidden = config("hidden", 100, "width of both hidden layers");
  constexpr int runs = 2, classes = 10;

  // f(w) = w' A w / 2, whose Hessian is A.
  look_at("quadratic", rates, [&]() -> Losses {
    Tensor A = input("A", {size, size});
    parameter("w", {rates, size}, normal(1));
    return [A](const Weights &w) { return sum(w[0] * matmul(w[0], A), -1) / 2; };
  });

  // Two hidden layers of tanh; half the squared distance from the class's corner, as in Cohen et al. 2021.
  look_at("network", runs, [&]() -> Losses {
    Tensor x = input("images", {images, pixels}), y = input("targets", {images, classes});
    const int widths[] = {pixels, hidden, hidden, classes};
    for (int layer = 0; layer < 3; ++layer) {
      Scope scope("layer" + std::to_string(layer));
      parameter("weight", {runs, widths[layer], widths[layer + 1]}, uniform(1 / std::sqrt(double(widths[layer]))));
      parameter("bias", {runs, 1, widths[layer + 1]}, zeros());
    }
    return [x, y](const Weights &w) {
      Tensor h = tanh(matmul(x, w[0]) + w[1]);
      h = tanh(matmul(h, w[2]) + w[3]);
      return mean(sum(square(matmul(h, w[4]) + w[5] - y), -1), -1) / 2;
    };
  });
}
