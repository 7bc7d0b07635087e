// What convolutions become on their way: sinter.windows, sinter.interleave, sinter.tap_sums.
#include "dialects/sinter/ops/windows/WindowRules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

//===--- interleave --------------------------------------------------------------------------------===//

LogicalResult InterleaveOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  // C1
  for (Type each : getOperandTypes())
    if (!isDifferentiable(each) || !isDifferentiable(type))
      return emitError() << "interleave: tensors of " << each << " and " << type << " are not of f32";
  // C2
  size_t rank = getStrides().size();
  if (rank < 1 || rank > 3 || type.getRank() != static_cast<int64_t>(rank) + 2 ||
      llvm::any_of(getStrides(), [](int64_t stride) { return stride < 1; }))
    return emitError() << "interleave: strides [" << getStrides() << "] of a tensor of shape " << shapeText(type)
                       << " must be from 1 to 3 numbers, two fewer than it has dimensions, and at least 1";
  // C3
  bool ascend = getPhases().size() == getInputs().size();
  for (auto [j, phase] : llvm::enumerate(getPhases()))
    ascend = ascend && phase < countOf(getStrides()) && phase > (j == 0 ? -1 : getPhases()[j - 1]);
  if (!ascend)
    return emitError() << "interleave: phases [" << getPhases() << "] of " << getInputs().size()
                       << " inputs must ascend, one for each, below " << countOf(getStrides());
  // C4
  SmallVector<int64_t> shape(type.getShape());
  for (size_t d = 0; d < rank; ++d)
    shape[d + 1] = llvm::divideCeil(shape[d + 1], getStrides()[d]);
  for (Type each : getOperandTypes())
    if (cast<RankedTensorType>(each).getShape() != ArrayRef<int64_t>(shape))
      return emitError() << "interleave: an input has shape " << shapeText(cast<RankedTensorType>(each))
                         << ", but one phase of " << shapeText(type) << " has [" << ArrayRef<int64_t>(shape) << "]";
  return success();
}

FailureOr<SmallVector<Value>> InterleaveOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  SmallVector<int64_t> rows(type.getShape().drop_back());
  RankedTensorType matrix = type.clone({countOf(rows), type.getShape().back()});
  Value result =
      generic(builder, getLoc(), 2, {}, {}, {{empty(builder, getLoc(), matrix), builder.getMultiDimIdentityMap(2)}},
              [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                Expr value = scalars[0].constant(0);
                IndexMath index(*value.builder, value.loc);
                SmallVector<Value> place = index.split(index.loop(0), rows);
                Value phase;
                for (auto [d, stride] : llvm::enumerate(getStrides())) {
                  Value own = index.remainder(place[d + 1], stride);
                  phase = phase ? index.add(index.multiply(phase, stride), own) : own;
                  place[d + 1] = index.divide(place[d + 1], stride);
                }
                place.push_back(index.loop(1));
                for (Value &each : place)
                  each = index.place(each);
                for (auto [input, number] : llvm::zip_equal(getInputs(), getPhases())) {
                  Expr element = value.with(tensor::ExtractOp::create(*value.builder, value.loc, input, place));
                  value = select(value.with(index.equal(phase, index.constant(number))), element, value);
                }
                return {value};
              })[0];
  return SmallVector<Value>{reshaped(builder, getLoc(), result, type.getShape())};
}

LogicalResult InterleaveOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                     MutableArrayRef<reference::Tensor> outputs) {
  reference::Tensor &result = outputs[0]; // holds zeros
  int64_t at = 0;
  reference::forEachIndex(result.shape, [&](const std::vector<int64_t> &i) {
    int64_t phase = 0;
    std::vector<int64_t> from = i;
    for (size_t d = 0; d < getStrides().size(); ++d) {
      phase = phase * getStrides()[d] + i[d + 1] % getStrides()[d];
      from[d + 1] = i[d + 1] / getStrides()[d];
    }
    for (auto [j, own] : llvm::enumerate(getPhases()))
      if (own == phase) {
        int64_t element = 0;
        for (size_t d = 0; d < from.size(); ++d)
          element = element * inputs[j]->shape[d] + from[d];
        result[at] = (*inputs[j])[element];
      }
    ++at;
  });
  return success();
}

//===--- tap_sums ----------------------------------------------------------------------------------===//

static WindowShape windowsOfSums(TapSumsOp op) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  return {copy(positionsOf(op.getWindows().getType())),
          copy(op.getTaps()),
          copy(op.getStrides()),
          copy(op.getDilations()),
          copy(op.getLow()),
          SmallVector<int64_t>(op.getTaps().size(), 1),
          copy(positionsOf(op.getInput().getType()))};
}

LogicalResult TapSumsOp::verify() {
  auto x = cast<RankedTensorType>(getInput().getType()), y = cast<RankedTensorType>(getWindows().getType()),
       type = cast<RankedTensorType>(getType());
  // C1
  for (RankedTensorType each : {x, y, type})
    if (!each.getElementType().isF32())
      return emitError() << "tap_sums: elements are of " << text(each.getElementType()) << ", not f32";
  // C2
  size_t rank = getTaps().size();
  for (ArrayRef<int64_t> numbers : {getStrides(), getLow(), getDilations()})
    if (numbers.size() != rank)
      return emitError() << "tap_sums: attributes have " << rank << " and " << numbers.size() << " numbers";
  if (rank < 1 || rank > 3 || x.getRank() != static_cast<int64_t>(rank) + 2 || y.getRank() != x.getRank() ||
      x.getDimSize(0) != y.getDimSize(0) || x.getShape().back() != y.getShape().back())
    return emitError() << "tap_sums: the operands have shapes " << shapeText(x) << " and " << shapeText(y)
                       << ", but with " << rank << " numbers, from 1 to 3, in each attribute they have two dimensions "
                       << "more, the first and the last the same";
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (getTaps()[d] < 1 || getStrides()[d] < 1 || getDilations()[d] < 1)
      return emitError() << "tap_sums: taps " << getTaps()[d] << ", stride " << getStrides()[d] << " and dilation "
                         << getDilations()[d] << " of dimension " << d << " must be at least 1";
  // C4
  if (type.getRank() != 3 || type.getDimSize(1) != countOf(getTaps()) || type.getDimSize(2) != x.getShape().back() ||
      type.getDimSize(0) < 1 || x.getDimSize(0) % type.getDimSize(0) != 0)
    return emitError() << "tap_sums: the result has shape " << shapeText(type) << ", not blocks that divide "
                       << x.getDimSize(0) << ", " << countOf(getTaps()) << " and " << x.getShape().back();
  return success();
}

