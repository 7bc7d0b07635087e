// The optimizers, written in the DSL itself.
#include "sinter/optim.h"

namespace sinter {

bool matrices(const Parameter &parameter) { return parameter.rank() >= 2; }

std::vector<Tensor> grad(Tensor loss, const std::vector<Parameter> &wrt, Location loc) {
  return grad(loss, std::vector<Tensor>(wrt.begin(), wrt.end()), loc);
}

Tensor global_norm(const std::vector<Tensor> &tensors, Location loc) {
  CallSite here(loc);
  check(!tensors.empty(), "global_norm: there are no tensors");
  Tensor total = sum(square(tensors[0]));
  for (size_t i = 1; i < tensors.size(); ++i)
    total = total + sum(square(tensors[i]));
  return sqrt(total);
}

std::vector<Tensor> clip_by_norm(const std::vector<Tensor> &tensors, Tensor norm, Tensor limit, Location loc) {
  CallSite here(loc);
  // The small number keeps a norm of zero from dividing by zero. A norm of NaN makes everything NaN, which is noticed.
  Tensor factor = where(limit > 0.0, minimum(limit / (norm + 1e-6), 1.0), 1.0);
  std::vector<Tensor> result;
  for (const Tensor &tensor : tensors)
    result.push_back(tensor * factor);
  return result;
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
  std::vector<Tensor> gradients = grad(loss, result.parameters);
  result.norm = global_norm(gradients);
  result.gradients = clip_by_norm(gradients, result.norm, scalar_input("grad_clip", limit));
  return result;
}

Tensor minimize(Tensor loss, const Sgd &optimizer, Location loc) {
  CallSite here(loc);
  Clipped clipped = clippedGradients(loss, optimizer.grad_clip);
  Tensor lr = scalar_input("lr", optimizer.lr), weightDecay = scalar_input("weight_decay", optimizer.weight_decay);
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
  Tensor lr = scalar_input("lr", optimizer.lr), weightDecay = scalar_input("weight_decay", optimizer.weight_decay);
  Tensor beta1 = scalar_input("beta1", optimizer.beta1);
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
  Tensor lr = scalar_input("lr", optimizer.lr), weightDecay = scalar_input("weight_decay", optimizer.weight_decay);
  Tensor beta1 = scalar_input("beta1", optimizer.beta1), beta2 = scalar_input("beta2", optimizer.beta2);
  Tensor eps = scalar_input("eps", optimizer.eps);
  Tensor step = cast(scalar_input("step", 1, i32), f32);

  // Scalars, computed once: what remains is one pass over the elements.
  Tensor rate = lr / (1.0 - pow(beta1, step));
  Tensor correction = sqrt(1.0 - pow(beta2, step));
  Tensor keep = 1.0 - lr * weightDecay, rest1 = 1.0 - beta1, rest2 = 1.0 - beta2;
  for (size_t i = 0; i < clipped.parameters.size(); ++i) {
    const Parameter &p = clipped.parameters[i];
    Tensor g = clipped.gradients[i];
    Tensor oldM = state("optimizer.adamw.m." + p.name, p.shape());
    Tensor oldV = state("optimizer.adamw.v." + p.name, p.shape());
    Tensor m = beta1 * oldM + rest1 * g;
    Tensor v = beta2 * oldV + rest2 * (g * g);
    assign(oldM, m);
    assign(oldV, v);
    Tensor decayed = optimizer.decay(p) ? p * keep : Tensor(p);
    assign(p, decayed - rate * (m / (sqrt(v) / correction + eps)));
  }
  return clipped.norm;
}

} // namespace sinter
