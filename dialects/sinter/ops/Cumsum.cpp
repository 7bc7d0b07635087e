// sinter.cumsum: prefix sums along one dimension, in blocks of 16.
#include "dialects/sinter/ops/Rules.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

/// Elements whose sums one loop takes, each from the start of its block: as many as lanes, so that the additions that
/// are done several times cost one vector instruction.
constexpr int64_t kBlock = 16;

/// `type` with sizes `sizes` in place of the dimensions [first, last).
RankedTensorType withSizes(RankedTensorType type, int64_t first, int64_t last, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> shape(type.getShape().take_front(first));
  shape.append(sizes.begin(), sizes.end());
  llvm::append_range(shape, type.getShape().drop_front(last));
  return type.clone(shape);
}

} // namespace

LogicalResult CumsumOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  // C1
  if (static_cast<int64_t>(getAxis()) < 0 || static_cast<int64_t>(getAxis()) >= type.getRank())
    return emitError() << "cumsum: axis " << static_cast<int64_t>(getAxis())
                       << " is out of range for a tensor of shape " << shapeText(type) << " (rank " << type.getRank()
                       << ")";
  // C2
  if (!type.getElementType().isF32())
    return emitError() << "cumsum: the operand has elements of " << text(type.getElementType()) << ", not f32";
  return success();
}

/// Of one element: itself, or nothing. Zeros sum to zeros.
OpFoldResult CumsumOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (type.getDimSize(getAxis()) == 1)
    return getExclusive() ? OpFoldResult(SplatElementsAttr::get(type, FloatAttr::get(type.getElementType(), 0)))
                          : OpFoldResult(getInput());
  auto constant = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput());
  return constant && constant.getSplatValue<APFloat>().isPosZero() ? OpFoldResult(constant) : OpFoldResult();
}

/// An element is a term of the sums behind it: the prefix sums of the cotangent in the other direction.
LogicalResult CumsumOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                            MutableArrayRef<Value> operandCotangents) {
  if (needed[0])
    operandCotangents[0] =
        CumsumOp::create(builder, getLoc(), getType(), cotangents[0], getAxis(), getExclusive(), !getReverse());
  return success();
}

/// Blocks of 16, filled up with zeros, in ascending order also in reverse; to each element is added the prefix sum of
/// the sums of the blocks before.
SmallVector<Value> CumsumOp::expand(OpBuilder &builder) {
  Location loc = getLoc();
  auto type = cast<RankedTensorType>(getType());
  int64_t axis = getAxis(), size = type.getDimSize(axis), blocks = llvm::divideCeil(size, kBlock),
          rank = type.getRank();
  if (size <= kBlock)
    return {};
  Value filled = getInput();
  SmallVector<int64_t> zeros(rank, 0), ones(rank, 1), high(rank, 0);
  high[axis] = blocks * kBlock - size;
  if (high[axis] > 0)
    filled = PadOp::create(builder, loc, filled, zeros, high, zeros);
  auto filledType = cast<RankedTensorType>(filled.getType());
  RankedTensorType cut = withSizes(type, axis, axis + 1, {blocks, kBlock});
  Value inBlocks = ReshapeOp::create(builder, loc, cut, filled);
  Expr within(builder, loc,
              CumsumOp::create(builder, loc, cut, inBlocks, axis + 1, getExclusive(), getReverse()).getResult());
  Value sums = ReduceOp::create(builder, loc, ReduceKind::sum, inBlocks, ArrayRef<int64_t>(axis + 1));
  Value before = CumsumOp::create(builder, loc, sums.getType(), sums, axis, /*exclusive=*/true, getReverse());
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d <= rank; ++d)
    if (d != axis + 1)
      kept.push_back(d);
  Value both = within + within.with(BroadcastOp::create(builder, loc, cut, before, kept));
  Value result = ReshapeOp::create(builder, loc, filledType, both);
  if (high[axis] > 0)
    result = SliceOp::create(builder, loc, result, zeros, type.getShape(), ones);
  return {result};
}

/// A reduction for each element: the terms that are not before it count as zeros, in the order of the dimension. It
/// stands in front of the elements' own loop, along which vectors go.
FailureOr<SmallVector<Value>> CumsumOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  int64_t rank = type.getRank(), axis = getAxis();
  // Dimensions: those before the axis, the terms, the elements along the axis, those behind.
  SmallVector<AffineExpr> reads, writes;
  for (int64_t d = 0; d < rank; ++d) {
    reads.push_back(builder.getAffineDimExpr(d <= axis ? d : d + 1));
    writes.push_back(builder.getAffineDimExpr(d < axis ? d : d + 1));
  }
  auto map = [&](ArrayRef<AffineExpr> results) { return AffineMap::get(rank + 1, 0, results, getContext()); };
  auto predicate = getReverse() ? (getExclusive() ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::sge)
                                : (getExclusive() ? arith::CmpIPredicate::slt : arith::CmpIPredicate::sle);
  return generic(builder, getLoc(), rank + 1, axis, Mapped{getInput(), map(reads)},
                 Mapped{filled(builder, getLoc(), type, 0), map(writes)}, [&](ArrayRef<Expr> scalars) {
                   Expr x = scalars[0], sofar = scalars[1];
                   auto index = [&](int64_t dim) {
                     Value i = linalg::IndexOp::create(*x.builder, x.loc, dim);
                     return x.with(arith::IndexCastOp::create(*x.builder, x.loc, x.builder->getI32Type(), i));
                   };
                   Expr isTerm = compare(predicate, index(axis), index(axis + 1));
                   return SmallVector<Expr>{sofar + select(isTerm, x, 0.0)};
                 });
}

LogicalResult CumsumOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                 MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0]; // [outer..., n, inner...]
  reference::Tensor &y = outputs[0];       // the same
  int64_t axis = getAxis(), n = x.shape[axis], inner = x.strides()[axis];
  for (int64_t begin = 0; begin < x.size(); begin += n * inner)
    for (int64_t column = begin; column < begin + inner; ++column) {
      double sum = 0;
      for (int64_t step = 0; step < n; ++step) {
        int64_t at = column + (getReverse() ? n - 1 - step : step) * inner;
        double after = sum + x[at];
        y[at] = getExclusive() ? sum : after;
        sum = after;
      }
    }
  return success();
}

void CumsumOp::relateTime(TimeRule &rule) {
  bool along = static_cast<int64_t>(getAxis()) == rule.timeOf(0);
  if (along && getReverse())
    return rule.refuse("cumsum: of later positions");
  rule.pass(rule.timeOf(0));
  if (along)
    rule.remember(0);
}

LogicalResult CumsumOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<CumsumOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setAxis(getAxis() + 1);
  return success();
}
