// sinter.softmax: along the last dimension, with fully masked rows defined as zeros.
#include "dialects/sinter/RowStatistics.h"
#include "dialects/sinter/ops/Rules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The least x - max whose exponential counts, in rows of `type`.
double leastExponent(RankedTensorType type) {
  return -126 * std::log(2.0) + std::log(static_cast<double>(type.getShape().back()));
}

/// e of an element (scalars).
Expr exponential(Expr x, Expr max, double least) {
  Expr safe = select(equal(max, -kInfinity), 0.0, max), below = x - safe;
  return exp(select(less(below, least), -kInfinity, below));
}

/// y of an element (scalars).
Expr quotient(Expr e, Expr sum) {
  Expr scale = select(equal(sum, 0.0), 0.0, 1.0 / sum);
  return e * scale;
}

/// A sinter.map over the elements of `x`, each with what its row has in `perRow`.
Value mapWithRows(OpBuilder &builder, Location loc, Value x, Value perRow, llvm::function_ref<Expr(Expr, Expr)> body) {
  auto type = cast<RankedTensorType>(x.getType());
  AffineMap each = builder.getMultiDimIdentityMap(type.getRank());
  AffineMap row = leadingDims(builder, type.getRank(), type.getRank() - 1);
  auto map = MapOp::create(builder, loc, type, ValueRange{x, perRow}, builder.getAffineMapArrayAttr({each, row}));
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&map.getBody());
  block->addArguments({type.getElementType(), type.getElementType()}, {loc, loc});
  Expr element(builder, loc, block->getArgument(0)), ofRow(builder, loc, block->getArgument(1));
  YieldOp::create(builder, loc, body(element, ofRow).value);
  return map.getResult(0);
}

} // namespace

// C1, C2
LogicalResult SoftmaxOp::verify() { return verifyRows(getLoc(), "softmax", getInput().getType()); }

/// dx = y * (g - sum(g * y)), from the saved result y.
LogicalResult SoftmaxOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                             MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  Expr y(builder, getLoc(), getResult()), g(builder, getLoc(), cotangents[0]);
  operandCotangents[0] = y * (g - alongRows(sumRows(g * y), getResult().getType()));
  return success();
}

/// Maximum; e = exp(x - max); sum of e; y = e / sum. Only a row without any finite or NaN element has the maximum -inf:
/// 0 takes its place, so that every e, the sum, and y are 0. The sum is n at most: where e is below n 2^-126, y might
/// be denormal, and e is 0 instead.
FailureOr<SmallVector<Value>> SoftmaxOp::lowerToLinalg(OpBuilder &builder) {
  Rows rows(builder, getLoc(), getInput().getType());
  double least = leastExponent(getInput().getType());
  Value max = rows.reduce(-kInfinity, getInput(), [](ArrayRef<Expr> s) { return maximum(s[1], s[0]); });
  Value e = rows.map({getInput(), max}, [&](ArrayRef<Expr> s) { return exponential(s[0], s[1], least); });
  Value sum = rows.reduce(0, e, [](ArrayRef<Expr> s) { return s[1] + s[0]; });
  Value y = rows.map({e, sum}, [](ArrayRef<Expr> s) { return quotient(s[0], s[1]); });
  return SmallVector<Value>{y};
}

Value sinter::softmaxInParts(OpBuilder &builder, SoftmaxOp softmax) {
  RankedTensorType type = softmax.getInput().getType();
  Location loc = softmax.getLoc();
  double least = leastExponent(type);
  Value x = softmax.getInput(), max = ReduceOp::create(builder, loc, ReduceKind::max, x, {type.getRank() - 1});
  Value e = mapWithRows(builder, loc, x, max, [&](Expr x, Expr max) { return exponential(x, max, least); });
  Value sum = ReduceOp::create(builder, loc, ReduceKind::sum, e, {type.getRank() - 1});
  return mapWithRows(builder, loc, e, sum, [](Expr e, Expr sum) { return quotient(e, sum); });
}

/// exp(-inf) is zero, whatever the rest of the row.
void SoftmaxOp::inferTriangles(int64_t, ArrayRef<Known> operands, MutableArrayRef<Known> results) {
  for (Triangle triangle : {kAbove, kBelow})
    if (isInfinite(operands[0][triangle]) && cast<FloatAttr>(operands[0][triangle]).getValue().isNegative())
      results[0][triangle] = FloatAttr::get(getElementTypeOrSelf(getType()), 0);
}

LogicalResult SoftmaxOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0]; // [rows, n]
  reference::Tensor &y = outputs[0];       // [rows, n]
  int64_t n = x.shape.back();
  for (int64_t begin = 0; begin < x.size(); begin += n) {
    double max = -kInfinity, sum = 0;
    for (int64_t i = begin; i < begin + n; ++i)
      max = std::isnan(x[i]) || x[i] > max ? x[i] : max; // a NaN stays: nothing compares greater
    if (max == -kInfinity)
      continue; // fully masked: zeros
    for (int64_t i = begin; i < begin + n; ++i) {
      y[i] = std::exp(x[i] - max);
      if (y[i] < static_cast<double>(n) * 0x1p-126)
        y[i] = 0;
      sum += y[i];
    }
    for (int64_t i = begin; i < begin + n; ++i)
      y[i] /= sum;
  }
  return success();
}

void SoftmaxOp::relateTime(TimeRule &rule) { rule.passRows(); }
