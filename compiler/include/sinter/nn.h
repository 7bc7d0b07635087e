// nn.h - what neural networks are usually made of. Everything is f32 but where i32 or booleans are named; another type,
// or shapes that do not fit, are errors at the call's line.
#pragma once

#include "sinter/ops.h"
#include "sinter/program.h"

#include <optional>

namespace sinter {

//===--- activations ---------------------------------------------------------------------------------===//

Tensor relu(Tensor x, Location loc = Location::current()); ///< slope 0 at 0; NaN stays
/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))): Hendrycks, Gimpel 2016 (arXiv:1606.08415); GPT-2's form.
Tensor gelu_tanh(Tensor x, Location loc = Location::current());
/// x / 2 * (1 + erf(x / sqrt(2))).
Tensor gelu_erf(Tensor x, Location loc = Location::current());
/// 1 / (1 + exp(-x)), with all digits in both tails.
Tensor sigmoid(Tensor x, Location loc = Location::current());
/// x * sigmoid(x).
Tensor silu(Tensor x, Location loc = Location::current());
/// log(1 + exp(x)), with all digits in both tails; and log(sigmoid(x)) = -softplus(-x).
Tensor softplus(Tensor x, Location loc = Location::current());
Tensor log_sigmoid(Tensor x, Location loc = Location::current());

/// A row of only -inf (everything masked) gives zeros.
Tensor softmax(Tensor x, int64_t axis = -1, Location loc = Location::current());
Tensor log_softmax(Tensor x, int64_t axis = -1, Location loc = Location::current());

//===--- norms ---------------------------------------------------------------------------------------===//

/// (x - mean) / sqrt(variance + epsilon) along the last dimension; with weights, then times `weight` plus `bias`, which
/// have its size. Ba, Kiros, Hinton 2016 (arXiv:1607.06450), eq. 4. Error: epsilon is not positive.
Tensor layer_norm(Tensor x, double epsilon = 1e-5, Location loc = Location::current());
Tensor layer_norm(Tensor x, Tensor weight, double epsilon = 1e-5, Location loc = Location::current());
Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon = 1e-5, Location loc = Location::current());
/// x / sqrt(mean of squares + epsilon) along the last dimension; with a weight, then times `weight`. Zhang, Sennrich
/// 2019 (arXiv:1910.07467), eq. 4.
Tensor rms_norm(Tensor x, double epsilon = 1e-5, Location loc = Location::current());
Tensor rms_norm(Tensor x, Tensor weight, double epsilon = 1e-5, Location loc = Location::current());
/// Of [batch, channels, ...]: each example's channels in `groups` of neighbours, with one mean and variance each. Wu,
/// He 2018 (arXiv:1803.08494), eq. 7. With one group a layer norm over all but the batch, with as many as channels an
/// instance norm. Times `weight` plus `bias`, of the channels' number. Error: the channels do not divide into groups.
Tensor group_norm(Tensor x, int64_t groups, double epsilon = 1e-5, Location loc = Location::current());
Tensor group_norm(Tensor x, int64_t groups, Tensor weight, Tensor bias, double epsilon = 1e-5,
                  Location loc = Location::current());

struct BatchNorm {
  double momentum = 0.1; ///< what one batch changes of the running statistics
  double epsilon = 1e-5;
  int64_t axis = 1; ///< of the channels
};
/// Ioffe, Szegedy 2015 (arXiv:1502.03167), algorithms 1 and 2, under PyTorch's names: parameters `name.weight` and
/// `name.bias`, state `name.running_mean` and `name.running_var`. In training entries, by the batch's mean and
/// variance, and the running ones move towards these (the variance towards the one that is unbiased); in others, by the
/// running ones. Once for each name in an entry.
Tensor batch_norm(Tensor x, const std::string &name, const BatchNorm &options = {}, Location loc = Location::current());

//===--- positions -----------------------------------------------------------------------------------===//

/// Rotary positions for queries or keys [..., T, D]: element i of the first half of D turns with element i of the
/// second one, by position * base^(-2 i / D). Su et al. 2021 (arXiv:2104.09864), eq. 34, in the order of LLaMA's
/// published weights. `positions`, i32 [T], are 0 to T - 1 if not given. Error: D is odd.
Tensor rope(Tensor x, double base = 10000, Location loc = Location::current());
Tensor rope(Tensor x, Tensor positions, double base = 10000, Location loc = Location::current());
/// [T, D]: sin(t * 10000^(-2 i / D)) at 2 i, the cosine at 2 i + 1. Vaswani et al. 2017 (arXiv:1706.03762),
/// section 3.5. Error: D is odd.
Tensor sinusoidal_positions(int64_t positions, int64_t width, Location loc = Location::current());

//===--- losses --------------------------------------------------------------------------------------===//

// One loss for each position: take their mean.

struct CrossEntropy {
  double label_smoothing = 0;            ///< the share of the target's weight that all classes get alike
  std::optional<int64_t> ignore_index{}; ///< of targets that count for nothing
};
/// -log softmax(logits)[..., targets[...]] for each position; targets are i32 of the logits' shape without its last
/// dimension. A target outside the classes, or `ignore_index`, gives loss 0 and no gradient; a mean counts such
/// positions, `sum(losses) / sum(cast(targets != padding, f32))` does not. Smoothing: Szegedy et al. 2016
/// (arXiv:1512.00567), section 7. Error: label_smoothing is not in [0, 1].
Tensor cross_entropy(Tensor logits, Tensor targets, Location loc = Location::current());
Tensor cross_entropy(Tensor logits, Tensor targets, const CrossEntropy &options, Location loc = Location::current());
/// -t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)) for each element, with all digits; targets t are from 0 to 1.
Tensor bce_with_logits(Tensor logits, Tensor targets, Location loc = Location::current());
/// d^2 / 2 up to |d| = delta, from there on the tangent, delta (|d| - delta / 2), for d = x - y. Huber 1964. Error:
/// delta is not positive.
Tensor huber(Tensor x, Tensor y, double delta = 1, Location loc = Location::current());
/// sum(p (log p - log q)) along `axis`, for the distributions p = softmax(logits), q = softmax(other). Where p is 0, so
/// is its term. Kullback, Leibler 1951.
Tensor kl_divergence(Tensor logits, Tensor other, int64_t axis = -1, Location loc = Location::current());

//===--- noise ---------------------------------------------------------------------------------------===//

/// Zeroes elements with the given probability and scales the others so that the mean stays. Acts only in entries for
/// training. Srivastava et al. 2014. The bits are those that random.h tells of. Error: the probability is not in [0,
/// 1).
Tensor dropout(Tensor x, double probability, Location loc = Location::current());

} // namespace sinter
