// sinter-inline-attention: a sinter.attention becomes the ops of its region again.
//
// Where a target has no kernel for it, it is taken apart before kernels are chosen: what its gradient computes again is
// then found to be there already. What a target has a kernel for stays until kernels are outlined. Its ops then go into
// the entry with the number of their group, and outline-kernels takes them together; or it stays what it is, if the
// target's code generation reads it so.
#include "compiler/passes/Passes.h"
#include "compiler/passes/attention/FusedAttention.h"
#include "compiler/passes/attention/RowBlocks.h"
#include "compiler/passes/fuse/NotFused.h"
#include "compiler/passes/kernels/KernelAbilities.h"
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_INLINEATTENTION
#include "compiler/passes/Passes.h.inc"

namespace {

struct InlineAttentionPass : impl::InlineAttentionBase<InlineAttentionPass> {
  using InlineAttentionBase::InlineAttentionBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    Builder builder(&getContext());
    int64_t count = 0;
    bool changed = false;
    for (auto attention : llvm::make_early_inc_range(getOperation().getOps<AttentionOp>())) {
      std::string why = abilities->attention ? whyNoKernel(attention, *abilities) : "";
      bool hasKernel = abilities->attention && why.empty();
      if ((hasKernel && (!mark || abilities->readsAttention)) || rowsOfBlock(attention, *abilities))
        continue;
      // (The ops of a small loss head are meant to be kernels of their own.)
      if (!why.empty() && attention.getOver().size() > 2)
        notFused(attention, "this attention into one kernel", why);
      inlineBody(attention, hasKernel ? builder.getI64IntegerAttr(count++) : Attribute());
      changed = true;
    }
    if (!changed)
      markAllAnalysesPreserved();
  }

  /// What an op of the region is in a kernel for all of it; nothing for a view.
  static StringRef roleOf(Operation &op, const AxisAnalysis &axes) {
    if (isa<DiagonalsOp>(op))
      return "";
    if (isa<SumDiagonalsOp>(op))
      return kSumsDiagonals;
    if (!isa<ProductLike>(op))
      return kOnRows;
    Axes result = axes.of(op.getResult(0));
    return result.both() ? kMakes : result.row >= 0 ? kSumsColumns : kSumsRows;
  }

  /// `number`: the group's, or null if its ops go different ways.
  static void inlineBody(AttentionOp attention, Attribute number) {
    OpBuilder builder(attention);
    Block &body = attention.getBody().front();
    IRMapping mapping;
    mapping.map(body.getArguments(), attention.getInputs());
    AxisAnalysis axes(attention);
    for (Operation &op : body.without_terminator()) {
      Operation *clone = builder.clone(op, mapping);
      if (number && !isa<arith::ConstantOp>(op)) {
        clone->setAttr(kAttentionAttr, number);
        if (StringRef role = roleOf(op, axes); !role.empty())
          clone->setAttr(kRoleAttr, builder.getStringAttr(role));
      }
    }
    for (auto [result, value] : llvm::zip_equal(attention.getResults(), body.getTerminator()->getOperands()))
      result.replaceAllUsesWith(mapping.lookup(value));
    attention.erase();
  }
};

} // namespace
} // namespace sinter
