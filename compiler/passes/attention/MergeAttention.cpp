// sinter-merge-attention: two sinter.attention over the same rows and columns become one, and what both compute is
// computed once.
//
//   %l = attention (%x rows, %e columns, %t rows) { logits, losses }
//   %dx, %de = attention (%x rows, %e columns, %t rows, %g rows) { logits, their gradient, its products }
//                                                      => %l, %dx, %de = attention { logits once }
//
// So it is where a cotangent is known before what it belongs to: a loss at the end of a training step, or an attention
// whose gradient is asked for along a given tensor. Elsewhere the gradient waits for what the first one gives, and
// recomputes. Runs before kernels are chosen.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/attention/FusedAttention.h"
#include "compiler/passes/attention/RowBlocks.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

#define DEBUG_TYPE "sinter-merge-attention"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MERGEATTENTION
#include "compiler/passes/Passes.h.inc"

namespace {

/// Which operand of `attention` is `value` along the same dimensions as operand `i` of `other`; none: its number of
/// operands.
unsigned sameOperand(AttentionOp attention, AttentionOp other, unsigned i) {
  unsigned count = attention.getInputs().size();
  for (unsigned j = 0; j < count; ++j)
    if (attention.getInputs()[j] == other.getInputs()[i] && attention.getRowDims()[j] == other.getRowDims()[i] &&
        attention.getColumnDims()[j] == other.getColumnDims()[i])
      return j;
  return count;
}

/// Whether both multiply the same rows and columns.
bool shareScores(AttentionOp a, AttentionOp b) {
  auto products = [](AttentionOp op) { return op.getBody().front().getOps<ProductLike>(); };
  auto sameArgument = [&](Value ofA, Value ofB) {
    auto left = dyn_cast<BlockArgument>(ofA), right = dyn_cast<BlockArgument>(ofB);
    return left && right && sameOperand(a, b, right.getArgNumber()) == left.getArgNumber();
  };
  for (ProductLike left : products(a))
    for (ProductLike right : products(b))
      if (left->getAttrDictionary() == right->getAttrDictionary() && sameArgument(left.getLhs(), right.getLhs()) &&
          sameArgument(left.getRhs(), right.getRhs()))
        return true;
  return false;
}

/// Whether `later` needs what `earlier` gives.
bool dependsOn(Operation *later, Operation *earlier) {
  SmallVector<Operation *> worklist{later};
  DenseSet<Operation *> seen;
  while (!worklist.empty())
    for (Value operand : worklist.pop_back_val()->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (producer == earlier)
        return true;
      if (producer && earlier->isBeforeInBlock(producer) && seen.insert(producer).second)
        worklist.push_back(producer);
    }
  return false;
}

/// One of both, in front of the later one, with the results of `a` and then those of `b`; equal ops of both are one.
AttentionOp merged(AttentionOp a, AttentionOp b) {
  SmallVector<Value> inputs(a.getInputs());
  SmallVector<int64_t> rows(a.getRowDims()), columns(a.getColumnDims());
  SmallVector<unsigned> placeOf; // of each operand of b
  for (unsigned i = 0; i < b.getInputs().size(); ++i) {
    unsigned place = sameOperand(a, b, i);
    if (place == a.getInputs().size()) {
      place = inputs.size();
      inputs.push_back(b.getInputs()[i]);
      rows.push_back(b.getRowDims()[i]), columns.push_back(b.getColumnDims()[i]);
    }
    placeOf.push_back(place);
  }
  OpBuilder builder(b);
  SmallVector<Type> types(a.getResultTypes());
  types.append(b.result_type_begin(), b.result_type_end());
  auto both = AttentionOp::create(builder, b.getLoc(), types, inputs, b.getOver(), rows, columns);
  Block &body = both.getBody().emplaceBlock();
  for (Value input : inputs)
    body.addArgument(input.getType(), b.getLoc());
  OpBuilder inner = OpBuilder::atBlockEnd(&body);
  SmallVector<Value> yielded;
  auto take = [&](AttentionOp op, llvm::function_ref<unsigned(unsigned)> place) {
    IRMapping mapping;
    for (BlockArgument argument : op.getBody().front().getArguments())
      mapping.map(argument, body.getArgument(place(argument.getArgNumber())));
    for (Operation &one : op.getBody().front().without_terminator())
      inner.clone(one, mapping);
    for (Value value : op.getBody().front().getTerminator()->getOperands())
      yielded.push_back(mapping.lookup(value));
  };
  take(a, [](unsigned i) { return i; });
  take(b, [&](unsigned i) { return placeOf[i]; });
  YieldOp::create(inner, b.getLoc(), yielded);
  IRRewriter rewriter(builder);
  DominanceInfo dominance(both);
  eliminateCommonSubExpressions(rewriter, dominance, both);
  return both;
}

/// How a target computes an attention: what is taken apart whole meets in any case.
enum class Way { Whole, Kernel, Blocks };

Way wayOf(AttentionOp attention, const KernelAbilities &abilities) {
  return hasKernel(attention, abilities) ? Way::Kernel : rowsOfBlock(attention, abilities) ? Way::Blocks : Way::Whole;
}

/// Puts one in the place of both, if the target computes it as it would have computed them.
bool merge(AttentionOp a, AttentionOp b, const KernelAbilities &abilities) {
  AttentionOp both = merged(a, b);
  if (wayOf(both, abilities) != wayOf(b, abilities)) {
    both.erase();
    return false;
  }
  unsigned first = a.getNumResults();
  a.replaceAllUsesWith(both.getResults().take_front(first));
  b.replaceAllUsesWith(both.getResults().drop_front(first));
  a.erase();
  b.erase();
  return true;
}

struct MergeAttentionPass : impl::MergeAttentionBase<MergeAttentionPass> {
  using MergeAttentionBase::MergeAttentionBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    int64_t count = 0;
    while (mergeOnePair(*abilities)) {
      sortTopologically(&getOperation().getBody().front());
      ++count;
    }
    counted(getOperation(), DEBUG_TYPE, "attentions merged", count);
    if (count == 0)
      markAllAnalysesPreserved();
  }

  bool mergeOnePair(const KernelAbilities &abilities) {
    SmallVector<std::pair<AttentionOp, Way>> all;
    for (auto op : getOperation().getOps<AttentionOp>())
      if (Way way = wayOf(op, abilities); way != Way::Whole)
        all.push_back({op, way});
    for (auto [j, later] : llvm::enumerate(all))
      for (auto [earlier, way] : ArrayRef(all).take_front(j))
        if (way == later.second && earlier.getOver() == later.first.getOver() && shareScores(earlier, later.first) &&
            !dependsOn(later.first, earlier) && merge(earlier, later.first, abilities)) {
          DEBUG_AT(getOperation()) << "two attentions compute together what both need";
          return true;
        }
    return false;
  }
};

} // namespace
} // namespace sinter
