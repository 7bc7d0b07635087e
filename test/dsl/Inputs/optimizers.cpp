// A loss whose gradient everyone knows: half the sum of c (p - t)^2 over all parameters. The data is not looked at.
#include <sinter/sinter.h>

#include <cmath>
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
    else if (optimizer == "adam")
      output("grad_norm", minimize(loss, Adam{}));
    else if (optimizer == "adamw")
      output("grad_norm", minimize(loss, AdamW{}));
    else if (optimizer == "unclipped") // no input for the norm: nothing waits for it
      output("grad_norm", minimize(loss, AdamW{.grad_clip = INFINITY}));
    else if (optimizer == "lion")
      output("grad_norm", minimize(loss, Lion{}));
    else if (optimizer == "groups") // matrix slower and with more decay, the bias not at all
      output("grad_norm", minimize(loss, AdamW{.lr = 0.1,
                                               .weight_decay = 0.5,
                                               .groups = {{.of = named("mat*"), .lr = 0.25, .weight_decay = 3},
                                                          {.of = named("*"), .frozen = true}}}));
    else if (optimizer == "two") { // one by gradients that are given, the other under a name of its own
      output("grad_norm", update(parameters(named("matrix")), {grad(loss, matrix) / 2}, Sgd{.lr = 0.1}));
      minimize(loss, parameters(named("bias")), Sgd{.lr = 0.3, .name = "bias_optimizer"});
    } else if (optimizer == "scheduled") // no input for the rate: the graph computes it
      output("grad_norm", minimize(loss, Sgd{.lr = cosine_schedule(0.2, 6, 2, 0.05)}));
    else if (optimizer == "averaged") {
      output("grad_norm", minimize(loss, Sgd{}));
      ema(parameters(), 0.75);
    } else if (optimizer == "anchored") { // by what the matrix was at first: read in a loop's body, and outside
      auto far = [&] {
        Reference reference;
        return sum(square(matrix - parameter("matrix", {2, 2}, filled(0.75)))) / 4;
      };
      auto half = repeat(1, {full({}, 0)}, [&](auto now, Tensor) -> std::vector<Tensor> { return {now[0] + far()}; });
      output("away", half[0]);
      output("grad_norm", minimize(loss + half[0] + far(), Sgd{}));
    } else if (optimizer == "own") // a function of one's own
      output("grad_norm", minimize(loss, Optimizer([](const std::vector<Parameter> &ps, const std::vector<Tensor> &gs) {
                                     for (size_t i = 0; i < ps.size(); ++i)
                                       assign(ps[i], ps[i] - 0.5 * gs[i]);
                                     return global_norm(gs);
                                   })));
  });
  if (optimizer == "averaged")
    entry("average", [] {
      Averages averages;
      output("matrix", parameter("matrix", {2, 2}, filled(0.75)));
    });
  if (optimizer == "anchored")
    entry("first", [] {
      Reference reference;
      output("matrix", parameter("matrix", {2, 2}, filled(0.75)));
    });
}
