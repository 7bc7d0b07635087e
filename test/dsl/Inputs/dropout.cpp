// The loss spells out which elements two dropouts kept, one bit each.
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(dropouts) {
  entry("train", Mode::Training, [&] {
    Tensor tokens = input("tokens", {1, 2}, i32), targets = input("targets", {1, 2}, i32);
    Tensor p = parameter("p", {1}, zeros());
    std::vector<double> bits;
    for (int i = 0; i < 10; ++i)
      bits.push_back(1 << i);
    Tensor first = dropout(full({2, 5}, 0.5), 0.5), second = dropout(full({10}, 0.5), 0.5);
    Tensor loss = dot(reshape(first, {10}), constant(bits, {10})) + 1024 * dot(second, constant(bits, {10}));
    output("loss", loss + 0 * (sum(p) + sum(cast(tokens + targets, f32))));
    output("grad_norm", minimize(sum(square(p)), Sgd{}));
  });
}
