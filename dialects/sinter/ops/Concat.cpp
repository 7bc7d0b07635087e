// Concat: joins tensors along one dimension.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, ValueRange operands,
                                         DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  // C1
  if (operands.empty())
    return emitOptionalError(location, "concat: there is nothing to join: give at least one tensor");
  auto firstType = cast<RankedTensorType>(operands.front().getType());
  auto axis = static_cast<int64_t>(op.getAxis());
  // C2
  if (axis < 0 || axis >= firstType.getRank())
    return emitOptionalError(location, "concat: axis ", axis, " is out of range for a tensor of shape [",
                             firstType.getShape(), "] (rank ", firstType.getRank(), ")");
  int64_t joined = 0;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    auto type = cast<RankedTensorType>(operand.getType());
    // C3
    if (type.getElementType() != firstType.getElementType())
      return emitOptionalError(location, "concat: element types differ: ", firstType.getElementType(), " and ",
                               type.getElementType(), " (operand ", i, ")");
    bool agrees = type.getRank() == firstType.getRank();
    for (int64_t d = 0; agrees && d < type.getRank(); ++d)
      agrees = d == axis || type.getDimSize(d) == firstType.getDimSize(d);
    if (!agrees)
      return emitOptionalError(location, "concat: shapes [", firstType.getShape(), "] and [", type.getShape(),
                               "] (operand ", i, ") differ in more than axis ", axis);
    joined += type.getDimSize(axis);
  }
  SmallVector<int64_t> shape(firstType.getShape());
  shape[axis] = joined;
  types.push_back(RankedTensorType::get(shape, firstType.getElementType()));
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1)
    return getInputs().front();
  return {};
}

LogicalResult ConcatOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                            MutableArrayRef<Value> operandCotangents) {
  if (!isDifferentiable(getType()))
    return success();
  int64_t axis = getAxis(), begin = 0;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    auto type = cast<RankedTensorType>(input.getType());
    int64_t end = begin + type.getDimSize(axis);
    if (needed[i] && type.getNumElements() > 0) {
      // Each operand gets back the part of the cotangent that it became.
      SmallVector<int64_t> starts(type.getRank(), 0), limits(type.getShape()), strides(type.getRank(), 1);
      starts[axis] = begin;
      limits[axis] = end;
      operandCotangents[i] =
          SliceOp::create(builder, getLoc(), cotangentType(type), cotangents[0], starts, limits, strides);
    }
    begin = end;
  }
  return success();
}

FailureOr<SmallVector<Value>> ConcatOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType type = getType();
  Value result = rules::empty(builder, getLoc(), type);
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  int64_t axis = getAxis(), begin = 0;
  for (Value input : getInputs()) {
    auto inputType = cast<RankedTensorType>(input.getType());
    if (inputType.getNumElements() == 0)
      continue;
    offsets[axis] = builder.getIndexAttr(begin);
    SmallVector<OpFoldResult> sizes;
    for (int64_t size : inputType.getShape())
      sizes.push_back(builder.getIndexAttr(size));
    result = tensor::InsertSliceOp::create(builder, getLoc(), input, result, offsets, sizes, strides);
    begin += inputType.getDimSize(axis);
  }
  return SmallVector<Value>{result};
}

LogicalResult ConcatOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                 MutableArrayRef<reference::Tensor> outputs) {
  reference::Tensor &y = outputs[0];
  std::vector<int64_t> yStrides = y.strides();
  int64_t axis = getAxis(), begin = 0;
  for (const reference::Tensor *x : inputs) {
    int64_t from = 0; // x is read in row-major order
    reference::forEachIndex(x->shape, [&](const std::vector<int64_t> &index) {
      int64_t to = begin * yStrides[axis];
      for (size_t d = 0; d < index.size(); ++d)
        to += index[d] * yStrides[d];
      y[to] = (*x)[from++];
    });
    begin += x->shape[axis];
  }
  return success();
}

void ConcatOp::relateTime(TimeRule &rule) {
  int64_t d = -1;
  for (unsigned i = 0; i < getNumOperands(); ++i)
    d = std::max(d, rule.timeOf(i));
  if (d == static_cast<int64_t>(getAxis()))
    return rule.refuse("concat: moves positions");
  rule.give(0, d);
  for (unsigned i = 0; i < getNumOperands(); ++i) {
    if (rule.isTimed(i) && rule.timeOf(i) != d)
      return rule.refuse("concat: joins two dimensions of positions");
    rule.readNew(i, d);
  }
}

LogicalResult ConcatOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<ConcatOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setAxis(getAxis() + 1);
  return success();
}
