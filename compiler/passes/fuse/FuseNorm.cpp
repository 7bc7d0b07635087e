// sinter-fuse-norm: a layer norm or RMS norm that is written out becomes sinter.normalize.
//
//   %d = subf %x, broadcast (mean %x)
//   %v = mean (mulf %d, %d)                        =>    %n, %r = sinter.normalize %x {center, epsilon = ..}
//   %r = rsqrt (addf %v, 1e-5)                           %y = mulf %n, broadcast %w
//   %y = mulf (mulf %d, broadcast %r), broadcast %w
//
// Every root of a mean of squares is looked at: what it divides, how it is spelled (rsqrt, one over sqrt, a power), in
// which order it, what it scales and weights are multiplied. What was subtracted before tells layer norm from RMS norm.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"
#include "compiler/passes/fuse/Spellings.h"

#include <charconv>
#include <cmath>

#define DEBUG_TYPE "sinter-fuse-norm"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSENORM
#include "compiler/passes/Passes.h.inc"

namespace {

constexpr const char *kWhat = "this root of a mean of squares into a norm";
constexpr const char *kVariable = "a gradient is asked for with respect to a value in the middle of it";

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }
bool isRoot(Operation *op) {
  if (op && op->getNumResults() == 1 && !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return false;
  if (!isa_and_nonnull<math::PowFOp>(op))
    return isa_and_nonnull<math::SqrtOp, math::RsqrtOp>(op);
  std::optional<double> power = splatValue(op->getOperand(1));
  return power == 0.5 || power == -0.5;
}
/// Whether the root divides what it multiplies.
bool isInverse(Operation *root) {
  return isa<math::RsqrtOp>(root) || (isa<math::PowFOp>(root) && splatValue(root->getOperand(1)) == -0.5);
}

/// The number of fewest digits that rounds to this f32: what a user wrote.
double asWritten(double value) {
  char buffer[32];
  char *end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value)).ptr;
  double result = value;
  std::from_chars(buffer, end, result);
  return result;
}

/// A value that is divided by the root of its mean square.
struct Norm : Formula {
  RowAxis axis;
  Value x; ///< what is normalized
  bool center = false;
  double epsilon = 0;
  /// What else is multiplied (false) or divided by (true), in order.
  SmallVector<std::pair<Value, bool>> factors;
};

/// Reads the formula around one root.
class Reader {
public:
  Reader(ValueNumbers &numbers, Operation *rootOp) : numbers(numbers), rootOp(rootOp) {}

  /// Whether it is a root of something made of a sum of squares, and divides what was squared: it looks like a norm.
  bool looksLikeNorm();
  /// Reads on into `norm`; gives the reason why it is none, or nothing.
  std::string read();

  Norm norm;

private:
  bool findSquares(Value value, int depth);
  void findProducts();
  bool hasSquared(Value value, int depth);
  std::string readVariance(Value value);
  std::string readProduct();
  Value averaged(Value value);
  Value centered(Value value);
  bool takeApart(Value value, bool divides, int depth);

  ValueNumbers &numbers;
  Operation *rootOp;
  ReduceOp sum; ///< of squares
  Value squared;
  SmallVector<Operation *> products; ///< that the root goes into, in order
  bool meetsVariable = false;
  // While a product is taken apart.
  Value scaled; ///< what the root divides: x, or x - mean; null if any x - mean will do
  int roots = 0, scaledOnes = 0;
  bool upsideDown = false;
};

//===--- what looks like a norm ----------------------------------------------------------------------===//

bool Reader::findSquares(Value value, int depth) {
  Operation *op = behindAnyView(value).getDefiningOp();
  if (auto reduce = dyn_cast_or_null<ReduceOp>(op)) {
    auto square = definedBy<arith::MulFOp>(reduce.getInput());
    if (reduce.getKind() != ReduceKind::sum || !square || !numbers.same(square.getLhs(), square.getRhs()))
      return false;
    sum = reduce;
    squared = square.getLhs();
    return true;
  }
  if (depth == 0 ||
      !isa_and_nonnull<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MaximumFOp, VariableOp>(op))
    return false;
  bool found = llvm::any_of(op->getOperands(), [&](Value operand) { return findSquares(operand, depth - 1); });
  meetsVariable |= found && isa<VariableOp>(op);
  return found;
}

