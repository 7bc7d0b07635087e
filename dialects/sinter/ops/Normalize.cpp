// sinter.normalize: layer norm or RMS norm along the last dimension, before scale and shift.
#include "dialects/sinter/ops/Rules.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

LogicalResult NormalizeOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, ValueRange operands,
                                            DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &inferredReturnTypes) {
  NormalizeOp::Adaptor adaptor(operands, attributes, properties, regions);
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  // C1, C2
  if (failed(verifyRows(location, "normalize", type)))
    return failure();
  // C3
  double epsilon = adaptor.getEpsilon().convertToDouble();
  if (!(epsilon > 0 && whyNotHeld(type.getElementType(), epsilon).empty()))
    return emitOptionalError(location, "normalize: epsilon must be a positive f32, but is ", std::to_string(epsilon));
  inferredReturnTypes.append({type, rowType(type)});
  return success();
}

/// With n = (x - m) r, D elements a row, and cotangents gn of n, gr of r:
/// dx = r (gn - mean(gn) - n (sum(gn n) + gr r) / D), without the mean(gn) if not centred. Only n and r are saved.
LogicalResult NormalizeOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                               MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  RankedTensorType type = getInput().getType();
  double size = static_cast<double>(type.getShape().back());
  Expr n(builder, getLoc(), getNormalized()), r(builder, getLoc(), getRstd());
  Expr gn = n.with(cotangents[0]), gr = r.with(cotangents[1]);
  Expr pull = r.with({}); // per row: what every element is pulled back by, along n
  if (gn.value)
    pull = sumRows(gn * n);
  if (gr.value)
    pull = gn.value ? pull + gr * r : gr * r;
  Expr inner = n * alongRows(pull / size, type);
  if (!gn.value)
    inner = -inner;
  else if (getCenter())
    inner = gn - alongRows(sumRows(gn) / size, type) - inner;
  else
    inner = gn - inner;
  operandCotangents[0] = inner * alongRows(r, type);
  return success();
}

/// Sum (for the mean m); with d = x - m the sums of d and of d^2; rstd; n. A sum of large numbers is rounded, and so m
/// is off: by the mean of d, which the second pass finds, and which has to be taken from d and from the mean of d^2.
/// Not in one pass: the difference of mean squares would cancel.
FailureOr<SmallVector<Value>> NormalizeOp::lowerToLinalg(OpBuilder &builder) {
  Rows rows(builder, getLoc(), getInput().getType());
  double size = static_cast<double>(getInput().getType().getShape().back());
  double epsilon = getEpsilon().convertToDouble();
  if (!getCenter()) {
    Value squares = rows.reduce(0, getInput(), [](ArrayRef<Expr> s) { return s[1] + s[0] * s[0]; });
    Value rstd = rows.mapRows(
        squares, 1, [&](ArrayRef<Expr> s) -> SmallVector<Expr> { return {1.0 / sqrt(s[0] / size + epsilon)}; })[0];
    return SmallVector<Value>{rows.map({getInput(), rstd}, [](ArrayRef<Expr> s) { return s[0] * s[1]; }), rstd};
  }
  Value total = rows.reduce(0, getInput(), [](ArrayRef<Expr> s) { return s[1] + s[0]; });
  auto difference = [&](ArrayRef<Expr> s) { return s[0] - s[1] / size; };
  Value rest = rows.reduce(0, {getInput(), total}, [&](ArrayRef<Expr> s) { return s[2] + difference(s); });
  Value squares = rows.reduce(0, {getInput(), total}, [&](ArrayRef<Expr> s) {
    Expr d = difference(s);
    return s[2] + d * d;
  });
  Value rstd = rows.mapRows({squares, rest}, 1, [&](ArrayRef<Expr> s) -> SmallVector<Expr> {
    Expr off = s[1] / size, variance = maximum(s[0] / size - off * off, s[0].constant(0));
    return {1.0 / sqrt(variance + epsilon)};
  })[0];
  Value normalized =
      rows.map({getInput(), total, rest, rstd}, [&](ArrayRef<Expr> s) { return (difference(s) - s[2] / size) * s[3]; });
  return SmallVector<Value>{normalized, rstd};
}

LogicalResult NormalizeOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                    MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];                        // [rows, D]
  reference::Tensor &normalized = outputs[0], &rstd = outputs[1]; // [rows, D], [rows]
  int64_t D = x.shape.back();
  for (int64_t row = 0; row < rstd.size(); ++row) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; getCenter() && i < D; ++i)
      sum += x[row * D + i];
    double mean = sum / static_cast<double>(D);
    for (int64_t i = 0; i < D; ++i)
      squares += (x[row * D + i] - mean) * (x[row * D + i] - mean);
    rstd[row] = 1 / std::sqrt(squares / static_cast<double>(D) + getEpsilon().convertToDouble());
    for (int64_t i = 0; i < D; ++i)
      normalized[row * D + i] = (x[row * D + i] - mean) * rstd[row];
  }
  return success();
}

void NormalizeOp::relateTime(TimeRule &rule) { rule.passRows(); }
