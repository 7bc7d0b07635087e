// sinter.cross_entropy: negative log-likelihood of a target class under the softmax of logits.
#include "dialects/sinter/ops/Rules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Whether a target (a scalar or a tensor of i32) is one of `classes`: as unsigned numbers, negative ones are large.
Expr isClass(Expr target, int64_t classes) {
  return compare(arith::CmpIPredicate::ult, target, target.constant(static_cast<double>(classes)));
}

} // namespace

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                               ValueRange operands, DictionaryAttr attributes,
                                               OpaqueProperties properties, RegionRange regions,
                                               SmallVectorImpl<Type> &inferredReturnTypes) {
  CrossEntropyOp::Adaptor adaptor(operands, attributes, properties, regions);
  auto logits = cast<RankedTensorType>(adaptor.getLogits().getType());
  auto targets = cast<RankedTensorType>(adaptor.getTargets().getType());
  // C1
  if (logits.getRank() != 2)
    return emitOptionalError(location, "cross_entropy: logits must have rank 2 (rows, classes), but their shape is ",
                             shapeText(logits), " (rank ", logits.getRank(), ")");
  if (!logits.getElementType().isF32())
    return emitOptionalError(location, "cross_entropy: logits have elements of ", text(logits.getElementType()),
                             ", not f32");
  // C2
  if (targets.getShape() != logits.getShape().drop_back())
    return emitOptionalError(location, "cross_entropy: there must be one target for each of the ", logits.getDimSize(0),
                             " rows of logits, but the targets' shape is ", shapeText(targets));
  if (!targets.getElementType().isInteger(32))
    return emitOptionalError(location, "cross_entropy: targets have elements of ", text(targets.getElementType()),
                             ", not i32");
  inferredReturnTypes.append(2, rowType(logits));
  return success();
}

/// With p = softmax(logits), and cotangents gl of losses (nothing where the target is ignored) and ge of lse:
/// dlogits = p (gl + ge) - onehot(targets) gl. What gl sends to an ignored row is selected away, since its logits may
/// be anything. Saved: nothing but the operands.
LogicalResult CrossEntropyOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                                  MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  RankedTensorType type = getLogits().getType();
  Expr logits(builder, getLoc(), getLogits()), targets = logits.with(getTargets());
  // Not exp(logits - lse): where logits are large, lse has lost the digits that its exponential needs.
  Expr p = logits.with(SoftmaxOp::create(builder, getLoc(), getLogits()));
  Expr gl = logits.with(cotangents[0]), ge = logits.with(cotangents[1]);
  if (!gl.value) {
    operandCotangents[0] = p * alongRows(ge, type);
    return success();
  }
  auto indexType = cast<RankedTensorType>(type.clone(builder.getI32Type()));
  Expr classes = logits.with(IotaOp::create(builder, getLoc(), indexType, 1));
  Expr target = alongRows(targets, indexType), perRow = alongRows(gl, type);
  Expr isTarget = compare(arith::CmpIPredicate::eq, classes, target);
  Expr ofLosses = select(isClass(target, type.getDimSize(1)), p * perRow - select(isTarget, perRow, 0.0), 0.0);
  operandCotangents[0] = ge.value ? ofLosses + p * alongRows(ge, type) : ofLosses;
  return success();
}

/// Maximum; in one more pass sum of exp(x - max) and the target's logit (a sum with one term: any layout of the logits
/// serves); then both results. A row of only -inf takes 0 for its maximum, as softmax does.
FailureOr<SmallVector<Value>> CrossEntropyOp::lowerToLinalg(OpBuilder &builder) {
  Rows rows(builder, getLoc(), getLogits().getType());
  int64_t classes = getLogits().getType().getDimSize(1);
  auto safe = [](Expr max) { return select(equal(max, -kInfinity), 0.0, max); };
  Value max = rows.reduce(-kInfinity, getLogits(), [](ArrayRef<Expr> s) { return maximum(s[1], s[0]); });
  Value sum = rows.reduce(0, {getLogits(), max}, [&](ArrayRef<Expr> s) { return s[2] + exp(s[0] - safe(s[1])); });
  Value picked = rows.reduce(0, {getLogits(), getTargets()}, [](ArrayRef<Expr> s) {
    OpBuilder &inner = *s[0].builder;
    Value index = linalg::IndexOp::create(inner, s[0].loc, 1);
    Expr column = s[1].with(arith::IndexCastOp::create(inner, s[0].loc, inner.getI32Type(), index));
    return s[2] + select(compare(arith::CmpIPredicate::eq, column, s[1]), s[0], 0.0);
  });
  return rows.mapRows({max, sum, picked, getTargets()}, 2, [&](ArrayRef<Expr> s) -> SmallVector<Expr> {
    Expr top = safe(s[0]), rest = log(s[1]);
    return {select(isClass(s[3], classes), rest - (s[2] - top), 0.0), top + rest};
  });
}

LogicalResult CrossEntropyOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                       MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &logits = *inputs[0], &targets = *inputs[1]; // [N, V], [N]
  reference::Tensor &losses = outputs[0], &lse = outputs[1];           // [N], [N]
  int64_t N = logits.shape[0], V = logits.shape[1];
  for (int64_t n = 0; n < N; ++n) {
    double max = -kInfinity, sum = 0;
    for (int64_t v = 0; v < V; ++v)
      max = std::isnan(logits[n * V + v]) || logits[n * V + v] > max ? logits[n * V + v] : max;
    if (max == -kInfinity)
      max = 0; // fully masked: lse = log(0)
    for (int64_t v = 0; v < V; ++v)
      sum += std::exp(logits[n * V + v] - max);
    lse[n] = max + std::log(sum);
    bool counted = targets[n] >= 0 && targets[n] < static_cast<double>(V);
    losses[n] = counted ? lse[n] - logits[n * V + static_cast<int64_t>(targets[n])] : 0;
  }
  return success();
}
