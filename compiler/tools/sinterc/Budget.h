// What a program takes beside its arena: for --memory-budget.
#pragma once

#include "compiler/Pipeline.h"
#include "compiler/Report.h"

#include "mlir/IR/BuiltinOps.h"

namespace sinter {

/// What a program allocates, of a module at stage `target`, on the CPU with so many threads.
Memory memoryOf(mlir::ModuleOp module, const TargetOptions &target, unsigned threads);

/// Finds out how much of the budget in `options` the arena may not have, for a module at stage `shared`: plans on
/// copies of it, generates code for each of `targets` (all of one kind), and plans again if all that does not fit. Sets
/// `besideArena` and `besideOfFewerRows`. Errors have been emitted on failure.
llvm::LogicalResult findBytesBesideArena(mlir::ModuleOp module, Stage shared, PipelineOptions &options,
                                         llvm::ArrayRef<TargetOptions> targets, unsigned threads);

} // namespace sinter
