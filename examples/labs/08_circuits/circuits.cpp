// Circuits as networks: of threshold units, and of ReLUs, with the same weights, which the driver compiles from a text.
// And parities, which gradient descent learns, or does not.
#include <cmath>
#include <functional>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

/// The parity of the first k of bits, each -1 or 1: their product. [rows, bits] -> [rows]
Tensor parity(Tensor bits, int64_t k) {
  Tensor y = slice(bits, 1, 0, 1);
  for (int64_t i = 1; i < k; ++i)
    y = y * slice(bits, 1, i, i + 1);
  return reshape(y, {bits.dim(0)});
}

using Activation = std::function<Tensor(Tensor)>;

/// Networks side by side with one hidden layer: [rows, bits] -> [networks, rows].
Tensor networks(Tensor bits, int64_t count, const Activation &activation) {
  const int64_t n = bits.dim(1), hidden = 128;
  Scope scope(std::to_string(count) + "of" + std::to_string(n));
  Tensor in = parameter("in", {count, n, hidden}, normal(1 / std::sqrt(double(n))));
  Tensor bias = parameter("bias", {count, 1, hidden}, uniform(1.0));
  Tensor out = parameter("out", {count, hidden, 1}, normal(1 / std::sqrt(double(hidden))));
  return reshape(matmul(activation(matmul(bits, in) + bias), out), {count, bits.dim(0)});
}

Tensor step(Tensor x) { return cast(x > 0, f32); }
Tensor ramp(Tensor x) { return relu(x); }

} // namespace

SINTER_MODEL(circuits) {
  int rows = config("rows", 16384, "inputs of a circuit at a time");
  int steps = config("steps", 8000, "of a training");
  const int64_t layers = 24, width = 96;

  // Layer by layer: a gate is 1 where s = w x + b is at least 1. Weights, and so s, are whole numbers, of which
  // relu(s) - relu(s - 1) is the same.
  entry("evaluate", [&] {
    Tensor w = input("weights", {layers, width, width}), b = input("biases", {layers, width});
    Tensor x = input("x", {rows, width});
    auto layer = [](auto carry, auto now) -> ScanStep {
      Tensor s = matmul(carry[0], now[0]) + now[1], t = matmul(carry[1], now[0]) + now[1];
      return {{step(s - 0.5), relu(t) - relu(t - 1)}};
    };
    std::vector<Tensor> last = scan({x, x}, {w, b}, layer).carry;
    output("threshold", last[0]);
    output("relu", last[1]);
  });

  // One network for each number of bits that the parity depends on, of 40; every step has new examples.
  const std::vector<int64_t> sizes = {1, 2, 3, 4, 6, 8, 12};
  entry("train", Mode::Training, [&] {
    const int64_t batch = 256, n = 40;
    Tensor bits = 2 * cast(bernoulli({batch, n}, 0.5), f32) - 1;
    std::vector<Tensor> targets;
    for (int64_t k : sizes)
      targets.push_back(parity(bits, k));
    Tensor y = stack(targets), f = networks(bits, int64_t(sizes.size()), ramp);
    minimize(sum(mean(softplus(-y * f), -1)), Adam{.lr = cosine_schedule(3e-3, steps, 100)}); // the logistic loss
    output("accuracy", mean(cast(y * f > 0, f32), -1));
  });

  // What a gradient says about the target, before training: the gradient of mean(y f) over all 2^16 inputs, for
  // parities of k = 1 ... 16 bits, and for 16 targets that are random.
  entry("signals", [] {
    const int64_t n = 16, all = int64_t(1) << n;
    Tensor powers = cast(pow(2, cast(iota({1, n}, 1), f32)), i32);
    Tensor bits = 2 * cast(remainder(reshape(arange(all), {all, 1}) / powers, full({}, 2, i32)), f32) - 1;
    auto strength = [&](Tensor y) {
      Tensor f = networks(bits, 1, ramp);
      return square(global_norm(grad(mean(y * f), parameters())));
    };
    std::vector<Tensor> of_parities, of_random;
    for (int64_t k = 1; k <= n; ++k) {
      of_parities.push_back(strength(parity(bits, k)));
      of_random.push_back(strength(2 * cast(bernoulli({all}, 0.5), f32) - 1));
    }
    output("parities", stack(of_parities));
    output("random", stack(of_random));
  });

  // A threshold has slope 0 wherever it has one: the hidden layer's gradient is zero, whatever the loss.
  for (auto [name, activation] : {std::pair<const char *, Tensor (*)(Tensor)>{"threshold", step}, {"relu", ramp}})
    entry(std::string("slope_of_") + name, [activation = activation] {
      Tensor bits = 2 * cast(bernoulli({256, 40}, 0.5), f32) - 1;
      Tensor f = networks(bits, 1, activation);
      std::vector<Parameter> weights = parameters();
      std::vector<Tensor> g = grad(mean(softplus(-parity(bits, 2) * f)), weights);
      output("hidden", global_norm({g[0], g[1]}));
      output("out", global_norm({g[2]}));
    });
}
