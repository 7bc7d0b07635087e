// The noise of stochastic gradients: gradients of single images in one pass, products with the Hessian, and trainings
// at many batch sizes and rates side by side. All weights of a network are one vector.
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

constexpr int64_t pixels = 49, hidden = 16, classes = 10;
constexpr int64_t p = (pixels + 1) * hidden + (hidden + 1) * classes; // weights

/// Logits [m, n, classes] of m networks, weights [m, p], for images [n, pixels], or [m, n, pixels] of each its own.
Tensor networks(Tensor w, Tensor x) {
  int64_t at = 0;
  auto part = [&](int64_t rows, int64_t columns) {
    Tensor t = reshape(slice(w, 1, at, at + rows * columns), {w.dim(0), rows, columns});
    at += rows * columns;
    return t;
  };
  Tensor in = part(pixels, hidden), in_bias = part(1, hidden), out = part(hidden, classes), out_bias = part(1, classes);
  return matmul(tanh(matmul(x, in) + in_bias), out) + out_bias;
}

} // namespace

SINTER_MODEL(noise) {
  int images = config("images", 2048), rates = config("rates", 12, "of each batch size"), seeds = config("seeds", 4);
  const int64_t runs = rates * seeds, m = 64;

  auto data = [&] { return std::pair{input("images", {images, pixels}), input("labels", {images}, i32)}; };
  auto losses = [&](Tensor w, Tensor x, Tensor labels) { // of each network, over all images
    return mean(cross_entropy(networks(w, x), broadcast(labels, {w.dim(0), images})), -1);
  };

  // g_i of each image: the gradient of the sum of losses by weights of which each image has its own copy.
  entry("each_gradient", [&] {
    auto [x, labels] = data();
    Tensor w = broadcast(input("w", {p}), {images, p});
    Tensor each = cross_entropy(networks(w, reshape(x, {images, 1, pixels})), reshape(labels, {images, 1}));
    output("gradients", grad(sum(each), w));
  });

  // H v of the loss over all images, for m vectors at once.
  entry("hessian_times", [&] {
    auto [x, labels] = data();
    Tensor w = broadcast(input("w", {p}), {m, p}), v = input("v", {m, p});
    output("products", grad(dot(grad(sum(losses(w, x, labels)), w), v), w));
  });

  entry("losses", [&] {
    auto [x, labels] = data();
    output("losses", losses(input("w", {m, p}), x, labels));
  });

  // w - eta g of a batch drawn with replacement, at each run's own rate.
  for (int64_t batch = 1; batch <= 512; batch *= 2)
    entry("train_" + std::to_string(batch), Mode::Training, [&, batch] {
      auto [x, labels] = data();
      Tensor w = parameter("w", {runs, p}, normal(0.15)), eta = input("eta", {runs, 1});
      Tensor chosen = cast(uniform({runs, batch}, 0, double(images)), i32);
      Tensor loss = mean(cross_entropy(networks(w, gather(x, chosen)), gather(labels, chosen)), -1);
      assign(w, w - eta * grad(sum(loss), w));
    });

  entry("evaluate", [&] {
    auto [x, labels] = data();
    output("losses", losses(parameter("w", {runs, p}, normal(0.15)), x, labels));
  });
}
