// Variances, entropies and gradients of scores over d; |x| over depth; one head against many. README.md has formulas.
#include "attention_scale.h"
#include "lab.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>

using namespace lab;

namespace {

const double keys = 64;

std::vector<Panel> scale(Lab &lab, attention_scale::Model &model) {
  Series variance[2], entropy[2], gradient[2], theory{.title = "d, and 1", .style = "lines dashtype 2"};
  const char *names[] = {"raw", "scaled"}, *titles[] = {"q·k", "q·k / √d"};
  double worst[2] = {};
  for (int d = 16; d <= 1024; d *= 2) {
    const std::string entry = "scores_" + std::to_string(d);
    model.call(entry.c_str());
    for (int i = 0; i < 2; ++i) {
      auto name = [&](const char *what) { return std::string(what) + "_" + names[i]; };
      const double measured = model.number(entry.c_str(), name("variance").c_str());
      variance[i].x.push_back(d), variance[i].y.push_back(measured);
      entropy[i].x.push_back(d), entropy[i].y.push_back(model.number(entry.c_str(), name("entropy").c_str()));
      gradient[i].x.push_back(d);
      gradient[i].y.push_back(median(model.output<float>(entry.c_str(), name("gradient").c_str())));
      worst[i] = std::max(worst[i], std::abs(measured / (i == 0 ? d : 1) - 1));
    }
    theory.x.push_back(d), theory.y.push_back(d);
    lab.record("scores", {{"d", double(d)},
                          {"variance_raw", variance[0].y.back()},
                          {"variance_scaled", variance[1].y.back()},
                          {"entropy_raw", entropy[0].y.back()},
                          {"entropy_scaled", entropy[1].y.back()},
                          {"gradient_raw", gradient[0].y.back()},
                          {"gradient_scaled", gradient[1].y.back()}});
  }
  for (int i = 0; i < 2; ++i)
    for (Series *series : {&variance[i], &entropy[i], &gradient[i]})
      series->title = titles[i], series->style = "linespoints pointtype 7";
  lab.at_most("variance of q.k against d, all d: largest error", 0.05, worst[0]);
  lab.at_most("variance of q.k / sqrt(d) against 1: largest error", 0.05, worst[1]);
  const auto [least, most] = std::ranges::minmax(entropy[1].y);
  lab.near("entropy of the softmax, scaled: least over d, log T - 1/2", std::log(keys) - 0.5, least, 0.05);
  lab.near("the same: most over d", std::log(keys) - 0.5, most, 0.05);
  lab.at_most("entropy, not scaled, d = 1024: a tenth of log T", std::log(keys) / 10, entropy[0].y.back());
  lab.at_least("median gradient at d = 1024: scaled / not scaled", 10, gradient[1].y.back() / gradient[0].y.back());
  const std::string axis = "set logscale x 2; set key top left; set xlabel 'size of queries and keys, d'";
  theory.title = "d";
  Series one{.title = "1", .x = {16, 1024}, .y = {1, 1}, .style = "lines dashtype 2"};
  return {
      {"Variance of a score", "d", "variance", {variance[0], variance[1], theory, one}, axis + "; set logscale y 10"},
      {"Entropy of the softmax over 64 keys",
       "d",
       "entropy, nats",
       {entropy[0], entropy[1]},
       axis + "; set key center right; set yrange [0:4.2]"},
      {"Gradient of the softmax, median over rows",
       "d",
       "norm of J v, v normal",
       {gradient[0], gradient[1]},
       axis + "; set key bottom left; set logscale y 10; set format y '10^{%L}'"}};
}

Panel depth(Lab &lab, attention_scale::Model &model) {
  const auto sizes = model.depth();
  Series none{.title = "x + f(x)"}, before{.title = "x + f(norm(x))"}, after{.title = "norm(x + f(x))"};
  std::vector<double> layers, logs;
  double before_worst = 0, after_worst = 0;
  for (size_t i = 0; i < sizes.none.size(); ++i) {
    const double layer = double(i + 1);
    layers.push_back(layer), logs.push_back(std::log2(double(sizes.none[i])));
    for (auto [series, value] : {std::pair{&none, sizes.none[i]}, {&before, sizes.before[i]}, {&after, sizes.after[i]}})
      series->x.push_back(layer), series->y.push_back(value);
    before_worst = std::max(before_worst, std::abs(double(sizes.before[i]) / std::sqrt(1 + layer) - 1));
    after_worst = std::max(after_worst, std::abs(double(sizes.after[i]) - 1));
    lab.record("depth",
               {{"layer", layer}, {"none", sizes.none[i]}, {"before", sizes.before[i]}, {"after", sizes.after[i]}});
  }
  lab.near("no norm: log2 |x| a layer", 0.5, fit_line(layers, logs).slope, 0.1);
  lab.at_most("norm of the branch: error of sqrt(1 + layers)", 0.1, before_worst);
  lab.at_most("norm of the sum: distance of |x| from 1, 32 layers", 0.1, after_worst);
  return {"Size of x behind each residual block",
          "layer",
          "root mean square of x",
          {none, before, after},
          "set logscale y; set key top left; set format y '10^{%L}'"};
}

Panel lookups(Lab &lab, attention_scale::Model &model) {
  const int steps = full_or_small(3000, 800), part = 50;
  Series right[3] = {{.title = "1 head of 32"}, {.title = "2 heads of 16"}, {.title = "4 heads of 8"}};
  double sums[3] = {};
  for (int step = 1; step <= steps; ++step) {
    const auto now = model.lookups();
    for (int i = 0; i < 3; ++i)
      sums[i] += now.both_right[size_t(i)] / part;
    if (step % part)
      continue;
    for (int i = 0; i < 3; ++i)
      right[i].x.push_back(step), right[i].y.push_back(100 * sums[i]), sums[i] = 0;
    lab.record("lookups", {{"step", double(step)},
                           {"heads1", right[0].y.back()},
                           {"heads2", right[1].y.back()},
                           {"heads4", right[2].y.back()}});
  }
  lab.at_most("two lookups, 1 head: both right, %", 50, right[0].y.back());
  lab.at_least("the same, 2 heads", small ? 80 : 95, right[1].y.back());
  lab.at_least("the same, 4 heads", small ? 80 : 95, right[2].y.back());
  return {"Two lookups: heads of equal parameters",
          "step",
          "both values right, % of 12,800 questions",
          {right[0], right[1], right[2]},
          "set key center right; set yrange [0:105]"};
}

} // namespace

int main() {
  return run([](Lab &lab) {
    attention_scale::Model model({.seed = 1});
    std::vector<Panel> panels = scale(lab, model);
    panels.push_back(depth(lab, model));
    plot(panels);
    plot({lookups(lab, model)}, ".lookups.svg");
  });
}
