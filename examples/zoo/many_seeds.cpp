// A thousand trainings of a small model in one program: each weight has one more dimension, the seed, and products are
// batched over it. The losses add up, since no weight of one seed enters another's.
//   sinterc examples/zoo/many_seeds.cpp -o seeds && ./seeds train --input x=x.npy --input y=y.npy --out run
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(many_seeds) {
  int seeds = config("seeds", 1000), batch = config("batch", 32), hidden = config("hidden", 16);

  entry("train", Mode::Training, [&] {
    Tensor x = input("x", {batch, 2}), y = input("y", {batch});
    Tensor in = parameter("in", {seeds, 2, hidden}, normal(1)), bias = parameter("bias", {seeds, 1, hidden}, zeros());
    Tensor out = parameter("out", {seeds, hidden, 1}, normal(0.3));

    Tensor features = tanh(matmul(broadcast(x, {seeds, batch, 2}), in) + bias);
    Tensor losses = mean(square(reshape(matmul(features, out), {seeds, batch}) - y), -1); // of each seed
    output("loss", mean(losses));
    output("losses", losses);
    // The gradient of the sum has no 1 / seeds; and nothing is clipped by all seeds together.
    minimize(sum(losses), Adam{.lr = 1e-2});
  });
}
