// The optimizers, written in the DSL itself.
#include "sinter/optim.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace sinter {

//===--- which parameters ----------------------------------------------------------------------------===//

bool matrices(const Parameter &parameter) { return parameter.rank() >= 2; }

/// Whether `name` is `pattern`, from its places on.
static bool matches(const char *pattern, const char *name) {
  for (; *pattern && *pattern != '*'; ++pattern, ++name)
    if (*pattern != *name)
      return false;
  if (!*pattern)
    return !*name;
  while (!matches(pattern + 1, name))
    if (!*name++)
      return false;
  return true;
}

ParameterRule named(const std::string &pattern) {
  return [pattern](const Parameter &parameter) { return matches(pattern.c_str(), parameter.name.c_str()); };
}

std::vector<Parameter> parameters(const ParameterRule &rule, Location loc) {
  std::vector<Parameter> all = parameters(loc), chosen;
  for (const Parameter &parameter : all)
    if (rule(parameter))
      chosen.push_back(parameter);
  std::string names;
  for (const Parameter &parameter : all)
    names += (names.empty() ? "" : ", ") + parameter.name;
  check(!chosen.empty(), "parameters: none is chosen; this entry has declared " + (names.empty() ? "none" : names),
        loc);
  return chosen;
}

//===--- parts -----------------------------------------------------------------------------------------===//

Tensor global_norm(const std::vector<Tensor> &tensors, Location loc) {
  CallSite here(loc);
  check(!tensors.empty(), "global_norm: there are no tensors");
  // Three sums of squares in one pass: of all, of the large ones scaled down for when that overflows, and of the small
  // ones scaled up for when it has few digits. The others are left out there, as nothing beside those, and because
  // processors take hundreds of cycles over a square that underflows.
  constexpr double scale = 0x1p92, large = 0x1p32, small = 0x1p-31;
  auto squares = [&](auto part) {
    Tensor total = sum(square(part(tensors[0])));
    for (size_t i = 1; i < tensors.size(); ++i)
      total = total + sum(square(part(tensors[i])));
    return total;
  };
  Tensor all = squares([](Tensor x) { return x; });
  Tensor down = squares([](Tensor x) { return where(abs(x) > large, x, 0.0) * (1 / scale); });
  Tensor up = squares([](Tensor x) { return where(abs(x) < small, x, 0.0) * scale; });
  return where(all == INFINITY, sqrt(down) * scale, where(all < 0x1p-64, sqrt(up) * (1 / scale), sqrt(all)));
}

std::vector<Tensor> clip_by_norm(const std::vector<Tensor> &tensors, Tensor norm, Tensor limit, Location loc) {
  CallSite here(loc);
  // A norm of zero gives infinity, hence 1. A norm of NaN makes everything NaN, which is noticed.
  Tensor factor = where(limit > 0.0, minimum(limit / norm, 1.0), 1.0);
  std::vector<Tensor> result;
  for (const Tensor &tensor : tensors)
    result.push_back(tensor * factor);
  return result;
}

//===--- rates -----------------------------------------------------------------------------------------===//

/// What a rate must be, as the f32 in which it is used.
enum class RateIs { NotNegative, BelowOne, Normal };

/// A rate of the optimizer `optimizer`, which may have no name: its scalar input, or the tensor that it is. What a
/// caller sets in place of the input the runtime checks in the same way.
static Tensor rateOf(const std::string &optimizer, const char *name, const Rate &rate,
                     RateIs is = RateIs::NotNegative) {
  if (rate.tensor.handle()) {
    check(rate.tensor.rank() == 0 && rate.tensor.dtype() == f32,
          std::string("minimize: ") + name + " must be a scalar f32: a number, or a tensor of rank 0");
    return rate.tensor;
  }
  const auto used = static_cast<float>(rate.value);
  const bool holds = std::isfinite(rate.value) && rate.value >= 0 && (is != RateIs::BelowOne || used < 1) &&
                     (is != RateIs::Normal || used >= std::numeric_limits<float>::min());
  const char *range = is == RateIs::BelowOne ? "in [0, 1), also when rounded to f32"
                      : is == RateIs::Normal ? "at least 1.1754944e-38, the smallest normal f32"
                                             : "a finite number of at least 0";
  char digits[32] = {};
  *std::to_chars(digits, digits + sizeof digits - 1, rate.value).ptr = 0;
  check(holds, std::string("minimize: ") + name + " must be " + range + ", but is " + digits);
  return program_input(optimizer.empty() ? name : optimizer + "." + name, rate.value);
}

