// sinter.round_rows: what products with whole numbers read of their left operand. No linalg equals it: the CPU emits it
// itself, and is the only target that does.
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/ops/Rules.h"

#include <cmath>

using namespace mlir;
using namespace sinter;

LogicalResult RoundRowsOp::verify() {
  RankedTensorType type = getInput().getType();
  // C2
  if (getKind() != PackedKind::int8 && getKind() != PackedKind::int4)
    return emitOpError("rounds to int8 or int4");
  // C1
  int64_t group = groupOf(getKind());
  if (type.getRank() != 2 || !type.getElementType().isF32() || type.getDimSize(1) % group != 0)
    return emitOpError("needs a matrix of f32 whose rows are groups of ") << group << ", not " << type;
  // C3
  Builder b(getContext());
  int64_t m = type.getDimSize(0), k = type.getDimSize(1);
  auto words = RankedTensorType::get({m, k / 4}, b.getI32Type());
  auto numbers = RankedTensorType::get({m, k / group}, b.getF32Type());
  if (getWords().getType() != words || getScales().getType() != numbers || getSums().getType() != numbers)
    return emitOpError("gives ") << words << ", " << numbers << " and " << numbers;
  return success();
}

LogicalResult RoundRowsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                    MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0]; // [m, k], which is [groups of all rows, group]
  int64_t group = groupOf(getKind());
  for (int64_t g = 0; g < outputs[1].size(); ++g) {
    double most = 0, sum = 0;
    for (int64_t i = 0; i < group; ++i) {
      double magnitude = std::abs(x[g * group + i]);
      most = std::isnan(magnitude) || magnitude > most ? magnitude : most;
      if (std::isnan(most))
        break;
    }
    for (int64_t i = 0; i < group; i += 4) {
      uint32_t word = 0;
      for (int64_t j = 0; j < 4; ++j) {
        bool none = !std::isfinite(most) || most <= 1e-30;
        double rounded = none ? 0 : std::nearbyint(x[g * group + i + j] * 127 / most); // ties to even
        sum += rounded;
        word |= (static_cast<uint32_t>(static_cast<int32_t>(rounded)) & 255) << (8 * j);
      }
      outputs[0][(g * group + i) / 4] = static_cast<int32_t>(word);
    }
    outputs[1][g] = most / 127;
    outputs[2][g] = sum;
  }
  return success();
}
