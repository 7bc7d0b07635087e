// Reshape: the same elements, in row-major order, under another shape.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;
using namespace sinter;

LogicalResult ReshapeOp::verify() {
  RankedTensorType inputType = getInput().getType(), type = getType();
  // C1
  if (inputType.getElementType() != type.getElementType())
    return emitError() << "reshape: element types differ: " << inputType.getElementType() << " and "
                       << type.getElementType();
  if (inputType.getNumElements() != type.getNumElements())
    return emitError() << "reshape: shape [" << inputType.getShape() << "] has " << inputType.getNumElements()
                       << " elements, but shape [" << type.getShape() << "] has " << type.getNumElements();
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult(); // an identity that this makes is folded the next time
  }
  if (getInput().getType() == getType())
    return getInput();
  if (auto constant = dyn_cast_if_present<DenseElementsAttr>(adaptor.getInput()))
    return constant.reshape(getType());
  return {};
}

LogicalResult ReshapeOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                             MutableArrayRef<Value> operandCotangents) {
  if (needed[0] && isDifferentiable(getInput().getType()))
    operandCotangents[0] = ReshapeOp::create(builder, getLoc(), cotangentType(getInput().getType()), cotangents[0]);
  return success();
}

/// All dimensions as one group, or no group if there is no dimension.
static SmallVector<ReassociationIndices> oneGroup(int64_t rank) {
  if (rank == 0)
    return {};
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
}

FailureOr<SmallVector<Value>> ReshapeOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType inputType = getInput().getType(), type = getType();
  if (inputType == type)
    return SmallVector<Value>{getInput()};
  // One op where dimensions only split or only merge; else through the flat tensor.
  if (inputType.getRank() != type.getRank()) {
    if (auto groups = getReassociationIndicesForReshape(inputType, type)) {
      if (inputType.getRank() > type.getRank())
        return SmallVector<Value>{tensor::CollapseShapeOp::create(builder, getLoc(), type, getInput(), *groups)};
      return SmallVector<Value>{tensor::ExpandShapeOp::create(builder, getLoc(), type, getInput(), *groups)};
    }
  }
  auto flatType = RankedTensorType::get({type.getNumElements()}, type.getElementType());
  Value flat = tensor::CollapseShapeOp::create(builder, getLoc(), flatType, getInput(), oneGroup(inputType.getRank()));
  return SmallVector<Value>{tensor::ExpandShapeOp::create(builder, getLoc(), type, flat, oneGroup(type.getRank()))};
}

/// Reshapes of the leading dimensions leave matrices as they are.
static bool keepsMatrices(ReshapeOp op) {
  ArrayRef<int64_t> from = op.getInput().getType().getShape(), to = op.getType().getShape();
  return from.size() >= 2 && to.size() >= 2 && from.take_back(2) == to.take_back(2);
}

void ReshapeOp::inferTriangles(int64_t, ArrayRef<Known> operands, MutableArrayRef<Known> results) {
  if (keepsMatrices(*this))
    results[0] = operands[0];
}

void ReshapeOp::demandTriangles(int64_t, ArrayRef<Known>, ArrayRef<Demanded> results,
                                MutableArrayRef<Demanded> operands) {
  if (keepsMatrices(*this))
    operands[0] = results[0];
}

LogicalResult ReshapeOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  outputs[0].data = inputs[0]->data;
  return success();
}

/// Time stays a dimension of its own, behind as many elements as before.
void ReshapeOp::relateTime(TimeRule &rule) {
  int64_t before = 1, size = 1;
  for (int64_t extent : getInput().getType().getShape().take_front(rule.timeOf(0)))
    before *= extent;
  for (auto [dim, extent] : llvm::enumerate(getType().getShape())) {
    if (size == before && extent == rule.length())
      return rule.pass(static_cast<int64_t>(dim));
    size *= extent;
  }
  rule.refuse("reshape: mixes positions with another dimension");
}
