// sinter-mark-variables: values that gradients are asked for become sinter.variable.
//
//   %a = arith.mulf %x, %two                     %a = arith.mulf %x, %two;   %v = sinter.variable %a
//   %b = arith.mulf %x, %two                     %b = arith.mulf %x, %two
//   %l = ... %a ... %b                    =>     %l = ... %v ... %b
//   %g = sinter.grad %l wrt %a                   %g = sinter.grad %l wrt %v
//
// %b may now become %a: the gradient still counts what reads %v alone. The mark stands in front of the value's readers,
// so passes that fuse or fold see its producer and its readers apart, and need not know of gradients.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/Sinter.h"

#define DEBUG_TYPE "sinter-mark-variables"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MARKVARIABLES
#include "compiler/passes/Passes.h.inc"

namespace {

void mark(Value value) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  auto variable = VariableOp::create(builder, value.getLoc(), value);
  value.replaceAllUsesExcept(variable, variable);
}

/// Folds what folds to values at hand, readers first: a transpose that its reader undoes goes before it can merge with
/// one that it reads itself.
void seeThrough(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    SmallVector<Attribute> unknown(op.getNumOperands());
    SmallVector<OpFoldResult> folded;
    while (succeeded(op.fold(unknown, folded)) && folded.empty()) {
    }
    for (auto [result, value] : llvm::zip(op.getResults(), folded))
      if (auto known = dyn_cast<Value>(value))
        result.replaceAllUsesWith(known);
    if (isOpTriviallyDead(&op))
      op.erase();
  }
}

struct MarkVariablesPass : impl::MarkVariablesBase<MarkVariablesPass> {
  void runOnOperation() override {
    SetVector<Value> values;
    getOperation().walk([&](GradOp grad) { values.insert_range(grad.getWrt()); });
    for (Value value : values)
      mark(value);
    counted(getOperation(), DEBUG_TYPE, "values marked", values.size());
    seeThrough(getOperation().getBody().front());
  }
};

} // namespace
} // namespace sinter
