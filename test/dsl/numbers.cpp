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

  // CHECK: functions: {{.*}}ok
  entry("functions", [] {
    // Adding the state's zero keeps what follows from being folded. Values from Python's math module.
    Tensor zero = state("zero", {}, zeros());
    Tensor x = zero + constant({-2.5, -0.5, 0.25, 3}, {4}), positive = zero + constant({0.01, 0.5, 4, 1000}, {4});
    expect(minimum(x, 0.1), constant({-2.5, -0.5, 0.1, 0.1}, {4}));
    expect(minimum(x, -x), constant({-2.5, -0.5, -0.25, -3}, {4}));
    expect(maximum(x, 0.1), constant({0.1, 0.1, 0.25, 3}, {4}));
    expect(minimum(x, constant({0, NAN, 0, 0}, {4})), constant({-2.5, NAN, 0, 0}, {4}));
    expect(log(positive), constant({-4.605170185988091, -0.6931471805599453, 1.3862943611198906, 6.907755278982137}, {4}));
    expect(exp(x), constant({0.0820849986238988, 0.6065306597126334, 1.2840254166877414, 20.085536923187668}, {4}));
    expect(rsqrt(positive), constant({10, 1.4142135623730951, 0.5, 0.03162277660168379}, {4}));
    expect(sqrt(positive), constant({0.1, 0.7071067811865476, 2, 31.622776601683793}, {4}));
    expect(tanh(x), constant({-0.9866142981514303, -0.46211715726000973, 0.24491866240370913, 0.9950547536867305}, {4}));
    expect(erf(x), constant({-0.9995930479825551, -0.5204998778130465, 0.27632639016823696, 0.9999779095030014}, {4}));
    expect(erfc(x), constant({1.9995930479825551, 1.5204998778130465, 0.7236736098317631, 2.2090496998585445e-05}, {4}));
    expect(sin(x), constant({-0.5984721441039564, -0.479425538604203, 0.24740395925452294, 0.1411200080598672}, {4}));
    expect(cos(x), constant({-0.8011436155469337, 0.8775825618903728, 0.9689124217106447, -0.9899924966004454}, {4}));
    expect(abs(x), constant({2.5, 0.5, 0.25, 3}, {4}));
    expect(expm1(x), constant({-0.9179150013761012, -0.3934693402873666, 0.2840254166877415, 19.085536923187668}, {4}));
    expect(log1p(positive), constant({0.009950330853168083, 0.4054651081081644, 1.6094379124341003, 6.90875477931522}, {4}));
    expect(remainder(x, 0.75), constant({-0.25, -0.5, 0.25, 0}, {4}));
    expect(pow(positive, 1.5), constant({0.001, 0.3535533905932738, 8, 31622.776601683792}, {4}));
    expect(pow(x, 3), constant({-15.625, -0.125, 0.015625, 27}, {4}));
    expect(pow(2, x), constant({0.1767766952966369, 0.7071067811865476, 1.189207115002721, 8}, {4}));
  });

  // CHECK: broadcasts: {{.*}}ok
  entry("broadcasts", [] {
    Tensor x = state("zero", {}, zeros()) + constant({1, 2, 3}, {3, 1});
    expect(broadcast(x, {2, 3, 2}), constant({1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3}, {2, 3, 2}));
    expect(broadcast(full({}, 7), {2, 1}), full({2, 1}, 7));
    expect(grad(sum(broadcast(x, {2, 3, 2}) * constant({1, 2, 3, 4}, {2, 1, 2})), x), full({3, 1}, 10));
  });

  // CHECK: rows: {{.*}}ok
  entry("rows", [] {
    Tensor x = state("zero", {}, zeros()) + constant({1, 2, 3, -1, 0, 5}, {2, 3}), w = constant({2, -1, 0.5}, {3});
    expect(log_softmax(x), constant({-2.4076059644443806, -1.4076059644443804, -0.4076059644443804, -6.0091744845917345,
                                     -5.0091744845917345, -0.009174484591734727}, {2, 3}));
    expect(log_softmax(x, 0), constant({-0.1269280110429726, -0.1269280110429726, -2.1269280110429727,
                                        -2.1269280110429727, -2.1269280110429727, -0.1269280110429726}, {2, 3}));
    // sqrt(14 / 3) and sqrt(26 / 3); with epsilon 1, sqrt(17 / 3) and sqrt(29 / 3).
    expect(rms_norm(x, 1e-12), constant({0.4629100498862757, 0.9258200997725514, 1.3887301496588271, -0.33968311024337877,
                                         0, 1.6984155512168937}, {2, 3}));
    expect(rms_norm(x, w, 1), constant({0.8401680504168059, -0.8401680504168059, 0.6301260378126045, -0.6432675209026768,
                                        0, 0.8040844011283462}, {2, 3}));
    expect(layer_norm(x, w, constant({10, 20, 30}, {3}), 1e-12),
           constant({7.550510257216822, 20, 30.612372435695793, 8.221998221997334, 20.508000508000762,
                     30.698500698501046}, {2, 3}));
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

  // CHECK: argmax_takes_a_nan: {{.*}}ok
  entry("argmax_takes_a_nan", [] {
    // What reads the state cannot be folded.
    Tensor zero = state("zero", {}, zeros());
    Tensor x = constant({1, 5, NAN, 2, -3, NAN, 5, 2, 1, NAN, 3, 3, 3, 3, 3, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY}, {4, 5});
    expect(argmax(x), constant({2, 0, 0, 0}, {4}, i32));
    expect(argmax(x + zero), constant({2, 0, 0, 0}, {4}, i32));
    expect(max(x + zero, 1), constant({NAN, NAN, 3, -INFINITY}, {4}));
    expect(min(x + zero, 1), constant({NAN, NAN, 3, -INFINITY}, {4}));
    Tensor i = arange(64), late = cast(i, f32) - where(i == 63, 1000, 0 * cast(i, f32)) + zero;
    expect(argmax(where(i == 34, NAN, late)), full({}, 34, i32));
    expect(argmax(late), full({}, 62, i32));
  });

  // CHECK: powers_of_infinity_and_zero: {{.*}}ok
  entry("powers_of_infinity_and_zero", [] {
    Tensor one = state("one", {}, ones()), x = one * constant({-INFINITY, 9, 0, 4, INFINITY, -4, NAN}, {7});
    Tensor roots = constant({INFINITY, 3, 0, 2, INFINITY, NAN, NAN}, {7}), half = one * full({7}, 0.5);
    expect(pow(x, 0.5), roots);
    expect(pow(x, half), roots);
    expect(grad(sum(pow(x, 0.5)), x), constant({0, 1.0 / 6, INFINITY, 0.25, 0, NAN, NAN}, {7}));
    expect(pow(NAN * one, 0 * one), full({}, 1));
    expect(pow(one, NAN * one), full({}, 1));
  });

  // CHECK: integers_by_zero: {{.*}}ok
  entry("integers_by_zero", [] {
    Tensor none = state("none", {3}, zeros(), i32), i = constant({7, -7, -2147483648.0}, {3}, i32);
    expect(i / none, full({3}, 0, i32));
    expect(remainder(i, none), full({3}, 0, i32));
    expect(i / (none - 1), constant({-7, 7, -2147483648.0}, {3}, i32));
    expect(remainder(i, none - 1), full({3}, 0, i32));
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
