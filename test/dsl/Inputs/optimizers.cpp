// A loss whose gradient everyone knows: half the sum of c (p - t)^2 over all parameters. The data is not looked at.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(optimizers) {
  std::string optimizer = config("optimizer", "sgd");
  entry("train", Mode::Training, [&] {
    Tensor tokens = input("tokens", {1, 2}, i32), targets = input("targets", {1, 2}, i32);
    Tensor matrix = parameter("matrix", {2, 2}, filled(0.75)), bias = parameter("bias", {2}, filled(-0.5));
    Tensor unused = parameter("unused", {3, 1}, filled(2)); // has no gradient: only decay moves it
    Tensor loss = sum(constant({1, 0.25, 3, 0.01}, {2, 2}) * square(matrix - constant({0, 1, -1, 5}, {2, 2}))) / 2;
    loss = loss + sum(constant({2, 0.5}, {2}) * square(bias - constant({1, -2}, {2}))) / 2;
    output("loss", loss + 0 * (sum(unused) + sum(cast(tokens + targets, f32))));
    if (optimizer == "sgd")
      output("grad_norm", minimize(loss, Sgd{}));
    else if (optimizer == "momentum")
      output("grad_norm", minimize(loss, Momentum{}));
    else
      output("grad_norm", minimize(loss, AdamW{}));
  });
}
