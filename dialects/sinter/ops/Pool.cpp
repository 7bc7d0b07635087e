// sinter.max_pool, and the two ops that its gradients are made of: take_taps and give_taps.
#include "dialects/sinter/ops/WindowRules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

/// Checks what the three ops have in common: `x` are positions, `windows` tensors of one number a window.
LogicalResult verifyPool(Operation *op, RankedTensorType x, ArrayRef<RankedTensorType> windows, RankedTensorType taps,
                         ArrayRef<int64_t> window, ArrayRef<int64_t> strides, ArrayRef<int64_t> low,
                         ArrayRef<int64_t> dilations) {
  StringRef name = op->getName().stripDialect();
  // C1
  for (RankedTensorType type : windows)
    if (type != taps && !type.getElementType().isF32())
      return op->emitError() << name << ": elements are of " << text(type.getElementType()) << ", not f32";
  if (!x.getElementType().isF32() || !taps.getElementType().isSignlessInteger(32))
    return op->emitError() << name << ": elements are of " << text(x.getElementType()) << " and taps of "
                           << text(taps.getElementType()) << ", not f32 and i32";
  // C2
  size_t rank = window.size();
  if (rank < 1 || rank > 3 || strides.size() != rank || low.size() != rank || dilations.size() != rank)
    return op->emitError() << name << ": window [" << window << "], strides [" << strides << "], low [" << low
                           << "] and dilations [" << dilations << "] must have one length, from 1 to 3";
  if (x.getRank() != static_cast<int64_t>(rank) + 2)
    return op->emitError() << name << ": positions of shape " << shapeText(x) << " have no window of " << rank
                           << " dimensions: it needs " << rank + 2;
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (window[d] < 1 || strides[d] < 1 || dilations[d] < 1)
      return op->emitError() << name << ": window " << window[d] << ", stride " << strides[d] << " and dilation "
                             << dilations[d] << " of dimension " << d << " must be at least 1";
  // C4
  for (RankedTensorType type : windows)
    if (type.getShape() != taps.getShape() || type.getRank() != x.getRank() || type.getDimSize(0) != x.getDimSize(0) ||
        type.getShape().back() != x.getShape().back())
      return op->emitError() << name << ": windows of shape " << shapeText(type) << " are not of positions of shape "
                             << shapeText(x) << " and taps of shape " << shapeText(taps);
  // C5
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / 4;
  bool fits = x.getNumElements() > 0 && taps.getNumElements() > 0 && x.getNumElements() <= kMost &&
              taps.getNumElements() <= kMost;
  for (size_t d = 0; d < rank; ++d)
    fits = fits && window[d] <= kMost / dilations[d] && taps.getDimSize(d + 1) <= kMost / strides[d] &&
           std::abs(low[d]) <= kMost && countOf(window) <= kMost;
  return fits ? success() : op->emitError() << name << ": a tensor is empty, or positions exceed an i32";
}

/// The windows of an op, as they see positions.
template <typename Op> WindowShape shapeOf(Op op, RankedTensorType x, RankedTensorType windows) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  return {copy(positionsOf(windows)), copy(op.getWindow()), copy(op.getStrides()),
          copy(op.getDilations()),    copy(op.getLow()),    SmallVector<int64_t>(op.getWindow().size(), 1),
          copy(positionsOf(x))};
}

/// ... and the other way round: position i is tap k of window (i - k * dilations + low) / strides.
WindowShape opposite(const WindowShape &shape) {
  WindowShape result{shape.sizes,   shape.taps,     SmallVector<int64_t>(shape.rank(), 1), {}, {},
                     shape.strides, shape.positions};
  for (size_t d = 0; d < shape.rank(); ++d) {
    result.steps.push_back(-shape.steps[d]);
    result.low.push_back(-shape.low[d]);
  }
  return result;
}

/// Loops over rows (images and positions), channels, and perhaps taps.
struct PoolLoops {
  OpBuilder &builder;
  Location loc;
  WindowShape shape;
  int64_t batch, channels;

