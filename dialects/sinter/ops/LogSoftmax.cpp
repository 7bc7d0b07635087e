// sinter.log_softmax: the logarithm of softmax along the last dimension.
#include "dialects/sinter/ops/Rules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
} // namespace

// C1, C2
LogicalResult LogSoftmaxOp::verify() { return verifyRows(getLoc(), "log_softmax", getInput().getType()); }

/// dx = g - exp(y) * sum(g), from the saved result y.
LogicalResult LogSoftmaxOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                                MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  Expr y(builder, getLoc(), getResult()), g(builder, getLoc(), cotangents[0]);
  operandCotangents[0] = g - exp(y) * alongRows(sumRows(g), getResult().getType());
  return success();
}

/// Maximum; sum of exp(x - max), not stored; y = (x - max) - log(sum). The two subtractions stay apart: max + log(sum)
/// would lose the logarithm's digits in rows of large numbers.
FailureOr<SmallVector<Value>> LogSoftmaxOp::lowerToLinalg(OpBuilder &builder) {
  Rows rows(builder, getLoc(), getInput().getType());
  Value max = rows.reduce(-kInfinity, getInput(), [](ArrayRef<Expr> s) { return maximum(s[1], s[0]); });
  Value sum = rows.reduce(0, {getInput(), max}, [](ArrayRef<Expr> s) { return s[2] + exp(s[0] - s[1]); });
  Value y = rows.map({getInput(), max, sum}, [](ArrayRef<Expr> s) { return s[0] - s[1] - log(s[2]); });
  return SmallVector<Value>{y};
}

LogicalResult LogSoftmaxOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                     MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0]; // [rows, n]
  reference::Tensor &y = outputs[0];       // [rows, n]
  int64_t n = x.shape.back();
  for (int64_t begin = 0; begin < x.size(); begin += n) {
    double max = -kInfinity, sum = 0;
    for (int64_t i = begin; i < begin + n; ++i)
      max = std::isnan(x[i]) || x[i] > max ? x[i] : max; // a NaN stays: nothing compares greater
    for (int64_t i = begin; i < begin + n; ++i)
      sum += std::exp(x[i] - max);
    for (int64_t i = begin; i < begin + n; ++i)
      y[i] = x[i] - max - std::log(sum);
  }
  return success();
}

void LogSoftmaxOp::relateTime(TimeRule &rule) { rule.passRows(); }
