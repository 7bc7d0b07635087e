// The DSL's reductions, matrix products, row-wise functions and gradients.
#include "compiler/frontend/Builder.h"
#include "compiler/include/sinter/nn.h"
#include "compiler/include/sinter/optim.h"
#include "dialects/sinter/ReverseMode.h"

#include <cmath>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {

//===--- reductions ----------------------------------------------------------------------------------===//

/// Sorted axes counted from the front.
static Shape checkAxes(const Axes &axes, Value value, const char *what, const Loc &loc) {
  if (axes.all)
    return firstAxes(shapeOf(value).size());
  Shape result;
  for (int64_t axis : axes.axes)
    result.push_back(checkAxis(axis, shapeOf(value), what, loc));
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    fail(loc, Twine(what) + ": an axis is given twice: " + text(axes.axes));
  return result;
}

static Tensor reduce(ReduceKind kind, Tensor x, const Axes &axes, bool keepDims, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useReal(x, what, loc);
  Shape removed = checkAxes(axes, value, what, loc), shape, kept;
  for (auto [d, size] : llvm::enumerate(shapeOf(value))) {
    bool gone = llvm::is_contained(removed, static_cast<int64_t>(d));
    if (!gone)
      shape.push_back(size);
    kept.push_back(gone ? 1 : size);
  }
  if (!removed.empty())
    value = ReduceOp::create(builder.ops, builder.at(loc), typeOf(value).clone(shape), kind, value, removed);
  return wrapResult(keepDims ? reshapeTo(value, kept, builder.at(loc)) : value, x, loc);
}

/// `x op number` on the bits of an i32.
template <typename Op> static Tensor bitwise(Tensor x, double number, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "reduction", loc);
  mlir::Location at = builder.at(loc);
  return wrap(Op::create(builder.ops, at, value, splat(builder.ops, at, value.getType(), number)));
}

static bool isInteger(Tensor x, const char *what, const Loc &loc) {
  return dtypeOf(ModelBuilder::get().use(x, what, loc).getType()) == DType::I32;
}

/// A byte after the other, as f32, whose sums are exact.
static Tensor sumOfIntegers(Tensor x, const Axes &axes, bool keepDims, const Loc &loc) {
  CallSite here(loc);
  Value value = ModelBuilder::get().use(x, "sum", loc);
  int64_t count = 1;
  for (int64_t d : checkAxes(axes, value, "sum", loc))
    count *= shapeOf(value)[d];
  if (count > 65536)
    fail(loc, "sum: adds up at most 65536 integers, but here " + Twine(count) + "; sum over one axis after the other",
         {{"the operand", value}});
  Tensor total;
  for (int byte = 3; byte >= 0; --byte) {
    Tensor part = bitwise<arith::AndIOp>(byte ? bitwise<arith::ShRUIOp>(x, 8 * byte, loc) : x, 255, loc);
    part = cast(sum(cast(part, f32), axes, keepDims), i32);
    total = byte == 3 ? part : total * 256 + part;
  }
  return total;
}

/// The upper half of the bits decides, then the lower one.
static Tensor maxOfIntegers(Tensor x, const Axes &axes, bool keepDims, const Loc &loc) {
  CallSite here(loc);
  Tensor high = cast(bitwise<arith::ShRSIOp>(x, 16, loc), f32), low = cast(bitwise<arith::AndIOp>(x, 65535, loc), f32);
  Tensor largest = max(high, axes, true);
  Tensor rest = max(where(high == largest, low, -1), axes, true);
  Tensor result = cast(largest, i32) * 65536 + cast(rest, i32);
  return keepDims ? result : reshape(result, max(high, axes, false).shape());
}

Tensor sum(Tensor x, Axes axes, bool keepDims, Loc loc) {
  if (isInteger(x, "sum", loc))
    return sumOfIntegers(x, axes, keepDims, loc);
  return reduce(ReduceKind::sum, x, axes, keepDims, "sum", loc);
}
Tensor max(Tensor x, Axes axes, bool keepDims, Loc loc) {
  if (isInteger(x, "max", loc))
    return maxOfIntegers(x, axes, keepDims, loc);
  return reduce(ReduceKind::max, x, axes, keepDims, "max", loc);
}
Tensor min(Tensor x, Axes axes, bool keepDims, Loc loc) {
  if (isInteger(x, "min", loc)) {
    Tensor opposite = maxOfIntegers(bitwise<arith::XOrIOp>(x, -1, loc), axes, keepDims, loc);
    return bitwise<arith::XOrIOp>(opposite, -1, loc);
  }
  return reduce(ReduceKind::min, x, axes, keepDims, "min", loc);
}

