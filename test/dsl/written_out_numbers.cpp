// Numbers of softmax, norms and losses that are written out, with first and second gradients; expected ones were computed with 60
// digits, derivatives by differences.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run %t.mlir | FileCheck %s
// RUN: sinter-run --unfused %t.mlir
// Where they are written out, these rows overflow or have no value; the ops have.
// RUN: sinterc %s --set hostile=true --emit=fused -o %t.hostile.mlir
// RUN: FileCheck %s --check-prefix=HOSTILE < %t.hostile.mlir
// RUN: sinter-run --from=fused %t.hostile.mlir
// HOSTILE-NOT: sinter.reduce max
// HOSTILE-NOT: math.exp
// HOSTILE-NOT: math.sqrt
#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;

namespace {

Tensor writtenSoftmax(Tensor x) {
  Tensor e = exp(x - max(x, -1, true));
  return e / sum(e, -1, true);
}
Tensor writtenLogSoftmax(Tensor x) {
  Tensor d = x - max(x, -1, true);
  return d - log(sum(exp(d), -1, true));
}
Tensor writtenNorm(Tensor x, bool center) {
  Tensor d = center ? x - mean(x, -1, true) : x;
  return d * rsqrt(mean(square(d), -1, true) + 1e-5);
}
Tensor oneHot(Tensor targets, int64_t classes) {
  return cast(iota({targets.dim(0), classes}, 1) == reshape(targets, {-1, 1}), f32);
}
Tensor writtenLoss(Tensor x, Tensor targets) { return -sum(writtenLogSoftmax(x) * oneHot(targets, x.dim(1)), -1); }

/// What the rows are, what their results are multiplied with, and along which direction gradients change.
Tensor weights() { return constant({1, -2, 0.5, 3, 0.25, 1, -1, 2, 2, -1, 1, 4}, {3, 4}); }
Tensor direction() { return constant({1, 0.5, -1, 2, 1, 0.5, -1, 2, 1, 0.5, -1, 2}, {3, 4}); }

/// The value, the gradient of its product with the weights, and how that changes along the direction.
void expectAll(Tensor x, Tensor y, Tensor loss, std::vector<double> value, Shape shape, std::vector<double> first,
               std::vector<double> second) {
  Tensor g = grad(loss, x);
  expect(y, constant(value, shape));
  expect(g, constant(first, {3, 4}));
  expect(grad(sum(g * direction()), x), constant(second, {3, 4}));
}

void ordinary() {
  auto rows = [] { return constant({1, 2, 3, 4, 0.5, -1.25, 2, 0.75, 10000, 9999, 9998, 0}, {3, 4}); };
  auto normRows = [] { return constant({1, 2, 3, 4, 0.5, -1.25, 2, 0.75, 4096, 4097, 4098, 4099}, {3, 4}); };

  // CHECK: softmax: reference ok, cpu ok
  entry("softmax", [&] {
    Tensor x = rows(), y = writtenSoftmax(x);
    expectAll(x, y, sum(y * weights()),
              {0.0320586033, 0.0871443187, 0.236882818, 0.64391426, 0.144102841, 0.025041319, 0.645824129, 0.185031711, 0.665240956,
               0.244728471, 0.0900305732, 0},
              {3, 4},
              {-0.029107742, -0.340556002, -0.333520148, 0.703183892, 0.0669636793, 0.0304175319, -0.507169771, 0.40978856,
               0.548302231, -0.532476295, -0.0158259355, 0},
              {-0.0457019935, 0.0791383621, 0.344337597, -0.377773966, -0.128087735, -0.0164485729, -0.463167122, 0.607703429,
               -0.0323481292, 0.0323016319, 4.6497312e-05, 0});
  });

  // CHECK: log_softmax: reference ok, cpu ok
  entry("log_softmax", [&] {
    Tensor x = rows(), y = writtenLogSoftmax(x);
    expectAll(x, y, sum(y * weights()),
              {-3.4401897, -2.4401897, -1.4401897, -0.440189699, -1.93722806, -3.68722806, -0.437228059, -1.68722806, -0.407605964,
               -1.40760596, -2.40760596, -10000.4076},
              {3, 4},
              {0.919853492, -2.2178608, -0.0922070452, 1.39021435, -0.0742313929, 0.943657032, -2.45310429, 1.58367865, -1.99144573,
               -2.46837083, 0.459816561, 4},
              {0.0101446616, 0.136506448, 1.25937356, -1.40602467, -0.362859415, -0.0348840276, 1.2799855, -0.882242061, -1.2071145,
               0.290112805, 0.917001695, 0});
  });

  // CHECK: layer_norm: reference ok, cpu ok
  entry("layer_norm", [&] {
    Tensor x = normRows(), y = writtenNorm(x, true);
    expectAll(x, y, sum(y * weights()),
              {-1.34163542, -0.447211807, 0.447211807, 1.34163542, 0, -1.50965321, 1.29398846, 0.215664744, -1.34163542,
               -0.447211807, 0.447211807, 1.34163542},
              {3, 4},
              {1.47578984, -1.96773499, -0.491929946, 0.983875098, -0.26958093, -0.394961661, -0.685868967, 1.35041156, 1.52051156,
               -1.87829245, -0.80497839, 1.16275928},
              {0.207955932, 0.62832893, 1.07106234, -1.9073472, 0.0714697612, 0.48819318, -1.54029369, 0.980630748, 0.456156257,
               0.688701961, 0.965968487, -2.1108267});
  });

  // CHECK: rms_norm: reference ok, cpu ok
  entry("rms_norm", [&] {
    Tensor x = rows() * constant({1, 1, 0}, {3, 1}) + constant({0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, {3, 4});
    Tensor y = writtenNorm(x, false);
    expectAll(x, y, sum(y * weights()),
              {0.365148128, 0.730296256, 1.09544438, 1.46059251, 0.396057775, -0.990144437, 1.5842311, 0.594086662, 0.365148128,
               0.730296256, 1.09544438, 1.46059251},
              {3, 4},
              {0.237346454, -0.985899605, -0.200830959, 0.584237687, 0.298984157, 0.539727375, -0.38829447, 1.735664, 0.499036084, -0.827668474, -0.32863239, 0.535551821},
              {-0.190485472, 0.151536033, 0.152753072, -0.421137424, -0.106208785, 0.997447669, -1.58970364, 0.0678361802, -0.343238999, 0.0864178434, 0.321329277, -0.569631184});
  });

  // CHECK: cross_entropy: reference ok, cpu ok
  entry("cross_entropy", [&] {
    Tensor x = rows(), y = writtenLoss(x, constant({2, 0, 1}, {3}, i32));
    expectAll(x, y, sum(y), {1.4401897, 1.93722806, 1.40760596}, {3},
              {0.0320586033, 0.0871443187, -0.763117182, 0.64391426, -0.855897159, 0.025041319, 0.645824129, 0.185031711, 0.665240956,
               -0.755271529, 0.0900305732, 0},
              {-0.00405786465, -0.0546025791, -0.503749426, 0.56240987, 0.161270851, 0.0155040123, -0.568882446, 0.392107583,
               0.20118575, -0.0483521342, -0.152833616, 0});
  });
}

void hostile() {
  const double inf = INFINITY, nan = NAN;
  // Large, without a maximum; masked in part and wholly; with an infinity.
  entry("softmax", [&] {
    Tensor x = constant({1e4, 1e4, -1e4, 5, 5, -inf, -inf, -inf, -inf, 1, inf, 2}, {4, 3}), e = exp(x);
    expect(e / sum(e, -1, true), constant({0.5, 0.5, 0, 0.5, 0.5, 0, 0, 0, 0, nan, nan, nan}, {4, 3}));
  });
  // All of a row far below the largest of all.
  entry("softmax_with_the_largest_of_all", [&] {
    Tensor x = constant({1e4, 0, -1e4, -1e4}, {2, 2}), e = exp(x - max(x));
    Tensor y = e / sum(e, -1, true);
    expect(y, constant({1, 0, 0.5, 0.5}, {2, 2}));
    expect(grad(sum(y * constant({1, 2, 3, 4}, {2, 2})), x), constant({0, 0, -0.25, 0.25}, {2, 2}));
  });
  entry("softmax_of_one_element", [&] {
    Tensor x = constant({1e4, -inf}, {2, 1}), e = exp(x - max(x, -1, true));
    expect(e / sum(e, -1, true), constant({1, 0}, {2, 1}));
  });
  // Masked rows send nothing back.
  entry("masked_gradient", [&] {
    Tensor x = constant({1, 2, 3, 4}, {2, 2}), mask = constant({1, 1, 0, 0}, {2, 2}) > 0.0;
    Tensor y = writtenSoftmax(where(mask, x, -inf));
    double p = 1 / (1 + std::exp(1.0));
    expect(grad(sum(y * constant({2, 6, 10, 14}, {2, 2})), x),
           constant({-4 * p * (1 - p), 4 * p * (1 - p), 0, 0}, {2, 2}));
  });
  entry("log_softmax", [&] {
    Tensor x = constant({1e4, 0, -1e4, -1e4, -inf, 3}, {3, 2});
    expect(log(writtenSoftmax(x)), constant({0, -1e4, -std::log(2.0), -std::log(2.0), -inf, 0}, {3, 2}));
  });
  // Squares of large numbers that are close to each other; one element; zeros.
  entry("layer_norm", [&] {
    Tensor x = constant({1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4, 7, 7, 7, 7, 0, 0, 0, 0}, {3, 4}), m = mean(x, -1, true);
    Tensor y = (x - m) / sqrt(mean(x * x, -1, true) - m * m + 1e-5);
    expect(y, constant({-1.34163542, -0.447211807, 0.447211807, 1.34163542, 0, 0, 0, 0, 0, 0, 0, 0}, {3, 4}));
    Tensor z = constant({3, -2}, {2, 1});
    expect(writtenNorm(z, true), constant({0, 0}, {2, 1}));
  });
  // A masked class next to a product; targets that are none; logits of which all are masked but the target.
  entry("cross_entropy", [&] {
    Tensor x = constant({1e4, 0, 0, -inf, 2, 2, -inf, -inf, 1, 1, 2, 3, 1, 2, 3}, {5, 3});
    Tensor y = writtenLoss(x, constant({0, 1, 2, -1, 3}, {5}, i32));
    expect(y, constant({0, std::log(2.0), 0, 0, 0}, {5}));
    expect(grad(sum(y), x), constant({0, 0, 0, 0, -0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {5, 3}));
  });
  entry("cross_entropy_by_gather", [&] {
    Tensor x = constant({1, 1, 1, 1}, {2, 2});
    Tensor y = -gather(reshape(log_softmax(x), {4}), arange(2) * 2.0 + constant({-1, 1}, {2}, i32));
    expect(y, constant({0, std::log(2.0)}, {2}));
  });
}

} // namespace

SINTER_MODEL(written_out_numbers) {
  if (config("hostile", false, "rows for which only the ops have a value"))
    hostile();
  else
    ordinary();
}
