// sinter.matmul_packed: a product with weights of 32, 16, 8 or 4 bits. No linalg equals it: the CPU emits it itself,
// and is the only target that does.
#include "dialects/sinter/Decode.h"
#include "dialects/sinter/ops/Rules.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;

int64_t sinter::groupOf(PackedKind kind) { return kind == PackedKind::int8 ? 64 : kind == PackedKind::int4 ? 32 : 384; }

int64_t sinter::stepsOfWord(PackedKind kind) {
  switch (kind) {
  case PackedKind::f32:
    return 1;
  case PackedKind::bf16:
    return 2;
  case PackedKind::int8:
    return 4;
  case PackedKind::int4:
    return 8;
  }
  llvm_unreachable("a kind");
}

int64_t MatmulPackedOp::getGroup() { return groupOf(getKind()); }
int64_t MatmulPackedOp::getStepsOfWord() { return stepsOfWord(getKind()); }

LogicalResult MatmulPackedOp::verify() {
  RankedTensorType type = getResult().getType(), words = getWords().getType();
  // C1
  if (type.getRank() != 2 || !type.getElementType().isF32())
    return emitOpError("gives a matrix of f32, not ") << type;
  int64_t m = type.getDimSize(0), panels = llvm::divideCeil(type.getDimSize(1), kPanelColumns);
  if (words.getRank() != 3 || !words.getElementType().isSignlessInteger(32) || words.getDimSize(0) != panels ||
      words.getDimSize(1) < 1 || words.getDimSize(2) != kPanelColumns)
    return emitOpError("needs words of i32 of shape [") << panels << ", along k, 64], but theirs is " << words;
  // C2
  Builder b(getContext());
  int64_t k = words.getDimSize(1) * getStepsOfWord(), groups = k / getGroup();
  SmallVector<Type> left;
  if (!ofIntegers())
    left = {RankedTensorType::get({m, k}, b.getF32Type())};
  else
    left = {RankedTensorType::get({m, k / 4}, b.getI32Type()), RankedTensorType::get({m, groups}, b.getF32Type()),
            RankedTensorType::get({m, groups}, b.getF32Type())};
  if (ofIntegers() && k % getGroup() != 0)
    return emitOpError("has ") << k << " steps of k, which are no whole groups of " << getGroup();
  if (TypeRange(getLhs().getTypes()) != TypeRange(left)) {
    InFlightDiagnostic error = emitOpError("needs on its left ");
    llvm::interleaveComma(left, error);
    return error;
  }
  // C3
  auto scales = RankedTensorType::get({panels, (groups + 1) / 2, kPanelColumns}, b.getI32Type());
  bool right = !ofIntegers() ? !getScales() : getScales() && getScales().getType() == scales;
  return right ? success() : emitOpError("of f32 or bf16 has no scales, and one of whole numbers those of each group");
}

LogicalResult MatmulPackedOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                       MutableArrayRef<reference::Tensor> outputs) {
  reference::Tensor &y = outputs[0]; // [m, n]
  const reference::Tensor &words = *inputs[getLhs().size()];
  int64_t m = y.shape[0], n = y.shape[1], length = words.shape[1], steps = getStepsOfWord();
  auto wordAt = [&](int64_t panel, int64_t at, int64_t lane) {
    return static_cast<uint32_t>(static_cast<int64_t>(words[(panel * length + at) * kPanelColumns + lane]));
  };
  /// The weight of step k of column j, without its scale.
  auto weight = [&](int64_t k, int64_t j) -> double {
    uint32_t word = wordAt(j / kPanelColumns, k / steps, j % kPanelColumns);
    int64_t step = k % steps;
    switch (getKind()) {
    case PackedKind::f32:
      return llvm::bit_cast<float>(word);
    case PackedKind::bf16:
      return llvm::bit_cast<float>(step ? word & 0xffff0000u : word << 16);
    case PackedKind::int8:
      return static_cast<double>((word >> (8 * step)) & 255) - 128;
    case PackedKind::int4:
      return static_cast<double>((word >> (8 * (step % 4) + 4 * (step / 4))) & 15) - 8;
    }
    llvm_unreachable("a kind");
  };
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      for (int64_t k = 0; k < length * steps; ++k) {
        if (!ofIntegers()) {
          y[i * n + j] += (*inputs[0])[i * length * steps + k] * weight(k, j);
          continue;
        }
        int64_t group = k / getGroup(), groups = length * steps / getGroup();
        auto bytes = static_cast<uint32_t>(static_cast<int64_t>((*inputs[0])[(i * length * steps + k) / 4]));
        auto x = static_cast<int8_t>(bytes >> (8 * (k % 4)));
        int64_t pairs = (groups + 1) / 2;
        auto both = static_cast<uint32_t>(static_cast<int64_t>(
            (*inputs.back())[(j / kPanelColumns * pairs + group / 2) * kPanelColumns + j % kPanelColumns]));
        double scale = llvm::bit_cast<float>(group % 2 ? both & 0xffff0000u : both << 16);
        y[i * n + j] += (*inputs[1])[i * groups + group] * scale * weight(k, j) * x;
      }
  return success();
}