Tensor mean(Tensor x, Axes axes, bool keepDims, Loc loc) {
  Value value = ModelBuilder::get().useReal(x, "mean", loc);
  double count = 1;
  for (int64_t d : checkAxes(axes, value, "mean", loc))
    count *= shapeOf(value)[d];
  CallSite here(loc);
  return reduce(ReduceKind::sum, x, axes, keepDims, "mean", loc) / count;
}

Tensor cumsum(Tensor x, int64_t axis, bool exclusive, bool reverse, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, "cumsum", loc);
  axis = checkAxis(axis, shapeOf(value), "cumsum", loc);
  return wrap(CumsumOp::create(builder.ops, builder.at(loc), value.getType(), value, axis, exclusive, reverse));
}

Tensor argmax(Tensor x, int64_t axis, Loc loc) {
  Value value = ModelBuilder::get().useFloat(x, "argmax", loc);
  axis = checkAxis(axis, shapeOf(value), "argmax", loc);
  int64_t last = shapeOf(value)[axis] - 1;
  if (last >= 1 << 24)
    fail(loc, "argmax: " + Twine(last + 1) + " elements are more than f32 can count (16777216)",
         {{"the operand", value}});
  CallSite here(loc);
  // The smallest index that attains the maximum. That of a row with NaN is NaN, which nothing equals but NaN is not
  // itself.
  Tensor index = cast(iota(shapeOf(value).vec(), axis), f32);
  return cast(min(where(x == max(x, axis, true) || x != x, index, static_cast<double>(last)), axis), i32);
}

Tensor dot(Tensor a, Tensor b, Loc loc) {
  CallSite here(loc);
  return sum(a * b);
}

//===--- matrix product ------------------------------------------------------------------------------===//

/// If `value` is a swap of its last two dimensions, swaps it back: the product takes either layout. The pair goes when
/// `mark-variables` knows whether a gradient is asked for with respect to what stands between the two.
static bool readThroughTranspose(Value &value, mlir::Location loc) {
  auto op = value.getDefiningOp<TransposeOp>();
  Shape swap = firstAxes(shapeOf(value).size());
  std::swap(swap[swap.size() - 1], swap[swap.size() - 2]);
  if (!op || op.getPermutation() != ArrayRef<int64_t>(swap))
    return false;
  value = permute(value, swap, loc);
  return true;
}

/// Sums of products, which one kernel computes in plain loops: f64 is there to check, not to be fast.
static Tensor matmulOfDoubles(Tensor left, Tensor right, const Loc &loc) {
  CallSite here(loc);
  Shape a = left.shape(), b = right.shape();
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2])
    fail(loc, "matmul: shapes " + text(a) + " and " + text(b) + " do not fit: at least 2 dimensions each, the last " +
                  "of the left operand as large as the last but one of the right");
  a.push_back(1);
  b.insert(b.end() - 2, 1);
  return sum(reshape(left, a) * reshape(right, b), -2);
}

