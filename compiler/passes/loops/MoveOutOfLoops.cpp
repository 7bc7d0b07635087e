// sinter-move-out-of-loops: what all steps can do at once is done in front of the loop or behind it.
//
//   %h = scan carry(%h0) over(%x) with(%w, %u)          %xw = matmul [%x : steps * batch rows], %w
//     %a = matmul %xt, %w;  %b = matmul %h, %u    =>     %h = scan carry(%h0) over(%xw) with(%u)
//     ...                                                  %b = matmul %h, %u ...
//
//   %dw, %dx = scan reverse carry(%zeros, ...) ...      %dx, %dy = scan reverse carry(...) ...
//     %a = matmul %xt, %dyt {transpose_lhs}       =>     %dw = matmul [%x], [%dy] {transpose_lhs}
//     %sum = addf %dw, %a
//
// A product of all steps reads the weights once and has a long sum; so has what is summed over rows.
#include "compiler/passes/Debug.h"
#include "compiler/passes/loops/LoopPasses.h"
#include "compiler/passes/loops/ScanDraft.h"

#define DEBUG_TYPE "sinter-move-out-of-loops"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MOVEOUTOFLOOPS
#include "compiler/passes/loops/Passes.h.inc"

namespace {

/// A product with a longer sum than this in each step gains nothing by a longer one.
constexpr int64_t kLongSum = 512;
/// What is stacked for the sake of a product of all steps takes at most so many numbers, or so many times as many as
/// what the loop goes over and stacks anyway.
constexpr int64_t kFewNumbers = 16 << 20, kMostGrowth = 8;

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

bool isSplat(Value value, std::optional<double> number = {}) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
  if (!splat || !number)
    return bool(splat);
  return isa<FloatType>(splat.getElementType()) && splat.getSplatValue<APFloat>().convertToDouble() == *number;
}

/// `value` with its first two dimensions as one.
Value mergeSteps(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape{type.getDimSize(0) * type.getDimSize(1)};
  llvm::append_range(shape, type.getShape().drop_front(2));
  return ReshapeOp::create(builder, loc, type.clone(shape), value);
}

class Mover {
public:
  explicit Mover(ScanOp scan) : draft(scan) {}

  void run(bool beforeGradients) {
    dropUnneeded();
    hoist();
    if (!beforeGradients)
      turnWeights();
    dropUnneeded();
    draft.finish();
    if (!beforeGradients)
      sink();
  }

  int64_t moved = 0;

private:
  //===--- what nobody needs -------------------------------------------------------------------------===//