  AffineMap rowsAndChannels(int64_t rank) {
    return AffineMap::get(rank, 0, {builder.getAffineDimExpr(0), builder.getAffineDimExpr(1)}, builder.getContext());
  }
  SmallVector<int64_t> rows() const { return {batch * countOf(shape.positions), channels}; }

  /// What a row's window has at `tap`.
  Value read(IndexMath &index, Value tensor, Value tap, double otherwise, Value *exists = nullptr) {
    SmallVector<Value> place = index.split(index.loop(0), joined(batch, shape.positions));
    IndexMath::Position position =
        index.position(shape, ArrayRef<Value>(place).drop_front(), index.split(tap, shape.taps));
    if (exists)
      *exists = position.exists;
    return index.read(tensor, place[0], position, index.loop(1), otherwise);
  }

  /// A reduction over taps.
  Value reduce(Type element, double start, ArrayRef<Value> perRow, llvm::function_ref<Expr(ArrayRef<Expr>)> body) {
    Value init = filled(builder, loc, RankedTensorType::get(rows(), element), start);
    SmallVector<Mapped> inputs;
    for (Value value : perRow)
      inputs.push_back({value, rowsAndChannels(3)});
    // A loop of taps has no other size than that of something it reads or writes.
    Value taps = empty(builder, loc, RankedTensorType::get({countOf(shape.taps)}, builder.getF32Type()));
    inputs.push_back({taps, AffineMap::get(3, 0, builder.getAffineDimExpr(2), builder.getContext())});
    return generic(builder, loc, 3, 2, inputs, {{init, rowsAndChannels(3)}},
                   [&](ArrayRef<Expr> scalars) { return SmallVector<Expr>{body(scalars)}; })[0];
  }
};

std::vector<int64_t> vectorOf(ArrayRef<int64_t> numbers) { return {numbers.begin(), numbers.end()}; }

/// The taps of a window in row-major order.
std::vector<std::vector<int64_t>> tapsOf(const WindowShape &shape) {
  std::vector<std::vector<int64_t>> taps;
  reference::forEachIndex(vectorOf(shape.taps), [&](const std::vector<int64_t> &k) { taps.push_back(k); });
  return taps;
}

/// Calls `body(n, o, number)` for each window, `number` being its place among all of them.
template <typename Body> void forEachWindow(const WindowShape &shape, int64_t batch, Body body) {
  int64_t number = 0;
  for (int64_t n = 0; n < batch; ++n)
    reference::forEachIndex(vectorOf(shape.positions), [&](const std::vector<int64_t> &o) { body(n, o, number++); });
}

} // namespace

//===--- max_pool ----------------------------------------------------------------------------------===//

LogicalResult MaxPoolOp::verify() {
  return verifyPool(*this, getInput().getType(), {getValues().getType()}, getTaps().getType(), getWindow(),
                    getStrides(), getLow(), getDilations());
}

LogicalResult MaxPoolOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                             MutableArrayRef<Value> operandCotangents) {
  if (needed[0] && cotangents[0])
    operandCotangents[0] = GiveTapsOp::create(builder, getLoc(), getInput().getType(), getTaps(), cotangents[0],
                                              getWindow(), getStrides(), getLow(), getDilations());
  return success();
}

