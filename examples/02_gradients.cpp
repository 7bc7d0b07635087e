// Lesson 2: gradients. `grad` gives tensors, so it can be used wherever tensors can: in an update, in a loss, in
// itself.
//   sinterc examples/02_gradients.cpp --emit=model -o lesson.mlir && sinter-run lesson.mlir
#include <sinter/sinter.h>

using namespace sinter;

SINTER_MODEL(gradients) {
  entry("first", [] {
    Tensor x = constant({1, 2, 3}, {3});
    Tensor loss = sum(pow(x, 3)); // d/dx = 3 x^2
    expect(grad(loss, x), constant({3, 12, 27}, {3}));
  });

  entry("several_at_once", [] {
    Tensor w = constant({1, 2, 3, 4}, {2, 2}), x = constant({1, -1}, {2, 1});
    std::vector<Tensor> g = grad(sum(matmul(w, x)), {w, x});
    expect(g[0], constant({1, -1, 1, -1}, {2, 2})); // the transpose of x in each row
    expect(g[1], constant({4, 6}, {2, 1}));         // the sums of w's columns
  });

  entry("second", [] {
    // The Hessian of sum(x^3) is diagonal, 6 x; its product with a vector never forms the matrix.
    Tensor x = constant({1, 2, 3}, {3}), v = constant({1, 0, -1}, {3});
    Tensor g = grad(sum(pow(x, 3)), x);
    expect(grad(dot(g, v), x), constant({6, 0, -18}, {3}));
  });

  entry("a_gradient_in_a_loss", [] {
    // Newton's method for x^2 = 2, from 1: the next guess is x - f / f'.
    Tensor x = full({}, 1);
    for (int step = 0; step < 4; ++step) {
      Tensor f = x * x - 2;
      x = x - f / grad(f, x);
    }
    expect(x, full({}, 1.4142135623730951));
  });
}
