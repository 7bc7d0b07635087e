// Bias^2 and variance over the number of hidden units, and the best of K random functions. README.md has the formulas.
#include "bias_variance.h"
#include "lab.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <numbers>
#include <random>
#include <span>

using namespace lab;

namespace {

constexpr size_t sets = 5, dims = 4, examples = bias_variance_train_y_count / sets,
                 tests = bias_variance_decompose_f_count;
const double widths[] = {1, 2, 3, 4, 6, 8, 10, 14, 20, 30, 45, 70, 100};
constexpr double noise = 0.5;

/// The truth: waves along two directions.
double truth(const float *x) { return std::sin(1.5 * x[0] + x[1]) + std::cos(1.5 * x[2] - x[3]) / 2; }

Panel bias_and_variance(Lab &lab) {
  std::mt19937 bits(7);
  std::normal_distribution<float> normal;
  auto points = [&](size_t count) {
    std::vector<float> x(count * dims);
    for (float &number : x)
      number = normal(bits);
    return x;
  };
  const std::vector<float> x = points(sets * examples), test = points(tests);
  std::vector<float> y, f;
  for (size_t i = 0; i < sets * examples; ++i)
    y.push_back(float(truth(&x[i * dims]) + noise * normal(bits)));
  for (size_t i = 0; i < tests; ++i)
    f.push_back(float(truth(&test[i * dims])));

  bias_variance::Model model({.seed = 1});
  const int steps = full_or_small(8000, 1500);
  std::vector<double> losses; // of each width, over sets and seeds
  for (int step = 1; step <= steps; ++step) {
    const auto now = model.train({.x = x, .y = y});
    if (step % 1000 == 0)
      std::printf("step %5d  mean loss %.4f\n", step, mean(now.losses));
    if (step == steps) {
      const size_t seeds = now.losses.size() / sets / std::size(widths);
      losses.assign(std::size(widths), 0);
      for (size_t i = 0; i < now.losses.size(); ++i)
        losses[i / seeds % losses.size()] += now.losses[i] / double(sets * seeds);
    }
  }
  const auto parts = model.decompose({.x = test, .f = f});
  Series bias{.title = "bias^2"}, variance{.title = "variance"}, both{.title = "their sum"},
      train{.title = "loss on the training set"};
  for (size_t i = 0; i < std::size(widths); ++i) {
    for (auto [series, value] : {std::pair<Series *, double>{&bias, parts.bias[i]},
                                 {&variance, parts.variance[i]},
                                 {&both, parts.bias[i] + parts.variance[i]},
                                 {&train, losses[i]}})
      series->x.push_back(widths[i]), series->y.push_back(value), series->style = "linespoints pointtype 7";
    lab.record("width", {{"units", widths[i]},
                         {"parameters", (dims + 2) * widths[i] + 1},
                         {"bias2", parts.bias[i]},
                         {"variance", parts.variance[i]},
                         {"train", losses[i]}});
    std::printf("%4g units  bias^2 %.4f  variance %.4f  training loss %.5f\n", widths[i], double(parts.bias[i]),
                double(parts.variance[i]), losses[i]);
  }
  const auto peak = std::ranges::max_element(variance.y);
  const double at = widths[peak - variance.y.begin()];
  lab.at_most("bias^2 falls: 100 units / 1 unit", 1, bias.y.back() / bias.y.front());
  lab.at_least("variance rises: largest / that of 1 unit", 1, *peak / variance.y.front());
  lab.at_least("variance falls again: largest / that of 100 units", 1, *peak / variance.y.back());
  lab.expect("where it is largest", "inside of 2 ... 70 units", digits(at), at >= 2 && at <= 70);
  if (!small)
    lab.at_most("training loss of 100 units, as a part of the noise", 0.1, losses.back() / (noise * noise));
  return {"One hidden layer, 5 training sets of " + std::to_string(examples),
          "hidden units",
          "mean square over test points",
          {bias, variance, both, train},
          "set logscale x; set key top right; set yrange [0:2.5]; set xtics (1, 2, 4, 8, 14, 30, 100)"};
}

/// The mean of the largest of K normal numbers: the integral of x K phi(x) Phi(x)^(K - 1).
double mean_of_largest(double K) {
  double sum = 0;
  const double step = 1e-3;
  for (double x = -8; x < 8; x += step)
    sum += step * x * K * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi) *
           std::pow(std::erfc(-x / std::sqrt(2.0)) / 2, K - 1);
  return sum;
}

Panel best_of_many(Lab &lab) {
  bias_variance::Model model({.seed = 2});
  std::vector<Series> series;
  double worst = 0, above = 0;
  std::vector<double> sizes, at_most_functions;
  for (int n : {16, 64, 256}) {
    const std::string entry = "risks_" + std::to_string(n);
    std::vector<double> sums(11, 0); // of the largest in each group of 2^i functions
    size_t rows = 0;
    for (int call = 0; call < full_or_small(8, 1); ++call) {
      model.set(entry.c_str(), "seed", call + 1);
      model.call(entry.c_str());
      const std::span<const float> noises = model.output<float>(entry.c_str(), "noises");
      rows += noises.size() / 1024;
      for (size_t i = 0; i < sums.size(); ++i)
        for (size_t at = 0, K = size_t(1) << i; at < noises.size(); at += K)
          sums[i] += *std::ranges::max_element(noises.subspan(at, K)) / double(1024 / K);
    }
    Series measured{.title = "n = " + std::to_string(n), .style = "points pointtype 7"};
    Series law{.title = "√(2 log K / " + std::to_string(n) + ")"};
    for (size_t i = 1; i < sums.size(); ++i) {
      const double K = std::pow(2, double(i)), value = sums[i] / double(rows);
      measured.x.push_back(K), measured.y.push_back(value);
      law.x.push_back(K), law.y.push_back(std::sqrt(2 * std::log(K) / n));
      worst = std::max(worst, std::abs(value / (mean_of_largest(K) / std::sqrt(double(n))) - 1));
      above = std::max(above, value / law.y.back());
      lab.record("best", {{"n", double(n)}, {"functions", K}, {"measured", value}, {"law", law.y.back()}});
    }
    sizes.push_back(n), at_most_functions.push_back(measured.y.back());
    series.push_back(measured), series.push_back(law);
  }
  lab.at_most("best of K: measured / sqrt(2 log K / n), at most", 1, above);
  lab.at_most("best of K: distance from the exact mean", 0.05, worst);
  lab.near("best of 1024: slope over log n", -0.5, power(sizes, at_most_functions), 0.05);
  return {"The best of K random functions on n examples", "functions, K", "how much better than its true risk it seems",
          series, "set logscale x 2; set key top left; set yrange [0:1.3]"};
}

} // namespace

int main() {
  return run([](Lab &lab) { plot({bias_and_variance(lab), best_of_many(lab)}); });
}
