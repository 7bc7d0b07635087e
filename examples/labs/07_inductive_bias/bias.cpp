// What a network knows before it has seen an image: convolutions, local connections, and none of it (Neyshabur 2020,
// arXiv:2007.13657), with an optimizer that sets weights to zero, beta-LASSO.
#include <cmath>
#include <functional>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

struct Config {
  int batch = config("batch", 128, "images a step"), tests = config("tests", 1000, "images of a call of eval");
  int side = config("side", 28, "pixels of a row, and rows"), channels = config("channels", 1);
  int classes = config("classes", 10), alpha = config("alpha", 16, "channels of the convolution");
};

/// Algorithm 1: a step of the L1 norm, then to zero what is below beta times that step. Of matrices; SGD where lambda
/// is 0.
struct BetaLasso {
  operator Optimizer() const {
    return Optimizer([](const std::vector<Parameter> &ps, const std::vector<Tensor> &gs) {
      Tensor lr = scalar_input("lr", 0.1), lambda = scalar_input("lambda", 0), beta = scalar_input("beta", 0);
      for (size_t i = 0; i < ps.size(); ++i) {
        if (!matrices(ps[i])) {
          assign(ps[i], ps[i] - lr * gs[i]);
          continue;
        }
        Tensor next = ps[i] - lr * (gs[i] + lambda * sign(ps[i]));
        assign(ps[i], where(abs(next) < beta * lambda * lr, 0.0, next));
      }
      return global_norm(gs);
    });
  }
};

Tensor dense(Tensor x, const std::string &name, int64_t width) {
  return matmul(x, parameter(name + ".weight", {x.dim(-1), width}, he_normal()));
}

/// A layer's batch norm and relu. x: [B, ..., units], each unit by itself, or channels that share.
Tensor active(Tensor x, const std::string &name) { return relu(batch_norm(x, name + ".norm", {.axis = x.rank() - 1})); }

// From images [B, side, side, channels] to the first layer's units: windows of 9 x 9, two pixels apart, or no windows
// but as many units.

Tensor convolution(Tensor x, const Config &c) {
  const double deviation = std::sqrt(2.0 / (81 * c.channels));
  Tensor y =
      conv(x, parameter("first.weight", {9, 9, c.channels, c.alpha}, normal(deviation)), {.stride = 2, .padding = 4});
  return reshape(active(y, "first"), {x.dim(0), -1});
}

Tensor local(Tensor x, const Config &c) {
  const double deviation = std::sqrt(2.0 / (81 * c.channels));
  const int64_t side = (c.side + 1) / 2;
  Tensor weight = parameter("first.weight", {side, side, 9, 9, c.channels, c.alpha}, normal(deviation));
  return active(reshape(locally_connected(x, weight, {.stride = 2, .padding = 4}), {x.dim(0), -1}), "first");
}

Tensor connected(Tensor x, const Config &c) {
  const int64_t side = (c.side + 1) / 2;
  return active(dense(reshape(x, {x.dim(0), -1}), "first", side * side * c.alpha), "first");
}

/// Two hidden layers of about the parameters that `connected` has in its first one: not shaped after any convolution.
Tensor narrow(Tensor x, const Config &c) {
  const int64_t side = (c.side + 1) / 2, width = side * side * c.alpha / 2;
  return active(dense(active(dense(reshape(x, {x.dim(0), -1}), "first", width), "first"), "more", width), "more");
}

} // namespace

SINTER_MODEL(bias) {
  Config c;
  const std::vector<std::pair<std::string, std::function<Tensor(Tensor, const Config &)>>> networks = {
      {"conv", convolution}, {"local", local}, {"fc", connected}, {"fc3", narrow}};

  for (const auto &[name, first] : networks) {
    auto logits = [&](int batch) {
      Scope scope(name);
      Tensor images = input("images", {batch, c.side, c.side, c.channels});
      return dense(active(dense(first(images, c), "second", 24 * c.alpha), "second"), "head", c.classes);
    };
    entry("train_" + name, Mode::Training, [&] {
      Tensor loss = mean(cross_entropy(logits(c.batch), input("labels", {c.batch}, i32)));
      minimize(loss, BetaLasso{});
      output("loss", loss);
    });
    entry("eval_" + name,
          [&] { output("right", sum(cast(argmax(logits(c.tests)) == input("labels", {c.tests}, i32), f32))); });
  }
}
