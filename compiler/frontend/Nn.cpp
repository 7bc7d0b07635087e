// The parts of nn.h that are compositions of other DSL functions; the compiler fuses them again.
#include "sinter/nn.h"
#include "sinter/program.h"

#include <cmath>

namespace sinter {

Tensor relu(Tensor x, Location loc) {
  CallSite here(loc);
  // Not maximum(x, 0): the gradient at 0 is then 0, as everyone has it, and NaN stays.
  return where(x <= 0.0, 0.0, x);
}

/// x times a gate that goes from 0 to 1, and is there, to the last bit of f32, from -end and end on. Beyond these it
/// gets no larger operands: their squares overflow, and infinity times 0 is neither the value nor the slope.
template <typename Gate> static Tensor gated(Tensor x, double end, Gate gate) {
  Tensor above = where(x < -end, -end, x);
  return above * gate(where(above > end, end, above));
}

Tensor gelu_tanh(Tensor x, Location loc) {
  CallSite here(loc);
  constexpr double sqrtTwoOverPi = 0.7978845608028654;
  // (1 + tanh u) / 2 is sigmoid(2 u), which keeps its digits on the left. Few operations: this and its gradient stand
  // behind products, which wait for them.
  return gated(x, 11,
               [](Tensor z) { return sigmoid(z * fma(2 * sqrtTwoOverPi * 0.044715, square(z), 2 * sqrtTwoOverPi)); });
}

Tensor gelu_erf(Tensor x, Location loc) {
  CallSite here(loc);
  constexpr double sqrtHalf = 0.7071067811865476;
  return gated(x, 15, [](Tensor z) { return 0.5 * erfc(z * -sqrtHalf); });
}

Tensor silu(Tensor x, Location loc) {
  CallSite here(loc);
  return gated(x, 105, [](Tensor z) { return sigmoid(z); });
}

Tensor softplus(Tensor x, Location loc) {
  CallSite here(loc);
  return maximum(x, 0.0) + log1p(exp(-abs(x)));
}

Tensor log_sigmoid(Tensor x, Location loc) {
  CallSite here(loc);
  return minimum(x, 0.0) - log1p(exp(-abs(x)));
}

//===--- norms ---------------------------------------------------------------------------------------===//

Tensor layer_norm(Tensor x, Tensor weight, double epsilon, Location loc) {
  CallSite here(loc);
  return layer_norm(x, epsilon) * weight;
}

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon, Location loc) {
  CallSite here(loc);
  return layer_norm(x, epsilon) * weight + bias;
}

Tensor rms_norm(Tensor x, Tensor weight, double epsilon, Location loc) {
  CallSite here(loc);
  return rms_norm(x, epsilon) * weight;
}

/// `perChannel`, of as many as x has along `axis`, in a shape that broadcasts to x's.
static Tensor alongAxis(Tensor perChannel, Tensor x, int64_t axis, const char *what) {
  Shape shape(x.shape().size(), 1);
  shape[axis] = x.dim(axis);
  check(perChannel.shape() == Shape{shape[axis]}, std::string(what) +
                                                      ": weight and bias need one number for each of the " +
                                                      std::to_string(shape[axis]) + " channels");
  return reshape(perChannel, shape);
}

Tensor group_norm(Tensor x, int64_t groups, double epsilon, Location loc) {
  CallSite here(loc);
  const Shape shape = x.shape();
  check(shape.size() >= 2, "group_norm: needs [batch, channels, ...]");
  check(groups >= 1 && shape[1] % groups == 0, "group_norm: " + std::to_string(shape[1]) +
                                                   " channels do not divide into " + std::to_string(groups) +
                                                   " groups");
  return reshape(layer_norm(reshape(x, {shape[0], groups, -1}), epsilon), shape);
}

Tensor group_norm(Tensor x, int64_t groups, Tensor weight, Tensor bias, double epsilon, Location loc) {
  CallSite here(loc);
  return group_norm(x, groups, epsilon) * alongAxis(weight, x, 1, "group_norm") + alongAxis(bias, x, 1, "group_norm");
}

