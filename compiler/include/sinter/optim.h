// optim.h - optimizers: they read gradients and assign parameters. Their rates are scalar inputs of the entry, so that
// a schedule needs no new compilation; the numbers here are what a rate is when the caller sets none.
#pragma once

#include "sinter/ops.h"
#include "sinter/program.h"

namespace sinter {

/// Which parameters the decoupled weight decay applies to.
using DecayRule = std::function<bool(const Parameter &)>;
/// Matrices and larger: not biases, not the scales of norms.
bool matrices(const Parameter &parameter);

/// p -= lr * (g + weight_decay * p).
struct Sgd {
  double lr = 0.1, weight_decay = 0, grad_clip = 0;
  DecayRule decay = matrices;
};
/// v = beta1 * v + g; p -= lr * (v + weight_decay * p).
struct Momentum {
  double lr = 0.05, beta1 = 0.9, weight_decay = 0, grad_clip = 0;
  DecayRule decay = matrices;
};
/// Adam with decoupled weight decay: Loshchilov, Hutter 2019 (arXiv:1711.05101), algorithm 2.
struct AdamW {
  double lr = 3e-4, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0.01, grad_clip = 1;
  DecayRule decay = matrices;
};

/// One step that makes `loss` smaller, for all parameters that the entry has declared: gradients, clipping by their
/// global norm (input `grad_clip`, 0 for none), then the update. Returns the norm before clipping.
Tensor minimize(Tensor loss, const Sgd &optimizer, Location loc = Location::current());
Tensor minimize(Tensor loss, const Momentum &optimizer, Location loc = Location::current());
Tensor minimize(Tensor loss, const AdamW &optimizer, Location loc = Location::current());

// The parts of it, for optimizers of one's own.

/// The gradients that one update works with: of `loss`; or, where a training takes several batches a step (`train
/// --accumulate N`, in a program of `sinterc --accumulate`), the mean of theirs. For that, the entry's body runs three
/// times: as a whole, as its gradients, and as its update. What depends on these gradients belongs to the update, all
/// else to each batch. f32, of the shapes of `wrt`.
std::vector<Tensor> step_gradients(Tensor loss, const std::vector<Parameter> &wrt, Location loc = Location::current());
std::vector<Tensor> grad(Tensor loss, const std::vector<Parameter> &wrt, Location loc = Location::current());
/// sqrt of the sum of all squares.
Tensor global_norm(const std::vector<Tensor> &tensors, Location loc = Location::current());
/// Scales all tensors by min(1, limit / norm); a limit of 0 leaves them alone.
std::vector<Tensor> clip_by_norm(const std::vector<Tensor> &tensors, Tensor norm, Tensor limit,
                                 Location loc = Location::current());

} // namespace sinter
