// The parts of nn.h that are compositions of other DSL functions; the compiler fuses them again.
#include "sinter/nn.h"

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

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon, Location loc) {
  CallSite here(loc);
  return layer_norm(x, epsilon) * weight + bias;
}

Tensor rms_norm(Tensor x, Tensor weight, double epsilon, Location loc) {
  CallSite here(loc);
  return rms_norm(x, epsilon) * weight;
}

} // namespace sinter
