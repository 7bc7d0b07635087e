// Slice: a strided box of a tensor.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;
using namespace sinter;

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                        DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                        SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  ArrayRef<int64_t> starts = op.getStarts(), limits = op.getLimits(), strides = op.getStrides();
  // C1
  size_t rank = static_cast<size_t>(inputType.getRank());
  if (starts.size() != rank || limits.size() != rank || strides.size() != rank)
    return emitOptionalError(location, "slice: [", starts, "] to [", limits, "] by [", strides,
                             "] must each have one entry per dimension of a tensor of shape [", inputType.getShape(),
                             "] (rank ", rank, ")");
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    // C2
    if (starts[d] < 0 || starts[d] >= limits[d] || limits[d] > inputType.getDimSize(d))
      return emitOptionalError(location, "slice: ", starts[d], " to ", limits[d],
                               " is empty or out of range for dimension ", d, " of a tensor of shape [",
                               inputType.getShape(), "]");
    // C3
    if (strides[d] < 1)
      return emitOptionalError(location, "slice: stride ", strides[d], " of dimension ", d, " must be at least 1");
    shape.push_back((limits[d] - starts[d] - 1) / strides[d] + 1);
  }
  types.push_back(RankedTensorType::get(shape, inputType.getElementType()));
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput(); // sizes are equal only if nothing is left out
  if (auto inner = getInput().getDefiningOp<SliceOp>()) {
    SmallVector<int64_t> starts, limits, strides;
    for (int64_t d = 0; d < getType().getRank(); ++d) {
      starts.push_back(inner.getStarts()[d] + getStarts()[d] * inner.getStrides()[d]);
      strides.push_back(inner.getStrides()[d] * getStrides()[d]);
      limits.push_back(starts[d] + (getType().getDimSize(d) - 1) * strides[d] + 1);
    }
    setStarts(starts);
    setLimits(limits);
    setStrides(strides);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  if (auto splat = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput()))
    return splat.resizeSplat(getType());
  return {};
}

LogicalResult SliceOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                           MutableArrayRef<Value> operandCotangents) {
  RankedTensorType inputType = getInput().getType();
  if (!needed[0] || !isDifferentiable(inputType))
    return success();
  // Zero wherever the slice did not look.
  SmallVector<int64_t> high, interior;
  for (int64_t d = 0; d < inputType.getRank(); ++d) {
    int64_t last = getStarts()[d] + (getType().getDimSize(d) - 1) * getStrides()[d];
    high.push_back(inputType.getDimSize(d) - 1 - last);
    interior.push_back(getStrides()[d] - 1);
  }
  operandCotangents[0] = PadOp::create(builder, getLoc(), cotangentType(inputType), cotangents[0], getStarts(),
                                       ArrayRef<int64_t>(high), interior);
  return success();
}

FailureOr<SmallVector<Value>> SliceOp::lowerToLinalg(OpBuilder &builder) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (int64_t d = 0; d < getType().getRank(); ++d) {
    offsets.push_back(builder.getIndexAttr(getStarts()[d]));
    sizes.push_back(builder.getIndexAttr(getType().getDimSize(d)));
    strides.push_back(builder.getIndexAttr(getStrides()[d]));
  }
  return SmallVector<Value>{
      tensor::ExtractSliceOp::create(builder, getLoc(), getType(), getInput(), offsets, sizes, strides)};
}

LogicalResult SliceOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0];
  std::vector<int64_t> xStrides = x.strides();
  int64_t to = 0; // y is filled in row-major order
  reference::forEachIndex(y.shape, [&](const std::vector<int64_t> &index) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); ++d)
      from += (getStarts()[d] + index[d] * getStrides()[d]) * xStrides[d];
    y[to++] = x[from];
  });
  return success();
}

void SliceOp::relateTime(TimeRule &rule) {
  int64_t d = rule.timeOf(0);
  if (getStarts()[d] != 0 || getLimits()[d] != rule.length() || getStrides()[d] != 1)
    return rule.refuse("slice: reads other positions than its own");
  rule.pass(d);
}

LogicalResult SliceOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<SliceOp>(lift.cloneAll(*getOperation(), mapping, units));
  SmallVector<int64_t> limits = withLeading(lift.count(), getLimits(), 0);
  if (units.front() >= 0)
    limits[units.front() + 1] = 1;
  copy.setStarts(withLeading(0, getStarts(), 0));
  copy.setLimits(limits);
  copy.setStrides(withLeading(1, getStrides(), 0));
  return success();
}
