// An optimizer of one's own: beta-LASSO, Neyshabur 2020 (arXiv:2007.13657), algorithm 1, which made a fully connected
// network find local connections: a step of the L1 norm, and then to zero whatever is below beta times that step.
//   sinterc examples/zoo/beta_lasso.cpp -o lasso
//   ./lasso train --input images=train-images-idx3-ubyte --input labels=train-labels-idx1-ubyte --out run
#include <sinter/sinter.h>

using namespace sinter;

struct BetaLasso {
  double lr = 0.1, lambda = 1e-5, beta = 50;

  operator Optimizer() const {
    return Optimizer([rule = *this](const std::vector<Parameter> &ps, const std::vector<Tensor> &gs) {
      Tensor lr = program_input("lr", rule.lr), lambda = scalar_input("lambda", rule.lambda);
      for (size_t i = 0; i < ps.size(); ++i) {
        Tensor next = ps[i] - lr * (gs[i] + lambda * sign(ps[i]));
        assign(ps[i], where(abs(next) < rule.beta * lambda * lr, 0.0, next));
      }
      return global_norm(gs);
    });
  }
};

SINTER_MODEL(beta_lasso) {
  int batch = config("batch", 64, "images a step"), side = config("side", 28, "pixels of a row, and rows");
  int hidden = config("hidden", 512, "width of the layer that learns what to look at");

  entry("train", Mode::Training, [&] {
    Tensor images = input("images", {batch, side, side}), labels = input("labels", {batch}, i32);
    Tensor weight = parameter("hidden.weight", {side * side, hidden}, he_normal());
    Tensor head = parameter("head.weight", {hidden, 10}, he_normal());
    Tensor features = relu(matmul(reshape(images, {batch, -1}), weight));
    Tensor loss = mean(cross_entropy(matmul(features, head), labels));
    output("loss", loss);
    output("connections", sum(cast(weight != 0, f32))); // before the step
    output("grad_norm", minimize(loss, BetaLasso{}));
  });
}
