// sinter-plan-memory: an entry of kernel calls on tensors becomes a plan.entry of launches on buffers at offsets.
//
//   func.func @train(%x: tensor<16xf32>)             plan.entry @train arena 256 live 256 {
//     %w = sinter.read @w                              %x = plan.arena 0;  plan.input "x" %x
//     %new, %loss = func.call @step(%w, %x)     =>     %w = plan.state @w;  %new = plan.state @w;  ...
//     sinter.write @w, %new                            plan.launch @step(%w, %x) -> (%new, %loss) in_place [0, -1]
//     return %loss                                     plan.output "loss" %loss }
//
// 1. Values become buffers (of the arena, states, constants), calls become launches, in the order of the program.
// 2. The new value of a state is written into the state itself if the old one is not read afterwards; otherwise it is
//    copied there at the end. Copies too serve outputs that are states or constants.
// 3. A launch writes over an input that dies there, if the kernel allows it (mayRunInPlace).
// 4. Lives over the order of launches give offsets (Placement.h). The program's own order and two that free memory
//    early (Schedule.h) are tried; the smallest arena wins, and is packed as closely as can be. No result depends on
//    it. (1 to 4 are EntryPlanner.cpp.)
// The verifier of plan.entry proves the result from scratch.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelCost.h"
#include "compiler/passes/memory/PlannedEntry.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Loops.h"

#define DEBUG_TYPE "sinter-plan-memory"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/passes/Passes.h.inc"

namespace {

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    // Nobody has chosen these.
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kAlternativeAttr))
        symbols.erase(function);
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kEntryAttr) && !function->hasAttr(kLoopBodyAttr) && failed(plan(function, symbols)))
        return signalPassFailure();
    // Their launches are in the plans of whoever runs them.
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kLoopBodyAttr))
        function.erase();
    Builder builder(&getContext());
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kKernelAttr))
        continue;
      kernel->setAttr(plan::kFlopsAttr, builder.getF64FloatAttr(countFlops(kernel)));
      kernel->setAttr(plan::kBytesAttr, builder.getF64FloatAttr(countBytes(kernel)));
    }
  }

  static LogicalResult plan(func::FuncOp entry, SymbolTable &symbols) {
    std::unique_ptr<PlannedEntry> planned = planEntry(entry, symbols, Effort::Closely);
    if (!planned)
      return failure();
    int64_t bytes = planned->placement.bytes;
    DEBUG_AT(entry) << entry.getName() << " takes " << bytes << " bytes of arena";
    counted(entry, DEBUG_TYPE, "bytes of arena", bytes);
    emitPlan(*planned, symbols);
    return success();
  }
};

} // namespace
} // namespace sinter
