// The parts of nn.h that are compositions of other DSL functions; the compiler fuses them again.
#include "sinter/nn.h"

namespace sinter {

Tensor relu(Tensor x, Location loc) {
  CallSite here(loc);
  // Not maximum(x, 0): the gradient at 0 is then 0, as everyone has it, and NaN stays.
  return where(x <= 0.0, 0.0, x);
}

Tensor gelu_tanh(Tensor x, Location loc) {
  CallSite here(loc);
  constexpr double sqrtTwoOverPi = 0.7978845608028654;
  // Arranged so that it and its gradient take few operations: both stand behind products, which wait for them.
  return x * fma(0.5, tanh(x * fma(sqrtTwoOverPi * 0.044715, square(x), sqrtTwoOverPi)), 0.5);
}

Tensor gelu_erf(Tensor x, Location loc) {
  CallSite here(loc);
  constexpr double sqrtHalf = 0.7071067811865476;
  return 0.5 * x * (1.0 + erf(x * sqrtHalf));
}

Tensor sigmoid(Tensor x, Location loc) {
  CallSite here(loc);
  // By tanh, since the gradient of 1 / (1 + exp(-x)) is inf * 0 far on the left.
  return 0.5 * tanh(0.5 * x) + 0.5;
}

Tensor silu(Tensor x, Location loc) {
  CallSite here(loc);
  return x * sigmoid(x);
}

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon, Location loc) {
  CallSite here(loc);
  return layer_norm(x, epsilon) * weight + bias;
}

Tensor rms_norm(Tensor x, Tensor weight, double epsilon, Location loc) {
  CallSite here(loc);
  return rms_norm(x, epsilon) * weight;
}

} // namespace sinter
