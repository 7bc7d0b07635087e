// A gradient is that of the value it was asked for, as the model names it: another value that equals it does not count.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinter-run --unfused %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
#include <functional>
using namespace sinter;

SINTER_MODEL(gradients) {
  // CHECK: equal_values: reference ok, cpu ok
  entry("equal_values", [] { // a a b: 2ab, a^2
    Tensor x = state("three", {2}, filled(3));
    Tensor a = x * 2, b = x * 2, c = 2 * x;
    std::vector<Tensor> g = grad(sum(a * a * b), {a, b}), h = grad(sum(a * a * c), {a, c});
    for (const std::vector<Tensor> &both : {g, h}) {
      expect(both[0], full({2}, 72));
      expect(both[1], full({2}, 36));
    }
  });

  // CHECK: equal_constants: reference ok, cpu ok
  entry("equal_constants", [] {
    Tensor a = full({2}, 2), b = full({2}, 2);
    std::vector<Tensor> g = grad(sum(a * a * b), {a, b});
    expect(g[0], full({2}, 8));
    expect(g[1], full({2}, 4));
  });

  // CHECK: numbers_are_no_tensors: reference ok, cpu ok
  entry("numbers_are_no_tensors", [] {
    Tensor x = state("three", {2}, filled(3)), a = full({2}, 2), one = full({2}, 1);
    expect(grad(sum(a * x * 2), a), full({2}, 6));
    expect(grad(sum(2 * x * a), a), full({2}, 6));
    expect(grad(sum(where(x > 2.0, a, 2.0) * where(x > 2.0, 2.0, a)), a), full({2}, 2));
    expect(grad(sum(one * x * 1), one), full({2}, 3));
    expect(grad(sum(pow(a, 2.0) + pow(2.0, x)), a), full({2}, 4));
  });

  // CHECK: values_in_a_chain: reference ok, cpu ok
  entry("values_in_a_chain", [] { // l = b^2 c with b = a + 1 = 7, c = 2x = 6; what c is computed from does not count
    Tensor x = state("three", {2}, filled(3));
    Tensor a = x * 2, b = a + 1, c = x * 2;
    std::vector<Tensor> g = grad(sum(b * b * c), {a, b, c, x});
    expect(g[0], full({2}, 84));
    expect(g[1], full({2}, 84));
    expect(g[2], full({2}, 49));
    expect(g[3], full({2}, 266));
  });

  // CHECK: functions_with_nothing_to_do: reference ok, cpu ok
  entry("functions_with_nothing_to_do", [] { // l = a x with a = x
    Tensor x = state("three.1", {2, 1}, filled(3));
    auto check = [&](Tensor a) {
      std::vector<Tensor> g = grad(sum(a * x), {a, x});
      expect(g[0], full({2, 1}, 3));
      expect(g[1], full({2, 1}, 6));
    };
    check(reshape(x, {2, 1}));
    check(reshape(x, {2, -1}));
    check(reshape(reshape(x, {1, 2}), {2, 1}));
    check(broadcast(x, {2, 1}));
    check(cast(x, f32));
    check(dropout(x, 0.5));
    check(dropout(x, 0));
    check(transpose(x, {0, 1}));
    check(transpose(transpose(x)));
    check(slice(x, 0, 0, 2));
    check(split(x, 1, 0)[0]);
    check(concat({x}, 1));
    check(pow(x, 1));
    check(sum(x, Axes(std::initializer_list<int64_t>{})));
    check(sum(x, 1, true));
    check(max(x, 1, true));
    check(mean(x, 1, true));
    check(x * 1);
    check(x + 0);
    check(-(-x));
    check(maximum(x, -1.0));
    check(where(x > 0.0, x, 0.0));
  });

  // CHECK: transposes_before_products: reference ok, cpu ok
  entry("transposes_before_products", [] {
    Tensor w = state("ones", {2, 3}, ones()), x = constant({1, 2, 3}, {1, 3});
    Tensor t = transpose(w);
    std::vector<Tensor> g = grad(sum(matmul(x, t)), {t, w});
    expect(g[0], constant({1, 1, 2, 2, 3, 3}, {3, 2}));
    expect(g[1], constant({1, 2, 3, 1, 2, 3}, {2, 3}));
    Tensor left = transpose(constant({1, 2, 3}, {3, 1})); // on the left, and for a batch
    expect(grad(sum(matmul(left, full({4, 3, 2}, 1))), left), constant({8, 8, 8}, {1, 3}));
  });

  // CHECK: the_loss_itself: reference ok, cpu ok
  entry("the_loss_itself", [] {
    Tensor x = state("three", {2}, filled(3)), loss = sum(x * x);
    expect(grad(loss, loss), full({}, 1));
    expect(grad(loss * loss, loss), full({}, 36));
  });

  // CHECK: equal_gradients: reference ok, cpu ok
  entry("equal_gradients", [] { // both are 2x = 6
    Tensor x = state("three", {2}, filled(3)), loss = sum(x * x);
    Tensor a = grad(loss, x), b = grad(loss, x), c = 2 * x;
    expect(grad(sum(a * a * b * c), a), full({2}, 432));
    expect(grad(sum(a * a * b * c), b), full({2}, 216));
    expect(grad(sum(a * b), x), full({2}, 24));
  });

  // The inner gradient J^T 2s reads s as the softmax's reader; the J in it is made of x. With J = diag(s) - s s^T at
  // s = (1, 3) / 4, the derivative of its first element by s is 2 J's first row.
  // CHECK: a_gradient_by_what_it_passed: reference ok, cpu ok
  entry("a_gradient_by_what_it_passed", [] {
    Tensor x = constant({0, std::log(3.0)}, {2}), s = softmax(x), t = softmax(x);
    Tensor g = grad(sum(s * s), x);
    expect(grad(sum(g * constant({1, 0}, {2})), s), constant({0.375, -0.375}, {2}));
    expect(grad(sum(g * constant({1, 0}, {2})), t), full({2}, 0));
  });
}