/// The gradients by which an optimizer steps: in a program that never clips, none waits for the norm.
template <typename Rule>
static std::vector<Tensor> clippedBy(const Rule &rule, const std::vector<Tensor> &gradients, Tensor norm) {
  if (!rule.grad_clip.tensor.handle() && rule.grad_clip.value == INFINITY)
    return gradients;
  return clip_by_norm(gradients, norm, rateOf(rule.name, "grad_clip", rule.grad_clip));
}

/// What every optimizer begins with: gradients that are clipped, and for each parameter its rates.
class Step {
public:
  template <typename Rule>
  Step(const Rule &rule, const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients)
      : norm(global_norm(gradients)), name(rule.name), parameters(parameters),
        gradients(clippedBy(rule, gradients, norm)), lr(rateOf(name, "lr", rule.lr)),
        weightDecay(rateOf(name, "weight_decay", rule.weight_decay)), decay(rule.decay), groups(rule.groups) {}

  /// Calls `body(parameter, gradient, group)` for each, where `group` is the index of its group's rates.
  template <typename Body> void forEach(Body body) {
    for (size_t i = 0; i < parameters.size(); ++i)
      body(parameters[i], gradients[i], groupOf(parameters[i]));
  }

  size_t groupOf(const Parameter &p) const {
    size_t group = 0;
    while (group < groups.size() && !(groups[group].of && groups[group].of(p)))
      ++group;
    return group;
  }
  /// `make(group)` for each group, and for the parameters of none; computed once, on scalars.
  std::vector<Tensor> perGroup(const std::function<Tensor(size_t)> &make) const {
    std::vector<Tensor> result;
    for (size_t group = 0; group <= groups.size(); ++group)
      result.push_back(group < groups.size() && groups[group].frozen ? Tensor() : make(group));
    return result;
  }
  Tensor lrOf(size_t group) const { return times(lr, group < groups.size() ? groups[group].lr : 1); }
  Tensor decayOf(size_t group) const {
    return times(weightDecay, group < groups.size() ? groups[group].weight_decay : 1);
  }

  Tensor norm; ///< before clipping
  const std::string &name;
  const std::vector<Parameter> &parameters;
  std::vector<Tensor> gradients;
  Tensor lr, weightDecay;
  const ParameterRule &decay;
  const Groups &groups;

private:
  static Tensor times(Tensor rate, double factor) { return factor == 1 ? rate : rate * factor; }
};

//===--- optimizers ------------------------------------------------------------------------------------===//

static Tensor apply(const Sgd &rule, const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients) {
  Step step(rule, parameters, gradients);
  auto lr = step.perGroup([&](size_t group) { return step.lrOf(group); });
  auto decay = step.perGroup([&](size_t group) { return step.decayOf(group); });
  step.forEach([&](const Parameter &p, Tensor g, size_t group) {
    assign(p, p - lr[group] * (rule.decay(p) ? g + decay[group] * p : g));
  });
  return step.norm;
}

static Tensor apply(const Momentum &rule, const std::vector<Parameter> &parameters,
                    const std::vector<Tensor> &gradients) {
  Step step(rule, parameters, gradients);
  Tensor beta1 = rateOf(rule.name, "beta1", rule.beta1, RateIs::BelowOne);
  auto lr = step.perGroup([&](size_t group) { return step.lrOf(group); });
  auto decay = step.perGroup([&](size_t group) { return step.decayOf(group); });
  step.forEach([&](const Parameter &p, Tensor g, size_t group) {
    Tensor velocity = state("optimizer.momentum.v." + p.name, p.shape());
    Tensor v = beta1 * velocity + g;
    assign(velocity, v);
    assign(p, p - lr[group] * (rule.decay(p) ? v + decay[group] * p : v));
  });
  return step.norm;
}

