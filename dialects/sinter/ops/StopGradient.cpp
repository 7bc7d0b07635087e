// sinter.stop_gradient: the identity, with no gradient. `differentiate` folds it away.
#include "dialects/sinter/Sinter.h"

using namespace mlir;
using namespace sinter;

LogicalResult StopGradientOp::vjp(OpBuilder &, ArrayRef<Value>, ArrayRef<bool>, MutableArrayRef<Value>) {
  return success(); // nothing flows
}

LogicalResult StopGradientOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                       MutableArrayRef<reference::Tensor> outputs) {
  outputs[0] = *inputs[0];
  return success();
}
