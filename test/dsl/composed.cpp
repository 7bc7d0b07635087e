// Functions that are made of others, against values from Python's math module and from counting by hand.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

/// Nothing that was made of it can be folded.
static Tensor kept(std::vector<double> values, Shape shape) {
  return constant(std::move(values), std::move(shape)) + state("zero", {}, zeros());
}
static Tensor whole(std::vector<double> values, Shape shape) { return constant(std::move(values), std::move(shape), i32); }

SINTER_MODEL(composed) {
  // CHECK: in_place: {{.*}}ok
  entry("in_place", [] {
    Tensor x = kept({1, 2, 3}, {3});
    x += 1;
    x *= x;
    x -= constant({1, 2, 3}, {3});
    x /= 2;
    expect(x, constant({1.5, 3.5, 6.5}, {3}));
  });

  // CHECK: clamp_and_sign: {{.*}}ok
  entry("clamp_and_sign", [] {
    Tensor x = kept({-3, -1, 0.5, 2, 7, NAN}, {6});
    expect(clamp(x, -1, 2), constant({-1, -1, 0.5, 2, 2, NAN}, {6}));
    expect(grad(sum(clamp(x, -1, 2)), x), constant({0, 1, 1, 1, 0, 1}, {6}));
    expect(clamp(whole({-5, 5, 9}, {3}), 0, 7), whole({0, 5, 7}, {3}));
    expect(sign(kept({-3, 0, 2, NAN}, {4})), constant({-1, 0, 1, NAN}, {4}));
    expect(grad(sum(x * sign(x)), x), constant({-1, -1, 1, 1, 1, NAN}, {6}));
  });

  // CHECK: soft_functions: {{.*}}ok
  entry("soft_functions", [] {
    Tensor x = kept({-20, -1, 0, 1, 20}, {5}), one = full({5}, 1);
    Tensor exact = constant({2.061153620314381e-09, 0.31326168751822286, 0.6931471805599453, 1.3132616875182228, 20.000000002061153}, {5});
    expect(softplus(x) / exact, one);
    expect(log_sigmoid(-x) / exact, -one);
    expect(grad(sum(softplus(x)), x), constant({2.0611536181902037e-09, 0.2689414213699951, 0.5, 0.7310585786300049, 0.9999999979388463}, {5}));
    Tensor ends = kept({-INFINITY, INFINITY, NAN, -3e38, 3e38}, {5});
    expect(softplus(ends), constant({0, INFINITY, NAN, 0, 3e38}, {5}));
    expect(grad(sum(log_sigmoid(x)), x), constant({0.9999999979388463, 0.7310585786300049, 0.5, 0.2689414213699951, 2.0611536181902037e-09}, {5}));
  });

  // CHECK: arguments: {{.*}}ok
  entry("arguments", [] {
    Tensor x = kept({3, 1, 1, NAN, 5, NAN, 0, -0.5, -0.5}, {3, 3});
    expect(argmin(x), whole({1, 0, 1}, {3}));
    expect(one_hot(whole({2, 0, -1, 3}, {2, 2}), 3), constant({0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, {2, 2, 3}));
  });

  // CHECK: shapes: {{.*}}ok
  entry("shapes", [] {
    Tensor x = kept({1, 2, 3, 4, 5, 6}, {2, 3});
    expect(stack({x, x * 10}), constant({1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}, {2, 2, 3}));
    expect(stack({x, x * 10}, -1), constant({1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60}, {2, 3, 2}));
    expect(pad(x, 1, 1, 2, 9), constant({9, 1, 2, 3, 9, 9, 9, 4, 5, 6, 9, 9}, {2, 6}));
    expect(grad(sum(square(pad(x, 0, 2, 0))), x), 2 * x);
    expect(roll(x, 1, 1), constant({3, 1, 2, 6, 4, 5}, {2, 3}));
    expect(roll(x, -7, 0), constant({4, 5, 6, 1, 2, 3}, {2, 3}));
    expect(flip(x, 1), constant({3, 2, 1, 6, 5, 4}, {2, 3}));
    expect(flip(x, 0), constant({4, 5, 6, 1, 2, 3}, {2, 3}));
    expect(grad(dot(flip(x, 1), x), x), 2 * flip(x, 1));
    Tensor m = kept({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {3, 4});
    expect(tril(m), constant({1, 0, 0, 0, 5, 6, 0, 0, 9, 10, 11, 0}, {3, 4}));
    expect(tril(m, 1), constant({1, 2, 0, 0, 5, 6, 7, 0, 9, 10, 11, 12}, {3, 4}));
    expect(triu(m, -1), constant({1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11, 12}, {3, 4}));
    expect(triu(m), constant({1, 2, 3, 4, 0, 6, 7, 8, 0, 0, 11, 12}, {3, 4}));
  });

  // CHECK: places: {{.*}}ok
  entry("places", [] {
    Tensor x = kept({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 3, 2});
    expect(take(x, whole({2, -1, 0, 3}, {2, 2}), 1), constant({5, 6, 0, 0, 1, 2, 0, 0, 11, 12, 0, 0, 7, 8, 0, 0}, {2, 2, 2, 2}));
    expect(take(x, whole({1}, {1}), 0), constant({7, 8, 9, 10, 11, 12}, {1, 3, 2}));
    expect(take_along(x, whole({2, 0, 1, 5}, {2, 2}), 1), constant({5, 2, 9, 0}, {2, 2}));
    expect(take_along(x, whole({1, 1, 0, 1, 0, 0}, {2, 3, 1}), 2), constant({2, 4, 5, 8, 9, 11}, {2, 3, 1}));
    // A start that goes past an end is moved.
    Tensor at = whole({1, 7, -3}, {3});
    auto start = [&](int64_t i) { return reshape(slice(at, 0, i, i + 1), {}); };
    expect(slice_at(x, 1, start(0), 2), constant({3, 4, 5, 6, 9, 10, 11, 12}, {2, 2, 2}));
    expect(slice_at(x, 1, start(1), 2), constant({3, 4, 5, 6, 9, 10, 11, 12}, {2, 2, 2}));
    expect(slice_at(x, 0, start(2), 1), constant({1, 2, 3, 4, 5, 6}, {1, 3, 2}));
    Tensor v = kept({-1, -2, -3, -4}, {2, 1, 2});
    expect(update_at(x, 1, start(0), v), constant({1, 2, -1, -2, 5, 6, 7, 8, -3, -4, 11, 12}, {2, 3, 2}));
    expect(update_at(x, 1, start(1), v), constant({1, 2, 3, 4, -1, -2, 7, 8, 9, 10, -3, -4}, {2, 3, 2}));
    expect(update_at(at, 0, start(0), whole({8, 9}, {2})), whole({1, 8, 9}, {3}));
    // Gradients: sums of squares of what was read; of what is left of x and of what took its place.
    expect(grad(sum(square(slice_at(x, 1, start(0), 2))), x), constant({0, 0, 6, 8, 10, 12, 0, 0, 18, 20, 22, 24}, {2, 3, 2}));
    auto slopes = grad(sum(square(update_at(x, 1, start(0), v))), {x, v});
    expect(slopes[0], constant({2, 4, 0, 0, 10, 12, 14, 16, 0, 0, 22, 24}, {2, 3, 2}));
    expect(slopes[1], 2 * v);
  });

  // CHECK: order: {{.*}}ok
  entry("order", [] {
    Tensor x = kept({3, -1, 3, 2, NAN, 0, -INFINITY, 0, INFINITY, -0.0}, {2, 5});
    Sorted up = sort(x), down = sort(x, -1, true);
    expect(up.values, constant({-1, 2, 3, 3, NAN, -INFINITY, 0, 0, 0, INFINITY}, {2, 5}));
    expect(up.indices, whole({1, 3, 0, 2, 4, 1, 0, 2, 4, 3}, {2, 5}));
    expect(down.indices, whole({4, 0, 2, 3, 1, 3, 0, 2, 4, 1}, {2, 5}));
    Tensor columns = kept({2, 5, 1, 4, 3, 6}, {3, 2});
    expect(sort(columns, 0).values, constant({1, 4, 2, 5, 3, 6}, {3, 2}));
    expect(top_k(columns, 2, 0).indices, whole({2, 2, 0, 0}, {2, 2}));
    // d (1 s_0^2 + 2 s_1^2 + 3 s_2^2) / d x: each element by its rank.
    Tensor y = kept({5, 1, 3}, {3}), s = sort(y).values;
    expect(grad(sum(square(s) * constant({1, 2, 3}, {3})), y), constant({30, 2, 12}, {3}));
    // A few of many: one after the other.
    Tensor i = cast(arange(300), f32), far = where(i == 250 || i == 7, 1000, i * state("one", {}, ones()));
    Sorted most = top_k(far, 3);
    expect(most.indices, whole({7, 250, 299}, {3}));
    expect(most.values, constant({1000, 1000, 299}, {3}));
    expect(top_k(where(i == 5, 1.0, -INFINITY) * state("one", {}, ones()), 3).indices, whole({5, 0, 1}, {3}));
    expect(top_k(where(i == 5 || i == 2, NAN, i), 3).indices, whole({2, 5, 299}, {3}));
  });

  // CHECK: reductions: {{.*}}ok
  entry("reductions", [] {
    Tensor x = kept({1, 2, 3, -1, 0, 5, -1000, 2}, {2, 4});
    expect(var(x, -1), constant({2.1875, 188379.1875}, {2}));
    expect(var(x, 1, true, 1), constant({2.9166666666666665, 251172.25}, {2, 1}));
    expect(logsumexp(x, 1), constant({3.4197166463153392, 5.054985235377147}, {2}));
    expect(grad(sum(logsumexp(x, 1)), x), constant({0.0889468172974043, 0.2417825171588008, 0.6572330228318555, 0.012037642711939453,
                                                     0.006377460922442298, 0.9464991225528936, 0, 0.047123416524664154}, {2, 4}));
    expect(logsumexp(kept({-INFINITY, -INFINITY, INFINITY, 0, 100, 100}, {3, 2}), 1), constant({-INFINITY, INFINITY, 100 + std::log(2)}, {3}));
    auto bits = [](Tensor b) { return cast(b, i32); };
    expect(bits(any(x > 2.5, 1)), whole({1, 1}, {2}));
    expect(bits(all(x > -2, 1)), whole({1, 0}, {2}));
    expect(bits(any(x > 5)), whole({0}, {}) * 1);
    expect(bits(all(x > -1, 0, true)), whole({1, 1, 0, 0}, {1, 4}));
    Tensor n = whole({2147483647, -5, 1, 70000, -2147483648, 8}, {2, 3});
    expect(sum(n, 1), whole({2147483643, -2147413640}, {2}));
    expect(sum(n), whole({3}, {}) * 23334 + 1);
    expect(max(n, 1), whole({2147483647, 70000}, {2}));
    expect(min(n, size_t{0}, true), whole({70000, -2147483648, 1}, {1, 3}));
  });

  // CHECK: cumulative_products: {{.*}}ok
  entry("cumulative_products", [] {
    Tensor x = kept({2, -3, 0.5, 4, 0, 7, 1}, {7});
    expect(cumprod(x), constant({2, -6, -3, -12, 0, 0, 0}, {7}));
    expect(grad(sum(cumprod(x)), x), constant({-9.5, 7, -30, -3, -180, 0, 0}, {7}));
    expect(cumprod(kept({1, 2, 3, 4, 5, 6}, {3, 2}), 0), constant({1, 2, 3, 8, 15, 48}, {3, 2}));
  });

  // CHECK: einsums: {{.*}}ok
  entry("einsums", [] {
    Tensor a = kept({1, 2, 3, 4, 5, 6}, {2, 3}), b = kept({1, 0, 2, -1, 3, 1}, {3, 2});
    expect(einsum("ij,jk->ik", {a, b}), matmul(a, b));
    expect(einsum("ij,jk", {a, b}), constant({14, 1, 32, 1}, {2, 2}));
    expect(einsum("ij,jk->ki", {a, b}), constant({14, 32, 1, 1}, {2, 2}));
    expect(einsum("ij->j", {a}), constant({5, 7, 9}, {3}));
    expect(einsum("ij->", {a}), full({}, 21));
    expect(einsum("ij,ij->i", {a, a}), constant({14, 77}, {2}));
    expect(einsum("i,j->ij", {kept({1, 2}, {2}), kept({3, 4, 5}, {3})}), constant({3, 4, 5, 6, 8, 10}, {2, 3}));
    expect(einsum("ij , jk, lk -> il", {a, b, kept({1, 2, 0, 1}, {2, 2})}), constant({16, 1, 34, 1}, {2, 2}));
    // Attention's own: of 2 batches, 3 queries, 2 heads, 4 numbers.
    Tensor q = cast(remainder(arange(48) * 7, 11), f32), k = cast(remainder(arange(48) * 5, 13), f32);
    q = reshape(q * state("one", {}, ones()), {2, 3, 2, 4});
    k = reshape(k, {2, 3, 2, 4});
    Tensor heads = transpose(q, {0, 2, 1, 3}), keys = transpose(k, {0, 2, 3, 1});
    expect(einsum("bqhd,bkhd->bhqk", {q, k}), matmul(heads, keys));
    expect(grad(sum(square(einsum("bqhd,bkhd->bhqk", {q, k}))), q), transpose(2 * matmul(matmul(heads, keys), transpose(keys)), {0, 2, 1, 3}));
  });

  // CHECK: losses: {{.*}}ok
  entry("losses", [] {
    Tensor x = kept({1, 2, 3, -1, 0, 5, -1000, 2}, {2, 4});
    Tensor smooth = cross_entropy(x, whole({2, 1}, {2}), {.label_smoothing = 0.1});
    expect(smooth, constant({0.5947166463153393, 25.379985235377145}, {2}));
    expect(grad(sum(smooth), x), constant({0.06394681729740431, 0.21678251715880084, -0.26776697716814446, -0.012962357288060547,
                                           -0.018622539077557707, 0.021499122552893594, -0.025, 0.022123416524664145}, {2, 4}));
    Tensor padded = cross_entropy(x, whole({2, 1}, {2}), {.label_smoothing = 0.1, .ignore_index = 1});
    expect(padded, constant({0.5947166463153393, 0}, {2}));
    expect(slice(grad(sum(padded), x), 0, 1, 2), full({1, 4}, 0));
    Tensor d = kept({-3, -1.5, 0.5, 2}, {4});
    expect(huber(d, full({4}, 0), 1.5), constant({3.375, 1.125, 0.125, 1.875}, {4}));
    expect(grad(sum(huber(d, full({4}, 0), 1.5)), d), constant({-1.5, -1.5, 0.5, 1.5}, {4}));
    Tensor logits = kept({-100, 0.5, 30, 2}, {4}), t = constant({1, 0.25, 1, 0}, {4});
    Tensor exact = constant({100, 0.8490769841801067, 9.357622968839299e-14, 2.1269280110429727}, {4});
    expect(bce_with_logits(logits, t) / exact, full({4}, 1));
    expect(grad(sum(bce_with_logits(logits, t)), logits), constant({-1, 0.3724593312018546, 0, 0.8807970779778823}, {4}));
    Tensor p = kept({1, 2, 0}, {3}), q = kept({0, 0.5, 2}, {3});
    expect(kl_divergence(p, q), full({}, 0.9612785061610358));
    expect(kl_divergence(p, p + 7), full({}, 0));
    expect(kl_divergence(where(p == 0, -INFINITY, p), where(p == 0, -INFINITY, p)), full({}, 0));
  });

  // CHECK: norms: {{.*}}ok
  entry("norms", [] {
    Tensor x = reshape(cast(remainder(arange(24) * 7, 11), f32) + state("zero", {}, zeros()), {2, 4, 3});
    Tensor weight = constant({1, 2, -1, 0.5}, {4}), bias = constant({0, 1, 2, 3}, {4});
    expect(group_norm(x, 2, weight, bias),
           constant({-1.3930514456276375, 0.6965257228138186, -0.497518373438442, 4.184117590006029, 1.796029397501507, -0.5920587950030143,
                     0.63803078857819, 1.8486700876197988, 3.0593093866614076, 3.529654693330704, 2.9243350438098994, 2.319015394289095,
                     0.28629899819364063, -1.087936193135835, 1.3169753916907474, 0.8854804007225435, -1.8629899819364075, 2.9468331877167566,
                     1.7137010018063594, 3.087936193135835, 0.6830246083092526, 2.971370100180636, 2.284252504515898, 3.4867082969291894}, {2, 4, 3}));
    Tensor y = kept({1, 2, 3, -1, 0, 5}, {2, 3}), scale = constant({2, -1, 0.5}, {3});
    expect(layer_norm(y, scale), layer_norm(y, scale, full({3}, 0)));
  });

  // CHECK: batch_norms: {{.*}}ok
  entry("batch_norms", Mode::Training, [] {
    Tensor x = kept({1, 5, 2, -1, 6, 3}, {3, 2});
    Scope scope("trained");
    Tensor y = batch_norm(x, "bn");
    Tensor normalized = constant({-0.9258191078240388, 1.0690441085967413, -0.4629095539120194, -1.3363051357459266, 1.3887286617360581, 0.26726102714918526}, {3, 2});
    // sinter-run begins parameters elsewhere: scale and shift are what they are.
    Tensor weight = parameter("bn.weight", {2}, ones()), bias = parameter("bn.bias", {2}, zeros());
    expect(y, normalized * weight + bias);
  });
  // CHECK: batch_norm_at_rest: {{.*}}ok
  entry("batch_norm_at_rest", [] {
    Tensor x = kept({1, 5, 2, -1, 6, 3}, {3, 2});
    Tensor y = batch_norm(x, "rests", {.epsilon = 3}); // running mean 0 and variance 1
    expect(y, x / 2 * parameter("rests.weight", {2}, ones()) + parameter("rests.bias", {2}, zeros()));
  });

  // CHECK: positions: {{.*}}ok
  entry("positions", [] {
    Tensor x = reshape(cast(arange(12), f32), {3, 4}) / 4 - 1 + state("zero", {}, zeros());
    expect(rope(x, 100), constant({-1, -0.75, -0.5, -0.25, -0.42073549240394825, 0.17387597883438533, 0.2701511529340699, 0.7712114781202264,
                                   -1.7800929767856648, 0.8774118934101949, 0.28507717200496807, 1.9634531747159993}, {3, 4}));
    expect(rope(x, whole({5, 0, 7}, {3}), 100),
           constant({-0.7631243227947955, -0.5383305367667288, 0.8170931819315254, -0.5789647944257454, 0, 0.25, 0.5, 0.75,
                     -0.231577643734879, -0.17132821856034908, 1.787839980233746, 2.1437459367949687}, {3, 4}));
    // What is turned keeps its length, so its gradient is that of the length.
    expect(grad(sum(square(rope(x, 100))), x), 2 * x);
    expect(sinusoidal_positions(3, 4), constant({0, 1, 0, 1, 0.8414709848078965, 0.5403023058681398, 0.009999833334166664, 0.9999500004166653,
                                                 0.9092974268256817, -0.4161468365471424, 0.01999866669333308, 0.9998000066665778}, {3, 4}));
  });

  // CHECK: stopped: {{.*}}ok
  entry("stopped", [] {
    Tensor x = kept({1, -2, 3}, {3});
    expect(grad(sum(x * stop_gradient(x)), x), x);
    // Straight through: the value of one, the slope of the other.
    Tensor rounded = x * 0.7 + stop_gradient(cast(cast(x * 0.7, i32), f32) - x * 0.7);
    expect(rounded, constant({0, -1, 2}, {3}));
    expect(grad(sum(square(rounded)), x), constant({0, -1.4, 2.8}, {3}));
    expect(stop_gradient(whole({1, 2}, {2})), whole({1, 2}, {2}));
  });
}