  void dropUnneeded() {
    for (size_t i = draft.next().getNumOperands(); i-- > draft.init.size();)
      if (Value old = draft.result(i); old && old.use_empty())
        draft.dropStack(i - draft.init.size());
    llvm::SmallVector<bool> needed = neededCarries();
    for (size_t i = draft.init.size(); i-- > 0;)
      dropCarryIf(i, needed[i]);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(draft.body())))
      if (isOpTriviallyDead(&op))
        op.erase();
    for (size_t i = draft.sequences.size(); i-- > 0;)
      if (dropIfUnusedOrTwice(draft.sequences, i, draft.sequence(0)))
        draft.dropSequence(i);
    for (size_t i = draft.invariants.size(); i-- > 0;) {
      if (isSplat(draft.invariants[i])) {
        OpBuilder builder = OpBuilder::atBlockBegin(&draft.body());
        draft.invariant(i).replaceAllUsesWith(builder.clone(*draft.invariants[i].getDefiningOp())->getResult(0));
      }
      if (dropIfUnusedOrTwice(draft.invariants, i, draft.invariant(0)))
        draft.dropInvariant(i);
    }
  }

  /// Whether argument number `i` of those that begin with `first` has no readers, or one with the same operand can take
  /// them over.
  bool dropIfUnusedOrTwice(ArrayRef<Value> operands, size_t i, BlockArgument first) {
    BlockArgument argument = draft.body().getArgument(first.getArgNumber() + i);
    const auto *same = llvm::find(operands, operands[i]);
    if (size_t before = same - operands.begin(); before < i)
      argument.replaceAllUsesWith(draft.body().getArgument(first.getArgNumber() + before));
    return argument.use_empty();
  }

  /// Carries of which a result depends, by way of any number of steps.
  SmallVector<bool> neededCarries() {
    SmallVector<bool> needed(draft.init.size());
    DenseSet<Value> live;
    SmallVector<Value> open;
    auto need = [&](Value value) {
      if (live.insert(value).second)
        open.push_back(value);
    };
    for (auto [i, value] : llvm::enumerate(draft.next().getValues()))
      if (i >= needed.size() || !draft.result(i).use_empty())
        need(value);
    while (!open.empty()) {
      Value value = open.pop_back_val();
      if (Operation *op = value.getDefiningOp()) {
        for (Value operand : op->getOperands())
          need(operand);
      } else if (size_t i = cast<BlockArgument>(value).getArgNumber(); i < needed.size()) {
        needed[i] = true;
        need(draft.next().getOperand(i));
      }
    }
    for (size_t i = 0; i < needed.size(); ++i)
      needed[i] = needed[i] || !draft.result(i).use_empty();
    return needed;
  }

  /// A carry that nothing depends on goes; one that never changes is an invariant.
  void dropCarryIf(size_t i, bool isNeeded) {
    BlockArgument argument = draft.carry(i);
    if (isNeeded && draft.next().getOperand(i) != argument)
      return;
    Value init = draft.init[i];
    if (isNeeded) {
      argument.replaceAllUsesWith(draft.addInvariant(init));
      draft.result(i).replaceAllUsesWith(init);
    } else {
      // What reads it is not needed either, but for what gives it its next value.
      OpBuilder builder = OpBuilder::atBlockBegin(&draft.body());
      argument.replaceAllUsesWith(splat(builder, argument.getLoc(), argument.getType(), 0));
    }
    draft.dropCarry(i);
  }

  //===--- in front ----------------------------------------------------------------------------------===//

  /// The value in front of the scan that `value` is in every step; null if it differs.
  Value invariantOf(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    size_t first = draft.init.size() + draft.sequences.size();
    if (argument && argument.getArgNumber() >= first)
      return draft.invariants[argument.getArgNumber() - first];
    if (isSplat(value)) {
      OpBuilder builder(draft.scan);
      return builder.clone(*value.getDefiningOp())->getResult(0);
    }
    return {};
  }

  /// The stacked value in front of the scan whose part `value` is; null if there is none.
  Value sequenceOf(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && argument.getArgNumber() >= draft.init.size() &&
        argument.getArgNumber() < draft.init.size() + draft.sequences.size())
      return draft.sequences[argument.getArgNumber() - draft.init.size()];
    auto view = value.getDefiningOp<ReshapeOp>();
    Value whole = view ? sequenceOf(view.getInput()) : Value();
    if (!whole)
      return {};
    OpBuilder builder(draft.scan);
    return ReshapeOp::create(builder, view.getLoc(), stackedType(view.getType(), draft.scan.getSteps()), whole);
  }

  static int64_t numbersIn(ValueRange values) {
    int64_t numbers = 0;
    for (Value value : values)
      numbers += cast<RankedTensorType>(value.getType()).getNumElements();
    return numbers;
  }

  /// Whether memory is no reason not to stack `numbers` more.
  bool mayStack(int64_t numbers) {
    int64_t known = numbersIn(draft.sequences) + numbersIn(draft.scan.getStacks());
    return numbers <= std::max(kFewNumbers, kMostGrowth * known);
  }

  void hoist() {
    for (Operation &op : llvm::make_early_inc_range(draft.body().without_terminator()))
      if (isPure(&op) && !isa<arith::ConstantOp>(op) && !hoistInvariant(op))
        hoistProduct(op);
  }

  /// What is larger than what it is made of is better made where it is read.
  bool hoistInvariant(Operation &op) {
    if (op.getNumOperands() == 0 || numbersIn(op.getResults()) > numbersIn(op.getOperands()) ||
        llvm::any_of(op.getResultTypes(), [](Type type) { return getElementTypeOrSelf(type).isInteger(1); }) ||
        llvm::all_of(op.getOperands(), [](Value value) { return isSplat(value); }) ||
        !llvm::all_of(op.getOperands(), [&](Value value) { return invariantOf(value); }))
      return false;
    for (OpOperand &operand : op.getOpOperands())
      operand.set(invariantOf(operand.get()));
    op.moveBefore(draft.scan);
    for (Value result : op.getResults()) {
      BlockArgument argument = draft.addInvariant(result);
      result.replaceUsesWithIf(argument, [&](OpOperand &use) { return use.getOwner()->getBlock() == &draft.body(); });
    }
    ++moved;
    return true;
  }

  void hoistProduct(Operation &op) {
    auto product = dyn_cast<MatmulOp>(op);
    if (!product || shapeOf(product.getLhs()).size() != 2 || product.getTransposeLhs() || !product.isWhole() ||
        draft.scan.getSteps() == 1 ||
        !mayStack(numbersIn(product->getResults()) * static_cast<int64_t>(draft.scan.getSteps())))
      return;
    Value weights = invariantOf(product.getRhs());
    Value whole = weights ? sequenceOf(product.getLhs()) : Value();
    if (!whole)
      return;
    OpBuilder builder(draft.scan);
    Location loc = product.getLoc();
    Value all = MatmulOp::create(builder, loc, mergeSteps(builder, loc, whole), weights, false,
                                 product.getTransposeRhs(), product.getBf16());
    Value stacked =
        ReshapeOp::create(builder, loc, stackedType(product.getResult().getType(), draft.scan.getSteps()), all);
    product.getResult().replaceAllUsesWith(draft.addSequence(stacked));
    product->erase();
    ++moved;
  }

  /// What every step would multiply by the columns of, one of them multiplies by the rows of: turned once in front of
  /// the loop, instead of in each step.
  void turnWeights() {
    for (auto product : llvm::make_early_inc_range(draft.body().getOps<MatmulOp>())) {
      Value weights = product.getTransposeRhs() && product.isWhole() && shapeOf(product.getRhs()).size() == 2
                          ? invariantOf(product.getRhs())
                          : Value();
      if (!weights || draft.scan.getSteps() == 1)
        continue;
      OpBuilder builder(draft.scan), inside(product);
      Value turned = TransposeOp::create(builder, product.getLoc(), weights, ArrayRef<int64_t>{1, 0});
      Value same = MatmulOp::create(inside, product.getLoc(), product.getLhs(), draft.addInvariant(turned),
                                    product.getTransposeLhs(), false, product.getBf16());
      product.getResult().replaceAllUsesWith(same);
      product->erase();
      ++moved;
    }
  }

  //===--- behind ------------------------------------------------------------------------------------===//

  /// A sum of terms, one a step, that is known once all steps are done.
  struct Sum {
    size_t carry;
    SmallVector<Operation *> terms; ///< of each step
  };

  /// What each step adds to a carry that is nothing but a sum; nothing if it is something else.
  std::optional<Sum> sumOf(size_t carry) {
    BlockArgument argument = draft.carry(carry);
    if (!argument.hasOneUse() || !isSplat(draft.init[carry], 0))
      return std::nullopt;
    Sum sum{carry, {}};
    SmallVector<Value> open{draft.next().getOperand(carry)};
    bool meetsCarry = false;
    while (!open.empty()) {
      Value value = open.pop_back_val();
      if (value == argument) {
        meetsCarry = true;
        continue;
      }
      Operation *op = value.getDefiningOp();
      if (!op || !op->hasOneUse())
        return std::nullopt;
      if (isa<arith::AddFOp>(op))
        llvm::append_range(open, op->getOperands());
      else
        sum.terms.push_back(op);
    }
    return meetsCarry && llvm::all_of(sum.terms, [&](Operation *op) { return isSummable(op); })
               ? std::optional<Sum>(sum)
               : std::nullopt;
  }

  bool isStacked(Value value) {
    return sequenceOf(value) || llvm::is_contained(draft.next().getValues().drop_front(draft.init.size()), value);
  }

  /// Whether a sum over all steps of `op` is one op on stacked values. Sums of rows are not worth a stack of their own.
  bool isSummable(Operation *op) {
    if (auto product = dyn_cast<MatmulOp>(op))
      return shapeOf(product.getLhs()).size() == 2 && product.getTransposeLhs() && !product.getTransposeRhs() &&
             product.isWhole() && shapeOf(product.getLhs())[0] <= kLongSum;
    auto reduction = dyn_cast<ReductionLike>(op);
    return reduction && reduction.isSum() && isStacked(reduction.getInput());
  }

  /// The stack of a value of the body, once the scan has been replaced.
  Value stackOf(Value value, DenseMap<Value, size_t> &numbers) {
    if (auto number = numbers.find(value); number != numbers.end())
      return draft.scan.getResult(number->second);
    return sequenceOf(value);
  }

  void sink() {
    std::vector<Sum> sums;
    // Sums of products first: they stack values that others then need not.
    for (bool products : {true, false}) {
      for (size_t i = 0; i < draft.init.size(); ++i) {
        std::optional<Sum> sum = sumOf(i);
        if (!sum || sum->terms.empty() || llvm::any_of(sums, [&](const Sum &known) { return known.carry == i; }) ||
            products != llvm::any_of(sum->terms, llvm::IsaPred<MatmulOp>))
          continue;
        SmallVector<Value> stacks;
        for (Operation *op : sum->terms)
          for (Value operand : op->getOperands())
            if (!isStacked(operand))
              stacks.push_back(operand);
        if (!mayStack(numbersIn(stacks) * static_cast<int64_t>(draft.scan.getSteps())))
          continue;
        for (Value value : stacks)
          draft.addStack(value);
        sums.push_back(std::move(*sum));
      }
    }
    if (sums.empty())
      return;
    draft.finish();
    DenseMap<Value, size_t> numbers;
    for (auto [i, value] : llvm::enumerate(draft.next().getValues()))
      if (i >= draft.init.size())
        numbers.try_emplace(value, i);
    OpBuilder builder(draft.scan->getContext());
    builder.setInsertionPointAfter(draft.scan);
    for (const Sum &sum : sums) {
      Value total;
      for (Operation *op : sum.terms) {
        Value term = sumOverSteps(builder, op, numbers);
        total = total ? arith::AddFOp::create(builder, op->getLoc(), total, term).getResult() : term;
        ++moved;
      }
      draft.result(sum.carry).replaceAllUsesWith(total);
    }
    dropUnneeded();
    draft.finish();
  }

  Value sumOverSteps(OpBuilder &builder, Operation *op, DenseMap<Value, size_t> &numbers) {
    Location loc = op->getLoc();
    if (auto product = dyn_cast<MatmulOp>(op))
      return MatmulOp::create(builder, loc, mergeSteps(builder, loc, stackOf(product.getLhs(), numbers)),
                              mergeSteps(builder, loc, stackOf(product.getRhs(), numbers)), true, false,
                              product.getBf16());
    auto reduction = cast<ReductionLike>(op);
    SmallVector<int64_t> axes{0};
    for (int64_t axis : reduction.getAxes())
      axes.push_back(axis + 1);
    return reduction.reduceInstead(builder, stackOf(reduction.getInput(), numbers), axes)->getResult(0);
  }

  ScanDraft draft;
};

struct MoveOutOfLoopsPass : impl::MoveOutOfLoopsBase<MoveOutOfLoopsPass> {
  using MoveOutOfLoopsBase::MoveOutOfLoopsBase;

  void runOnOperation() override {
    SmallVector<ScanOp> scans;
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); }); // inner ones first
    int64_t moved = 0;
    for (ScanOp scan : scans) {
      if (isOpTriviallyDead(scan)) {
        scan.erase();
        continue;
      }
      if (whileCarry(scan)) // nobody knows how many steps there would be to stack for
        continue;
      Mover mover(scan);
      mover.run(beforeGradients);
      moved += mover.moved;
    }
    counted(getOperation(), DEBUG_TYPE, "computations moved", moved);
  }
};

} // namespace
} // namespace sinter
