// Iota: each element's index along one dimension. It has no operands, hence nothing to differentiate.
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;

LogicalResult IotaOp::verify() {
  RankedTensorType type = getType();
  auto axis = static_cast<int64_t>(getAxis());
  // C1
  if (!type.getElementType().isSignlessInteger(32))
    return emitError() << "iota: the result must be a tensor of i32, but its type is " << type;
  // C2
  if (axis < 0 || axis >= type.getRank())
    return emitError() << "iota: axis " << axis << " is out of range for a tensor of shape [" << type.getShape()
                       << "] (rank " << type.getRank() << ")";
  // C3
  if (type.getDimSize(axis) - 1 > std::numeric_limits<int32_t>::max())
    return emitError() << "iota: the last index along axis " << axis << ", " << type.getDimSize(axis) - 1
                       << ", is not an i32, a whole number from -2147483648 to 2147483647";
  return success();
}

LogicalResult IotaOp::vjp(OpBuilder &, ArrayRef<Value>, ArrayRef<bool>, MutableArrayRef<Value>) { return success(); }

FailureOr<SmallVector<Value>> IotaOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType type = getType();
  rules::Mapped output{rules::empty(builder, getLoc(), type), builder.getMultiDimIdentityMap(type.getRank())};
  return rules::generic(builder, getLoc(), type.getRank(), {}, {}, output, [&](ArrayRef<rules::Expr> scalars) {
    OpBuilder &b = *scalars[0].builder;
    Value index = linalg::IndexOp::create(b, getLoc(), getAxis());
    return SmallVector<rules::Expr>{
        scalars[0].with(arith::IndexCastOp::create(b, getLoc(), type.getElementType(), index))};
  });
}

LogicalResult IotaOp::evaluate(ArrayRef<const reference::Tensor *>, MutableArrayRef<reference::Tensor> outputs) {
  reference::Tensor &y = outputs[0];
  int64_t to = 0;
  reference::forEachIndex(y.shape,
                          [&](const std::vector<int64_t> &index) { y[to++] = static_cast<double>(index[getAxis()]); });
  return success();
}