void Reader::findProducts() {
  SetVector<Operation *> found;
  SmallVector<Operation *> worklist{rootOp};
  while (!worklist.empty() && found.size() < 64)
    for (Operation *user : worklist.pop_back_val()->getUsers()) {
      bool isProduct = isa<arith::MulFOp, arith::DivFOp>(user);
      bool isPassed = isa<ReshapeOp, BroadcastOp, VariableOp>(user);
      if (isa<arith::AddFOp>(user)) // an epsilon at the wrong place
        isPassed = splatValue(user->getOperand(0)) || splatValue(user->getOperand(1));
      if (isProduct ? found.insert(user) : isPassed)
        worklist.push_back(user);
      meetsVariable |= isa<VariableOp>(user);
    }
  products = found.takeVector();
  llvm::sort(products, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
}

/// Whether what was squared, or a difference from it, is a factor of `value`.
bool Reader::hasSquared(Value value, int depth) {
  if (numbers.same(value, squared))
    return true;
  Operation *op = behindAnyView(value).getDefiningOp();
  if (auto difference = dyn_cast_or_null<arith::SubFOp>(op))
    return numbers.same(difference.getLhs(), squared);
  return depth > 0 && isa_and_nonnull<arith::MulFOp, arith::DivFOp>(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return hasSquared(operand, depth - 1); });
}

bool Reader::looksLikeNorm() {
  if (!findSquares(rootOp->getOperand(0), 8))
    return false;
  findProducts();
  return llvm::any_of(products, [&](Operation *op) { return hasSquared(op->getResult(0), 8); });
}

//===--- means and variances -------------------------------------------------------------------------===//

/// What is averaged, if `value` is a mean of each row.
Value Reader::averaged(Value value) {
  Operation *op = behindViews(value, norm.axis).getDefiningOp();
  auto size = static_cast<double>(norm.axis.size);
  Value total;
  if (auto quotient = dyn_cast_or_null<arith::DivFOp>(op)) {
    if (splatValue(quotient.getRhs()) == size)
      total = quotient.getLhs();
  } else if (auto product = dyn_cast_or_null<arith::MulFOp>(op)) {
    for (auto [a, b] : {std::pair(product.getLhs(), product.getRhs()), {product.getRhs(), product.getLhs()}})
      if (splatValue(b) == static_cast<double>(static_cast<float>(1 / size)))
        total = a;
  } else if (norm.axis.size == 1) {
    total = value;
  }
  auto reduce = total ? behindViews(total, norm.axis).getDefiningOp<ReduceOp>() : ReduceOp();
  bool isSum = reduce && reduce.getKind() == ReduceKind::sum && axisOf(reduce) == norm.axis;
  return isSum ? Value(reduce.getInput()) : Value();
}

/// The x of x - mean(x).
Value Reader::centered(Value value) {
  auto isCentered = [&](Value x, Value mean) {
    Value of = averaged(mean);
    return of && numbers.same(of, x);
  };
  if (auto difference = definedBy<arith::SubFOp>(value))
    if (isCentered(difference.getLhs(), difference.getRhs()))
      return difference.getLhs();
  if (auto total = definedBy<arith::AddFOp>(value))
    for (auto [x, other] : {std::pair(total.getLhs(), total.getRhs()), {total.getRhs(), total.getLhs()}})
      if (auto negation = behindViews(other, norm.axis).getDefiningOp<arith::NegFOp>())
        if (isCentered(x, negation.getOperand()))
          return x;
  return {};
}

