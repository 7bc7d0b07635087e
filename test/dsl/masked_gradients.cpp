// What a mask threw away sends back nothing, whatever stands there and whatever slope it has; at ties, slopes are
// shared.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinter-run --unfused %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

SINTER_MODEL(masked_gradients) {
  // CHECK: branches_not_chosen: reference ok, cpu ok
  entry("branches_not_chosen", [] { // at x = (2, 0): the second element has an infinite slope
    Tensor x = constant({2, 0}, {2}), chosen = x > 0.0;
    auto gradient = [&](Tensor y) { return grad(sum(where(chosen, y, 1.0)), x); };
    expect(gradient(log(x)), constant({0.5, 0}, {2}));
    expect(gradient(sqrt(x)), constant({0.5 / std::sqrt(2.0), 0}, {2}));
    expect(gradient(rsqrt(x)), constant({-0.5 / std::pow(2.0, 1.5), 0}, {2}));
    expect(gradient(1 / x), constant({-0.25, 0}, {2}));
    expect(gradient(x / x), constant({0, 0}, {2}));
    expect(gradient(pow(x, -2.0)), constant({-0.25, 0}, {2}));
    expect(gradient(pow(x, 0.5)), constant({0.5 / std::sqrt(2.0), 0}, {2}));
    expect(gradient(log(x) / x), constant({(1 - std::log(2.0)) / 4, 0}, {2}));
    expect(gradient(exp(1 / x)), constant({-0.25 * std::exp(0.5), 0}, {2}));
    expect(gradient(sin(1 / x)), constant({-0.25 * std::cos(0.5), 0}, {2}));
    expect(gradient(cos(1 / x)), constant({0.25 * std::sin(0.5), 0}, {2}));
  });

  // CHECK: read_twice: reference ok, cpu ok
  entry("read_twice", [] { // the logarithm is a value of its own, since a reduction reads it too
    Tensor x = constant({2, 0}, {2}), y = log(x);
    expect(grad(sum(where(x > 0.0, y, 0.0)) + 0 * max(y), x), constant({0.5, 0}, {2}));
  });

  // CHECK: infinities: reference ok, cpu ok
  entry("infinities", [] {
    Tensor x = constant({1, INFINITY, NAN}, {3}), chosen = x <= 1.0;
    auto gradient = [&](Tensor y) { return grad(sum(where(chosen, y, 1.0)), x); };
    expect(gradient(exp(x)), constant({std::exp(1.0), 0, 0}, {3}));
    expect(gradient(sin(x)), constant({std::cos(1.0), 0, 0}, {3}));
    expect(gradient(cos(x)), constant({-std::sin(1.0), 0, 0}, {3}));
    expect(gradient(log(x)), constant({1, 0, 0}, {3}));
    expect(gradient(sqrt(x)), constant({0.5, 0, 0}, {3}));
    expect(gradient(x / 2), constant({0.5, 0, 0}, {3}));
    expect(gradient(2 / x), constant({-2, 0, 0}, {3}));
    expect(grad(sum(minimum(where(chosen, exp(x), 0.0), 10.0)), x), constant({std::exp(1.0), 0, 0}, {3}));
  });

  // A slope at a cotangent of 0 is the slope all the same: the second derivative at 0 of (log(1 + x) - 0)^2 / 2 is 1.
  // CHECK: second_order: reference ok, cpu ok
  entry("second_order", [] {
    Tensor x = state("zeros", {2}), y = log(1 + x);
    expect(grad(sum(grad(sum(y * y) / 2, x)), x), full({2}, 1));
    Tensor z = exp(x) - 1, w = 1 / (1 + x) - 1, v = sin(x);
    expect(grad(sum(grad(sum(z * z) / 2, x)), x), full({2}, 1));
    expect(grad(sum(grad(sum(w * w) / 2, x)), x), full({2}, 1));
    expect(grad(sum(grad(sum(v * v) / 2, x)), x), full({2}, 1));
  });

  // CHECK: ignored_targets: reference ok, cpu ok
  entry("ignored_targets", [] {
    Tensor logits = constant({0, 0, INFINITY, 1, NAN, 2, -INFINITY, -INFINITY}, {4, 2});
    Tensor losses = cross_entropy(logits, constant({1, -1, 2, -100}, {4}, i32));
    expect(losses, constant({std::log(2.0), 0, 0, 0}, {4}));
    expect(grad(sum(losses), logits), constant({0.5, -0.5, 0, 0, 0, 0, 0, 0}, {4, 2}));
    expect(grad(sum(losses * constant({1, INFINITY, NAN, 3}, {4})), logits), constant({0.5, -0.5, 0, 0, 0, 0, 0, 0}, {4, 2}));
  });

  // CHECK: dropped: reference ok, cpu ok
  entry("dropped", Mode::Training, [] { // every element either keeps twice its gradient or has none, also where it is infinite
    Tensor x = full({64}, 0), g = grad(sum(dropout(sqrt(x), 0.5)), x);
    expect(cast(g == 0.0 || g == INFINITY, f32), full({64}, 1));
  });

  // CHECK: ties: reference ok, cpu ok
  entry("ties", [] {
    Tensor x = constant({1, 2, 3}, {3}), y = full({3}, 2);
    std::vector<Tensor> larger = grad(sum(maximum(x, y)), {x, y}), smaller = grad(sum(minimum(x, y)), {x, y});
    expect(larger[0], constant({0, 0.5, 1}, {3}));
    expect(larger[1], constant({1, 0.5, 0}, {3}));
    expect(smaller[0], constant({1, 0.5, 0}, {3}));
    expect(smaller[1], constant({0, 0.5, 1}, {3}));
    expect(grad(max(constant({7, 7}, {2}) * y.dim(0)), y), full({3}, 0));
    Tensor z = constant({5, 1, 5, 5}, {4});
    expect(grad(max(z), z), constant({1 / 3., 0, 1 / 3., 1 / 3.}, {4}));
    expect(grad(sum(abs(x - y)), x), constant({-1, 0, 1}, {3}));
    expect(grad(sum(relu(x - y)), x), constant({0, 0, 1}, {3}));
  });

  // CHECK: computed_zeros: reference ok, cpu ok
  entry("computed_zeros", [] { // nothing was thrown away: 0 times an infinite slope is NaN, as IEEE arithmetic has it
    Tensor yes = state("nought", {}, zeros(), i32) == 0;
    Tensor v = where(yes, full({3}, 0), 1), w = where(yes, constant({1, -2, 2}, {3}), 1), s = sum(v);
    auto norm = [](Tensor x) { return sqrt(sum(square(x))); };
    expect(grad(square(norm(v)), v), full({3}, NAN));
    expect(grad(square(norm(v)) * 3 + sum(w), v), full({3}, NAN));
    expect(grad(square(norm(w)), w), constant({2, -4, 4}, {3}));
    expect(grad(mean(square(sqrt(v))), v), full({3}, NAN));
    // Thrown away are what no `where` chose, a product with something that may be a mask, elements that were not read.
    expect(grad(where(s > 0.0, square(norm(v)), s), v), full({3}, 1));
    expect(grad(square(norm(v)) * cast(s > 0.0, f32), v), full({3}, 0));
    expect(grad(0 * norm(v), v), full({3}, 0));
    Tensor u = where(yes, constant({4, 0, 0}, {3}), 1);
    expect(grad(sum(slice(sqrt(u), 0, 0, 1)), u), constant({0.25, 0, 0}, {3}));
  });
}
