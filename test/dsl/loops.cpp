// Loops as a model writes them: values from closed forms and from Python, on all paths.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(loops) {
  // CHECK: powers: {{.*}}ok
  entry("powers", [] {
    Tensor two = state("zero", {}, zeros()) + 2;
    // What is around the body is read as it stands; numbers of steps count from 0.
    auto both = repeat(10, {full({}, 1), full({}, 0)}, [&](auto carry, Tensor step) {
      return std::vector<Tensor>{carry[0] * two, carry[1] + cast(step, f32)};
    });
    expect(both[0], full({}, 1024));
    expect(both[1], full({}, 45));
    // d 2^10 / d 2 = 10 2^9, and once more 90 2^8.
    Tensor slope = grad(both[0], two);
    expect(slope, full({}, 5120));
    expect(grad(slope, two), full({}, 23040));
  });

  // CHECK: newton: {{.*}}ok
  entry("newton", [] {
    // The square root of 2, and its slope 1 / (2 sqrt(2)), through the iteration itself.
    Tensor x = state("zero", {}, zeros()) + 2;
    Tensor root = repeat(8, {x}, [&](auto y, Tensor) { return std::vector<Tensor>{(y[0] + x / y[0]) * 0.5}; })[0];
    expect(root, full({}, 1.4142135623730951));
    expect(grad(root, x), full({}, 0.35355339059327373));
  });

  // CHECK: prefix: {{.*}}ok
  entry("prefix", [] {
    Tensor x = state("zero", {}, zeros()) + constant({1, 2, 3, 4, 5, 6}, {3, 2});
    auto add = [](auto sum, auto now) -> ScanStep { return {{sum[0] + now[0]}, {sum[0] + now[0]}}; };
    expect(scan({full({2}, 0)}, {x}, add).outputs[0], cumsum(x, 0));
    auto back = scan({full({2}, 0)}, {x}, add, Direction::Backward);
    expect(back.outputs[0], constant({9, 12, 8, 10, 5, 6}, {3, 2}));
    expect(back.carry[0], constant({9, 12}, {2}));
    // The weight of x[t] in the sum of all prefix sums is the number of those that hold it.
    Tensor weights = constant({1, 1, 10, 10, 100, 100}, {3, 2});
    expect(grad(sum(scan({full({2}, 0)}, {x}, add).outputs[0] * weights), x),
           constant({111, 111, 110, 110, 100, 100}, {3, 2}));
  });

  // CHECK: nested: {{.*}}ok
  entry("nested", [] {
    // Binomial sums: h <- h + (1 + ... + 1), where the inner loop adds a row.
    Tensor x = state("zero", {}, zeros()) + constant({1, 2, 3, 4, 5, 6}, {2, 3});
    auto outer = scan({full({}, 1)}, {x}, [&](auto product, auto row) -> ScanStep {
      auto inner = scan({full({}, 0)}, {row[0]},
                        [](auto sum, auto now) -> ScanStep { return {{sum[0] + now[0]}, {now[0] * now[0]}}; });
      return {{product[0] * inner.carry[0]}, {inner.outputs[0]}};
    });
    expect(outer.carry[0], full({}, 90));
    expect(outer.outputs[0], constant({1, 4, 9, 16, 25, 36}, {2, 3}));
    expect(grad(outer.carry[0], x), constant({15, 15, 15, 6, 6, 6}, {2, 3}));
  });

  // CHECK: gradient_inside: {{.*}}ok
  entry("gradient_inside", [] {
    // Five steps of gradient descent on (w - 3)^2: the distance shrinks by 0.8 each.
    Tensor w = state("zero", {}, zeros()) + full({}, 0);
    Tensor end = repeat(5, {w}, [](auto now, Tensor) {
      return std::vector<Tensor>{now[0] - 0.1 * grad(square(now[0] - 3), now[0])};
    })[0];
    expect(end, full({}, 3 - 3 * 0.32768));
    expect(grad(end, w), full({}, 0.32768));
  });

  // CHECK: declared_inside: {{.*}}ok
  entry("declared_inside", [] {
    // Parameters that the body names first, and the code behind it again.
    Tensor last = repeat(3, {full({2}, 1)}, [](auto carry, Tensor) {
      Tensor w = parameter("w", {2}, zeros()), b = parameter("b", {2}, zeros());
      return std::vector<Tensor>{carry[0] * w + b};
    })[0];
    Tensor w = parameter("w", {2}, zeros()), b = parameter("b", {2}, zeros());
    expect(last, w * w * w + b * (w * w + w + 1));
    auto slopes = grad(sum(last), parameters());
    expect(slopes[0], 3 * w * w + b * (2 * w + 1));
    expect(slopes[1], w * w + w + 1);
  });

  // CHECK: draws: {{.*}}ok
  entry("draws", [] {
    // Every step draws numbers of its own, and a loop draws others than the code around it.
    Tensor all = scan({full({}, 0)}, {full({4, 1}, 0)}, [](auto carry, auto) -> ScanStep {
                   return {carry, {uniform({64})}};
                 }).outputs[0];
    Tensor other = reshape(uniform({64}), {1, 64});
    Tensor rows = concat({all, other}, 0);
    Tensor equal = cast(reshape(rows, {5, 1, 64}) == reshape(rows, {1, 5, 64}), f32);
    expect(cast(sum(equal, -1) > 60.0, i32), constant({1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, {5, 5}, i32));
  });
}
