// Trains GPTs of six sizes, fits laws, and predicts what one of four times the size reaches. README.md has the
// formulas.
#include "data.h"
#include "lab.h"
#include "model.h"
#include "plot.h"
#include "scaling.h"
#include "statistics.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <span>

using namespace lab;

namespace {

constexpr size_t sizes = 7, context = 64, batch = size_t(scaling_train_gpt0_tokens_count) / context;
const size_t steps = full_or_small(1100, 20), held_out = full_or_small(24, 2);
const double widths[] = {24, 32, 48, 64, 96, 128, 256};

/// The King James Bible as numbers of characters, in pieces of context + 1.
struct Text {
  std::vector<int32_t> tokens;
  std::vector<size_t> train, test; ///< where pieces begin
};

Text read_text() {
  const std::string command = "bible -f 'gen1:1-rev22:21' | sed -E 's/^[^ ]+:[0-9]+ //'";
  std::FILE *from = popen(command.c_str(), "r");
  if (!from)
    throw std::runtime_error("bible does not start (Debian's packages bible-kjv and bible-kjv-text)");
  std::string all(5 << 20, ' ');
  all.resize(std::fread(all.data(), 1, all.size(), from));
  if (pclose(from) != 0 || all.size() < 4000000)
    throw std::runtime_error("bible does not print its text (Debian's packages bible-kjv and bible-kjv-text)");
  Text text;
  std::string known;
  for (char letter : all) {
    if (known.find(letter) == std::string::npos)
      known += letter;
    text.tokens.push_back(int32_t(known.find(letter)));
  }
  if (known.size() > 64)
    throw std::runtime_error("the text has more than 64 different characters");
  for (size_t at = 0; at + context + 1 <= text.tokens.size(); at += context)
    (at % (20 * context) ? text.train : text.test).push_back(at); // every twentieth piece is held out
  std::mt19937 bits(1);
  std::ranges::shuffle(text.test, bits);
  return text;
}

void give(scaling::Model &model, const std::string &entry, const Text &text, const std::vector<size_t> &pieces,
          size_t first) {
  std::vector<int32_t> tokens, next;
  for (size_t b = 0; b < batch; ++b)
    for (size_t i = 0; i < context; ++i) {
      tokens.push_back(text.tokens[pieces[first + b] + i]);
      next.push_back(text.tokens[pieces[first + b] + i + 1]);
    }
  model.set(entry.c_str(), "tokens", tokens), model.set(entry.c_str(), "next", next);
}

/// More where they cost little.
size_t seeds_of(size_t size) { return small || size > 4 ? 1 : 2; }

struct Run {
  double all, inner; ///< parameters, and those without embeddings
  double flops;      ///< of a step
  double loss = 0;   ///< held out
  std::vector<double> curve = {};
};

Run train(scaling::Model &model, size_t size, const Text &text, uint64_t seed) {
  const std::string name = "gpt" + std::to_string(size), entry = "train_" + name, eval = "eval_" + name;
  Run run{0, 0, plan_of(model, entry).flops};
  const sinter_program *program = sinter_program_of(model.raw());
  for (uint32_t i = 0; i < program->state_count; ++i) {
    const sinter_tensor &tensor = program->states[i].tensor;
    if (program->states[i].role != SINTER_PARAMETER || std::strncmp(tensor.name, (name + ".").c_str(), name.size() + 1))
      continue;
    run.all += double(tensor.bytes) / 4;
    run.inner += std::strstr(tensor.name, "embedding") ? 0 : double(tensor.bytes) / 4;
  }
  model.initialize(seed);
  std::vector<size_t> pieces = text.train;
  std::mt19937 bits(static_cast<uint32_t>(seed));
  std::ranges::shuffle(pieces, bits); // no piece is seen twice
  for (size_t step = 0; step < steps; ++step) {
    // One rule for all: the peak is as 1 / width; a short rise, a plateau, and a fall in the last fifth.
    const double done = double(step) / double(steps), shape = std::min({1.0, 20 * done + 0.02, (1 - done) / 0.2});
    model.set(entry.c_str(), "lr", 0.1 / widths[size] * shape);
    give(model, entry, text, pieces, step * batch);
    model.call(entry.c_str());
    run.curve.push_back(model.number(entry.c_str(), "loss"));
  }
  for (size_t i = 0; i < held_out; ++i) {
    give(model, eval, text, text.test, i * batch);
    model.call(eval.c_str());
    run.loss += model.number(eval.c_str(), "loss") / double(held_out);
  }
  return run;
}

/// L = least + scale / x^exponent, of least squares, with `least` not below 0.
struct Law {
  double least = 0, scale = 0, exponent = 0, error = INFINITY;
  double operator()(double x) const { return least + scale * std::pow(x, -exponent); }
};
Law fit(const std::vector<double> &x, const std::vector<double> &y) {
  Law best;
  for (double exponent = 0.02; exponent < 1.5; exponent += 0.005) {
    std::vector<double> powers;
    for (double value : x)
      powers.push_back(std::pow(value, -exponent));
    const Line line = fit_line(powers, y);
    Law law{line.offset, line.slope, exponent, 0};
    if (law.least < 0 || law.scale < 0)
      continue;
    for (size_t i = 0; i < x.size(); ++i)
      law.error += (law(x[i]) - y[i]) * (law(x[i]) - y[i]);
    if (law.error < best.error)
      best = law;
  }
  return best;
}

/// The middle 95 % of exponents fitted to the law with its residuals dealt anew.
std::pair<double, double> bootstrap(const std::vector<double> &x, const std::vector<double> &y, const Law &law) {
  std::mt19937 bits(9);
  std::vector<double> exponents;
  for (int i = 0; i < full_or_small(400, 20); ++i) {
    std::vector<double> drawn;
    for (double value : x) {
      const size_t from = bits() % x.size();
      drawn.push_back(law(value) + y[from] - law(x[from]));
    }
    exponents.push_back(fit(x, drawn).exponent);
  }
  return {quantile(exponents, 0.025), quantile(exponents, 0.975)};
}

/// The law of one count of parameters, and what it says of the largest model.
Panel by_parameters(Lab &lab, const std::vector<Run> &runs, const Run &largest, double Run::*count,
                    const std::string &name) {
  std::vector<double> x, y;
  for (const Run &run : runs)
    x.push_back(run.*count), y.push_back(run.loss);
  const Law law = fit(x, y);
  const auto [low, high] = bootstrap(x, y, law);
  const double predicted = law(largest.*count);
  std::printf("%s: L = %.3f + (%.3g / N)^%.3f, exponent %.3f to %.3f\n", name.c_str(), law.least,
              std::pow(law.scale, 1 / law.exponent), law.exponent, low, high);
  lab.record("law", {{"least", law.least},
                     {"scale", law.scale},
                     {"exponent", law.exponent},
                     {"low", low},
                     {"high", high},
                     {"predicted", predicted},
                     {"measured", largest.loss}});
  if (!small) {
    lab.near("loss of a model 4 x larger, predicted from " + name, predicted, largest.loss, 0.03);
    lab.expect("exponent of " + name + ", 95 % of the bootstrap", "above 0",
               digits(law.exponent, 3) + " (" + digits(low, 3) + " to " + digits(high, 3) + ")", low > 0);
  } else {
    lab.near("loss of a model 4 x larger, predicted from " + name, predicted, largest.loss, 0.2);
  }
  Series points{.title = "fitted", .x = x, .y = y, .style = "points pointtype 7"},
      curve{.title = "L = " + digits(law.least, 3) + " + (" + digits(std::pow(law.scale, 1 / law.exponent), 2) +
                     " / N)^{" + digits(law.exponent, 2) + "}"};
  for (double N = x.front(); N < 1.2 * (largest.*count); N *= 1.1)
    curve.x.push_back(N), curve.y.push_back(law(N));
  Series last{.title = "4 x larger: measured",
              .x = {largest.*count},
              .y = {largest.loss},
              .style = "points pointtype 9 pointsize 1.5"};
  return {
      "Loss against " + name, name + ", N", "held-out loss, nats a character", {points, curve, last}, "set logscale x"};
}

/// Mean losses of parts of a training, each a fourth longer than the one before, up to where the rate falls.
Series learning(const Run &run, double unit) {
  Series series;
  for (double from = 40; from * 1.25 < 0.8 * double(run.curve.size()); from *= 1.25) {
    const std::span<const double> part(&run.curve[size_t(from)], size_t(0.25 * from));
    series.x.push_back(1.125 * from * unit), series.y.push_back(mean(part));
  }
  return series;
}

} // namespace