/// The maximum, and then the least number of a tap that has it.
FailureOr<SmallVector<Value>> MaxPoolOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType x = getInput().getType(), type = getValues().getType();
  PoolLoops loops{builder, getLoc(), shapeOf(*this, x, type), x.getDimSize(0), x.getShape().back()};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Value most = loops.reduce(builder.getF32Type(), -kInfinity, {}, [&](ArrayRef<Expr> scalars) {
    Expr sofar = scalars.back();
    IndexMath index(*sofar.builder, sofar.loc);
    return maximum(sofar, sofar.with(loops.read(index, getInput(), index.loop(2), -kInfinity)));
  });
  constexpr int32_t kNone = std::numeric_limits<int32_t>::max();
  Value first = loops.reduce(builder.getI32Type(), kNone, {most}, [&](ArrayRef<Expr> scalars) {
    Expr sofar = scalars.back(), largest = scalars[0];
    IndexMath index(*sofar.builder, sofar.loc);
    Value exists;
    Expr element = largest.with(loops.read(index, getInput(), index.loop(2), -kInfinity, &exists));
    // Equal, or both NaN; if the maximum is NaN, no number is.
    Expr isIt = compare(arith::CmpFPredicate::UEQ, element, largest);
    Expr isNumber = compare(arith::CmpFPredicate::ORD, element, element);
    Expr isNan = compare(arith::CmpFPredicate::UNO, largest, largest);
    Expr differs = isNumber.with(arith::AndIOp::create(*sofar.builder, sofar.loc, isNumber, isNan));
    Expr hits = isIt.with(arith::AndIOp::create(*sofar.builder, sofar.loc, isIt, exists));
    Expr tap = select(differs, sofar.constant(kNone), select(hits, sofar.with(index.loop(2)), sofar.constant(kNone)));
    return sofar.with(arith::MinSIOp::create(*sofar.builder, sofar.loc, sofar.value, tap.value));
  });
  AffineMap all = builder.getMultiDimIdentityMap(2);
  auto taps = cast<RankedTensorType>(first.getType());
  first = generic(builder, getLoc(), 2, {}, Mapped{first, all}, Mapped{empty(builder, getLoc(), taps), all},
                  [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                    Expr tap = scalars[0];
                    Expr none = compare(arith::CmpIPredicate::eq, tap, tap.constant(kNone));
                    return {select(none, tap.constant(-1), tap)};
                  })[0];
  return SmallVector<Value>{reshaped(builder, getLoc(), most, type.getShape()),
                            reshaped(builder, getLoc(), first, type.getShape())};
}

LogicalResult MaxPoolOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  WindowShape shape = shapeOf(*this, getInput().getType(), getValues().getType());
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  int64_t channels = x.shape.back();
  forEachWindow(shape, x.shape[0], [&](int64_t n, const std::vector<int64_t> &o, int64_t window) {
    for (int64_t c = 0; c < channels; ++c) {
      double &most = outputs[0][window * channels + c], &tap = outputs[1][window * channels + c];
      most = -std::numeric_limits<double>::infinity(), tap = -1;
      for (size_t k = 0; k < taps.size(); ++k) {
        int64_t at = elementAt(shape, n, o, taps[k], channels);
        if (at < 0 || std::isnan(most))
          continue;
        double value = x[at + c];
        if (tap < 0 || std::isnan(value) || value > most)
          most = value, tap = static_cast<double>(k);
      }
    }
  });
  return success();
}

//===--- take_taps ---------------------------------------------------------------------------------===//

LogicalResult TakeTapsOp::verify() {
  return verifyPool(*this, getInput().getType(), {cast<RankedTensorType>(getType())}, getTaps().getType(), getWindow(),
                    getStrides(), getLow(), getDilations());
}

LogicalResult TakeTapsOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                              MutableArrayRef<Value> operandCotangents) {
  if (needed[1])
    operandCotangents[1] = GiveTapsOp::create(builder, getLoc(), getInput().getType(), getTaps(), cotangents[0],
                                              getWindow(), getStrides(), getLow(), getDilations());
  return success();
}

