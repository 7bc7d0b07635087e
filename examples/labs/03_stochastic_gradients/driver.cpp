// The covariance of gradient noise, what it costs a step, and from which batch size on it does not matter. README.md
// has the formulas.
#include "data.h"
#include "lab.h"
#include "noise.h"
#include "plot.h"
#include "statistics.h"

#include <algorithm>
#include <random>
#include <span>

using namespace lab;

namespace {

constexpr size_t images = noise_losses_labels_count, p = noise_each_gradient_w_count, m = noise_losses_w_count / p;
constexpr size_t runs = noise_train_1_eta_count, seeds = full_or_small(4, 2), rates = runs / seeds;

struct Data {
  std::vector<float> x;
  std::vector<int32_t> labels;
};

/// At one place w: the gradients of all images, their mean g, and the Hessian.
struct Place {
  std::vector<float> w, each;
  std::vector<double> g, H;
  double slope = 0, curvature = 0; ///< |g|^2, g'Hg
  double trace = 0, along = 0;     ///< of the noise's covariance S: tr S, tr HS
  double hessian_trace = 0;
  double simple_scale() const { return trace / slope; }
  double scale() const { return along / curvature; }
};

Place look(noise::Model &model, const Data &data, const std::vector<float> &w) {
  Place at{.w = w};
  const auto found = model.each_gradient({.images = data.x, .labels = data.labels, .w = w});
  at.each.assign(found.gradients.begin(), found.gradients.end());
  at.g.assign(p, 0);
  for (size_t i = 0; i < images; ++i)
    for (size_t k = 0; k < p; ++k)
      at.g[k] += at.each[i * p + k] / double(images);
  at.H.assign(p * p, 0);
  for (size_t first = 0; first < p; first += m) { // columns of H: products with the axes
    std::vector<float> axes(m * p, 0);
    for (size_t r = 0; r < m && first + r < p; ++r)
      axes[r * p + first + r] = 1;
    const auto rows = model.hessian_times({.images = data.x, .labels = data.labels, .w = w, .v = axes});
    for (size_t r = 0; r < m && first + r < p; ++r)
      for (size_t k = 0; k < p; ++k)
        at.H[(first + r) * p + k] = rows.products[r * p + k];
  }
  auto times_H = [&](const std::vector<double> &v) { // v'Hv
    double sum = 0;
    for (size_t r = 0; r < p; ++r) {
      double row = 0;
      for (size_t k = 0; k < p; ++k)
        row += at.H[r * p + k] * v[k];
      sum += v[r] * row;
    }
    return sum;
  };
  for (size_t k = 0; k < p; ++k)
    at.slope += at.g[k] * at.g[k], at.hessian_trace += at.H[k * p + k];
  at.curvature = times_H(at.g);
  std::vector<double> noise(p);
  for (size_t i = 0; i < images; ++i) {
    for (size_t k = 0; k < p; ++k) {
      noise[k] = at.each[i * p + k] - at.g[k];
      at.trace += noise[k] * noise[k] / double(images);
    }
    at.along += times_H(noise) / double(images);
  }
  return at;
}

/// tr S / |g|^2 from the gradients of all images.
double simple_scale(std::span<const float> each) {
  std::vector<double> g(p, 0);
  double squares = 0;
  for (size_t i = 0; i < images; ++i)
    for (size_t k = 0; k < p; ++k) {
      g[k] += each[i * p + k] / double(images);
      squares += double(each[i * p + k]) * each[i * p + k] / double(images);
    }
  double slope = 0;
  for (double part : g)
    slope += part * part;
  return (squares - slope) / slope;
}

/// Its mean over the steps of a training with large batches (McCandlish et al., appendix D: what small batches cost is
/// summed over steps).
double mean_scale(noise::Model &model, const Data &data, double target, double rate, const std::vector<float> &start) {
  std::vector<float> w(runs * p);
  for (size_t r = 0; r < runs; ++r)
    std::ranges::copy(start, w.begin() + std::ptrdiff_t(r * p));
  model.setState("w", w);
  model.set("train_512", "eta", std::vector<float>(runs, float(rate)));
  std::vector<double> scales;
  while (model.evaluate({.images = data.x, .labels = data.labels}).losses[0] > target) {
    model.getState("w", w);
    scales.push_back(
        simple_scale(model.each_gradient({.images = data.x, .labels = data.labels, .w = w.data()}).gradients));
    model.call("train_512");
  }
  return mean(scales);
}

/// Mean drop of the loss by steps with gradients of `batch` images, over `draws` of them, and its standard error.
std::pair<double, double> measured_drop(noise::Model &model, const Data &data, const Place &at, size_t batch,
                                        double eta, size_t draws, std::mt19937 &bits) {
  auto losses = [&](const std::vector<float> &w) {
    return model.losses({.images = data.x, .labels = data.labels, .w = w}).losses;
  };
  std::vector<float> w(m * p);
  for (size_t r = 0; r < m; ++r)
    std::ranges::copy(at.w, w.begin() + std::ptrdiff_t(r * p));
  const double before = losses(w)[0];
  std::uniform_int_distribution<size_t> image(0, images - 1);
  std::vector<double> drops, first(m); // of each draw, the first order less its mean: known, so taken off
  while (drops.size() < draws) {
    for (size_t r = 0; r < m; ++r) {
      std::vector<double> g(p, 0);
      for (size_t i = 0; i < batch; ++i) {
        const float *one = &at.each[image(bits) * p];
        for (size_t k = 0; k < p; ++k)
          g[k] += one[k];
      }
      first[r] = at.slope;
      for (size_t k = 0; k < p; ++k) {
        w[r * p + k] = float(at.w[k] - eta * g[k] / double(batch));
        first[r] -= at.g[k] * g[k] / double(batch);
      }
    }
    const auto after = losses(w);
    for (size_t r = 0; r < m; ++r)
      drops.push_back(before - after[r] + eta * first[r]);
  }
  return {mean(drops), std::sqrt(variance(drops) / double(drops.size()))};
}

Panel drops(Lab &lab, noise::Model &model, const Data &data, const Place &at) {
  std::mt19937 bits(3);
  const double eta = 2 * at.slope / (at.curvature + at.along); // at which a single image wins nothing
  Series measured{.title = "measured", .style = "points pointtype 7"};
  Series with{.title = "η|g|^2 - η^2 (g'Hg + tr HΣ / B) / 2"},
      without{.title = "without the noise", .style = "lines dashtype 2"};
  double worst = 0;
  for (size_t batch = 1; batch <= 512; batch *= 2) {
    const auto [drop, error] =
        measured_drop(model, data, at, batch, eta, full_or_small(batch < 16 ? 4096 : 1024, 256), bits);
    const double quadratic = eta * eta / 2 * (at.curvature + at.along / double(batch));
    const double predicted = eta * at.slope - quadratic;
    measured.x.push_back(double(batch)), measured.y.push_back(drop);
    with.x.push_back(double(batch)), with.y.push_back(predicted);
    without.x.push_back(double(batch)), without.y.push_back(eta * at.slope - eta * eta / 2 * at.curvature);
    // The third order is left out; the mean over draws has its error.
    const double allowed = 0.1 * (eta * at.slope + quadratic) + 3 * error;
    worst = std::max(worst, std::abs(drop - predicted) / allowed);
    lab.record(
        "drop",
        {{"batch", double(batch)}, {"eta", eta}, {"measured", drop}, {"error", error}, {"predicted", predicted}});
    std::printf("batch %3zu  drop %.3e +- %.1e  predicted %.3e\n", batch, drop, error, predicted);
  }
  lab.at_most("drop, B = 1 ... 512: |measured - predicted| / (10 % of its terms + 3 errors)", 1, worst);
  return {"Mean drop of one step",
          "batch size, B (images)",
          "drop of the loss",
          {measured, with, without},
          "set logscale x 2; set key bottom right"};
}

/// Steps until the loss over all images is `target`, by the best rate of the batch size; the median over seeds.
double steps_to(noise::Model &model, const Data &data, size_t batch, double target, const std::vector<float> &start,
                double &best_rate) {
  const std::string entry = "train_" + std::to_string(batch);
  std::vector<float> eta(runs), w(runs * p);
  for (size_t r = 0; r < runs; ++r) {
    eta[r] = float(8 * std::pow(2.0, -double(r / seeds) * full_or_small(1.0, 2.5)));
    std::ranges::copy(start, w.begin() + std::ptrdiff_t(r * p));
  }
  model.setState("w", w);
  for (const char *name : {"images", "labels"})
    name[0] == 'i' ? model.set(entry.c_str(), name, data.x) : model.set(entry.c_str(), name, data.labels);
  model.set(entry.c_str(), "eta", eta);
  std::vector<int> reached(runs, -1);
  for (int step = 1; step <= 20000; ++step) {
    model.call(entry.c_str());
    if (step % std::max(1, step / 40)) // every 2.5 %
      continue;
    const auto now = model.evaluate({.images = data.x, .labels = data.labels});
    for (size_t r = 0; r < runs; ++r)
      if (reached[r] < 0 && now.losses[r] <= target)
        reached[r] = step;
    for (size_t rate = 0; rate < rates; ++rate) { // the first rate of which most seeds are there is the best
      std::vector<double> there;
      for (size_t seed = 0; seed < seeds; ++seed)
        if (reached[rate * seeds + seed] > 0)
          there.push_back(reached[rate * seeds + seed]);
      if (2 * there.size() > seeds) {
        best_rate = eta[rate * seeds];
        return quantile(there, 1);
      }
    }
  }
  throw std::runtime_error("batch " + std::to_string(batch) + ": no rate reached the loss");
}

Panel batches(Lab &lab, noise::Model &model, const Data &data, double target, const std::vector<float> &start) {
  Series measured{.title = "measured, best rate of each", .style = "points pointtype 7"};
  double rate = 0;
  for (size_t batch = 1; batch <= 512; batch *= 2) {
    const double steps = steps_to(model, data, batch, target, start, rate);
    measured.x.push_back(double(batch)), measured.y.push_back(steps);
    lab.record("steps", {{"batch", double(batch)}, {"steps", steps}, {"rate", rate}});
    std::printf("batch %3zu  %5.0f steps at rate %.3g\n", batch, steps, rate);
  }
  const double scale = mean_scale(model, data, target, rate, start);
  // S = least (1 + critical / B), fitted in the logarithm.
  double best = INFINITY, critical = 0, least = 0;
  for (double B = 0.5; B < 5000; B *= 1.02) {
    std::vector<double> logs;
    for (size_t i = 0; i < measured.x.size(); ++i)
      logs.push_back(std::log(measured.y[i] / (1 + B / measured.x[i])));
    if (const double spread = variance(logs); spread < best)
      best = spread, critical = B, least = std::exp(mean(logs));
  }
  Series law{.title = digits(least, 2) + " (1 + " + digits(critical, 2) + " / B)"};
  double worst = 1;
  for (size_t i = 0; i < measured.x.size(); ++i) {
    law.x.push_back(measured.x[i]), law.y.push_back(least * (1 + critical / measured.x[i]));
    const double ratio = measured.y[i] / law.y[i];
    worst = std::max({worst, ratio, 1 / ratio});
  }
  Series mark{.title = "mean of tr Σ / |g|^2",
              .x = {scale, scale},
              .y = {least / 2, 4 * measured.y[0]},
              .style = "lines dashtype 2"};
  lab.at_most("steps to a loss: factor between them and S (1 + B' / B)", 2, worst);
  lab.expect("B' of that fit against the simple noise scale", digits(scale, 3) + " within a factor of 3",
             digits(critical, 3), critical < 3 * scale && critical > scale / 3);
  lab.record("critical", {{"fitted", critical}, {"simple", scale}, {"least_steps", least}});
  return {"Steps to a loss of " + digits(target),
          "batch size, B (images)",
          "steps",
          {measured, law, mark},
          "set logscale xy; set logscale x 2; set key bottom left Left reverse"};
}

} // namespace