Tensor matmul(Tensor left, Tensor right, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  mlir::Location at = builder.at(loc);
  if (left.dtype(loc) == DType::F64 && right.dtype(loc) == DType::F64)
    return matmulOfDoubles(left, right, loc);
  Value a = builder.useFloat(left, "matmul", loc), b = builder.useFloat(right, "matmul", loc);
  SmallVector<std::pair<const char *, Value>> notes = {{"the left operand", a}, {"the right operand", b}};
  for (auto [which, value] : notes)
    if (shapeOf(value).size() < 2)
      fail(loc, Twine("matmul: needs at least 2 dimensions, but ") + which + " has shape " + text(shapeOf(value)),
           notes);

  auto batchOf = [](Value value) { return shapeOf(value).drop_back(2); };
  int64_t m = *(shapeOf(a).end() - 2), inner = shapeOf(a).back(), n = shapeOf(b).back();
  if (inner != *(shapeOf(b).end() - 2))
    fail(loc,
         "matmul: inner dimensions differ: " + Twine(inner) + " and " + Twine(*(shapeOf(b).end() - 2)) +
             ", of shapes " + text(shapeOf(a)) + " and " + text(shapeOf(b)),
         notes);
  std::optional<Shape> batch = commonShape(batchOf(a), batchOf(b));
  if (!batch)
    fail(loc,
         "matmul: batch dimensions do not broadcast: " + text(batchOf(a)) + " and " + text(batchOf(b)) +
             ", of shapes " + text(shapeOf(a)) + " and " + text(shapeOf(b)),
         notes);
  Shape shape = *batch;
  shape.insert(shape.end(), {m, n});

  bool transposeB = readThroughTranspose(b, at);
  if (shapeOf(b).size() == 2 && shapeOf(a).size() > 2) {
    // One matrix for all batches: the rows of all batches make one tall matrix.
    int64_t rows = typeOf(a).getNumElements() / inner;
    Value tall = reshapeTo(a, {rows, inner}, at);
    return wrap(reshapeTo(MatmulOp::create(builder.ops, at, tall, b, false, transposeB), shape, at));
  }
  bool transposeA = readThroughTranspose(a, at);
  auto widen = [&](Value value) {
    Shape wide = *batch;
    llvm::append_range(wide, shapeOf(value).take_back(2));
    return broadcastTo(value, wide, at);
  };
  a = widen(a);
  b = widen(b);
  return wrap(MatmulOp::create(builder.ops, at, a, b, transposeA, transposeB));
}

//===--- along one dimension -------------------------------------------------------------------------===//

/// Applies a row-wise op along `axis`: moves it to the end and back.
template <typename Op> static Tensor alongAxis(Tensor x, int64_t axis, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  mlir::Location at = builder.at(loc);
  Value value = builder.useFloat(x, what, loc);
  int64_t rank = shapeOf(value).size();
  axis = checkAxis(axis, shapeOf(value), what, loc);
  Shape permutation = firstAxes(rank); // a swap, hence its own inverse
  std::swap(permutation[axis], permutation[rank - 1]);
  value = permute(value, permutation, at);
  return wrap(permute(Op::create(builder.ops, at, value.getType(), value), permutation, at));
}

Tensor softmax(Tensor x, int64_t axis, Loc loc) { return alongAxis<SoftmaxOp>(x, axis, "softmax", loc); }
Tensor log_softmax(Tensor x, int64_t axis, Loc loc) { return alongAxis<LogSoftmaxOp>(x, axis, "log_softmax", loc); }

static Tensor normalize(Tensor x, double epsilon, bool center, const char *what, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, what, loc);
  checkAxis(-1, shapeOf(value), what, loc);
  if (!(epsilon > 0))
    fail(loc, Twine(what) + ": epsilon must be positive, but is " + digits(epsilon));
  checkHeld(epsilon, DType::F32, Twine(what) + ": epsilon", loc);
  auto rows = typeOf(value).clone(shapeOf(value).drop_back());
  auto op = NormalizeOp::create(builder.ops, builder.at(loc), typeOf(value), rows, value,
                                builder.ops.getF64FloatAttr(epsilon), center ? builder.ops.getUnitAttr() : UnitAttr());
  return wrap(op.getNormalized());
}

Tensor layer_norm(Tensor x, double epsilon, Loc loc) { return normalize(x, epsilon, true, "layer_norm", loc); }
Tensor rms_norm(Tensor x, double epsilon, Loc loc) { return normalize(x, epsilon, false, "rms_norm", loc); }

