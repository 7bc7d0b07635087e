#include "compiler/passes/fuse/SoftmaxSpellings.h"
#include "compiler/passes/MapUtils.h"

using namespace mlir;

namespace sinter {
namespace {

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// `value` is what one op computes, behind views that keep the rows.
template <typename Op> Op opBehindViews(Value value, const RowAxis &axis) {
  return behindViews(value, axis).getDefiningOp<Op>();
}

/// Whether `value` is the largest element of each row of `x`, or of all of `x`.
bool isMaximum(Value value, Value x, const RowAxis &axis, ValueNumbers &numbers) {
  value = behindViews(value, axis);
  // A softmax does not change with what is subtracted: many write that its gradient need not go there.
  if (auto stopped = value.getDefiningOp<StopGradientOp>())
    value = behindViews(stopped.getInput(), axis);
  if (auto broadcast = value.getDefiningOp<BroadcastOp>(); broadcast && elementsOf(broadcast.getInput()) == 1)
    value = broadcast.getInput();
  auto reduce = definedBy<ReduceOp>(value);
  if (!reduce || reduce.getKind() != ReduceKind::max || !numbers.same(reduce.getInput(), x))
    return false;
  return elementsOf(reduce.getResult()) == 1 || axisOf(reduce) == axis;
}

/// x and max of x - max, also of -max + x.
std::optional<std::pair<Value, Value>> shifted(Value value, const RowAxis &axis, ValueNumbers &numbers) {
  if (auto difference = definedBy<arith::SubFOp>(value))
    if (isMaximum(difference.getRhs(), difference.getLhs(), axis, numbers))
      return std::pair(difference.getLhs(), difference.getRhs());
  if (auto sum = definedBy<arith::AddFOp>(value))
    for (auto [x, other] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())})
      if (auto negation = opBehindViews<arith::NegFOp>(other, axis))
        if (isMaximum(negation.getOperand(), x, axis, numbers))
          return std::pair(x, negation.getOperand());
  return std::nullopt;
}

/// The sum of exponentials that `divisor` is, or repeats along its rows.
std::optional<ExpSum> expSumBehind(Value divisor) {
  auto reduce = behindAnyView(divisor).getDefiningOp<ReduceOp>();
  std::optional<ExpSum> sum = reduce ? expSumOf(reduce) : std::nullopt;
  if (!sum || behindViews(divisor, sum->axis) != reduce.getResult())
    return std::nullopt;
  return sum;
}

/// The divisor of 1 / divisor.
Value divisorOfOne(Value value) {
  auto quotient = behindAnyView(value).getDefiningOp<arith::DivFOp>();
  return quotient && splatValue(quotient.getLhs()) == 1.0 ? quotient.getRhs() : Value();
}

} // namespace

std::optional<ExpSum> expSumOf(ReduceOp op) {
  auto exp = definedBy<math::ExpOp>(op.getInput());
  std::optional<RowAxis> axis = axisOf(op);
  if (op.getKind() != ReduceKind::sum || !exp || !axis || !op.getType().getElementType().isF32())
    return std::nullopt;
  return ExpSum{op, exp, *axis};
}

std::optional<ExpSum> logOfExpSum(math::LogOp log) { return expSumBehind(log.getOperand()); }

Exponents exponentsOf(ExpSum sum, ValueNumbers &numbers) {
  Value all = sum.exp.getOperand();
  if (auto found = shifted(all, sum.axis, numbers))
    return {found->first, found->second};
  Operation *scale = behindReshapes(all).getDefiningOp();
  if (isa_and_nonnull<arith::MulFOp, arith::DivFOp>(scale))
    for (OpOperand &operand : scale->getOpOperands()) {
      Value other = scale->getOperand(1 - operand.getOperandNumber());
      if (!splatValue(other) || (isa<arith::DivFOp>(scale) && operand.getOperandNumber() == 1))
        continue;
      // Of another shape than what is scaled, it would need reshapes.
      auto found = shifted(operand.get(), sum.axis, numbers);
      if (found && found->first.getType() == operand.get().getType())
        return {found->first, found->second, scale};
    }
  return {all, Value()};
}