FailureOr<SmallVector<Value>> TakeTapsOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType x = getInput().getType(), type = cast<RankedTensorType>(getType());
  PoolLoops loops{builder, getLoc(), shapeOf(*this, x, type), x.getDimSize(0), x.getShape().back()};
  int64_t most = countOf(loops.shape.taps) - 1;
  AffineMap all = builder.getMultiDimIdentityMap(2);
  Value taps = reshaped(builder, getLoc(), getTaps(), loops.rows());
  Value result = generic(
      builder, getLoc(), 2, {}, Mapped{taps, all}, Mapped{empty(builder, getLoc(), type.clone(loops.rows())), all},
      [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        Expr tap = scalars[0];
        OpBuilder &inner = *tap.builder;
        IndexMath index(inner, tap.loc);
        // Some tap in any case, so that the loop has no branch.
        Value atLeastZero = arith::MaxSIOp::create(inner, tap.loc, tap, tap.constant(0));
        Value some = arith::MinSIOp::create(inner, tap.loc, atLeastZero, tap.constant(static_cast<double>(most)));
        Expr element = tap.with(loops.read(index, getInput(), some, 0));
        return {select(compare(arith::CmpIPredicate::eq, tap, tap.with(some)), element, 0.0)};
      })[0];
  return SmallVector<Value>{reshaped(builder, getLoc(), result, type.getShape())};
}

LogicalResult TakeTapsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                   MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &chosen = *inputs[0], &x = *inputs[1];
  WindowShape shape = shapeOf(*this, getInput().getType(), cast<RankedTensorType>(getType()));
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  int64_t channels = x.shape.back();
  forEachWindow(shape, x.shape[0], [&](int64_t n, const std::vector<int64_t> &o, int64_t window) {
    for (int64_t c = 0; c < channels; ++c) {
      auto tap = static_cast<int64_t>(chosen[window * channels + c]);
      if (tap < 0 || tap >= static_cast<int64_t>(taps.size()))
        continue;
      int64_t at = elementAt(shape, n, o, taps[tap], channels);
      if (at >= 0)
        outputs[0][window * channels + c] = x[at + c];
    }
  });
  return success();
}

//===--- give_taps ---------------------------------------------------------------------------------===//

LogicalResult GiveTapsOp::verify() {
  return verifyPool(*this, cast<RankedTensorType>(getType()), {getUpdates().getType()}, getTaps().getType(),
                    getWindow(), getStrides(), getLow(), getDilations());
}

LogicalResult GiveTapsOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                              MutableArrayRef<Value> operandCotangents) {
  if (needed[1])
    operandCotangents[1] = TakeTapsOp::create(builder, getLoc(), getUpdates().getType(), getTaps(), cotangents[0],
                                              getWindow(), getStrides(), getLow(), getDilations());
  return success();
}

/// A position asks each of its taps for the window that it would be that tap of.
FailureOr<SmallVector<Value>> GiveTapsOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType x = cast<RankedTensorType>(getType()), windows = getUpdates().getType();
  PoolLoops loops{builder, getLoc(), opposite(shapeOf(*this, x, windows)), x.getDimSize(0), x.getShape().back()};
  Value sums = loops.reduce(builder.getF32Type(), 0, {}, [&](ArrayRef<Expr> scalars) {
    Expr sofar = scalars.back();
    IndexMath index(*sofar.builder, sofar.loc);
    Value tap = index.loop(2);
    Expr update = sofar.with(loops.read(index, getUpdates(), tap, 0));
    Expr isIt = sofar.with(index.equal(loops.read(index, getTaps(), tap, -1), tap));
    return sofar + select(isIt, update, 0.0);
  });
  return SmallVector<Value>{reshaped(builder, getLoc(), sums, x.getShape())};
}

LogicalResult GiveTapsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                   MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &chosen = *inputs[0], &updates = *inputs[1];
  WindowShape shape = shapeOf(*this, cast<RankedTensorType>(getType()), getUpdates().getType());
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  int64_t channels = updates.shape.back();
  forEachWindow(shape, updates.shape[0], [&](int64_t n, const std::vector<int64_t> &o, int64_t window) {
    for (int64_t c = 0; c < channels; ++c) {
      auto tap = static_cast<int64_t>(chosen[window * channels + c]);
      if (tap < 0 || tap >= static_cast<int64_t>(taps.size()))
        continue;
      int64_t at = elementAt(shape, n, o, taps[tap], channels);
      if (at >= 0)
        outputs[0][at + c] += updates[window * channels + c];
    }
  });
  return success();
}
