// sinter-fuse-cross-entropy: a loss that is written out becomes sinter.cross_entropy.
//
//   %l = sinter.log_softmax %x                        %loss, %lse = sinter.cross_entropy %x, %targets
//   %h = uitofp (cmpi eq, iota, broadcast %targets)
//   %p = reduce sum (mulf %l, %h) axes [1]       =>
//   %loss = negf %p
//
// Every lookup of one class a row is looked at: a sum of products with a one-hot matrix or of what an index comparison
// selects, a gather from the flat tensor. It may look up the logarithm of a softmax, however that is spelled, a softmax
// whose logarithm is taken then, or logits that are subtracted from the logarithm of their sum of exponentials. The
// negation is found behind sums and means.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"
#include "compiler/passes/fuse/SoftmaxSpellings.h"

#define DEBUG_TYPE "sinter-fuse-cross-entropy"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSECROSSENTROPY
#include "compiler/passes/Passes.h.inc"

namespace {

constexpr const char *kWhat = "this lookup of a class into a cross entropy";
constexpr const char *kVariable = "a gradient is asked for with respect to a value in the middle of it";

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

//===--- lookups -------------------------------------------------------------------------------------===//

/// One element of each row of a tensor: that of class `targets`; 0 if there is no such class.
struct Lookup {
  Operation *op = nullptr;
  Value of;
  int sign = 1; ///< -1: the negated element
  Value targets;
  RowAxis axis;
  bool isTotal = false; ///< not one value a row, but the sum of all
};

/// The classes that `value`, booleans, is true of: one a row.
struct OneHot {
  Value targets;
  RowAxis axis;
};

/// `index` runs along the rows, `target` is one value a row.
std::optional<OneHot> isEqual(Value index, Value target) {
  std::optional<RowAxis> axis = axisOfIndex(index);
  if (!axis)
    return std::nullopt;
  Value targets = behindViews(target, *axis);
  if (elementsOf(targets) != axis->rows() || !getElementTypeOrSelf(targets.getType()).isInteger(32))
    return std::nullopt;
  return OneHot{targets, *axis};
}

/// Where an index equals a target, or differs from it if `isEqual` comes back false.
std::optional<OneHot> comparison(Value value, bool &equal) {
  auto compare = definedBy<arith::CmpIOp>(value);
  if (!compare || !llvm::is_contained({arith::CmpIPredicate::eq, arith::CmpIPredicate::ne}, compare.getPredicate()))
    return std::nullopt;
  equal = compare.getPredicate() == arith::CmpIPredicate::eq;
  std::optional<OneHot> found = isEqual(compare.getLhs(), compare.getRhs());
  return found ? found : isEqual(compare.getRhs(), compare.getLhs());
}

/// Numbers that are 1 where the class is the target and 0 elsewhere.
std::optional<OneHot> oneHotOf(Value value) {
  bool equal = false;
  if (auto cast = definedBy<arith::UIToFPOp>(value)) {
    std::optional<OneHot> found = comparison(cast.getIn(), equal);
    return equal ? found : std::nullopt;
  }
  if (auto select = definedBy<arith::SelectOp>(value)) {
    std::optional<OneHot> found = comparison(select.getCondition(), equal);
    bool isOneHot = splatValue(equal ? select.getTrueValue() : select.getFalseValue()) == 1.0 &&
                    splatValue(equal ? select.getFalseValue() : select.getTrueValue()) == 0.0;
    return isOneHot ? found : std::nullopt;
  }
  // Rows of the unit matrix.
  if (auto gather = definedBy<GatherOp>(value)) {
    ArrayRef<int64_t> table = shapeOf(gather.getTable());
    if (table.size() != 2 || table[0] != table[1])
      return std::nullopt;
    auto cast = definedBy<arith::UIToFPOp>(gather.getTable());
    auto compare = cast ? definedBy<arith::CmpIOp>(cast.getIn()) : arith::CmpIOp();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
      return std::nullopt;
    std::optional<RowAxis> a = axisOfIndex(compare.getLhs()), b = axisOfIndex(compare.getRhs());
    RowAxis rows{1, table[0], table[0]}, columns{table[0], table[0], 1};
    if ((a == rows && b == columns) || (a == columns && b == rows))
      return OneHot{gather.getIndices(), {elementsOf(gather.getIndices()), table[0], 1}};
  }
  return std::nullopt;
}

/// `value` without negations, which `sign` takes.
Value withoutSign(Value value, int &sign) {
  while (auto negation = definedBy<arith::NegFOp>(value)) {
    value = negation.getOperand();
    sign = -sign;
  }
  return value;
}

std::optional<Lookup> lookupBySum(ReduceOp reduce) {
  if (reduce.getKind() != ReduceKind::sum || reduce.getAxes().empty())
    return std::nullopt;
  Lookup lookup;
  lookup.op = reduce;
  std::optional<OneHot> oneHot;
  Value terms = withoutSign(reduce.getInput(), lookup.sign);
  if (auto select = definedBy<arith::SelectOp>(terms)) {
    bool equal = false;
    oneHot = comparison(select.getCondition(), equal);
    lookup.of = equal ? select.getTrueValue() : select.getFalseValue();
    if (splatValue(equal ? select.getFalseValue() : select.getTrueValue()) != 0.0)
      return std::nullopt;
  } else if (auto product = definedBy<arith::MulFOp>(terms)) {
    for (auto [of, other] : {std::pair(product.getLhs(), product.getRhs()), {product.getRhs(), product.getLhs()}})
      if (!oneHot) {
        int sign = lookup.sign;
        oneHot = oneHotOf(withoutSign(other, sign));
        if (oneHot)
          lookup.of = of, lookup.sign = sign;
      }
  }
  if (!oneHot)
    return std::nullopt;
  lookup.targets = oneHot->targets;
  lookup.axis = oneHot->axis;
  lookup.of = withoutSign(lookup.of, lookup.sign);
  if (axisOf(reduce) != lookup.axis) {
    lookup.isTotal = elementsOf(reduce.getResult()) == 1;
    if (!lookup.isTotal)
      return std::nullopt;
  }
  return lookup;
}

/// The elements row * size + target of a flat tensor.
std::optional<Lookup> lookupByGather(GatherOp gather) {
  auto table = shapeOf(gather.getTable());
  int64_t elements = elementsOf(gather.getTable()), rows = elementsOf(gather.getIndices());
  if (table.front() != elements || rows == 0 || elements % rows != 0)
    return std::nullopt;
  Lookup lookup;
  lookup.op = gather;
  lookup.axis = {rows, elements / rows, 1};
  lookup.of = withoutSign(gather.getTable(), lookup.sign);
  auto isStart = [&](Value value) {
    auto product = definedBy<arith::MulIOp>(value);
    if (!product)
      return false;
    for (auto [row, size] : {std::pair(product.getLhs(), product.getRhs()), {product.getRhs(), product.getLhs()}})
      if (splatValue(size) == static_cast<double>(lookup.axis.size) && axisOfIndex(row) == RowAxis{1, rows, 1})
        return true;
    return false;
  };
  if (rows == 1)
    lookup.targets = gather.getIndices();
  else if (auto index = definedBy<arith::AddIOp>(gather.getIndices()))
    for (auto [start, target] : {std::pair(index.getLhs(), index.getRhs()), {index.getRhs(), index.getLhs()}})
      if (isStart(start))
        lookup.targets = target;
  return lookup.targets ? std::optional(lookup) : std::nullopt;
}

std::optional<Lookup> lookupOf(Operation *op) {
  if (auto reduce = dyn_cast_or_null<ReduceOp>(op))
    return lookupBySum(reduce);
  if (auto gather = dyn_cast_or_null<GatherOp>(op))
    return lookupByGather(gather);
  return std::nullopt;
}

//===--- losses --------------------------------------------------------------------------------------===//

struct Loss : Formula {
  Lookup lookup;
  Exponents logits;
  int sign = 1;          ///< -1: the root computes minus the loss
  bool isOfZero = false; ///< where there is no such class, the root is the logarithm of 0, not 0
};

/// `softmax` is the op, or its logarithm, of what `loss` looks up.
bool takeSoftmax(Loss &loss, Operation *softmax) {
  Value x = softmax->getOperand(0);
  if (elementsOf(x) == 0 || !(RowAxis{elementsOf(x) / shapeOf(x).back(), shapeOf(x).back(), 1} == loss.lookup.axis))
    return false;
  loss.logits = {x, Value()};
  addPathsBetween(softmax, loss.root, loss.parts);
  return true;
}

bool takeFormula(Loss &loss, const std::optional<SoftmaxFormula> &formula) {
  if (!formula || !(formula->axis == loss.lookup.axis))
    return false;
  loss.logits = formula->of;
  loss.parts = formula->parts;
  addPathsBetween(formula->root, loss.root, loss.parts);
  return true;
}

/// `op` is a softmax, written out or not.
bool takeAnySoftmax(Loss &loss, Operation *op, ValueNumbers &numbers) {
  return op && (isa<SoftmaxOp>(op) ? takeSoftmax(loss, op) : takeFormula(loss, matchSoftmax(op, numbers)));
}

/// The logarithm of a sum of exponentials among what `value` is joined of.
math::LogOp findLog(Value value, int depth) {
  Operation *op = behindAnyView(value).getDefiningOp();
  if (auto log = dyn_cast_or_null<math::LogOp>(op))
    return logOfExpSum(log) ? log : math::LogOp();
  if (depth > 0 && isa_and_nonnull<arith::AddFOp, arith::SubFOp, arith::NegFOp>(op))
    for (Value operand : op->getOperands())
      if (math::LogOp log = findLog(operand, depth - 1))
        return log;
  return {};
}

/// What `lookup` looks up is the logarithm of a softmax.
std::optional<Loss> matchLogSoftmaxLookup(const Lookup &lookup, ValueNumbers &numbers) {
  Operation *op = behindReshapes(lookup.of).getDefiningOp();
  Loss loss;
  loss.root = lookup.op;
  loss.lookup = lookup;
  loss.sign = -lookup.sign;
  bool found = false;
  if (isa_and_nonnull<LogSoftmaxOp>(op))
    found = takeSoftmax(loss, op);
  else if (auto log = dyn_cast_or_null<math::LogOp>(op))
    found = takeAnySoftmax(loss, behindReshapes(log.getOperand()).getDefiningOp(), numbers);
  else if (math::LogOp log = op ? findLog(op->getResult(0), 6) : math::LogOp())
    found = takeFormula(loss, matchLogSoftmax(op, log, numbers));
  return found ? std::optional(loss) : std::nullopt;
}

/// `log` is the logarithm of what is looked up in a softmax.
std::optional<Loss> matchLogOfLookup(math::LogOp log, ValueNumbers &numbers) {
  std::optional<Lookup> lookup = lookupOf(behindReshapes(log.getOperand()).getDefiningOp());
  if (!lookup || lookup->isTotal || lookup->sign < 0)
    return std::nullopt;
  Loss loss;
  loss.root = log;
  loss.lookup = *lookup;
  loss.sign = -1;
  loss.isOfZero = true;
  return takeAnySoftmax(loss, behindReshapes(lookup->of).getDefiningOp(), numbers) ? std::optional(loss) : std::nullopt;
}

/// `op` computes max + log(sum(exp(x - max))) - x[target], or minus that.
std::optional<Loss> matchDifference(Operation *op, math::LogOp log, ValueNumbers &numbers) {
  ExpSum sum = *logOfExpSum(log);
  if (elementsOf(op->getResult(0)) != sum.axis.rows())
    return std::nullopt;
  Exponents of = exponentsOf(sum, numbers);
  Value exponents = sum.exp.getOperand();
  int logs = 0, shifts = 0, picks = 0, budget = 16;
  Loss loss;
  auto isTerm = [&](Value value, int sign) {
    Value row = behindViews(value, sum.axis);
    if (numbers.same(row, log.getResult())) {
      logs += sign;
      return true;
    }
    if (of.max && numbers.same(row, behindViews(of.max, sum.axis))) {
      shifts += sign;
      return true;
    }
    std::optional<Lookup> lookup = lookupOf(row.getDefiningOp());
    if (!lookup || lookup->isTotal || !(lookup->axis == sum.axis))
      return false;
    bool isShifted = numbers.same(lookup->of, exponents);
    if (!isShifted && (of.scale || !numbers.same(lookup->of, of.x)))
      return false;
    sign *= lookup->sign;
    picks += sign;
    if (isShifted && of.max && !of.scale)
      shifts -= sign; // x[target] - max
    loss.lookup = *lookup;
    return true;
  };
  if (!takeApart(op->getResult(0), 1, sum.axis, isTerm, budget) || logs * logs != 1 || picks != -logs ||
      shifts != (of.max && !of.scale ? logs : 0))
    return std::nullopt;
  loss.root = op;
  loss.logits = of;
  loss.sign = logs;
  addPathsBetween(sum.exp, op, loss.parts);
  return loss;
}

//===--- the pass ------------------------------------------------------------------------------------===//

struct FuseCrossEntropyPass : impl::FuseCrossEntropyBase<FuseCrossEntropyPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    if (saysNotFused(getOperation()))
      for (auto op : block.getOps<LogSoftmaxOp>())
        sayIfSummedOtherwise(op);
    SmallVector<Lookup> lookups;
    for (Operation &op : block)
      if (std::optional<Lookup> lookup = lookupOf(&op))
        lookups.push_back(*lookup);
    if (lookups.empty())
      return;
    ValueNumbers numbers(block);
    std::vector<Loss> found;
    for (const Lookup &lookup : lookups)
      if (std::optional<Loss> loss = matchLogSoftmaxLookup(lookup, numbers))
        found.push_back(*loss);
      else
        sayIfVariable(lookup);
    for (auto log : block.getOps<math::LogOp>())
      if (std::optional<Loss> loss = matchLogOfLookup(log, numbers))
        found.push_back(*loss);
      else if (logOfExpSum(log))
        for (Operation *op : sumsOfTerm(log))
          if (std::optional<Loss> loss = matchDifference(op, log, numbers)) {
            found.push_back(*loss);
            break;
          }
    findOtherReaders(found);
    for (const Loss &loss : found)
      if (Operation *other = loss.otherReader)
        notFused(loss.root, kWhat,
                 isa<VariableOp>(other) ? kVariable
                                        : "something else reads the logarithm of the softmax, or what it is made of");
    llvm::erase_if(found, [](const Loss &loss) { return loss.otherReader; });
    forLastFirst(found, [](const Loss &loss) { fuse(loss); });
    eraseDead(block);
    counted(getOperation(), DEBUG_TYPE, "cross entropies formed", found.size());
  }

  /// Soft targets, say.
  static void sayIfSummedOtherwise(LogSoftmaxOp op) {
    SmallVector<Operation *> readers;
    addReaders(op.getResult(), readers);
    for (size_t i = 0; i < readers.size(); ++i) {
      if (isa<arith::NegFOp>(readers[i])) {
        addReaders(readers[i]->getResult(0), readers);
        continue;
      }
      SmallVector<Operation *> sums{readers[i]};
      if (isa<arith::MulFOp, arith::SelectOp>(readers[i]))
        addReaders(readers[i]->getResult(0), sums);
      bool isSummed = isa<GatherOp>(readers[i]) || llvm::any_of(ArrayRef(sums).drop_front(), llvm::IsaPred<ReduceOp>);
      if (isSummed && llvm::none_of(sums, [](Operation *sum) { return lookupOf(sum).has_value(); }))
        return notFused(op, "this logarithm of a softmax into a cross entropy",
                        "what is summed of it, or looked up, is not one class of each row");
    }
  }

  static void sayIfVariable(const Lookup &lookup) {
    auto variable = definedBy<VariableOp>(lookup.of);
    if (variable && definedBy<LogSoftmaxOp>(variable.getInput()))
      notFused(lookup.op, kWhat, kVariable);
  }

  static void fuse(const Loss &loss) {
    OpBuilder builder(loss.root);
    Location loc = loss.root->getLoc();
    const RowAxis &axis = loss.lookup.axis;
    Value logits = loss.logits.input(builder);
    if (!axis.isLast()) { // classes stand apart
      SmallVector<int64_t> shape{axis.outer, axis.size, axis.inner}, swap{0, 2, 1};
      if (axis.outer == 1)
        shape = {axis.size, axis.inner}, swap = {1, 0};
      logits = TransposeOp::create(builder, loc, reshapeTo(builder, loc, logits, shape), swap);
    }
    logits = reshapeTo(builder, loc, logits, {axis.rows(), axis.size});
    Value targets = reshapeTo(builder, loc, loss.lookup.targets, {axis.rows()});
    Value made = CrossEntropyOp::create(builder, loc, logits, targets).getLosses();
    DEBUG_AT(loss.root) << "is a cross entropy of " << axis.size << " classes";
    if (loss.isOfZero) {
      Value size = splat(builder, loc, targets.getType(), static_cast<double>(axis.size));
      Value isClass = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, targets, size);
      Value infinity = splat(builder, loc, made.getType(), std::numeric_limits<double>::infinity());
      made = arith::SelectOp::create(builder, loc, isClass, made, infinity);
    }
    Value result = loss.root->getResult(0);
    if (loss.lookup.isTotal) {
      ArrayRef<int64_t> shape = shapeOf(cast<ReduceOp>(loss.root).getInput());
      SmallVector<int64_t> positions{axis.rows()};
      if (shape.back() == axis.size)
        positions = llvm::to_vector(shape.drop_back());
      made = reshapeTo(builder, loc, made, positions);
      made = ReduceOp::create(builder, loc, ReduceKind::sum, made,
                              llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(positions.size()))));
    }
    made = reshapeTo(builder, loc, made, shapeOf(result));
    result.replaceAllUsesWith(made);
    if (loss.sign < 0)
      negate(builder, made);
  }

  /// All that read `value` shall read minus it: a negation behind sums, means and weights goes, or one is added.
  static void negate(OpBuilder &builder, Value value) {
    for (Value at = value; at.hasOneUse();) {
      OpOperand &use = *at.use_begin();
      Operation *user = use.getOwner();
      unsigned number = use.getOperandNumber();
      if (isa<arith::NegFOp>(user) ||
          (isa<arith::SubFOp>(user) && number == 1 && splatValue(user->getOperand(0)) == 0.0)) {
        user->getResult(0).replaceAllUsesWith(at);
        return;
      }
      bool isSum = isa<ReduceOp>(user) && cast<ReduceOp>(user).getKind() == ReduceKind::sum;
      bool isQuotient = isa<arith::DivFOp>(user) && number == 0;
      if (isa<arith::MulFOp>(user) || isQuotient) {
        OpOperand &other = user->getOpOperand(1 - number);
        if (std::optional<double> factor = splatValue(other.get()); factor && *factor < 0) {
          OpBuilder here(user);
          other.set(splat(here, user->getLoc(), other.get().getType(), -*factor));
          return;
        }
      } else if (!isSum && !isa<ReshapeOp, BroadcastOp>(user)) {
        break;
      }
      at = user->getResult(0);
    }
    auto negation = arith::NegFOp::create(builder, value.getLoc(), value);
    value.replaceAllUsesExcept(negation, negation);
  }
};

} // namespace
} // namespace sinter
