// The error of bumps against their number, and of trained networks of as many units. README.md has the formulas.
#include "approximation.h"
#include "lab.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <numbers>

using namespace lab;

int main() {
  return run([](Lab &lab) {
    approximation::Model model({.seed = 1});
    const double lipschitz = 3 * std::numbers::pi;

    Series largest{.title = "bumps: largest error", .style = "linespoints pointtype 7"};
    Series rms{.title = "bumps: root mean square", .style = "linespoints pointtype 7"};
    Series bound{.title = "3π / 2 bumps", .style = "lines dashtype 2"};
    bool below = true;
    for (int n = 8; n <= 1024; n *= 2) {
      const std::string entry = "bumps_" + std::to_string(n);
      model.call(entry.c_str());
      const double units = 4 * n; // I_ab has four
      largest.x.push_back(units), largest.y.push_back(model.number(entry.c_str(), "largest"));
      rms.x.push_back(units), rms.y.push_back(model.number(entry.c_str(), "rms"));
      bound.x.push_back(units), bound.y.push_back(lipschitz / 2 / n);
      // On a ramp two neighbours share: a sixteenth of a bump further from the middle.
      below &= largest.y.back() <= bound.y.back() * (1 + 2.0 / 16);
      lab.record("bumps",
                 {{"bumps", double(n)}, {"units", units}, {"largest", largest.y.back()}, {"rms", rms.y.back()}});
    }
    lab.near("slope of log(largest error) over log(units)", -1, power(largest.x, largest.y), 0.1);
    lab.near("slope of log(root mean square) over log(units)", -1, power(rms.x, rms.y), 0.1);
    lab.expect("largest error <= L / 2 bumps (and ramps)", "at all sizes", below ? "at all" : "not at all", below);

    double last = 0;
    const int steps = full_or_small(6000, 1500);
    for (int step = 1; step <= steps; ++step) {
      const auto now = model.train();
      last = mean(now.losses);
      if (step % 1000 == 0)
        std::printf("step %5d  mean loss %.3g\n", step, last);
    }
    const auto trained = model.trained();
    const size_t sizes = 7, seeds = trained.rms.size() / sizes, points = trained.y.size() / trained.rms.size();
    Series learned{.title = "trained: root mean square, best seed", .style = "linespoints pointtype 7"};
    std::vector<Series> curves(1);
    for (size_t i = 0; i < sizes; ++i) {
      const std::span<const float> all = trained.rms.subspan(i * seeds, seeds);
      const size_t best = size_t(std::ranges::min_element(all) - all.begin());
      learned.x.push_back(double(4 << i)), learned.y.push_back(all[best]);
      lab.record("trained", {{"units", learned.x.back()}, {"rms", learned.y.back()}});
      if (i == 1 || i == 3) {
        Series curve{.title = std::to_string(4 << i) + " units, trained"};
        for (size_t p = 0; p < points; p += 8)
          curve.x.push_back((double(p) + 0.5) / double(points)),
              curve.y.push_back(trained.y[(i * seeds + best) * points + p]);
        curves.push_back(curve);
      }
      const auto at = std::ranges::find(rms.x, learned.x.back());
      if (at != rms.x.end())
        lab.at_most(std::to_string(4 << i) + " trained units: error / that of bumps of as many", 1,
                    learned.y.back() / rms.y[size_t(at - rms.x.begin())]);
    }
    curves[0].title = "|sin(3πx)|";
    for (size_t p = 0; p < points; p += 8)
      curves[0].x.push_back((double(p) + 0.5) / double(points)), curves[0].y.push_back(trained.f[p]);
    plot({{"Error against the number of units",
           "ReLU units",
           "error on [0, 1]",
           {largest, rms, bound, learned},
           "set logscale xy; set format y '10^{%L}'; set yrange [1e-3:30]; set key top right"},
          {"Trained networks", "x", "f(x) and its approximations", curves, "set yrange [0:1.7]; set key top right"}});
  });
}
