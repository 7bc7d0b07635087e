// Circuits against the networks that they become; parities that are learned, and that are not. README.md has more.
#include "circuit.h"
#include "circuits.h"
#include "lab.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <random>
#include <span>

using namespace lab;

namespace {

constexpr size_t width = size_t(circuits_evaluate_weights_count) / circuits_evaluate_biases_count;
constexpr size_t layers = circuits_evaluate_biases_count / width, rows = circuits_evaluate_x_count / width;
const int sizes[] = {1, 2, 3, 4, 6, 8, 12};

/// On all inputs, or on `most` random ones: how many were compared, and how many differ in either network.
void compare(Lab &lab, circuits::Model &model, const std::string &name, const Circuit &circuit, size_t most) {
  const Layers network = compile(circuit, layers, width);
  model.set("evaluate", "weights", network.weights);
  model.set("evaluate", "biases", network.biases);
  std::mt19937 bits(5);
  const size_t all = circuit.inputs <= 16 ? size_t(1) << circuit.inputs : most;
  size_t wrong = 0, compared = 0;
  while (compared < all) {
    std::vector<float> x(rows * width, 0);
    std::vector<std::vector<bool>> inputs(rows, std::vector<bool>(circuit.inputs));
    for (size_t r = 0; r < rows; ++r) {
      const size_t word = circuit.inputs <= 16 ? compared + r : bits();
      for (size_t i = 0; i < circuit.inputs; ++i)
        x[r * width + i] = float(inputs[r][i] = word >> i & 1);
    }
    model.set("evaluate", "x", x);
    model.call("evaluate");
    const std::span<const float> threshold = model.output<float>("evaluate", "threshold"),
                                 ramps = model.output<float>("evaluate", "relu");
    for (size_t r = 0; r < rows && compared < all; ++r, ++compared) {
      const std::vector<bool> truth = evaluate(circuit, inputs[r]);
      for (size_t i = 0; i < truth.size(); ++i) {
        const size_t at = r * width + network.outputs[i];
        wrong += threshold[at] != float(truth[i]) || ramps[at] != float(truth[i]);
      }
    }
  }
  const size_t gates = circuit.gates.size() - circuit.inputs;
  lab.expect(name + " (" + std::to_string(circuit.inputs) + " inputs, " + std::to_string(gates) +
                 " gates): outputs that differ",
             "0 of " + std::to_string(all * circuit.outputs.size()), std::to_string(wrong), wrong == 0);
  lab.record("circuit", {{"inputs", double(circuit.inputs)},
                         {"gates", double(gates)},
                         {"compared", double(all)},
                         {"wrong", double(wrong)}});
}

Panel train(Lab &lab, circuits::Model &model) {
  const int steps = full_or_small(8000, 3000), part = 50;
  std::vector<Series> accuracy(std::size(sizes));
  std::vector<double> sums(std::size(sizes), 0);
  for (int step = 1; step <= steps; ++step) {
    const auto now = model.train({});
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] += 100 * now.accuracy[i] / part;
    if (step % part)
      continue;
    for (size_t i = 0; i < sums.size(); ++i) {
      accuracy[i].x.push_back(step), accuracy[i].y.push_back(sums[i]);
      accuracy[i].title = "k = " + std::to_string(sizes[i]);
      lab.record("parity", {{"bits", double(sizes[i])}, {"step", double(step)}, {"accuracy", sums[i]}});
      sums[i] = 0;
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    const std::string name = "parity of " + std::to_string(sizes[i]) + " of 40 bits: right, %";
    std::printf("%s %.1f\n", name.c_str(), accuracy[i].y.back());
    if (sizes[i] <= (small ? 2 : 3))
      lab.at_least(name, 99, accuracy[i].y.back());
    if (sizes[i] >= 8)
      lab.at_most(name, 53, accuracy[i].y.back());
  }
  return {"Parities of k of 40 bits, learned from new examples", "step (256 examples)", "right, %", accuracy,
          "set yrange [40:102]; set key center right"};
}

Panel signals(Lab &lab, circuits::Model &model) {
  const size_t bits = 16, times = full_or_small(10, 2);
  std::vector<double> parities(bits, 0), ks;
  double random = 0;
  for (size_t i = 0; i < times; ++i) {
    model.initialize(100 + i);
    const auto now = model.signals({});
    for (size_t k = 0; k < bits; ++k)
      parities[k] += now.parities[k] / double(times);
    random += mean(now.random) / double(times);
  }
  const double all = random * std::pow(2, bits); // the mean of |df/dw|^2 over inputs: random signs add up squares
  Series measured{.title = "parity of k bits", .style = "linespoints pointtype 7"},
      bound{.title = "mean |∇f|^2 / (16 over k)", .style = "lines dashtype 2"};
  double choose = 1, worst = 0;
  for (size_t k = 1; k <= bits; ++k) {
    choose = choose * double(bits - k + 1) / double(k);
    measured.x.push_back(double(k)), measured.y.push_back(parities[k - 1]);
    bound.x.push_back(double(k)), bound.y.push_back(all / choose);
    worst = std::max(worst, measured.y.back() / bound.y.back());
    lab.record("signal", {{"bits", double(k)}, {"measured", measured.y.back()}, {"bound", bound.y.back()}});
  }
  lab.at_most("|gradient|^2 of a parity of k of 16 bits / its bound, all k", 1, worst);
  return {"What the first gradient says about the parity",
          "bits, k of 16",
          "squared norm of the gradient of mean(y f)",
          {measured, bound},
          "set logscale y; set format y '10^{%L}'; set key top center"};
}

} // namespace

int main() {
  return run([](Lab &lab) {
    circuits::Model model({.seed = 1});
    for (const char *name : {"adder8", "parity16", "sort16"}) {
      std::ifstream file(std::string(LAB_FOLDER "/circuits/") + name + ".txt");
      compare(lab, model, name, read_circuit(file), 0);
    }
    std::mt19937 bits(11);
    for (int i = 0; i < full_or_small(3, 1); ++i)
      compare(lab, model, "random", random_circuit(24, 60, bits), full_or_small(i == 0 ? 1000000 : 100000, 10000));
    const double none = model.slope_of_threshold({}).hidden, some = model.slope_of_relu({}).hidden;
    lab.expect("gradient of a hidden layer of thresholds", "0", digits(none), none == 0);
    lab.expect("the same of ReLUs", "more than 0", digits(some), some > 0);
    const Panel learned = train(lab, model);
    plot({learned, signals(lab, model)});
  });
}
