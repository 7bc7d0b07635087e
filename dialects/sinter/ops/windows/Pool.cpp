// sinter.max_pool, and the two ops that its gradients are made of: take_taps and give_taps.
#include "dialects/sinter/ops/windows/WindowRules.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

namespace {

/// Kernels have code for each of them.
constexpr int64_t kMostTaps = 256;

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
  if (int64_t all = countOf(window); all > kMostTaps)
    return op->emitError() << name << ": a window of " << all << " taps has more than " << kMostTaps;
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
           std::abs(low[d]) <= kMost;
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

/// Loops over rows (images and positions) and channels, with code for each tap.
struct PoolLoops {
  OpBuilder &builder;
  Location loc;
  WindowShape shape;
  int64_t batch, channels;

  SmallVector<int64_t> rows() const { return {batch * countOf(shape.positions), channels}; }
  Value matrix(Value value) { return reshaped(builder, loc, value, rows()); }

  /// `inputs` have an element for each row and channel; results are of types `elements`, and of `like`'s shape.
  SmallVector<Value> build(ValueRange inputs, ArrayRef<Type> elements, RankedTensorType like, Body body) {
    AffineMap all = builder.getMultiDimIdentityMap(2);
    SmallVector<Mapped> read, written;
    for (Value input : inputs)
      read.push_back({matrix(input), all});
    for (Type element : elements)
      written.push_back({empty(builder, loc, RankedTensorType::get(rows(), element)), all});
    SmallVector<Value> results = generic(builder, loc, 2, {}, read, written, body);
    for (Value &value : results)
      value = reshaped(builder, loc, value, like.getShape());
    return results;
  }
};

/// The window of a row.
struct RowWindow {
  IndexMath index;
  const PoolLoops &loops;
  SmallVector<Value> place;

  RowWindow(Expr at, const PoolLoops &loops)
      : index(*at.builder, at.loc), loops(loops),
        place(index.split(index.loop(0), joined(loops.batch, loops.shape.positions))) {}

  template <typename Tap> IndexMath::Position position(const Tap &tap) {
    return index.position(loops.shape, ValueRange(place).drop_front(), tap);
  }
  Value read(Value tensor, const IndexMath::Position &position, double otherwise) {
    return index.read(tensor, place[0], position, index.loop(1), otherwise);
  }
};

std::vector<int64_t> vectorOf(ArrayRef<int64_t> numbers) { return {numbers.begin(), numbers.end()}; }

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

FailureOr<SmallVector<Value>> MaxPoolOp::lowerToLinalg(OpBuilder &builder) {
  RankedTensorType x = getInput().getType(), type = getValues().getType();
  PoolLoops loops{builder, getLoc(), shapeOf(*this, x, type), x.getDimSize(0), x.getShape().back()};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return loops.build(
      {}, {builder.getF32Type(), builder.getI32Type()}, type, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        RowWindow window(scalars[0], loops);
        Expr most = scalars[0].constant(-kInfinity), tap = scalars[1].constant(-1);
        for (auto [number, k] : llvm::enumerate(tapsOf(loops.shape))) {
          IndexMath::Position position = window.position(ArrayRef<int64_t>(k));
          Expr x = most.with(window.read(getInput(), position, -kInfinity));
          auto both = [&](Expr a, Expr b) {
            return a.with(arith::AndIOp::create(*a.builder, a.loc, a.value, b.value));
          };
          auto either = [&](Expr a, Expr b) {
            return a.with(arith::OrIOp::create(*a.builder, a.loc, a.value, b.value));
          };
          // Larger, or the first NaN, or the first of all.
          Expr larger =
              both(compare(arith::CmpFPredicate::UGT, x, most), compare(arith::CmpFPredicate::ORD, most, most));
          Expr first = compare(arith::CmpIPredicate::slt, tap, tap.constant(0));
          Expr takes = either(larger, position.exists ? both(first, first.with(position.exists)) : first);
          most = select(takes, x, most);
          tap = select(takes, tap.constant(static_cast<double>(number)), tap);
        }
        return {most, tap};
      });
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
  int64_t last = countOf(loops.shape.taps) - 1;
  return loops.build(getTaps(), type.getElementType(), type, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
    Expr tap = scalars[0];
    OpBuilder &inner = *tap.builder;
    RowWindow window(tap, loops);
    // Some tap in any case, so that the loop has no branch.
    Value atLeastZero = arith::MaxSIOp::create(inner, tap.loc, tap, tap.constant(0));
    Value some = arith::MinSIOp::create(inner, tap.loc, atLeastZero, tap.constant(static_cast<double>(last)));
    SmallVector<Value> taps = window.index.split(some, loops.shape.taps);
    Expr element = tap.with(window.read(getInput(), window.position(ValueRange(taps)), 0));
    return {select(compare(arith::CmpIPredicate::eq, tap, tap.with(some)), element, 0.0)};
  });
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
  return loops.build({}, x.getElementType(), x, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
    RowWindow window(scalars[0], loops);
    Expr sum = scalars[0].constant(0);
    for (auto [number, k] : llvm::enumerate(tapsOf(loops.shape))) {
      IndexMath::Position position = window.position(ArrayRef<int64_t>(k));
      Expr update = sum.with(window.read(getUpdates(), position, 0));
      Value tap = window.read(getTaps(), position, -1);
      Expr isIt = sum.with(window.index.equal(tap, window.index.constant(static_cast<int64_t>(number))));
      sum = sum + select(isIt, update, 0.0);
    }
    return {sum};
  });
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