Tensor batch_norm(Tensor x, const std::string &name, const BatchNorm &options, Location loc) {
  CallSite here(loc);
  const int64_t rank = x.rank(), axis = options.axis < 0 ? options.axis + rank : options.axis, channels = x.dim(axis);
  check(options.momentum >= 0 && options.momentum <= 1, "batch_norm: the momentum must be from 0 to 1");
  check(options.epsilon > 0, "batch_norm: epsilon must be positive");
  Scope scope(name);
  Tensor weight = parameter("weight", {channels}, ones()), bias = parameter("bias", {channels}, zeros());
  Tensor runningMean = state("running_mean", {channels}), runningVar = state("running_var", {channels}, ones());
  Tensor center = runningMean, variance = runningVar;
  if (is_training()) {
    Axes others;
    others.all = false;
    double count = 1;
    for (int64_t d = 0; d < rank; ++d)
      if (d != axis) {
        others.axes.push_back(d);
        count *= static_cast<double>(x.dim(d));
      }
    check(count > 1, "batch_norm: one number for each channel has no variance");
    center = mean(x, others);
    variance = mean(square(x - alongAxis(center, x, axis, "batch_norm")), others);
    assign(runningMean, runningMean + options.momentum * (center - runningMean));
    assign(runningVar, runningVar + options.momentum * (variance * (count / (count - 1)) - runningVar));
  }
  Tensor scale = rsqrt(variance + options.epsilon) * weight;
  return (x - alongAxis(center, x, axis, "batch_norm")) * alongAxis(scale, x, axis, "batch_norm") +
         alongAxis(bias, x, axis, "batch_norm");
}

//===--- positions -----------------------------------------------------------------------------------===//

/// position * base^(-2 i / (2 pairs)), of shape [T, pairs].
static Tensor angles(Tensor positions, int64_t pairs, double base) {
  Tensor pair = cast(arange(pairs), f32);
  Tensor frequency = exp(pair * (-std::log(base) / static_cast<double>(pairs)));
  return reshape(cast(positions, f32), {-1, 1}) * frequency;
}

Tensor rope(Tensor x, Tensor positions, double base, Location loc) {
  CallSite here(loc);
  check(x.rank() >= 2 && x.dim(-1) % 2 == 0, "rope: needs [..., positions, width] of an even width");
  check(base > 0, "rope: the base must be positive");
  check(positions.dtype() == i32 && positions.shape() == Shape{x.dim(-2)},
        "rope: positions must be i32, one for each of the " + std::to_string(x.dim(-2)) + " rows");
  Tensor angle = angles(positions, x.dim(-1) / 2, base), c = cos(angle), s = sin(angle);
  auto [first, second] = split<2>(x, -1);
  return concat({first * c - second * s, second * c + first * s}, -1);
}

Tensor rope(Tensor x, double base, Location loc) {
  CallSite here(loc);
  check(x.rank() >= 2, "rope: needs [..., positions, width]");
  return rope(x, arange(x.dim(-2)), base);
}

Tensor sinusoidal_positions(int64_t positions, int64_t width, Location loc) {
  CallSite here(loc);
  check(positions > 0 && width > 0 && width % 2 == 0, "sinusoidal_positions: needs a positive number of positions and "
                                                      "an even width");
  Tensor angle = angles(arange(positions), width / 2, 10000);
  return reshape(stack({sin(angle), cos(angle)}, -1), {positions, width});
}

//===--- losses --------------------------------------------------------------------------------------===//

Tensor cross_entropy(Tensor logits, Tensor targets, const CrossEntropy &options, Location loc) {
  CallSite here(loc);
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1,
        "cross_entropy: label_smoothing must be from 0 to 1");
  if (options.ignore_index)
    targets = where(targets == static_cast<double>(*options.ignore_index), -1.0, targets);
  Tensor losses = cross_entropy(logits, targets);
  if (options.label_smoothing == 0)
    return losses;
  // What all classes get alike: the mean of -log softmax.
  Tensor others = logsumexp(logits, -1) - mean(logits, -1);
  Tensor counts = targets >= 0.0 && targets < static_cast<double>(logits.dim(-1));
  return losses * (1 - options.label_smoothing) + where(counts, others, 0.0) * options.label_smoothing;
}

Tensor bce_with_logits(Tensor logits, Tensor targets, Location loc) {
  CallSite here(loc);
  return (maximum(logits, 0.0) - logits * targets) + log1p(exp(-abs(logits))); // softplus(x) - x t
}

Tensor huber(Tensor x, Tensor y, double delta, Location loc) {
  CallSite here(loc);
  check(delta > 0, "huber: delta must be positive");
  Tensor distance = abs(x - y);
  // (A square would overflow where it is not chosen.)
  Tensor near = minimum(distance, delta);
  return near * (distance - 0.5 * near);
}

Tensor kl_divergence(Tensor logits, Tensor other, int64_t axis, Location loc) {
  CallSite here(loc);
  Tensor p = softmax(logits, axis);
  return sum(where(p > 0.0, p * (log_softmax(logits, axis) - log_softmax(other, axis)), 0.0), axis);
}

} // namespace sinter
