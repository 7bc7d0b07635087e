// sinter.sigmoid: 1 / (1 + exp(-x)). Code generators expand it themselves (ExpandMath.cpp).
#include "dialects/sinter/ops/Rules.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

/// dx = g y (1 - y), where 1 - y is written as sigmoid(-x): y near 1 has lost its digits.
LogicalResult SigmoidOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                             MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  Expr x(builder, getLoc(), getInput()), y = x.with(getResult()), g = x.with(cotangents[0]);
  operandCotangents[0] = g * (y * build<SigmoidOp>(-x));
  return success();
}

LogicalResult SigmoidOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  for (int64_t i = 0; i < outputs[0].size(); ++i)
    outputs[0][i] = 1 / (1 + std::exp(-(*inputs[0])[i]));
  return success();
}