/// Reads mean(d d) + epsilon, where d is x - mean(x) or just x, or mean(x x) - mean(x)^2 + epsilon.
std::string Reader::readVariance(Value value) {
  Value variance;
  if (auto total = behindViews(value, norm.axis).getDefiningOp<arith::AddFOp>())
    for (auto [a, b] : {std::pair(total.getLhs(), total.getRhs()), {total.getRhs(), total.getLhs()}})
      if (std::optional<double> epsilon = splatValue(b); epsilon && *epsilon > 0 && std::isfinite(*epsilon)) {
        variance = a;
        norm.epsilon = asWritten(*epsilon);
      }
  if (!variance)
    return "no positive number is added to the mean of squares before its root is taken";
  if (auto clamped = behindViews(variance, norm.axis).getDefiningOp<arith::MaximumFOp>())
    for (auto [a, b] : {std::pair(clamped.getLhs(), clamped.getRhs()), {clamped.getRhs(), clamped.getLhs()}})
      if (splatValue(b) == 0.0)
        variance = a;
  auto squareOf = [&](Value all) -> Value {
    auto square = all ? definedBy<arith::MulFOp>(all) : arith::MulFOp();
    return square && numbers.same(square.getLhs(), square.getRhs()) ? square.getLhs() : Value();
  };
  if (Value d = squareOf(averaged(variance))) {
    scaled = d;
    norm.x = centered(d);
    norm.center = bool(norm.x);
    if (!norm.center)
      norm.x = d;
    return "";
  }
  if (auto difference = behindViews(variance, norm.axis).getDefiningOp<arith::SubFOp>()) {
    Value x = squareOf(averaged(difference.getLhs()));
    Value mean = squareOf(behindViews(difference.getRhs(), norm.axis)), of = mean ? averaged(mean) : Value();
    if (x && of && numbers.same(of, x)) {
      norm.x = x;
      norm.center = true;
      return "";
    }
  }
  return "what is below the root is no mean of the " + std::to_string(norm.axis.size) + " squares of a row";
}

//===--- what the root is multiplied with ------------------------------------------------------------===//

/// `value` as factors: the root, what it scales, others. Returns whether one of the first two is among them; if not,
/// `value` is one factor.
bool Reader::takeApart(Value value, bool divides, int depth) {
  bool whole = elementsOf(value) == norm.axis.elements();
  if (whole && !divides &&
      (scaled ? numbers.same(value, scaled) : centered(value) && numbers.same(centered(value), norm.x))) {
    ++scaledOnes;
    return true;
  }
  Value row = behindViews(value, norm.axis);
  if (numbers.same(row, rootOp->getResult(0))) {
    ++roots;
    upsideDown |= isInverse(rootOp) == divides;
    return true;
  }
  Operation *op = row.getDefiningOp();
  if (depth > 0 && isa_and_nonnull<arith::MulFOp, arith::DivFOp>(op)) {
    size_t before = norm.factors.size();
    bool left = takeApart(op->getOperand(0), divides, depth - 1);
    bool right = takeApart(op->getOperand(1), divides != isa<arith::DivFOp>(op), depth - 1);
    if (left || right)
      return true;
    norm.factors.resize(before);
  }
  if (splatValue(value) != 1.0)
    norm.factors.push_back({value, divides});
  return false;
}

std::string Reader::readProduct() {
  for (Operation *op : products) {
    if (elementsOf(op->getResult(0)) != norm.axis.elements())
      continue;
    roots = scaledOnes = 0;
    upsideDown = false;
    norm.factors.clear();
    takeApart(op->getResult(0), false, 8);
    if (roots != 1 || scaledOnes != 1 || upsideDown)
      continue;
    norm.root = op;
    addPathsBetween(sum, op, norm.parts);
    return "";
  }
  return "what the root divides is not what was squared";
}

std::string Reader::read() {
  std::optional<RowAxis> axis = axisOf(sum);
  if (!axis || !axis->isLast() || axis->elements() == 0)
    return "it does not work along the last dimension";
  norm.axis = *axis;
  std::string why = readVariance(rootOp->getOperand(0));
  if (why.empty())
    why = readProduct();
  return why.empty() || !meetsVariable ? why : kVariable;
}

//===--- the pass ------------------------------------------------------------------------------------===//

