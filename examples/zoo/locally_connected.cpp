// A network of locally connected layers: convolutions whose positions do not share weights, with an optimizer that sets
// weights to zero, Neyshabur 2020 (arXiv:2007.13657): S-Local, and beta-LASSO (examples/zoo/beta_lasso.cpp).
//   sinterc examples/zoo/locally_connected.cpp -o local
//   ./local train --input images=train-images-idx3-ubyte --input labels=train-labels-idx1-ubyte --out run
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

struct BetaLasso {
  double lr = 0.1, lambda = 1e-5, beta = 50;

  operator Optimizer() const {
    return Optimizer([rule = *this](const std::vector<Parameter> &ps, const std::vector<Tensor> &gs) {
      Tensor lr = program_input("lr", rule.lr);
      for (size_t i = 0; i < ps.size(); ++i) {
        Tensor next = ps[i] - lr * (gs[i] + rule.lambda * sign(ps[i]));
        assign(ps[i], where(abs(next) < rule.beta * rule.lambda * lr, 0.0, next));
      }
      return global_norm(gs);
    });
  }
};

static Tensor layer(Tensor x, const std::string &name, int64_t channels) {
  Scope scope(name);
  const int64_t side = (x.dim(1) + 1) / 2; // windows of 3 x 3, two pixels apart
  Tensor weight = parameter("weight", {side, side, 3, 3, x.dim(-1), channels}, normal(0.3 / std::sqrt(x.dim(-1))));
  Tensor bias = parameter("bias", {side, side, channels}, zeros()); // each position has its own, too
  return relu(locally_connected(x, weight, {.stride = 2, .padding = 1}) + bias);
}

SINTER_MODEL(locally_connected) {
  int batch = config("batch", 64, "images a step"), side = config("side", 28, "pixels of a row, and rows");
  int width = config("width", 8, "channels of the first layer"), classes = config("classes", 10);

  auto logits = [&](Tensor images) {
    Tensor x = reshape(images, {batch, side, side, 1});
    x = reshape(layer(layer(x, "local1", width), "local2", 2 * width), {batch, -1});
    return matmul(x, parameter("head.weight", {x.dim(-1), classes}, he_normal()));
  };

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, side, side}), labels = input("labels", {batch}, i32);
    Tensor loss = mean(cross_entropy(logits(images), labels));
    output("loss", loss);
    output("grad_norm", minimize(loss, BetaLasso{}));
  });

  entry("eval", [&] {
    Tensor scores = logits(input("images", {batch, side, side})), labels = input("labels", {batch}, i32);
    output("loss", mean(cross_entropy(scores, labels)));
    output("correct", sum(cast(argmax(scores) == labels, f32)));
  });
}