int main() {
  return run([](Lab &lab) {
    const Text text = read_text();
    std::vector<Run> runs;
    Run largest;
    scaling::Model model({.seed = 1});
    for (size_t size = 0; size < sizes; ++size)
      for (size_t seed = 1; seed <= seeds_of(size); ++seed) {
        const Run now = train(model, size, text, seed);
        std::printf("%9.0f parameters (%.0f without embeddings), %.3g FLOPs a step: loss %.4f\n", now.all, now.inner,
                    now.flops, now.loss);
        lab.record("run", {{"parameters", now.all},
                           {"inner", now.inner},
                           {"flops_step", now.flops},
                           {"tokens", double(steps * batch * context)},
                           {"loss", now.loss}});
        size + 1 < sizes ? runs.push_back(now) : void(largest = now);
      }
    std::vector<double> means; // of each size, over seeds
    std::vector<Run> first;    // and one of them
    for (size_t size = 0, at = 0; size + 1 < sizes; at += seeds_of(size++)) {
      means.push_back(0);
      for (size_t i = 0; i < seeds_of(size); ++i)
        means.back() += runs[at + i].loss / double(seeds_of(size));
      first.push_back(runs[at]);
    }
    means.push_back(largest.loss), first.push_back(largest);
    const bool falls = std::ranges::is_sorted(means, std::greater());
    if (!small)
      lab.expect("each larger model has less loss", "yes", falls ? "yes" : "no", falls);
    std::vector<Panel> panels = {by_parameters(lab, runs, largest, &Run::all, "parameters"),
                                 by_parameters(lab, runs, largest, &Run::inner, "parameters without embeddings")};
    if (!small) {
      Panel data{"Loss while training, by tokens", "tokens, D", "loss, nats a character", {}, "set logscale x"};
      Panel compute{"The same by compute, in the same colours",
                    "FLOPs, C (as the compiler counts them)",
                    "loss, nats a character",
                    {},
                    "set logscale x; set format x '10^{%L}'; unset key"};
      std::vector<double> all_x, all_y;
      for (size_t size = 0; size < sizes; ++size) {
        const Run &run = first[size];
        for (Panel *panel : {&data, &compute}) {
          Series series = learning(run, panel == &data ? double(batch * context) : run.flops);
          series.title = digits(std::round(run.all / 1000), 4) + " thousand";
          if (panel == &compute)
            all_x.insert(all_x.end(), series.x.begin(), series.x.end()),
                all_y.insert(all_y.end(), series.y.begin(), series.y.end());
          panel->series.push_back(series);
        }
      }
      // By tokens: the largest of the fitted. By compute: who is best at each C.
      const Series &tokens = data.series[sizes - 2];
      const Law law = fit(tokens.x, tokens.y);
      const auto [low, high] = bootstrap(tokens.x, tokens.y, law);
      std::vector<double> best_x, best_y;
      for (size_t i = 0; i < all_x.size(); ++i) {
        bool best = true;
        for (size_t j = 0; j < all_x.size(); ++j)
          best &= !(all_x[j] <= all_x[i] && all_y[j] < all_y[i]);
        if (best)
          best_x.push_back(all_x[i]), best_y.push_back(all_y[i]);
      }
      const Law best = fit(best_x, best_y);
      const auto [best_low, best_high] = bootstrap(best_x, best_y, best);
      lab.expect("exponent of tokens, 95 % of the bootstrap", "above 0",
                 digits(law.exponent, 3) + " (" + digits(low, 3) + " to " + digits(high, 3) + ")", low > 0);
      lab.expect("exponent of compute, best at each", "above 0",
                 digits(best.exponent, 3) + " (" + digits(best_low, 3) + " to " + digits(best_high, 3) + ")",
                 best_low > 0);
      panels.push_back(data), panels.push_back(compute);
    }
    plot(panels);
  });
}
