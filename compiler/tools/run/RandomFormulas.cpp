// Steps of random functions that write out softmax, norms and losses, in one of their spellings each.
#include "RandomGraph.h"

using namespace mlir;

namespace sinter::run {

Value RandomGraph::formula() {
  switch (below(3)) {
  case 0:
    return writtenSoftmax();
  case 1:
    return writtenNorm();
  default:
    return writtenLoss();
  }
}

/// One value a row, repeated along dimension `axis` of `type`.
Value RandomGraph::alongRows(Value perRow, RankedTensorType type, int64_t axis) {
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (d != axis)
      dims.push_back(d);
  return make<BroadcastOp>(type.clone(typeOf(perRow).getElementType()), perRow, builder.getDenseI64ArrayAttr(dims));
}

Value RandomGraph::reduceRows(ReduceKind kind, Value a, int64_t axis) {
  return ReduceOp::create(builder, loc, kind, a, ArrayRef<int64_t>{axis});
}

Value RandomGraph::writtenSoftmax() {
  Value a = pickOfRank(1);
  int64_t axis = chance(0.7) ? rankOf(a) - 1 : below(rankOf(a));
  return chance(0.5) ? softmaxOf(a, axis) : logSoftmaxOf(a, axis);
}

Value RandomGraph::softmaxOf(Value a, int64_t axis) {
  if (chance(0.3)) // small exponents need no maximum
    a = make<math::TanhOp>(a);
  else
    a = make<arith::SubFOp>(a, alongRows(reduceRows(ReduceKind::max, a, axis), typeOf(a), axis));
  Value e = make<math::ExpOp>(a), sum = reduceRows(ReduceKind::sum, e, axis);
  if (chance(0.2))
    values.push_back(sum); // for others to read, now and then
  if (chance(0.5))
    return make<arith::DivFOp>(e, alongRows(sum, typeOf(a), axis));
  Value inverse = make<arith::DivFOp>(constant(sum, 1), sum);
  return make<arith::MulFOp>(alongRows(inverse, typeOf(a), axis), e);
}

Value RandomGraph::logSoftmaxOf(Value a, int64_t axis) {
  if (chance(0.2))
    return make<math::LogOp>(softmaxOf(make<math::TanhOp>(a), axis));
  Value max = reduceRows(ReduceKind::max, a, axis);
  Value shifted = make<arith::SubFOp>(a, alongRows(max, typeOf(a), axis));
  Value log = make<math::LogOp>(reduceRows(ReduceKind::sum, make<math::ExpOp>(shifted), axis));
  if (chance(0.5))
    return make<arith::SubFOp>(shifted, alongRows(log, typeOf(a), axis));
  return make<arith::SubFOp>(a, alongRows(make<arith::AddFOp>(log, max), typeOf(a), axis));
}

Value RandomGraph::writtenNorm() {
  Value a = pickOfRank(1);
  int64_t axis = chance(0.8) ? rankOf(a) - 1 : below(rankOf(a));
  auto size = static_cast<double>(shapeOf(a)[axis]);
  auto mean = [&](Value x) {
    Value sum = reduceRows(ReduceKind::sum, x, axis);
    return chance(0.5) ? scale(sum, 1 / size) : make<arith::DivFOp>(sum, constant(sum, size));
  };
  Value scaled = a;
  if (chance(0.6))
    scaled = make<arith::SubFOp>(a, alongRows(mean(a), typeOf(a), axis));
  Value variance = add(mean(make<arith::MulFOp>(scaled, scaled)), 0.01);
  if (chance(0.3)) // weights in between
    scaled = make<arith::MulFOp>(valueOfShape(shapeOf(a)), scaled);
  switch (below(3)) {
  case 0:
    return make<arith::MulFOp>(scaled, alongRows(make<math::RsqrtOp>(variance), typeOf(a), axis));
  case 1:
    return make<arith::DivFOp>(scaled, alongRows(make<math::SqrtOp>(variance), typeOf(a), axis));
  default:
    Value root = make<math::SqrtOp>(variance);
    Value inverse = make<arith::DivFOp>(constant(root, 1), root);
    return make<arith::MulFOp>(alongRows(inverse, typeOf(a), axis), scaled);
  }
}

Value RandomGraph::writtenLoss() {
  Value a = pickOfRank(2);
  int64_t classes = shapeOf(a).back(), rows = sizeOf(a) / classes;
  Value logs = reshapeTo(a, {rows, classes});
  logs = chance(0.3) ? make<LogSoftmaxOp>(logs.getType(), logs) : logSoftmaxOf(logs, 1);
  if (chance(0.3)) { // a gather reads another row's element if there is no such class
    Value targets = integerArgument({rows}, classes);
    Value row = make<IotaOp>(integers({rows}), builder.getI64IntegerAttr(0));
    Value start = make<arith::MulIOp>(row, splat(builder, loc, row.getType(), static_cast<double>(classes)));
    Value picked = make<GatherOp>(reshapeTo(logs, {rows * classes}), make<arith::AddIOp>(start, targets));
    return make<arith::NegFOp>(picked);
  }
  Value targets = integerArgument({rows}, classes + below(2));
  auto type = integers({rows, classes});
  Value column = make<IotaOp>(type, builder.getI64IntegerAttr(1));
  Value isTarget = make<arith::CmpIOp>(arith::CmpIPredicate::eq, column, alongRows(targets, typeOf(logs), 1));
  Value terms = chance(0.5) ? make<arith::SelectOp>(isTarget, logs, constant(logs, 0))
                            : make<arith::MulFOp>(make<arith::UIToFPOp>(logs.getType(), isTarget), logs);
  return make<arith::NegFOp>(reduceRows(ReduceKind::sum, terms, 1));
}

} // namespace sinter::run
