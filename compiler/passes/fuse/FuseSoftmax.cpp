// sinter-fuse-softmax: a softmax that is written out becomes sinter.softmax, its logarithm sinter.log_softmax.
//
//   %m = reduce max %x axes [1]
//   %d = subf %x, broadcast %m
//   %e = exp %d                              =>    %y = sinter.softmax %x
//   %s = reduce sum %e axes [1]
//   %y = divf %e, broadcast %s
//
// Every sum of exponentials is looked at: what is divided by it, what its logarithm is subtracted from. Which
// dimensions it sums, under which shapes, what was subtracted before, and whether a term is written twice, does not
// matter. Then the logarithm of a softmax, and the exponential of its logarithm, become one op.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"
#include "compiler/passes/fuse/SoftmaxSpellings.h"

#define DEBUG_TYPE "sinter-fuse-softmax"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSESOFTMAX
#include "compiler/passes/Passes.h.inc"

namespace {

constexpr const char *kWhat = "this sum of exponentials into a softmax";
constexpr const char *kVariable = "a gradient is asked for with respect to a value in the middle of it";

/// What the sum is part of: softmaxes, and logarithms of softmaxes.
void match(ExpSum sum, ValueNumbers &numbers, std::vector<SoftmaxFormula> &found) {
  SmallVector<Operation *> readers;
  addReaders(sum.sum.getResult(), readers);
  for (size_t i = 0; i < readers.size(); ++i) {
    Operation *reader = readers[i];
    if (auto quotient = dyn_cast<arith::DivFOp>(reader); quotient && splatValue(quotient.getLhs()) == 1.0)
      addReaders(quotient.getResult(), readers);
    if (std::optional<SoftmaxFormula> formula = matchSoftmax(reader, numbers)) {
      found.push_back(*formula);
    } else if (auto log = dyn_cast<math::LogOp>(reader)) {
      for (Operation *op : sumsOfTerm(log))
        if (std::optional<SoftmaxFormula> formula = matchLogSoftmax(op, log, numbers)) {
          found.push_back(*formula);
          break; // later ones are of this one's result
        }
    }
  }
}

/// Why nothing was found around a sum.
std::string whyNot(ExpSum sum) {
  SmallVector<Operation *> readers, variables{sum.exp, sum.sum};
  addReaders(sum.sum.getResult(), readers);
  for (Operation *reader : readers)
    if (isa<math::LogOp>(reader))
      variables.push_back(reader);
  if (llvm::any_of(variables, isVariable))
    return kVariable;
  for (Operation *reader : readers)
    if (auto quotient = dyn_cast<arith::DivFOp>(reader);
        quotient && behindAnyView(quotient.getRhs()) == sum.sum.getResult()) {
      if (behindViews(quotient.getRhs(), sum.axis) != sum.sum.getResult())
        return "what is divided by the sum lies along other dimensions than the sum's terms";
      return "what is divided by the sum is not what was summed";
    }
  return "neither are its terms divided by the sum, nor is the sum's logarithm subtracted from what they are "
         "exponentials of";
}

struct FuseSoftmaxPass : impl::FuseSoftmaxBase<FuseSoftmaxPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    formed = 0;
    fuseSums(block);
    fuseLogarithms(block);
    counted(getOperation(), DEBUG_TYPE, "softmaxes formed", formed);
  }

  void fuseSums(Block &block) {
    SmallVector<ExpSum> sums;
    for (auto reduce : block.getOps<ReduceOp>()) {
      if (std::optional<ExpSum> sum = expSumOf(reduce))
        sums.push_back(*sum);
      else if (reduce.getKind() == ReduceKind::sum)
        sayIfExponentials(reduce);
    }
    if (sums.empty())
      return;
    ValueNumbers numbers(block);
    std::vector<SoftmaxFormula> found;
    SmallVector<size_t> ends; // in `found`, of each sum
    for (ExpSum sum : sums) {
      match(sum, numbers, found);
      ends.push_back(found.size());
    }
    findOtherReaders(found);
    size_t begin = 0;
    for (auto [sum, end] : llvm::zip_equal(sums, ends)) {
      if (begin == end)
        notFused(sum.sum, kWhat, whyNot(sum));
      for (; begin < end; ++begin)
        if (Operation *reader = found[begin].otherReader) {
          notFused(sum.sum, kWhat,
                   isa<VariableOp>(reader) ? kVariable
                                           : "something else reads its exponentials, their sum or its logarithm");
          begin = end;
          break;
        }
    }
    llvm::erase_if(found, [](const SoftmaxFormula &formula) { return formula.otherReader; });
    forLastFirst(found, [&](const SoftmaxFormula &formula) { fuse(formula); });
    eraseDead(block);
  }

  /// `reduce` is no sum of exponentials along an axis, but looks like one.
  static void sayIfExponentials(ReduceOp reduce) {
    auto variable = definedBy<VariableOp>(reduce.getInput());
    if (variable && definedBy<math::ExpOp>(variable.getInput()))
      notFused(reduce, kWhat, kVariable);
    else if (definedBy<math::ExpOp>(reduce.getInput()))
      notFused(reduce, kWhat, "between the dimensions that it sums is one that it does not");
  }

  void fuse(const SoftmaxFormula &formula) {
    OpBuilder builder(formula.root);
    Location loc = formula.root->getLoc();
    Value result = formula.root->getResult(0);
    Value made = alongAxis(builder, loc, formula.of.input(builder), formula.axis,
                           cast<RankedTensorType>(result.getType()), [&](Value rows) -> Value {
                             if (formula.kind == SoftmaxFormula::Softmax)
                               return SoftmaxOp::create(builder, loc, rows.getType(), rows);
                             return LogSoftmaxOp::create(builder, loc, rows.getType(), rows);
                           });
    DEBUG_AT(formula.root) << (formula.kind == SoftmaxFormula::Softmax ? "is a softmax" : "is a logarithm of softmax");
    result.replaceAllUsesWith(made);
    ++formed;
  }

  /// log(softmax x) and exp(log_softmax x), where nothing else reads the inner one.
  void fuseLogarithms(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (isa<math::LogOp>(op))
        fuseOuter<SoftmaxOp, LogSoftmaxOp>(op, "this softmax and its logarithm", "something else reads the softmax");
      else if (isa<math::ExpOp>(op))
        fuseOuter<LogSoftmaxOp, SoftmaxOp>(op, "this logarithm of softmax and its exponential",
                                           "something else reads the logarithm");
    }
    eraseDead(block);
  }

  /// `outer` reads an `Inner` through views: it becomes an `Outer`, and the same views of it.
  template <typename Inner, typename Outer> void fuseOuter(Operation &outer, const char *what, const char *why) {
    SmallVector<Operation *> views;
    Value value = outer.getOperand(0);
    for (Operation *op = value.getDefiningOp(); isa_and_nonnull<ReshapeOp, TransposeOp>(op);
         op = value.getDefiningOp()) {
      views.push_back(op);
      value = op->getOperand(0);
    }
    auto inner = value.getDefiningOp<Inner>();
    if (!inner)
      return;
    Operation *reader = &outer;
    for (Operation *view : views) {
      if (!llvm::all_of(view->getUsers(), [&](Operation *user) { return user == reader; }))
        return notFused(&outer, what, why);
      reader = view;
    }
    if (!llvm::all_of(inner->getUsers(), [&](Operation *user) { return user == reader; }))
      return notFused(&outer, what, why);
    OpBuilder builder(&outer);
    Value made = Outer::create(builder, outer.getLoc(), inner.getType(), inner.getInput());
    for (Operation *view : llvm::reverse(views)) {
      Operation *clone = builder.clone(*view);
      clone->setOperand(0, made);
      made = clone->getResult(0);
    }
    DEBUG_AT(&outer) << "is computed from what its operand is computed from";
    outer.getResult(0).replaceAllUsesWith(made);
    ++formed;
  }

  int64_t formed = 0;
};

} // namespace
} // namespace sinter
