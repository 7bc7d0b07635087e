// Bytes and time over the length of a text, and what each way to look back forgets. README.md has the formulas.
#include "lab.h"
#include "lookback.h"
#include "model.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <span>

using namespace lab;

namespace {

const char *kinds[] = {"full", "window", "linear"}, *titles[] = {"attention", "window of 32", "linear attention"};
constexpr int longest = full_or_small(16384, 4096);

std::vector<Panel> texts(Lab &lab, lookback::Model &model) {
  std::mt19937 bits(1);
  Series bytes[3], seconds[3], slope{.title = "proportional to T", .style = "lines dashtype 2"};
  for (int kind = 0; kind < 3; ++kind) {
    for (int T = longest / 16; T <= longest; T *= 2) {
      const std::string entry = std::string("text_") + kinds[kind] + "_" + std::to_string(T);
      std::vector<int32_t> tokens, next;
      for (int i = 0; i < T; ++i) {
        tokens.push_back(int32_t(bits() % 64));
        next.push_back((tokens.back() + 1) % 64);
      }
      model.set(entry.c_str(), "tokens", tokens), model.set(entry.c_str(), "next", next);
      double best = INFINITY, loss = 0;
      for (int call = 0; call < 3; ++call) {
        const auto start = std::chrono::steady_clock::now();
        model.call(entry.c_str());
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        loss = model.number(entry.c_str(), "loss");
      }
      bytes[kind].x.push_back(T), bytes[kind].y.push_back(double(plan_of(model, entry).arena_bytes) / 1e6);
      seconds[kind].x.push_back(T), seconds[kind].y.push_back(best);
      lab.record("text", {{"kind", double(kind)},
                          {"tokens", double(T)},
                          {"arena", 1e6 * bytes[kind].y.back()},
                          {"seconds", best},
                          {"loss", loss}});
      std::printf("%-6s %6d tokens  %8.1f MB  %7.3f s a step  loss %.3f\n", kinds[kind], T, bytes[kind].y.back(), best,
                  loss);
      if (T == longest)
        lab.at_most(std::string(titles[kind]) + ", " + std::to_string(T) + " tokens, all trained on: loss / log 64", 1,
                    loss / std::log(64.0));
    }
    lab.near(std::string(titles[kind]) + ": exponent of bytes over T", 1, power(bytes[kind].x, bytes[kind].y), 0.1);
    bytes[kind].title = seconds[kind].title = titles[kind];
    bytes[kind].style = seconds[kind].style = "linespoints pointtype 7";
  }
  slope.x = {longest / 16.0, double(longest)}, slope.y = {bytes[0].y[0] / 2, 8 * bytes[0].y[0]};
  const std::string axes = "set logscale x 2; set logscale y 10; set key top left";
  return {{"Memory of a step of training", "tokens, T", "arena, MB", {bytes[0], bytes[1], bytes[2], slope}, axes},
          {"Its time", "tokens, T", "seconds a step, two threads", {seconds[0], seconds[1], seconds[2]}, axes}};
}

Panel recall(Lab &lab, lookback::Model &model) {
  Series right[3];
  for (int pairs : {16, 64, 256}) {
    const std::string entry = "recall_" + std::to_string(pairs);
    const int steps = full_or_small(pairs == 256 ? 1500 : 2000, 200), last = steps / 10;
    double sums[3] = {};
    for (int step = 1; step <= steps; ++step) {
      model.call(entry.c_str());
      const std::span<const float> now = model.output<float>(entry.c_str(), "right");
      for (int kind = 0; kind < 3; ++kind)
        sums[kind] += step > steps - last ? 100 * now[size_t(kind)] / last : 0;
    }
    for (int kind = 0; kind < 3; ++kind)
      right[kind].x.push_back(pairs), right[kind].y.push_back(sums[kind]);
    lab.record("recall", {{"pairs", double(pairs)}, {"full", sums[0]}, {"window", sums[1]}, {"linear", sums[2]}});
    std::printf("%3d pairs: right %.1f %% by attention, %.1f %% by a window, %.1f %% by linear attention\n", pairs,
                sums[0], sums[1], sums[2]);
  }
  for (int kind = 0; kind < 3; ++kind)
    right[kind].title = titles[kind], right[kind].style = "linespoints pointtype 7";
  // The i-th of 8 questions sees 31 - i pairs: it knows these, and one of 16 of the others.
  const double seen = 27.5 / 256, chance = 100 * (seen + (1 - seen) / 16);
  if (!small)
    lab.at_least("recall of 256 pairs by attention: right, %", 95, right[0].y[2]);
  lab.at_most("recall of 256 pairs by the window, which sees 27.5: %", chance + 3, right[1].y[2]);
  if (!small) {
    lab.at_least("recall of 16 pairs by linear attention, 32 features", 95, right[2].y[0]);
    lab.at_most("the same of 256 pairs", 90, right[2].y[2]);
  }
  return {"Recall of a pair seen before",
          "pairs of key and value",
          "right, %",
          {right[0], right[1], right[2]},
          "set logscale x 2; set yrange [0:105]; set key bottom left; set xtics (16, 64, 256); set xrange [12:340]"};
}

} // namespace

int main() {
  return run([](Lab &lab) {
    lookback::Model model({.seed = 1});
    std::vector<Panel> panels = texts(lab, model);
    panels.push_back(recall(lab, model));
    plot(panels);
  });
}
