// The optimizers, written in the DSL itself.
#include "sinter/optim.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace sinter {

bool matrices(const Parameter &parameter) { return parameter.rank() >= 2; }

std::vector<Tensor> grad(Tensor loss, const std::vector<Parameter> &wrt, Location loc) {
  return grad(loss, std::vector<Tensor>(wrt.begin(), wrt.end()), loc);
}

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

/// What a rate must be, as the f32 in which it is used.
enum class RateIs { NotNegative, BelowOne, Normal };

/// The scalar input of a rate. What a caller sets in its place the runtime checks in the same way.
static Tensor rate(const char *name, double value, RateIs is = RateIs::NotNegative) {
  const auto used = static_cast<float>(value);
  const bool holds = std::isfinite(value) && value >= 0 && (is != RateIs::BelowOne || used < 1) &&
                     (is != RateIs::Normal || used >= std::numeric_limits<float>::min());
  const char *range = is == RateIs::BelowOne ? "in [0, 1), also when rounded to f32"
                      : is == RateIs::Normal ? "at least 1.1754944e-38, the smallest normal f32"
                                             : "a finite number of at least 0";
  char digits[32] = {};
  *std::to_chars(digits, digits + sizeof digits - 1, value).ptr = 0;
  check(holds, std::string("minimize: ") + name + " must be " + range + ", but is " + digits);
  return scalar_input(name, value);
}

/// Gradients of all parameters, clipped.
struct Clipped {
  std::vector<Parameter> parameters;
  std::vector<Tensor> gradients;
  Tensor norm; ///< before clipping
};

static Clipped clippedGradients(Tensor loss, double limit) {
  Clipped result;
  result.parameters = parameters();
  check(!result.parameters.empty(), "minimize: this entry has declared no parameters");
  std::vector<Tensor> gradients = step_gradients(loss, result.parameters);
  result.norm = global_norm(gradients);
  result.gradients = clip_by_norm(gradients, result.norm, rate("grad_clip", limit));
  return result;
}

Tensor minimize(Tensor loss, const Sgd &optimizer, Location loc) {
  CallSite here(loc);
  Clipped clipped = clippedGradients(loss, optimizer.grad_clip);
  Tensor lr = rate("lr", optimizer.lr), weightDecay = rate("weight_decay", optimizer.weight_decay);
  for (size_t i = 0; i < clipped.parameters.size(); ++i) {
    const Parameter &p = clipped.parameters[i];
    Tensor g = clipped.gradients[i];
    assign(p, p - lr * (optimizer.decay(p) ? g + weightDecay * p : g));
  }
  return clipped.norm;
}

Tensor minimize(Tensor loss, const Momentum &optimizer, Location loc) {
  CallSite here(loc);
  Clipped clipped = clippedGradients(loss, optimizer.grad_clip);
  Tensor lr = rate("lr", optimizer.lr), weightDecay = rate("weight_decay", optimizer.weight_decay);
  Tensor beta1 = rate("beta1", optimizer.beta1, RateIs::BelowOne);
  for (size_t i = 0; i < clipped.parameters.size(); ++i) {
    const Parameter &p = clipped.parameters[i];
    Tensor velocity = state("optimizer.momentum.v." + p.name, p.shape());
    Tensor v = beta1 * velocity + clipped.gradients[i];
    assign(velocity, v);
    assign(p, p - lr * (optimizer.decay(p) ? v + weightDecay * p : v));
  }
  return clipped.norm;
}

Tensor minimize(Tensor loss, const AdamW &optimizer, Location loc) {
  CallSite here(loc);
  Clipped clipped = clippedGradients(loss, optimizer.grad_clip);
  Tensor lr = rate("lr", optimizer.lr), weightDecay = rate("weight_decay", optimizer.weight_decay);
  Tensor beta1 = rate("beta1", optimizer.beta1, RateIs::BelowOne),
         beta2 = rate("beta2", optimizer.beta2, RateIs::BelowOne);
  Tensor eps = rate("eps", optimizer.eps, RateIs::Normal);
  Tensor step = cast(scalar_input("step", 1, i32), f32);

  // Scalars, computed once: what remains is one pass over the elements.
  // 1 - beta^step has few digits left as it stands: beta is close to 1.
  auto correction = [&](Tensor beta) { return -expm1(step * log1p(beta - 1.0)); };
  Tensor speed = lr / correction(beta1), correction2 = sqrt(correction(beta2));
  Tensor decay = -(lr * weightDecay), rest1 = 1.0 - beta1, rest2 = 1.0 - beta2;
  for (size_t i = 0; i < clipped.parameters.size(); ++i) {
    const Parameter &p = clipped.parameters[i];
    Tensor g = clipped.gradients[i];
    Tensor oldM = state("optimizer.adamw.m." + p.name, p.shape());
    Tensor oldV = state("optimizer.adamw.v." + p.name, p.shape());
    Tensor m = beta1 * oldM + rest1 * g;
    Tensor v = beta2 * oldV + rest2 * (g * g);
    assign(oldM, m);
    assign(oldV, v);
    Tensor decayed = optimizer.decay(p) ? fma(p, decay, p) : Tensor(p); // 1 - lr * weight_decay would have few digits
    assign(p, decayed - speed * (m / (sqrt(v) / correction2 + eps)));
  }
  return clipped.norm;
}

} // namespace sinter
