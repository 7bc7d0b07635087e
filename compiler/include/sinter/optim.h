// optim.h - optimizers: they read gradients and assign parameters. Their rates are scalar inputs of the entry, so that
// a schedule needs no new compilation; the numbers here are what a rate is when the caller sets none. A rate may also
// be a tensor, computed in the graph.
#pragma once

#include "sinter/ops.h"
#include "sinter/program.h"

namespace sinter {

/// What an optimizer is told: a number, the default of the scalar input that `train` sets (`lr`, `beta1`...), or a
/// scalar f32 that the entry computes, with no input.
struct Rate {
  double value = 0;
  Tensor tensor;

  Rate(double value) : value(value) {}
  Rate(Tensor tensor) : tensor(tensor) {}
};

/// Chooses parameters.
using ParameterRule = std::function<bool(const Parameter &)>;
/// Matrices and larger: not biases, not the scales of norms.
bool matrices(const Parameter &parameter);
/// Those whose full name is `pattern`, in which each * stands for any characters: `named("h.*.attn.*")`.
ParameterRule named(const std::string &pattern);
/// The parameters that the current entry has declared so far and that `rule` chooses, in order. Error: there are none.
std::vector<Parameter> parameters(const ParameterRule &rule, Location loc = Location::current());

/// Some parameters, and how their rates differ: by factors, so that a schedule holds for them, too. The first group
/// that chooses a parameter counts.
struct Group {
  ParameterRule of;
  double lr = 1, weight_decay = 1; ///< factors; the decay's acts on the parameters that decay
  bool frozen = false;             ///< stay as they are; no gradient is computed for them
};
using Groups = std::vector<Group>;

// Every optimizer has: `weight_decay` for what `decay` chooses; `grad_clip`, the largest norm of all its gradients
// together, 0 for none, INFINITY where a program is never to clip: it has no such input then, and takes less memory,
// since each gradient is used and forgotten as it comes; `groups`; a `name`, for the second one in an entry: its
// inputs are then `name.lr` and so on, which the command line leaves at their defaults, but for the schedule. Rates
// must be finite and not negative, betas below 1, eps a normal f32: errors.

/// p -= lr * (g + weight_decay * p).
struct Sgd {
  Rate lr = 0.1, weight_decay = 0, grad_clip = 0;
  ParameterRule decay = matrices;
  Groups groups = {};
  std::string name = {};
};
/// v = beta1 * v + g; p -= lr * (v + weight_decay * p).
struct Momentum {
  Rate lr = 0.05, beta1 = 0.9, weight_decay = 0, grad_clip = 0;
  ParameterRule decay = matrices;
  Groups groups = {};
  std::string name = {};
};
/// Kingma, Ba 2015 (arXiv:1412.6980), algorithm 1; weight decay is part of the gradient, as an L2 penalty is.
struct Adam {
  Rate lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0, grad_clip = 0;
  ParameterRule decay = matrices;
  Groups groups = {};
  std::string name = {};
};
/// Adam with decoupled weight decay: Loshchilov, Hutter 2019 (arXiv:1711.05101), algorithm 2.
struct AdamW {
  Rate lr = 3e-4, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0.01, grad_clip = 1;
  ParameterRule decay = matrices;
  Groups groups = {};
  std::string name = {};
};
/// p -= lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p); m = beta2 * m + (1 - beta2) * g: Chen et al. 2023
/// (arXiv:2302.06675), algorithm 2.
struct Lion {
  Rate lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0.1, grad_clip = 1;
  ParameterRule decay = matrices;
  Groups groups = {};
  std::string name = {};
};

/// Any of them, or one's own: a function that assigns parameters, given their gradients, and returns the gradients'
/// norm.
class Optimizer {
public:
  using Update = std::function<Tensor(const std::vector<Parameter> &, const std::vector<Tensor> &)>;

  Optimizer(const Sgd &rule);
  Optimizer(const Momentum &rule);
  Optimizer(const Adam &rule);
  Optimizer(const AdamW &rule);
  Optimizer(const Lion &rule);
  Optimizer(Update update, Groups groups = {}) : update(std::move(update)), groups(std::move(groups)) {}

