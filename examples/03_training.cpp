// Lesson 3: training. Parameters outlive a call; `minimize` differentiates a loss with respect to all of them and
// assigns their next values; the rates are inputs, so that a schedule needs no new compilation. An optimizer of one's
// own needs nothing but `grad`, `state` and `assign`: see `lion` below.
//   sinterc examples/03_training.cpp -o regression && ./regression bench train
#include <sinter/sinter.h>

using namespace sinter;

// Fits y = w x + b to a batch of points.
static Tensor loss(int batch) {
  Tensor x = input("x", {batch, 1}), y = input("y", {batch, 1});
  Scope scope("line");
  Tensor w = parameter("w", {1, 1}, normal(0.1));
  Tensor b = parameter("b", {1}, zeros());
  return mean(square(matmul(x, w) + b - y));
}

// Chen et al. 2023 (arXiv:2302.06675): the sign of a momentum decides.
static void lion(Tensor loss) {
  Tensor lr = scalar_input("lr", 1e-3), beta1 = scalar_input("beta1", 0.9), beta2 = scalar_input("beta2", 0.99);
  std::vector<Parameter> ps = parameters();
  std::vector<Tensor> gs = grad(loss, ps);
  for (size_t i = 0; i < ps.size(); ++i) {
    Tensor m = state("optimizer.lion.m." + ps[i].name, ps[i].shape());
    Tensor direction = beta1 * m + (1 - beta1) * gs[i];
    Tensor sign = cast(direction > 0, f32) - cast(direction < 0, f32);
    assign(ps[i], ps[i] - lr * sign);
    assign(m, beta2 * m + (1 - beta2) * gs[i]);
  }
}

SINTER_MODEL(regression) {
  int batch = config("batch", 32, "points per step");

  entry("train", Mode::Training, [&] {
    Tensor l = loss(batch);
    output("loss", l);
    output("grad_norm", minimize(l, Sgd{.lr = 0.1}));
  });

  entry("train_lion", Mode::Training, [&] {
    Tensor l = loss(batch);
    output("loss", l);
    lion(l);
  });

  // One step from w = b = 0 at the point (x, y) = (2, 3): the loss is 9, its gradients are -12 and -6.
  entry("one_step", [&] {
    Tensor w = full({1, 1}, 0), b = full({1}, 0), x = full({1, 1}, 2), y = full({1, 1}, 3);
    Tensor l = mean(square(matmul(x, w) + b - y));
    std::vector<Tensor> g = grad(l, {w, b});
    expect(w - 0.1 * g[0], full({1, 1}, 1.2));
    expect(b - 0.1 * g[1], full({1}, 0.6));
  });
}