Tensor cross_entropy(Tensor logits, Tensor targets, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  mlir::Location at = builder.at(loc);
  Value scores = builder.useFloat(logits, "cross_entropy", loc), classes = builder.use(targets, "cross_entropy", loc);
  checkAxis(-1, shapeOf(scores), "cross_entropy", loc);
  SmallVector<std::pair<const char *, Value>> notes = {{"the logits", scores}, {"the targets", classes}};
  if (dtypeOf(classes.getType()) != DType::I32)
    fail(loc, Twine("cross_entropy: targets must be i32, but are ") + name(dtypeOf(classes.getType())), notes);
  ArrayRef<int64_t> positions = shapeOf(scores).drop_back();
  if (shapeOf(classes) != positions)
    fail(loc,
         "cross_entropy: logits of shape " + text(shapeOf(scores)) + " need targets of shape " + text(positions) +
             ", but they have " + text(shapeOf(classes)),
         notes);
  int64_t width = shapeOf(scores).back(), rows = typeOf(scores).getNumElements() / width;
  auto perRow = typeOf(scores).clone({rows});
  auto op = CrossEntropyOp::create(builder.ops, at, perRow, perRow, reshapeTo(scores, {rows, width}, at),
                                   reshapeTo(classes, {rows}, at));
  return wrap(reshapeTo(op.getLosses(), positions, at));
}

//===--- gradients -----------------------------------------------------------------------------------===//

/// What a scalar's gradient can flow to: all that it was computed from through f32.
static DenseSet<Value> reachedFrom(Value loss) {
  DenseSet<Value> reached{loss};
  SmallVector<Value> open{loss};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || isa<StopGradientOp>(op))
      continue;
    for (Value operand : op->getOperands())
      if (isDifferentiable(operand.getType()) && reached.insert(operand).second)
        open.push_back(operand);
  }
  return reached;
}

/// Values whose gradient is zero, whatever they are, are hardly meant.
static void warnOfNone(Value loss, ArrayRef<Value> values, ArrayRef<std::string> names, const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  DenseSet<Value> reached = reachedFrom(loss);
  for (auto [i, value] : llvm::enumerate(values)) {
    if (reached.contains(value))
      continue;
    std::string what = i < names.size() ? "parameter '" + names[i] + "'" : "value " + std::to_string(i + 1);
    emitWarning(builder.at(loc), "grad: the loss does not depend on " + what + ": its gradient is zero")
            .attachNote(value.getLoc())
        << "it was made here";
  }
}

std::vector<Tensor> frontend::gradients(const Tensor &loss, const std::vector<Tensor> &wrt, ArrayRef<std::string> names,
                                        const Loc &loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value scalar = builder.useReal(loss, "grad", loc);
  if (!shapeOf(scalar).empty())
    fail(loc, "grad: the loss must be a scalar, but has shape " + text(shapeOf(scalar)) + "; take its mean or sum",
         {{"the loss", scalar}});
  SmallVector<Value> values;
  SmallVector<Type> types;
  for (const Tensor &tensor : wrt) {
    bool isStored = isHalf(tensor.dtype(loc));
    values.push_back(isStored ? builder.use(tensor, "grad", loc) : builder.useReal(tensor, "grad", loc));
    types.push_back(cotangentType(values.back().getType()));
  }
  if (values.empty())
    fail(loc, "grad: there is nothing to differentiate with respect to");
  if (builder.current->part == StepPart::Whole)
    warnOfNone(scalar, values, names, loc);
  auto op = GradOp::create(builder.ops, builder.at(loc), types, scalar, values);
  std::vector<Tensor> result;
  for (Value gradient : op.getGradients())
    result.push_back(wrap(gradient));
  return result;
}

std::vector<Tensor> grad(Tensor loss, const std::vector<Tensor> &wrt, Loc loc) { return gradients(loss, wrt, {}, loc); }

std::vector<Tensor> grad(Tensor loss, const std::vector<Parameter> &wrt, Loc loc) {
  std::vector<std::string> names;
  for (const Parameter &parameter : wrt)
    names.push_back(parameter.name);
  return gradients(loss, std::vector<Tensor>(wrt.begin(), wrt.end()), names, loc);
}

Tensor grad(Tensor loss, Tensor wrt, Loc loc) { return grad(loss, std::vector{wrt}, loc)[0]; }

Tensor stop_gradient(Tensor x, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.use(x, "stop_gradient", loc);
  if (!isDifferentiable(value.getType()))
    return wrapResult(value, x, loc);
  return wrap(StopGradientOp::create(builder.ops, builder.at(loc), value));
}

} // namespace sinter
