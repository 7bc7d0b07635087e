// Bias and variance of networks with one hidden layer: all sizes and seeds are trained side by side on each of five
// disjoint training sets. And the least empirical risk of K random functions.
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(bias_variance) {
  const std::vector<double> widths = {1, 2, 3, 4, 6, 8, 10, 14, 20, 30, 45, 70, 100};
  const int64_t sets = 5, sizes = int64_t(widths.size()), most = 100, dims = 4;
  int examples = config("examples", 50, "of each training set"), tests = config("tests", 1000);
  int seeds = config("seeds", 8), steps = config("steps", 8000);
  const int64_t nets = sizes * seeds;

  // x [sets or 1, n, dims] -> [sets, nets, n]; a mask leaves each network its number of units.
  auto networks = [&](Tensor x) {
    const int64_t n = x.dim(1);
    Tensor units = reshape(broadcast(reshape(constant(widths, {sizes}), {sizes, 1}), {sizes, seeds}), {1, nets, 1, 1});
    Tensor mask = cast(cast(iota({1, 1, 1, most}, 3), f32) < units, f32);
    Tensor in = parameter("in", {sets, nets, dims, most}, normal(1 / std::sqrt(double(dims))));
    Tensor bias = parameter("bias", {sets, nets, 1, most}, normal(0.5));
    Tensor out = parameter("out", {sets, nets, most, 1}, normal(1)),
           offset = parameter("offset", {sets, nets, 1, 1}, zeros());
    Tensor hidden = tanh(matmul(reshape(x, {x.dim(0), 1, n, dims}), in) + bias) * mask * rsqrt(units);
    return reshape(matmul(hidden, out) + offset, {sets, nets, n});
  };

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {sets, examples, dims}), y = input("y", {sets, examples});
    Tensor losses = mean(square(networks(x) - reshape(y, {sets, 1, examples})), -1);
    minimize(sum(losses), Adam{.lr = cosine_schedule(0.03, steps, 100)});
    output("losses", losses);
  });

  // y = f(x) + noise. The mean over sets and seeds is what the method gives; its distance from f is the bias.
  entry("decompose", [&] {
    Tensor x = input("x", {1, tests, dims}), f = input("f", {tests});
    Tensor y = reshape(networks(x), {sets, sizes, seeds, tests});
    Tensor middle = mean(y, {0, 2}, true);
    output("bias", mean(square(reshape(middle, {sizes, tests}) - f), -1));
    output("variance", mean(square(y - middle), {0, 2, 3}));
  });

  // K functions that are right by chance: none has a true risk below 1/2. The best of them on n examples seems to.
  for (int64_t n : {16, 64, 256})
    entry("risks_" + std::to_string(n), [n] {
      const int64_t trials = 64, functions = 1024;
      output("noises", mean(normal({trials, functions, n}), -1));
    });
}
