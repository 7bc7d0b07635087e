// Broadcast: repeats a tensor along new dimensions.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

LogicalResult BroadcastOp::verify() {
  RankedTensorType inputType = getInput().getType(), type = getType();
  ArrayRef<int64_t> dims = getDims();
  // C1
  if (static_cast<int64_t>(dims.size()) != inputType.getRank())
    return emitError() << "broadcast: dims [" << dims << "] has " << dims.size() << " entries for an operand of shape ["
                       << inputType.getShape() << "] (rank " << inputType.getRank() << ")";
  for (auto [i, dim] : llvm::enumerate(dims)) {
    // C2
    if (dim < 0 || dim >= type.getRank())
      return emitError() << "broadcast: dimension " << dim << " is out of range for a result of shape ["
                         << type.getShape() << "] (rank " << type.getRank() << ")";
    if (i > 0 && dims[i - 1] >= dim)
      return emitError() << "broadcast: dims [" << dims << "] must be strictly increasing";
    // C3
    if (inputType.getDimSize(i) != type.getDimSize(dim))
      return emitError() << "broadcast: dimension " << i << " of the operand has size " << inputType.getDimSize(i)
                         << ", but dimension " << dim << " of the result has size " << type.getDimSize(dim);
  }
  // C4
  if (inputType.getElementType() != type.getElementType())
    return emitError() << "broadcast: element types differ: " << inputType.getElementType() << " and "
                       << type.getElementType();
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput(); // no new dimension: dims are the identity
  if (auto inner = getInput().getDefiningOp<BroadcastOp>()) {
    SmallVector<int64_t> dims;
    for (int64_t dim : inner.getDims())
      dims.push_back(getDims()[dim]);
    setDims(dims);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  if (auto splat = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput()))
    return splat.resizeSplat(getType());
  return {};
}

LogicalResult BroadcastOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                               MutableArrayRef<Value> operandCotangents) {
  if (!needed[0] || !isDifferentiable(getInput().getType()))
    return success();
  // Every copy contributes: sum over the new dimensions.
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < getType().getRank(); ++d)
    if (!llvm::is_contained(getDims(), d))
      axes.push_back(d);
  operandCotangents[0] = axes.empty() ? cotangents[0]
                                      : ReduceOp::create(builder, getLoc(), cotangentType(getInput().getType()),
                                                         ReduceKind::sum, cotangents[0], axes)
                                            .getResult();
  return success();
}

FailureOr<SmallVector<Value>> BroadcastOp::lowerToLinalg(OpBuilder &builder) {
  SmallVector<AffineExpr> coordinates;
  for (int64_t dim : getDims())
    coordinates.push_back(builder.getAffineDimExpr(dim));
  auto map = AffineMap::get(getType().getRank(), 0, coordinates, getContext());
  return SmallVector<Value>{rules::copy(builder, getLoc(), getInput(), map, getType())};
}

LogicalResult BroadcastOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                    MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0];
  std::vector<int64_t> xStrides = x.strides();
  int64_t to = 0; // y is filled in row-major order
  reference::forEachIndex(y.shape, [&](const std::vector<int64_t> &index) {
    int64_t from = 0;
    for (size_t d = 0; d < x.shape.size(); ++d)
      from += index[getDims()[d]] * xStrides[d];
    y[to++] = x[from];
  });
  return success();
}

void BroadcastOp::relateTime(TimeRule &rule) { rule.pass(getDims()[rule.timeOf(0)]); }

LogicalResult BroadcastOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<BroadcastOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setDims(withLeading(0, getDims(), 1));
  return success();
}