/// Adam, where weight decay is part of the gradient (coupled), or acts beside it.
template <typename Rule>
static Tensor applyAdam(const Rule &rule, const std::string &kind, bool coupled,
                        const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients) {
  Step step(rule, parameters, gradients);
  Tensor beta1 = rateOf(rule.name, "beta1", rule.beta1, RateIs::BelowOne),
         beta2 = rateOf(rule.name, "beta2", rule.beta2, RateIs::BelowOne);
  Tensor eps = rateOf(rule.name, "eps", rule.eps, RateIs::Normal);
  Tensor count = training_step();

  // Scalars, computed once: what remains is one pass over the elements.
  // 1 - beta^step has few digits left as it stands: beta is close to 1.
  auto correction = [&](Tensor beta) { return -expm1(count * log1p(beta - 1.0)); };
  Tensor correction1 = correction(beta1), correction2 = sqrt(correction(beta2));
  Tensor rest1 = 1.0 - beta1, rest2 = 1.0 - beta2;
  auto speed = step.perGroup([&](size_t group) { return step.lrOf(group) / correction1; });
  auto decay = step.perGroup(
      [&](size_t group) { return coupled ? step.decayOf(group) : -(step.lrOf(group) * step.decayOf(group)); });
  step.forEach([&](const Parameter &p, Tensor g, size_t group) {
    Tensor oldM = state("optimizer." + kind + ".m." + p.name, p.shape());
    Tensor oldV = state("optimizer." + kind + ".v." + p.name, p.shape());
    bool decays = rule.decay(p);
    if (decays && coupled)
      g = fma(p, decay[group], g);
    Tensor m = beta1 * oldM + rest1 * g;
    Tensor v = beta2 * oldV + rest2 * (g * g);
    assign(oldM, m);
    assign(oldV, v);
    // 1 - lr * weight_decay would have few digits.
    Tensor decayed = decays && !coupled ? fma(p, decay[group], p) : Tensor(p);
    assign(p, decayed - speed[group] * (m / (sqrt(v) / correction2 + eps)));
  });
  return step.norm;
}

static Tensor apply(const Lion &rule, const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients) {
  Step step(rule, parameters, gradients);
  Tensor beta1 = rateOf(rule.name, "beta1", rule.beta1, RateIs::BelowOne),
         beta2 = rateOf(rule.name, "beta2", rule.beta2, RateIs::BelowOne);
  Tensor rest1 = 1.0 - beta1, rest2 = 1.0 - beta2;
  auto lr = step.perGroup([&](size_t group) { return step.lrOf(group); });
  auto decay = step.perGroup([&](size_t group) { return step.decayOf(group); });
  step.forEach([&](const Parameter &p, Tensor g, size_t group) {
    Tensor m = state("optimizer.lion.m." + p.name, p.shape());
    Tensor c = beta1 * m + rest1 * g;
    Tensor direction = where(c > 0.0, 1.0, where(c < 0.0, -1.0, c)); // NaN stays one
    assign(m, beta2 * m + rest2 * g);
    assign(p, p - lr[group] * (rule.decay(p) ? direction + decay[group] * p : direction));
  });
  return step.norm;
}

using Chosen = const std::vector<Parameter> &;
using Slopes = const std::vector<Tensor> &;
Optimizer::Optimizer(const Sgd &rule) : Optimizer([=](Chosen p, Slopes g) { return apply(rule, p, g); }, rule.groups) {}
Optimizer::Optimizer(const Momentum &rule)
    : Optimizer([=](Chosen p, Slopes g) { return apply(rule, p, g); }, rule.groups) {}
Optimizer::Optimizer(const Adam &rule)
    : Optimizer([=](Chosen p, Slopes g) { return applyAdam(rule, "adam", true, p, g); }, rule.groups) {}
Optimizer::Optimizer(const AdamW &rule)
    : Optimizer([=](Chosen p, Slopes g) { return applyAdam(rule, "adamw", false, p, g); }, rule.groups) {}
Optimizer::Optimizer(const Lion &rule)
    : Optimizer([=](Chosen p, Slopes g) { return apply(rule, p, g); }, rule.groups) {}

static bool isFrozen(const Groups &groups, const Parameter &parameter) {
  for (const Group &group : groups)
    if (group.of && group.of(parameter))
      return group.frozen;
  return false;
}