FailureOr<SmallVector<Value>> TapSumsOp::lowerToLinalg(OpBuilder &builder) {
  return SmallVector<Value>{tapSumLoops(builder, getLoc(), windowsOfSums(*this), getInput(), getWindows(),
                                        cast<RankedTensorType>(getType()))};
}

LogicalResult TapSumsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0], &y = *inputs[1];
  reference::Tensor &result = outputs[0]; // [B, taps, C], holds zeros
  WindowShape shape = windowsOfSums(*this);
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  int64_t channels = x.shape.back(), window = 0;
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    int64_t block = n / (x.shape[0] / result.shape[0]);
    reference::forEachIndex({shape.positions.begin(), shape.positions.end()}, [&](const std::vector<int64_t> &o) {
      for (size_t k = 0; k < taps.size(); ++k) {
        int64_t from = elementAt(shape, n, o, taps[k], channels);
        for (int64_t c = 0; c < channels && from >= 0; ++c)
          result[(block * static_cast<int64_t>(taps.size()) + static_cast<int64_t>(k)) * channels + c] +=
              x[from + c] * y[window * channels + c];
      }
      ++window;
    });
  }
  return success();
}

//===--- windows -----------------------------------------------------------------------------------===//

WindowShape sinter::windowsOf(WindowsOp op) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  return {copy(op.getPositions()),
          copy(op.getTaps()),
          copy(op.getStrides()),
          copy(op.getSteps()),
          copy(op.getLow()),
          copy(op.getDivisors()),
          copy(positionsOf(op.getInput().getType()))};
}

LogicalResult WindowsOp::verify() {
  auto x = cast<RankedTensorType>(getInput().getType()), type = cast<RankedTensorType>(getType());
  // C1
  if (!x.getElementType().isF32() || !type.getElementType().isF32())
    return emitError() << "windows: elements are of " << text(x.getElementType()) << ", not f32";
  // C2
  size_t rank = getPositions().size();
  for (ArrayRef<int64_t> numbers : {getTaps(), getStrides(), getSteps(), getLow(), getDivisors()})
    if (numbers.size() != rank)
      return emitError() << "windows: attributes have " << rank << " and " << numbers.size() << " numbers";
  if (rank < 1 || rank > 3 || x.getRank() != static_cast<int64_t>(rank) + 2)
    return emitError() << "windows: the input has shape " << shapeText(x) << ", but with " << rank
                       << " numbers, from 1 to 3, in each attribute it has two dimensions more";
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (getPositions()[d] < 1 || getTaps()[d] < 1 || getDivisors()[d] < 1)
      return emitError() << "windows: positions " << getPositions()[d] << ", taps " << getTaps()[d] << " and divisor "
                         << getDivisors()[d] << " of dimension " << d << " must be at least 1";
  // C4
  SmallVector<int64_t> shape{x.getDimSize(0) * countOf(getPositions()), countOf(getTaps()), x.getShape().back()};
  if (type.getShape() != ArrayRef<int64_t>(shape))
    return emitError() << "windows: the result has shape " << shapeText(type) << ", but [" << ArrayRef<int64_t>(shape)
                       << "] is what there is";
  return success();
}

Value WindowsOp::lowerToLoops(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  WindowShape shape = windowsOf(*this);
  int64_t batch = cast<RankedTensorType>(getInput().getType()).getDimSize(0);
  return generic(builder, getLoc(), 3, {}, {}, {{empty(builder, getLoc(), type), builder.getMultiDimIdentityMap(3)}},
                 [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                   IndexMath index(*scalars[0].builder, scalars[0].loc);
                   SmallVector<Value> window = index.split(index.loop(0), joined(batch, shape.positions));
                   SmallVector<Value> tap = index.split(index.loop(1), shape.taps);
                   return {scalars[0].with(index.read(
                       getInput(), window[0], index.position(shape, ValueRange(window).drop_front(), ValueRange(tap)),
                       index.loop(2), 0))};
                 })[0];
}

LogicalResult WindowsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0]; // holds zeros
  WindowShape shape = windowsOf(*this);
  int64_t channels = x.shape.back(), at = 0;
  std::vector<int64_t> windows(shape.positions.begin(), shape.positions.end()),
      taps(shape.taps.begin(), shape.taps.end());
  for (int64_t n = 0; n < x.shape[0]; ++n)
    reference::forEachIndex(windows, [&](const std::vector<int64_t> &o) {
      reference::forEachIndex(taps, [&](const std::vector<int64_t> &k) {
        int64_t from = elementAt(shape, n, o, k, channels);
        for (int64_t c = 0; c < channels; ++c, ++at)
          if (from >= 0)
            y[at] = x[from + c];
      });
    });
  return success();
}