struct FuseNormPass : impl::FuseNormBase<FuseNormPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    SmallVector<Operation *> roots;
    for (Operation &op : block)
      if (isRoot(&op))
        roots.push_back(&op);
    if (roots.empty())
      return;
    ValueNumbers numbers(block);
    std::vector<Norm> found;
    for (Operation *root : roots) {
      Reader reader(numbers, root);
      if (!reader.looksLikeNorm())
        continue;
      if (std::string why = reader.read(); !why.empty())
        notFused(root, kWhat, why);
      else
        found.push_back(std::move(reader.norm));
    }
    findOtherReaders(found);
    for (const Norm &norm : found)
      if (Operation *other = norm.otherReader)
        notFused(norm.root, kWhat,
                 isa<VariableOp>(other) ? kVariable : "something else reads the mean of squares or its root");
    llvm::erase_if(found, [](const Norm &norm) { return norm.otherReader; });
    forLastFirst(found, [](const Norm &norm) { fuse(norm); });
    eraseDead(block);
    counted(getOperation(), DEBUG_TYPE, "norms formed", found.size());
  }

  static void fuse(const Norm &norm) {
    OpBuilder builder(norm.root);
    Location loc = norm.root->getLoc();
    auto type = cast<RankedTensorType>(norm.root->getResult(0).getType());
    Value x = norm.x;
    if (!isLastDimension(norm.axis, shapeOf(x)))
      x = reshapeTo(builder, loc, x, {norm.axis.rows(), norm.axis.size});
    auto made = NormalizeOp::create(builder, loc, x, builder.getF64FloatAttr(norm.epsilon),
                                    norm.center ? builder.getUnitAttr() : UnitAttr());
    DEBUG_AT(norm.root) << (norm.center ? "is a layer norm" : "is an RMS norm") << ", with " << norm.factors.size()
                        << " factors in between";
    Value result = reshapeTo(builder, loc, made.getNormalized(), type.getShape());
    for (auto [factor, divides] : norm.factors) {
      Value other = asLargeAs(builder, loc, factor, type, norm.axis);
      result = divides ? arith::DivFOp::create(builder, loc, result, other).getResult()
                       : arith::MulFOp::create(builder, loc, result, other).getResult();
    }
    norm.root->getResult(0).replaceAllUsesWith(result);
    orderOperands(result);
  }

  /// `factor`, a number, a value a row, or one of `type`'s size, under that type.
  static Value asLargeAs(OpBuilder &builder, Location loc, Value factor, RankedTensorType type, const RowAxis &axis) {
    if (std::optional<double> number = splatValue(factor))
      return splat(builder, loc, type, *number);
    if (elementsOf(factor) == type.getNumElements())
      return reshapeTo(builder, loc, factor, type.getShape());
    bool isDimension = isLastDimension(axis, type.getShape());
    RankedTensorType whole = isDimension ? type : type.clone(ArrayRef<int64_t>{axis.rows(), axis.size});
    SmallVector<int64_t> rows(whole.getShape().drop_back()), dims = llvm::to_vector(llvm::seq<int64_t>(0, rows.size()));
    Value repeated = BroadcastOp::create(builder, loc, whole, reshapeTo(builder, loc, factor, rows), dims);
    return reshapeTo(builder, loc, repeated, type.getShape());
  }

  /// Weights and biases that stand in front come second, as the DSL's own norms write them.
  static void orderOperands(Value value) {
    auto isPerFeature = [&](Value other) {
      auto broadcast = definedBy<BroadcastOp>(other);
      return broadcast && elementsOf(broadcast.getInput()) == shapeOf(value).back();
    };
    for (Operation *user : llvm::to_vector(value.getUsers())) {
      if (!isa<arith::MulFOp, arith::AddFOp>(user))
        continue;
      Value first = user->getOperand(0);
      if (first != value && isPerFeature(first))
        user->setOperands({value, first});
      if (isa<arith::MulFOp>(user) && isPerFeature(user->getOperand(1)))
        orderOperands(user->getResult(0));
    }
  }
};

} // namespace
} // namespace sinter
