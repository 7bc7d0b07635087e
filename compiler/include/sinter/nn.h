// nn.h - what neural networks are usually made of.
#pragma once

#include "sinter/ops.h"

namespace sinter {

Tensor relu(Tensor x, Location loc = Location::current());
/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))): Hendrycks, Gimpel 2016; GPT-2's form.
Tensor gelu_tanh(Tensor x, Location loc = Location::current());
/// x / 2 * (1 + erf(x / sqrt(2))).
Tensor gelu_erf(Tensor x, Location loc = Location::current());
/// 1 / (1 + exp(-x)).
Tensor sigmoid(Tensor x, Location loc = Location::current());
/// x * sigmoid(x).
Tensor silu(Tensor x, Location loc = Location::current());

/// A row of only -inf (everything masked) gives zeros.
Tensor softmax(Tensor x, int64_t axis = -1, Location loc = Location::current());
Tensor log_softmax(Tensor x, int64_t axis = -1, Location loc = Location::current());

/// (x - mean) / sqrt(variance + epsilon) along the last dimension; with weights, then times `weight` plus `bias`.
Tensor layer_norm(Tensor x, double epsilon = 1e-5, Location loc = Location::current());
Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon = 1e-5, Location loc = Location::current());
/// x / sqrt(mean of squares + epsilon) along the last dimension; with a weight, then times `weight`.
Tensor rms_norm(Tensor x, double epsilon = 1e-5, Location loc = Location::current());
Tensor rms_norm(Tensor x, Tensor weight, double epsilon = 1e-5, Location loc = Location::current());

/// -log softmax(logits)[..., targets[...]] for each position; targets are i32 of the logits' shape without its last
/// dimension. A target outside the classes gives loss 0 and no gradient.
Tensor cross_entropy(Tensor logits, Tensor targets, Location loc = Location::current());

/// Zeroes elements with the given probability and scales the others so that the mean stays. Acts only in entries for
/// training. The bits are a function of the scalar inputs `seed`, `seed_high` (the two words of a program's --seed) and
/// `step`, the element and the call's number in the entry, so a step can be repeated exactly.
Tensor dropout(Tensor x, double probability, Location loc = Location::current());

} // namespace sinter
