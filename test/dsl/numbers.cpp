// What the DSL composes means what it should, and every stage and the compiled code agree with the meaning.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

SINTER_MODEL(numbers) {
  // CHECK: activations: {{.*}}ok
  entry("activations", [] {
    Tensor x = constant({-100, -1, 0, 0.5, 3}, {5});
    expect(relu(x), constant({0, 0, 0, 0.5, 3}, {5}));
    expect(sigmoid(x), constant({0, 0.2689414213699951, 0.5, 0.6224593312018546, 0.9525741268224334}, {5}));
    expect(silu(x), constant({0, -0.2689414213699951, 0, 0.3112296656009273, 2.8577223804673}, {5}));
    expect(gelu_tanh(x), constant({0, -0.15880800939172324, 0, 0.34571400982514394, 2.996362607918227}, {5}));
    expect(gelu_erf(x), constant({0, -0.15865525393145707, 0, 0.34573123063700656, 2.995950305509604}, {5}));
  });

  // CHECK: fma_rounds_once: {{.*}}ok
  entry("fma_rounds_once", [] {
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last term a product of f32 loses.
    Tensor x = constant({1.000244140625, 1, -2}, {3});
    expect(fma(x, x, constant({-1.00048828125, 1, 3}, {3})), constant({5.9604644775390625e-08, 2, 7}, {3}));
  });

  // CHECK: argmax_takes_the_first: {{.*}}ok
  entry("argmax_takes_the_first", [] {
    Tensor x = constant({1, 7, 7, 2, -1, -1, 4, 0, 9}, {3, 3});
    expect(argmax(x), constant({1, 0, 2}, {3}, i32));
    expect(argmax(x, 0), constant({2, 0, 2}, {3}, i32));
  });

  // CHECK: softmax_of_a_masked_row_is_zero: {{.*}}ok
  entry("softmax_of_a_masked_row_is_zero", [] {
    Tensor x = constant({1000, 1000, 0, 0}, {2, 2});
    Tensor masked = where(iota({2, 2}, 0) == 0, x, -INFINITY);
    expect(softmax(masked), constant({0.5, 0.5, 0, 0}, {2, 2}));
    expect(softmax(masked, 0), constant({1, 1, 0, 0}, {2, 2}));
  });

  // CHECK: hessian_vector_product: {{.*}}ok
  entry("hessian_vector_product", [] {
    // f = sum(x^4) / 12 has the Hessian diag(x^2).
    Tensor x = constant({1, 2, -3}, {3}), v = constant({1, 10, 100}, {3});
    Tensor f = sum(square(square(x))) / 12;
    expect(grad(dot(grad(f, x), v), x), constant({1, 40, 900}, {3}));
  });

  // CHECK: gradient_at_the_kink_of_relu_is_zero: {{.*}}ok
  entry("gradient_at_the_kink_of_relu_is_zero", [] {
    Tensor x = constant({-1, 0, 2}, {3});
    expect(grad(sum(relu(x)), x), constant({0, 0, 1}, {3}));
  });

  // CHECK: clipping_scales_to_the_limit: {{.*}}ok
  entry("clipping_scales_to_the_limit", [] {
    std::vector<Tensor> g = {constant({3}, {1}), constant({0, 4}, {2})};
    Tensor norm = global_norm(g);
    expect(norm, full({}, 5));
    expect(clip_by_norm(g, norm, full({}, 2.5))[1], constant({0, 2}, {2}));
    expect(clip_by_norm(g, norm, full({}, 10))[1], constant({0, 4}, {2}));
    expect(clip_by_norm(g, norm, full({}, 0))[1], constant({0, 4}, {2}));
  });

  // CHECK: batches_of_products_broadcast: {{.*}}ok
  entry("batches_of_products_broadcast", [] {
    Tensor a = constant({1, 2, 3, 4}, {2, 2}), b = constant({1, 0, 0, 1, 0, 1, 1, 0}, {2, 2, 2});
    expect(matmul(a, b), constant({1, 2, 3, 4, 2, 1, 4, 3}, {2, 2, 2}));
    expect(matmul(b, transpose(a)), constant({1, 3, 2, 4, 2, 4, 1, 3}, {2, 2, 2}));
  });

  // CHECK: integers: {{.*}}ok
  entry("integers", [] {
    Tensor i = constant({-7, 7}, {2}, i32);
    expect(i / 2, constant({-3, 3}, {2}, i32));
    expect(remainder(i, 4), constant({-3, 3}, {2}, i32));
    expect(maximum(-i, i), constant({7, 7}, {2}, i32));
  });
}