Value Exponents::input(OpBuilder &builder) const {
  if (!scale)
    return x;
  Operation *scaled = builder.clone(*scale);
  scaled->setOperand(splatValue(scale->getOperand(1)) ? 0 : 1, x);
  return scaled->getResult(0);
}

std::optional<SoftmaxFormula> matchSoftmax(Operation *op, ValueNumbers &numbers) {
  auto isQuotient = [&](Value exp, Value divisor) -> std::optional<SoftmaxFormula> {
    std::optional<ExpSum> sum = expSumBehind(divisor);
    if (!sum || !numbers.same(exp, sum->exp.getResult()))
      return std::nullopt;
    SoftmaxFormula formula;
    formula.root = op;
    formula.axis = sum->axis;
    formula.of = exponentsOf(*sum, numbers);
    if (sum->axis.elements() == 0)
      return std::nullopt;
    addPathsBetween(sum->exp, op, formula.parts);
    if (Operation *again = definedBy<math::ExpOp>(exp); again != sum->exp)
      addPathsBetween(again, op, formula.parts);
    return formula;
  };
  if (auto quotient = dyn_cast<arith::DivFOp>(op))
    return isQuotient(quotient.getLhs(), quotient.getRhs());
  if (auto product = dyn_cast<arith::MulFOp>(op))
    for (auto [exp, inverse] : {std::pair(product.getLhs(), product.getRhs()), {product.getRhs(), product.getLhs()}}) {
      Value divisor = divisorOfOne(inverse);
      std::optional<SoftmaxFormula> formula = divisor ? isQuotient(exp, divisor) : std::nullopt;
      // The inverse, too, belongs to the row.
      if (formula && behindViews(inverse, formula->axis) == behindAnyView(inverse))
        return formula;
    }
  return std::nullopt;
}

bool takeApart(Value value, int sign, const RowAxis &axis, llvm::function_ref<bool(Value, int)> term, int &budget) {
  if (--budget < 0)
    return false;
  if (term(value, sign))
    return true;
  Operation *op = behindViews(value, axis).getDefiningOp();
  if (auto sum = dyn_cast_or_null<arith::AddFOp>(op))
    return takeApart(sum.getLhs(), sign, axis, term, budget) && takeApart(sum.getRhs(), sign, axis, term, budget);
  if (auto difference = dyn_cast_or_null<arith::SubFOp>(op)) {
    bool isNegation = splatValue(difference.getLhs()) == 0.0;
    return (isNegation || takeApart(difference.getLhs(), sign, axis, term, budget)) &&
           takeApart(difference.getRhs(), -sign, axis, term, budget);
  }
  if (auto negation = dyn_cast_or_null<arith::NegFOp>(op))
    return takeApart(negation.getOperand(), -sign, axis, term, budget);
  return false;
}

std::optional<SoftmaxFormula> matchLogSoftmax(Operation *op, math::LogOp log, ValueNumbers &numbers) {
  std::optional<ExpSum> sum = logOfExpSum(log);
  if (!sum || !isa<arith::AddFOp, arith::SubFOp, arith::NegFOp>(op) ||
      elementsOf(op->getResult(0)) != sum->axis.elements())
    return std::nullopt;
  Exponents of = exponentsOf(*sum, numbers);
  if (of.scale)
    of = {sum->exp.getOperand(), Value()}; // the difference is one term
  int x = 0, max = 0, logs = 0, budget = 16;
  bool good = takeApart(
      op->getResult(0), 1, sum->axis,
      [&](Value value, int sign) {
        Value row = behindViews(value, sum->axis);
        if (numbers.same(value, of.x))
          x += sign;
        else if (of.max && numbers.same(row, behindViews(of.max, sum->axis)))
          max += sign;
        else if (numbers.same(row, log.getResult()))
          logs += sign;
        else
          return false;
        return true;
      },
      budget);
  if (!good || sum->axis.elements() == 0 || x != 1 || logs != -1 || max != (of.max ? -1 : 0))
    return std::nullopt;
  SoftmaxFormula formula;
  formula.root = op;
  formula.kind = SoftmaxFormula::LogSoftmax;
  formula.axis = sum->axis;
  formula.of = exponentsOf(*sum, numbers);
  addPathsBetween(sum->exp, op, formula.parts);
  return formula;
}

} // namespace sinter
