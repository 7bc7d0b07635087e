// One entry that draws from every distribution, twice from one of them.
#include <cmath>
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(randoms) {
  int n = config("n", 65536);
  entry("draws", [&] {
    output("uniform", uniform({n}));
    output("again", uniform({n / 256, 256}));
    output("range", uniform({n}, -2, 3));
    output("normal", normal({n}));
    output("bernoulli", cast(bernoulli({n}, 0.3), f32));
    Tensor p = cast(arange(n), f32) / n;
    output("bernoulli_of", cast(bernoulli(p), f32));
    output("gumbel", gumbel({n}));
    // Classes 0 to 4 with probabilities 0.1, 0.2, 0.3, 0.4 and none.
    Tensor logits = constant({std::log(0.1), std::log(0.2), std::log(0.3), std::log(0.4), -INFINITY}, {5});
    output("categorical", categorical(broadcast(logits, {n / 4, 5})));
    output("along", categorical(broadcast(reshape(logits, {5, 1}), {2, 5, n / 8}), 1));
    output("dropped", categorical(normal({8, 3})));
  });
  // The same numbers in a training, where a gradient flows around a draw: x = mean + deviation * normal.
  entry("train", Mode::Training, [&] {
    Tensor mean_ = parameter("mean", {}, zeros()), deviation = parameter("deviation", {}, ones());
    Tensor noise = normal({n});
    Tensor loss = mean(square(mean_ + deviation * noise - 3));
    auto slopes = grad(loss, {mean_, deviation});
    output("loss", loss);
    output("noise", noise);
    output("by_mean", slopes[0]);
    output("by_deviation", slopes[1]);
    assign(mean_, mean_ - 0.1 * slopes[0]);
  });
}