int main() {
  return run([](Lab &lab) {
    Images train = shrink(fashion_mnist("train", 0, images), 4);
    standardize(train);
    const Data data{train.pixels, train.labels};
    noise::Model model({.seed = 1});
    std::vector<float> all(runs * p);
    model.getState("w", all);
    const std::vector<float> start(all.begin(), all.begin() + p);

    // Places on the way: gradient descent with large batches to the loss that trainings below are to reach.
    const double target = 0.75;
    model.set("train_512", "images", data.x), model.set("train_512", "labels", data.labels);
    model.set("train_512", "eta", std::vector<float>(runs, 0.3f));
    Place place;
    for (double until : {1.5, 1.0, target}) {
      while (model.evaluate({.images = data.x, .labels = data.labels}).losses[0] > until)
        model.call("train_512");
      model.getState("w", all);
      place = look(model, data, std::vector<float>(all.begin(), all.begin() + p));
      std::printf(
          "loss %.2f  |g|^2 %.3g  tr S %.3g  tr HS / tr S %.3g  tr H / p %.3g  noise scales %.3g, simple %.3g\n", until,
          place.slope, place.trace, place.along / place.trace, place.hessian_trace / double(p), place.scale(),
          place.simple_scale());
      lab.record("place", {{"loss", until},
                           {"slope", place.slope},
                           {"curvature", place.curvature},
                           {"trace", place.trace},
                           {"along", place.along},
                           {"hessian_trace", place.hessian_trace},
                           {"scale", place.scale()},
                           {"simple_scale", place.simple_scale()}});
    }
    lab.at_least("curvature along the noise / that of a random direction", 1,
                 place.along / place.trace / (place.hessian_trace / double(p)));
    std::vector<Panel> panels = {drops(lab, model, data, place)};
    panels.push_back(batches(lab, model, data, target, start));
    plot(panels);
  });
}
