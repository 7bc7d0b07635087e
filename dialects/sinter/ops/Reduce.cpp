// sinter.reduce: sum, maximum or minimum over some dimensions.
#include "dialects/sinter/ops/Rules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What an empty reduction gives.
double neutral(ReduceKind kind) {
  return kind == ReduceKind::sum ? 0.0 : kind == ReduceKind::max ? -kInfinity : kInfinity;
}

/// The dimensions of a tensor of `rank` that `axes` leaves, as `dims` of the broadcast that undoes the reduction.
SmallVector<int64_t> keptDims(int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(axes, d))
      kept.push_back(d);
  return kept;
}

} // namespace

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, ValueRange operands,
                                         DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &inferredReturnTypes) {
  ReduceOp::Adaptor adaptor(operands, attributes, properties, regions);
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> axes = adaptor.getAxes();
  // C1
  for (int64_t axis : axes)
    if (axis < 0 || axis >= type.getRank())
      return emitOptionalError(location, "reduce: axis ", axis, " is out of range for a tensor of shape ",
                               shapeText(type), " (rank ", type.getRank(), ")");
  for (size_t i = 1; i < axes.size(); ++i)
    if (axes[i - 1] >= axes[i])
      return emitOptionalError(location, "reduce: axes must be strictly increasing, but ", axes[i], " follows ",
                               axes[i - 1]);
  // C2
  if (!type.getElementType().isF32() && !type.getElementType().isF64())
    return emitOptionalError(location, "reduce: the operand has elements of ", text(type.getElementType()),
                             ", not f32 or f64");
  SmallVector<int64_t> shape;
  for (int64_t d : keptDims(type.getRank(), axes))
    shape.push_back(type.getDimSize(d));
  inferredReturnTypes.push_back(RankedTensorType::get(shape, type.getElementType()));
  return success();
}

Operation *ReduceOp::reduceInstead(OpBuilder &builder, Value input, ArrayRef<int64_t> axes) {
  return ReduceOp::create(builder, getLoc(), getKind(), input, axes);
}

/// Nothing to reduce gives the operand; zeros sum to zeros; the extremum of equal elements is that element.
OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  if (getAxes().empty())
    return getInput();
  auto constant = dyn_cast_if_present<SplatElementsAttr>(adaptor.getInput());
  if (!constant || getInput().getType().getNumElements() == 0)
    return {};
  if (getKind() == ReduceKind::sum && !constant.getSplatValue<APFloat>().isPosZero())
    return {};
  return SplatElementsAttr::get(getResult().getType(), constant.getSplatValue<Attribute>());
}

/// Sum: the cotangent, repeated. Maximum and minimum: shared equally by the elements that attain it, found by comparing
/// with the saved result.
LogicalResult ReduceOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                            MutableArrayRef<Value> operandCotangents) {
  if (!needed[0])
    return success();
  auto type = getInput().getType();
  SmallVector<int64_t> kept = keptDims(type.getRank(), getAxes());
  auto repeat = [&](Value value) -> Expr {
    return {builder, getLoc(), BroadcastOp::create(builder, getLoc(), type, value, kept)};
  };
  if (getKind() == ReduceKind::sum) {
    operandCotangents[0] = repeat(cotangents[0]);
    return success();
  }
  Expr x(builder, getLoc(), getInput()), g(builder, getLoc(), cotangents[0]);
  Expr attains = equal(x, repeat(getResult()));
  Expr ones = select(attains, x.constant(1), 0.0);
  Expr count = g.with(ReduceOp::create(builder, getLoc(), ReduceKind::sum, ones, getAxes()));
  operandCotangents[0] = select(attains, repeat(g / count), 0.0);
  return success();
}

/// One generic for each axis, the innermost first: the order of additions is that of the axes' lengths alone.
FailureOr<SmallVector<Value>> ReduceOp::lowerToLinalg(OpBuilder &builder) {
  Value current = getInput();
  for (int64_t axis : llvm::reverse(getAxes())) {
    auto type = cast<RankedTensorType>(current.getType());
    int64_t rank = type.getRank();
    SmallVector<int64_t> shape(type.getShape());
    shape.erase(shape.begin() + axis);
    AffineMap all = builder.getMultiDimIdentityMap(rank);
    Value init = filled(builder, getLoc(), RankedTensorType::get(shape, type.getElementType()), neutral(getKind()));
    current = generic(builder, getLoc(), rank, axis, Mapped{current, all}, Mapped{init, all.dropResult(axis)},
                      [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                        Expr x = scalars[0], sofar = scalars[1];
                        switch (getKind()) {
                        case ReduceKind::sum:
                          return {sofar + x};
                        case ReduceKind::max:
                          return {maximum(sofar, x)};
                        case ReduceKind::min:
                          return {minimum(sofar, x)};
                        }
                        llvm_unreachable("every kind is listed");
                      })[0];
  }
  return SmallVector<Value>{current};
}

LogicalResult ReduceOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                 MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0];
  std::vector<int64_t> strides = y.strides();
  SmallVector<int64_t> kept = keptDims(x.rank(), getAxes());
  std::fill(y.data.begin(), y.data.end(), neutral(getKind()));
  int64_t from = 0;
  reference::forEachIndex(x.shape, [&](const std::vector<int64_t> &index) {
    int64_t to = 0;
    for (size_t d = 0; d < kept.size(); ++d)
      to += index[kept[d]] * strides[d];
    double value = x[from++];
    double &sofar = y[to];
    if (getKind() == ReduceKind::sum)
      sofar += value;
    else if (std::isnan(value) || std::isnan(sofar))
      sofar = std::nan("");
    else
      sofar = getKind() == ReduceKind::max ? std::max(sofar, value) : std::min(sofar, value);
  });
  return success();
}

void ReduceOp::relateTime(TimeRule &rule) {
  int64_t d = rule.timeOf(0);
  if (llvm::is_contained(getAxes(), d))
    return rule.refuse("reduce: over all positions, later ones too");
  rule.pass(d - llvm::count_if(getAxes(), [&](int64_t axis) { return axis < d; }));
}

LogicalResult ReduceOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  auto copy = cast<ReduceOp>(lift.cloneAll(*getOperation(), mapping, units));
  copy.setAxes(llvm::map_to_vector(getAxes(), [](int64_t axis) { return axis + 1; }));
  return success();
}
