// Any function on [0, 1] from ReLU units: built by hand from bumps, and trained.
#include <cmath>
#include <sinter/sinter.h>

using namespace sinter;

namespace {

/// What is approximated, |sin(3 pi x)|: |f(x) - f(y)| <= 3 pi |x - y|, with kinks.
Tensor f(Tensor x) { return abs(sin(x * (3 * M_PI))); }

/// g_a(x) = relu(x - a): one unit.
Tensor g(Tensor x, Tensor a) { return maximum(x - a, 0); }
/// h_a(x): 0 up to a, then a ramp of this width, then 1: two units.
Tensor h(Tensor x, Tensor a, double width) { return (g(x, a) - g(x, a + width)) / width; }
/// I_ab(x): 1 between a and b, 0 outside: four units.
Tensor I(Tensor x, Tensor a, Tensor b, double width) { return h(x, a, width) - h(x, b, width); }

/// f(x) ~ sum over n bumps of f in their middles, for x [points, 1]; in double precision.
Tensor bumps(Tensor x, int64_t n) {
  Tensor a = cast(arange(n), f64) / double(n);
  return sum(f(a + 0.5 / double(n)) * I(x, a, a + 1 / double(n), 1 / (16.0 * double(n))), -1);
}

void errors(Tensor y, Tensor approximation) {
  output("largest", max(abs(y - approximation)));
  output("rms", sqrt(mean(square(y - approximation))));
}

} // namespace

SINTER_MODEL(approximation) {
  int points = config("points", 512, "of [0, 1], that trained networks see");
  int seeds = config("seeds", 4), steps = config("steps", 6000);
  const int64_t most = 256, sizes = 7; // 4, 8, ... 256 units

  for (int64_t n = 8; n <= 1024; n *= 2)
    entry("bumps_" + std::to_string(n), [n] {
      const int64_t fine = 16384;
      Tensor x = (cast(arange(fine), f64) + 0.5) / double(fine);
      Tensor difference = cast(f(x) - bumps(reshape(x, {fine, 1}), n), f32);
      errors(difference, full({fine}, 0));
    });

  // Networks of every size and seed side by side, [runs, units]; a mask leaves each run its number of units.
  auto networks = [&](Tensor x) { // [points] -> [runs, points]
    const int64_t runs = sizes * seeds, n = x.dim(0);
    Tensor units = pow(2, cast(iota({runs, 1, most}, 0) / double(seeds), f32) + 2);
    Tensor mask = cast(cast(iota({runs, 1, most}, 2), f32) < units, f32);
    Tensor kinks = parameter("kinks", {runs, 1, most}, uniform(0.5)),
           slopes = parameter("slopes", {runs, 1, most}, normal(2));
    Tensor out = parameter("out", {runs, most, 1}, normal(1)), offset = parameter("offset", {runs, 1, 1}, zeros());
    Tensor hidden = relu((reshape(x, {1, n, 1}) - (kinks + 0.5)) * slopes) * mask * rsqrt(units);
    return reshape(matmul(hidden, out) + offset, {runs, n});
  };
  auto grid = [](int64_t n) { return (cast(arange(n), f32) + 0.5) / double(n); };

  entry("train", Mode::Training, [&] {
    Tensor x = grid(points), losses = mean(square(networks(x) - f(x)), -1);
    minimize(sum(losses), Adam{.lr = cosine_schedule(0.02, steps, 100)});
    output("losses", losses);
  });
  entry("trained", [&] {
    Tensor x = grid(4096), y = networks(x);
    output("rms", sqrt(mean(square(y - f(x)), -1)));
    output("y", y);
    output("f", f(x));
  });
}
