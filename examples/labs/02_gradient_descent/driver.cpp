// When does gradient descent diverge, what does a step win, and where does it settle? README.md has the formulas.
#include "data.h"
#include "descent.h"
#include "lab.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <random>

using namespace lab;

namespace {

constexpr size_t rates = descent_quadratic_step_eta_count, runs = descent_network_step_eta_count;
constexpr size_t images = descent_network_step_targets_count / 10;
const size_t size = size_t(std::sqrt(double(descent_quadratic_step_A_count)));

/// A = M M' / size for normal M: symmetric, eigenvalues from 0 to about 4.
std::vector<float> random_hessian() {
  std::mt19937 bits(1);
  std::normal_distribution<double> normal;
  std::vector<double> M(size * size);
  for (double &m : M)
    m = normal(bits);
  std::vector<float> A(size * size);
  for (size_t i = 0; i < size; ++i)
    for (size_t j = 0; j < size; ++j) {
      double sum = 0;
      for (size_t k = 0; k < size; ++k)
        sum += M[i * size + k] * M[j * size + k];
      A[i * size + j] = float(sum / double(size));
    }
  return A;
}

/// The largest eigenvalue in double precision, from the matrix itself.
double largest_eigenvalue(const std::vector<float> &A) {
  std::vector<double> v(size, 1), w(size);
  double value = 0;
  for (int i = 0; i < 10000; ++i) {
    double length = 0;
    for (size_t r = 0; r < size; ++r) {
      w[r] = 0;
      for (size_t c = 0; c < size; ++c)
        w[r] += A[r * size + c] * v[c];
      length += w[r] * w[r];
    }
    value = std::sqrt(length);
    for (size_t r = 0; r < size; ++r)
      v[r] = w[r] / value;
  }
  return value;
}

/// Largest distance of the measured drops from eta |g|^2 - eta^2 g'Hg / 2, as a part of eta |g|^2.
template <typename Drop> double worst_prediction(const Drop &drop, const std::vector<float> &eta) {
  double worst = 0;
  for (size_t r = 0; r < eta.size(); ++r) {
    const double won = double(eta[r]) * drop.slopes[r];
    worst = std::max(worst, std::abs(drop.drops[r] - won + 0.5 * eta[r] * eta[r] * drop.curvatures[r]) / won);
  }
  return worst;
}

Panel quadratic(Lab &lab) {
  descent::Model model({.seed = 1});
  const std::vector<float> A = random_hessian();
  const double exact = largest_eigenvalue(A);
  double lambda = 0;
  for (int i = 0; i < full_or_small(500, 300); ++i) {
    const auto found = model.quadratic_sharpness({.A = A});
    lambda = *std::ranges::max_element(found.eigenvalues);
  }
  lab.near("quadratic: largest eigenvalue by power iteration", exact, lambda, 0.01);

  // From 0.2 / lambda to 4 / lambda; the small form has fewer rates, and looks near 2 / lambda alone.
  std::vector<float> eta(rates);
  const double first = full_or_small(0.2, 1.7), last = full_or_small(4.0, 2.4);
  for (size_t r = 0; r < rates; ++r)
    eta[r] = float(first / lambda * std::pow(last / first, double(r) / double(rates - 1)));

  // One step: eta |g|^2 (1 - eta lambda / 2) is what it wins at least, and exactly if g is along the top eigenvector.
  const auto drop = model.quadratic_drop({.A = A, .eta = eta});
  lab.at_most("quadratic: error of eta |g|^2 - eta^2 g'Hg / 2, as a part of eta |g|^2", 0.01,
              worst_prediction(drop, eta));
  bool at_least = true;
  for (size_t r = 0; r < rates; ++r)
    at_least &= drop.drops[r] >= eta[r] * drop.slopes[r] * (1 - eta[r] * lambda / 2) - 1e-3 * eta[r] * drop.slopes[r];
  lab.expect("quadratic: drop >= eta |g|^2 (1 - eta lambda / 2)", "at all rates", at_least ? "at all" : "not at all",
             at_least);
  std::vector<float> top(rates * size);
  model.getState("direction.w", top);
  model.setState("w", top);
  const auto along = model.quadratic_drop({.A = A, .eta = eta});
  double worst = 0;
  for (size_t r = 0; r < rates; ++r) // as a part of eta |g|^2, since the prediction passes 0 at eta = 2 / lambda
    worst = std::max(worst, std::abs(along.drops[r] / (eta[r] * along.slopes[r]) - (1 - eta[r] * lambda / 2)));
  lab.at_most("quadratic, along the top eigenvector: error / (eta |g|^2)", 0.01, worst);

  model.initialize(1);
  Series after{.title = "after 100 steps, a run each", .style = "linespoints pointtype 7 pointsize 0.3"};
  std::vector<float> start, end;
  const int steps = 2000;
  for (int step = 0; step <= steps; ++step) {
    const auto now = model.quadratic_step({.A = A, .eta = eta});
    if (step == 0)
      start.assign(now.losses.begin(), now.losses.end());
    if (step == 100)
      for (size_t r = 0; r < rates; ++r) {
        after.x.push_back(eta[r] * lambda);
        after.y.push_back(std::min(1e12, double(now.losses[r]) / start[r]));
        lab.record("quadratic", {{"eta", eta[r]}, {"eta_lambda", eta[r] * lambda}, {"loss", now.losses[r]}});
      }
    if (step == steps)
      end.assign(now.losses.begin(), now.losses.end());
  }
  size_t stable = 0;
  while (stable < rates && end[stable] < start[stable])
    ++stable;
  bool sharp = true; // all rates below converge, all above diverge
  for (size_t r = stable; r < rates; ++r)
    sharp &= !(end[r] < start[r]);
  const double threshold = stable == 0 || stable == rates ? NAN : std::sqrt(double(eta[stable - 1]) * eta[stable]);
  lab.near("quadratic: rate from which it diverges", 2 / exact, threshold, 0.02);
  lab.expect("quadratic: every larger rate diverges, too", "yes", sharp ? "yes" : "no", sharp);
  return {.title = "A quadratic",
          .x = "rate times largest eigenvalue, ηλ",
          .y = "loss / loss at the start",
          .series = {after, {.title = "η = 2 / λ", .x = {2, 2}, .y = {1e-12, 1e12}, .style = "lines dashtype 2"}},
          .settings =
              "set logscale xy; set key bottom left Left reverse; unset mytics; set format y '10^{%L}'; set xtics "
              "(0.2, 0.5, 1, 2, 4)"};
}

Panel drops_of_network(Lab &lab, const std::vector<float> &x, const std::vector<float> &y) {
  descent::Model model({.seed = 2});
  std::vector<float> lambda;
  for (int i = 0; i < full_or_small(200, 100); ++i) {
    const auto found = model.network_sharpness({.images = x, .targets = y});
    lambda.assign(found.eigenvalues.begin(), found.eigenvalues.end());
  }
  Series measured{.title = "measured", .style = "points pointtype 7"};
  Series second{.title = "η|g|^2 - η^2 g'Hg / 2", .style = "lines"};
  Series least{.title = "η|g|^2 (1 - ηλ / 2)", .style = "lines"};
  for (double c : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0}) {
    std::vector<float> eta(runs);
    for (size_t r = 0; r < runs; ++r)
      eta[r] = float(c / lambda[r]);
    const auto drop = model.network_drop({.images = x, .targets = y, .eta = eta});
    const double slope = drop.slopes[0], rate = eta[0];
    measured.x.push_back(c), measured.y.push_back(drop.drops[0]);
    second.x.push_back(c), second.y.push_back(rate * slope - rate * rate * drop.curvatures[0] / 2);
    least.x.push_back(c), least.y.push_back(rate * slope * (1 - c / 2));
    lab.record("drop", {{"eta_lambda", c},
                        {"measured", drop.drops[0]},
                        {"second_order", second.y.back()},
                        {"at_least", least.y.back()}});
    if (c == 0.1) {
      lab.at_most("network, eta = 0.1 / lambda: the same error", 0.05, worst_prediction(drop, eta));
      lab.at_least("the same: drop / (eta |g|^2 (1 - eta lambda / 2))", 1, drop.drops[0] / least.y.back());
    }
  }
  return {.title = "One step of the network",
          .x = "rate times largest eigenvalue, ηλ",
          .y = "drop of the loss",
          .series = {measured, second, least},
          .settings = "set key bottom left"};
}