Tensor update(const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients,
              const Optimizer &optimizer, Location loc) {
  CallSite here(loc);
  check(!parameters.empty(), "minimize: this entry has declared no parameters");
  check(parameters.size() == gradients.size(), "update: there are " + std::to_string(parameters.size()) +
                                                   " parameters, but " + std::to_string(gradients.size()) +
                                                   " gradients");
  std::vector<Parameter> moving;
  std::vector<Tensor> slopes;
  for (size_t i = 0; i < parameters.size(); ++i) {
    check(parameters[i].shape() == gradients[i].shape(),
          "update: the gradient of '" + parameters[i].name + "' does not have its shape");
    if (isFrozen(optimizer.groups, parameters[i]))
      continue;
    moving.push_back(parameters[i]);
    slopes.push_back(gradients[i]);
  }
  check(!moving.empty(), "minimize: all parameters are frozen");
  return optimizer.update(moving, slopes);
}

Tensor minimize(Tensor loss, const std::vector<Parameter> &parameters, const Optimizer &optimizer, Location loc) {
  CallSite here(loc);
  std::vector<Parameter> moving;
  for (const Parameter &parameter : parameters)
    if (!isFrozen(optimizer.groups, parameter))
      moving.push_back(parameter);
  check(!parameters.empty(), "minimize: this entry has declared no parameters");
  check(!moving.empty(), "minimize: all parameters are frozen");
  return update(moving, step_gradients(loss, moving), optimizer);
}

Tensor minimize(Tensor loss, const Optimizer &optimizer, Location loc) {
  return minimize(loss, parameters(loc), optimizer, loc);
}

//===--- schedules -------------------------------------------------------------------------------------===//

Tensor training_step(Location loc) { return cast(program_input("step", 1, i32, loc), f32, loc); }

/// `rate`, of the part of the steps behind the warm-up that is done, after a line from 0 to `peak`.
static Tensor warmed(const char *what, double peak, int64_t steps, int64_t warmup,
                     const std::function<Tensor(Tensor done)> &rate) {
  check(warmup >= 0 && steps >= 0, std::string(what) + ": steps and warmup must not be negative");
  Tensor step = training_step();
  const auto rest = static_cast<double>(steps > warmup ? steps - warmup : 1);
  Tensor after = rate(minimum((step - static_cast<double>(warmup)) / rest, 1.0));
  if (warmup == 0)
    return after;
  return where(step <= static_cast<double>(warmup), step * (peak / static_cast<double>(warmup)), after);
}

/// From `from` at part 0 to `to` at part 1, along half a cosine.
static Tensor alongCosine(double from, double to, Tensor part) {
  constexpr double pi = 3.14159265358979323846;
  return to + 0.5 * (from - to) * (1.0 + cos(part * pi));
}

Tensor cosine_schedule(double peak, int64_t steps, int64_t warmup, double last, Location loc) {
  CallSite here(loc);
  return warmed("cosine_schedule", peak, steps, warmup, [=](Tensor done) { return alongCosine(peak, last, done); });
}

Tensor linear_schedule(double peak, int64_t steps, int64_t warmup, double last, Location loc) {
  CallSite here(loc);
  return warmed("linear_schedule", peak, steps, warmup, [=](Tensor done) { return peak + (last - peak) * done; });
}

Tensor inverse_sqrt_schedule(double peak, int64_t warmup, Location loc) {
  CallSite here(loc);
  check(warmup >= 0, "inverse_sqrt_schedule: warmup must not be negative");
  const auto rising = static_cast<double>(warmup > 0 ? warmup : 1);
  Tensor step = training_step();
  return minimum(step * (peak / rising), peak * std::sqrt(rising) / sqrt(step));
}

Tensor one_cycle_schedule(double peak, int64_t steps, double rising, Location loc) {
  CallSite here(loc);
  check(steps > 0 && rising > 0 && rising < 1,
        "one_cycle_schedule: steps must be positive, and the part that rises between 0 and 1");
  // As PyTorch counts: the first step is at the start, the last one at the end.
  const double last = static_cast<double>(steps) - 1, top = rising * static_cast<double>(steps) - 1;
  Tensor done = training_step() - 1.0;
  Tensor up = alongCosine(peak / 25, peak, done / (top > 0 ? top : 1));
  Tensor down = alongCosine(peak, peak / 250000, minimum((done - top) / (last > top ? last - top : 1), 1.0));
  return where(done <= top, up, down);
}

} // namespace sinter