  Update update;
  Groups groups;
};

/// One step that makes `loss`, a scalar f32, smaller, for all parameters that the entry has declared, or for some:
/// gradients, clipping by their global norm (input `grad_clip`, 0 for none), then the update. Returns the norm before
/// clipping. A parameter that the loss does not depend on is a warning; it only decays. Error: there are no parameters.
Tensor minimize(Tensor loss, const Optimizer &optimizer, Location loc = Location::current());
Tensor minimize(Tensor loss, const std::vector<Parameter> &parameters, const Optimizer &optimizer,
                Location loc = Location::current());
/// The same by given gradients, one for each parameter, of its shape.
Tensor update(const std::vector<Parameter> &parameters, const std::vector<Tensor> &gradients,
              const Optimizer &optimizer, Location loc = Location::current());

// The parts of it, for optimizers of one's own.

/// The gradients that one update works with: of `loss`; or, where a training takes several batches a step (`train
/// --accumulate N`, in a program of `sinterc --accumulate`), the mean of theirs. For that, the entry's body runs three
/// times: as a whole, as its gradients, and as its update. What depends on these gradients belongs to the update, all
/// else to each batch. f32, of the shapes of `wrt`.
std::vector<Tensor> step_gradients(Tensor loss, const std::vector<Parameter> &wrt, Location loc = Location::current());
std::vector<Tensor> grad(Tensor loss, const std::vector<Parameter> &wrt, Location loc = Location::current());
/// sqrt of the sum of all squares, which may overflow or underflow on the way.
Tensor global_norm(const std::vector<Tensor> &tensors, Location loc = Location::current());
/// Scales all tensors by min(1, limit / norm); a limit of 0 leaves them alone.
std::vector<Tensor> clip_by_norm(const std::vector<Tensor> &tensors, Tensor norm, Tensor limit,
                                 Location loc = Location::current());

//===--- rates that follow the step ------------------------------------------------------------------===//

// `AdamW{.lr = cosine_schedule(3e-4, 2000, 100)}` in place of the command line's --lr, --warmup and --schedule. All
// rise from 0 linearly in the first `warmup` steps; `steps` counts these, too. Scalar f32. Error: a count is negative.

/// The number of the step, from 1, as f32: the scalar input `step`.
Tensor training_step(Location loc = Location::current());
/// Half a cosine from `peak` to `last`: Loshchilov, Hutter 2017 (arXiv:1608.03983), eq. 5, of one period.
Tensor cosine_schedule(double peak, int64_t steps, int64_t warmup = 0, double last = 0,
                       Location loc = Location::current());
/// A straight line from `peak` to `last`.
Tensor linear_schedule(double peak, int64_t steps, int64_t warmup = 0, double last = 0,
                       Location loc = Location::current());
/// peak * sqrt(warmup / step): Vaswani et al. 2017 (arXiv:1706.03762), eq. 3. A warm-up of 0 counts as 1.
Tensor inverse_sqrt_schedule(double peak, int64_t warmup, Location loc = Location::current());
/// Half a cosine from peak / 25 up to `peak` in the part `rising` of the steps, then another one down to peak /
/// 250,000: Smith, Topin 2018 (arXiv:1708.07120), with PyTorch's defaults.
Tensor one_cycle_schedule(double peak, int64_t steps, double rising = 0.3, Location loc = Location::current());

//===--- other values of parameters: averages, and those of the start --------------------------------===//

/// Keeps running averages: average = decay * average + (1 - decay) * parameter, with the values that the parameters
/// have at the end of the step (call it after `minimize`); in step 1 the parameters themselves. State `ema.NAME`.
/// Polyak, Juditsky 1992, for the principle.
void ema(const std::vector<Parameter> &parameters, Rate decay, Location loc = Location::current());
/// While it lives, `parameter` gives the average that `ema` keeps in its place: for entries that evaluate. It is no
/// parameter then.
class [[nodiscard("averages last as long as their variable: write Averages averages;")]] Averages {
public:
  [[nodiscard("averages last as long as their variable: write Averages averages;")]] explicit Averages(
      Location loc = Location::current());
  ~Averages();
  Averages(const Averages &) = delete;
  Averages &operator=(const Averages &) = delete;
};

/// While it lives, `parameter` gives what the parameter was before the first step, in its place: a reference that does
/// not move, for losses that compare a model to the one that its training began with. It is no parameter then, and no
/// gradient flows to it. The first call of a training entry keeps it, in state `reference.NAME`; whoever reads it
/// before reads the parameter itself.
class [[nodiscard("a reference lasts as long as its variable: write Reference reference;")]] Reference {
public:
  [[nodiscard("a reference lasts as long as its variable: write Reference reference;")]] explicit Reference(
      Location loc = Location::current());
  ~Reference();
  Reference(const Reference &) = delete;
  Reference &operator=(const Reference &) = delete;
};

} // namespace sinter