std::vector<Panel> edge_of_stability(Lab &lab, const std::vector<float> &x, const std::vector<float> &y) {
  descent::Model model({.seed = 3});
  const std::vector<float> eta = {2.0f / 15, 2.0f / 20};
  const int steps = full_or_small(1500, 60), every = 10;
  std::vector<Series> sharpness(runs), loss(runs);
  for (int step = 0; step <= steps; ++step) {
    const auto now = model.network_step({.images = x, .targets = y, .eta = eta});
    for (size_t r = 0; r < runs; ++r)
      loss[r].x.push_back(step), loss[r].y.push_back(now.losses[r]);
    if (step % every)
      continue;
    std::vector<float> lambda;
    for (int i = 0; i < (step == 0 ? 30 : 3); ++i) { // the direction of before is a good start
      const auto found = model.network_sharpness({.images = x, .targets = y});
      lambda.assign(found.eigenvalues.begin(), found.eigenvalues.end());
    }
    for (size_t r = 0; r < runs; ++r) {
      sharpness[r].x.push_back(step), sharpness[r].y.push_back(lambda[r]);
      lab.record("edge", {{"run", double(r)},
                          {"step", double(step)},
                          {"loss", loss[r].y.back()},
                          {"sharpness", lambda[r]},
                          {"limit", 2 / eta[r]}});
    }
    if (step % 100 == 0)
      std::printf("step %4d  losses %.4f %.4f  sharpness %.1f %.1f\n", step, loss[0].y.back(), loss[1].y.back(),
                  lambda[0], lambda[1]);
  }
  std::vector<Series> limits;
  for (size_t r = 0; r < runs; ++r) {
    const double limit = 2 / eta[r];
    const std::string name = "η = 2 / " + digits(limit);
    loss[r].title = sharpness[r].title = name;
    limits.push_back({.title = "2 / η = " + digits(limit),
                      .x = {0, double(steps)},
                      .y = {limit, limit},
                      .style = "lines dashtype 2"});
    const std::vector<double> &all = sharpness[r].y;
    const std::vector<double> last(all.end() - std::ptrdiff_t(all.size() / 3), all.end());
    if (!small)
      lab.near("edge of stability, eta = 2 / " + digits(limit) + ": mean of the last third", limit, mean(last), 0.1);
    lab.at_least("the same: sharpness at the end / at the start", small ? 0.5 : 1, last.back() / all.front());
    lab.at_most("the same: loss at the end / at the start", 1, loss[r].y.back() / loss[r].y.front());
  }
  Panel a{.title = "Sharpness of full-batch descent",
          .x = "step",
          .y = "largest eigenvalue of the Hessian",
          .series = sharpness,
          .settings = "set key bottom right"};
  a.series.insert(a.series.end(), limits.begin(), limits.end());
  return {a,
          {.title = "Its loss",
           .x = "step",
           .y = "half the squared distance, mean over images",
           .series = loss,
           .settings = "set logscale y"}};
}

} // namespace

int main() {
  return run([](Lab &lab) {
    Images train = shrink(fashion_mnist("train", 0, images), 2);
    standardize(train);
    const std::vector<float> y = one_hot(train.labels, 10);
    std::vector<Panel> panels = {quadratic(lab), drops_of_network(lab, train.pixels, y)};
    for (Panel &panel : edge_of_stability(lab, train.pixels, y))
      panels.push_back(std::move(panel));
    plot(panels);
  });
}
