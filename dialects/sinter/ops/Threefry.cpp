// sinter.threefry: the first word of Threefry-2x32 with 20 rounds. Code generators expand it themselves; it has no
// gradient, as its operands are integers.
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

namespace {

/// Salmon et al. 2011, section 4: rounds of add, rotate, xor; a key word is injected after every fourth.
uint32_t threefry(uint32_t key0, uint32_t key1, uint32_t counter0, uint32_t counter1) {
  const uint32_t keys[3] = {key0, key1, 0x1BD11BDAu ^ key0 ^ key1};
  const unsigned rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  uint32_t x0 = counter0 + keys[0], x1 = counter1 + keys[1];
  for (unsigned round = 0; round < 20; ++round) {
    unsigned left = rotations[round % 8];
    x0 += x1;
    x1 = (x1 << left | x1 >> (32 - left)) ^ x0;
    if (round % 4 == 3) {
      unsigned injection = round / 4 + 1;
      x0 += keys[injection % 3];
      x1 += keys[(injection + 1) % 3] + injection;
    }
  }
  return x0;
}

} // namespace

LogicalResult ThreefryOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                   MutableArrayRef<reference::Tensor> outputs) {
  auto word = [&](int operand, int64_t i) {
    return static_cast<uint32_t>(static_cast<int64_t>((*inputs[operand])[i]));
  };
  for (int64_t i = 0; i < outputs[0].size(); ++i)
    outputs[0][i] = static_cast<int32_t>(threefry(word(0, i), word(1, i), word(2, i), word(3, i)));
  return success();
}
