// The gradient marker, which the pass `differentiate` expands, and the mark on what it is asked for.
#include "dialects/sinter/ReverseMode.h"

using namespace mlir;
using namespace sinter;

LogicalResult GradOp::verify() {
  // C1
  RankedTensorType lossType = getLoss().getType();
  Type lossElement = lossType.getElementType();
  if (lossType.getRank() != 0 || !(lossElement.isF32() || lossElement.isF64()))
    return emitError() << "grad: the loss must be a scalar tensor<f32> or tensor<f64>, but its type is " << lossType;
  // C2
  if (getWrt().size() != getGradients().size())
    return emitError() << "grad: " << getWrt().size() << " values give " << getWrt().size() << " gradients, not "
                       << getGradients().size();
  for (auto [index, wrt, gradient] : llvm::enumerate(getWrt(), getGradients())) {
    // C3
    if (!isDifferentiable(wrt.getType()))
      return emitError() << "grad: value " << index << " of type " << wrt.getType()
                         << " has no gradient: only tensors of floats have one";
    // C2
    if (cotangentType(wrt.getType()) != gradient.getType())
      return emitError() << "grad: value " << index << " has type " << wrt.getType() << ", but its gradient has type "
                         << gradient.getType();
  }
  return success();
}

LogicalResult VariableOp::vjp(OpBuilder &, ArrayRef<Value> cotangents, ArrayRef<bool>,
                              MutableArrayRef<Value> operandCotangents) {
  operandCotangents[0] = cotangents[0];
  return success();
}

LogicalResult VariableOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                   MutableArrayRef<reference::Tensor> outputs) {
  outputs[0] = *inputs[0];
  return success();
}
