// Functions far from zero, and norms of very large and very small numbers: values, and slopes, are what they are in
// exact arithmetic, as far as f32 holds it. Quotients with the exact values (Python's decimal module) show the last
// digits.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

/// What reads a state cannot be folded.
static Tensor known(std::vector<double> values) {
  static int states = 0;
  auto n = static_cast<int64_t>(values.size());
  return state("zero" + std::to_string(++states), {}, zeros()) + constant(std::move(values), {n});
}

SINTER_MODEL(tails) {
  // CHECK: sigmoids: {{.*}}ok
  entry("sigmoids", [] {
    Tensor x = known({-10, -15, -20, -40, -80});
    expect(sigmoid(x) / constant({4.539786870243439e-05, 3.059022269256247e-07, 2.061153618190204e-09, 4.248354255291589e-18, 1.8048513878454153e-35}, {5}),
           full({5}, 1));
    expect(-log(sigmoid(x)), constant({10.000045398899218, 15.000000305902273, 20.000000002061153, 40, 80}, {5}));
    expect(grad(sum(-log(sigmoid(x))), x), constant({-0.9999546021312976, -0.9999996940977731, -1, -1, -1}, {5}));
  });

  // CHECK: silus: {{.*}}ok
  entry("silus", [] {
    Tensor x = known({-20, -40, -80});
    expect(silu(x) / constant({-4.122307236380407e-08, -1.699341702116636e-16, -1.443881110276332e-33}, {3}), full({3}, 1));
    expect(grad(sum(silu(x)), x) / constant({-3.916191866064679e-08, -1.65685815956372e-16, -1.425832596397878e-33}, {3}), full({3}, 1));
  });

  // CHECK: gelus: {{.*}}ok
  entry("gelus", [] {
    Tensor x = known({-3, -5, -7, -9});
    expect(gelu_tanh(x) / constant({-0.003637392081773019, -2.291796196629506e-07, -2.315442262072549e-15, -1.336459594734872e-28}, {4}), full({4}, 1));
    expect(grad(sum(gelu_tanh(x)), x) / constant({-0.01158416663096973, -1.546361987532595e-06, -2.765117350706602e-14, -2.515735285067425e-27}, {4}), full({4}, 1));
    expect(gelu_erf(x) / constant({-0.004049694094890284, -1.43325785939597e-06, -8.958687807200846e-12, -1.015729565358457e-18}, {4}), full({4}, 1));
    expect(grad(sum(gelu_erf(x)), x) / constant({-0.01194564720418393, -7.146946001792295e-06, -6.266323031466631e-11, -9.138937373906639e-18}, {4}), full({4}, 1));
    expect(erfc(-x) / constant({2.209049699858544e-05, 1.537459794428035e-12, 4.183825607779414e-23, 4.13703174651381e-37}, {4}), full({4}, 1));
  });

  // CHECK: limits: {{.*}}ok
  entry("limits", [] {
    Tensor x = known({-INFINITY, -3e38, -1e20, -200, 200, 1e20, 3e38, INFINITY, NAN});
    Tensor values = constant({0, 0, 0, 0, 200, 1e20, 3e38, INFINITY, NAN}, {9});
    Tensor slopes = constant({0, 0, 0, 0, 1, 1, 1, 1, NAN}, {9});
    for (Tensor (*f)(Tensor, Location) : {silu, gelu_tanh, gelu_erf}) {
      Tensor y = f(x, Location::current());
      expect(y, values);
      expect(grad(sum(y), x), slopes);
    }
    expect(sigmoid(x), constant({0, 0, 0, 0, 1, 1, 1, 1, NAN}, {9}));
    expect(grad(sum(sigmoid(x)), x), constant({0, 0, 0, 0, 0, 0, 0, 0, NAN}, {9}));
    expect(erfc(x), constant({2, 2, 2, 2, 0, 0, 0, 0, NAN}, {9}));
    expect(tanh(x), constant({-1, -1, -1, -1, 1, 1, 1, 1, NAN}, {9}));
    expect(grad(sum(tanh(x)), x), constant({0, 0, 0, 0, 0, 0, 0, 0, NAN}, {9}));
    expect(grad(sum(erf(x)), x), constant({0, 0, 0, 0, 0, 0, 0, 0, NAN}, {9}));
  });

  // CHECK: near_zero: {{.*}}ok
  entry("near_zero", [] {
    Tensor x = known({1e-10, -1e-10, 1e-30});
    expect(expm1(x) / x, full({3}, 1));
    expect(log1p(x) / x, full({3}, 1));
    expect(grad(sum(expm1(x)), x), full({3}, 1));
    Tensor left = known({-20, -60});
    expect(grad(sum(expm1(left)), left) / constant({2.061153622438558e-09, 8.75651076269652e-27}, {2}), full({2}, 1));
    expect(expm1(known({-100, 1})), constant({-1, 1.718281828459045}, {2}));
    expect(log1p(known({1.718281828459045, -1})), constant({1, -INFINITY}, {2}));
  });

  // CHECK: rows_with_a_large_mean: {{.*}}ok
  entry("rows_with_a_large_mean", [] {
    Tensor zero = state("zero", {}, zeros());
    expect(layer_norm(full({1, 1600}, 33333.333) + zero), full({1, 1600}, 0));
    expect(layer_norm(full({3, 77}, -16777215) + zero, 1e-12), full({3, 77}, 0));
    // 10000 + i / 1024, as f32 holds them.
    Tensor offsets = 10000 + cast(iota({1, 16}, 1), f32) * 0.0009765625 + zero;
    expect(slice(layer_norm(offsets), 1, 15, 16), full({1, 1}, 1.3313333517));
    expect(slice(layer_norm(offsets), 1, 0, 1), full({1, 1}, -1.3313333517));
  });

  // CHECK: norms_of_extremes: {{.*}}ok
  entry("norms_of_extremes", [] {
    Tensor one = state("one", {}, ones());
    std::vector<Tensor> large = {one * full({2}, 1e20), one * full({3, 4}, -2e20)};
    expect(global_norm(large) / 1e20, full({}, 7.0710678118654755)); // sqrt(2 + 4 * 12)
    expect(clip_by_norm(large, global_norm(large), one)[1], full({3, 4}, -0.28284271247461906));
    expect(global_norm({one * full({1}, 3e38)}) / 3e38, full({}, 1));
    expect(global_norm({one * full({1}, 1e-25)}) / 1e-25, full({}, 1));
    expect(global_norm({one * constant({3e-30, 4e-30}, {2})}) / 5e-30, full({}, 1));
    expect(global_norm({one * full({1}, 2e-38)}) / 2e-38, full({}, 1));
    expect(global_norm({one * constant({3e-12, 4e-12}, {2})}) / 5e-12, full({}, 1)); // between: squares with few digits
    expect(global_norm({one * constant({3e18, 4e18}, {2})}) / 5e18, full({}, 1));
    expect(global_norm({one * full({2}, 0)}), full({}, 0));
    expect(global_norm({one * constant({1, INFINITY}, {2})}), full({}, INFINITY));
    expect(global_norm({one * constant({1, NAN}, {2})}), full({}, NAN));
    expect(global_norm({one * constant({1e30, NAN, 1e-30}, {3})}), full({}, NAN));
  });

  // CHECK: clipping_is_by_the_formula: {{.*}}ok
  entry("clipping_is_by_the_formula", [] {
    Tensor one = state("one", {}, ones()), small = one * full({4}, 1e-8);
    expect(clip_by_norm({small}, global_norm({small}), full({}, 1e-8))[0] / 1e-8, full({4}, 0.5));
    Tensor none = 0 * small;
    expect(clip_by_norm({none}, global_norm({none}), one)[0], full({4}, 0));
  });
}
