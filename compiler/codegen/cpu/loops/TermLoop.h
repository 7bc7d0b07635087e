// Loops that carry values, and those over the terms of sums, which add up in the order of codegen/loops/SumOrder.h.
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/loops/SumOrder.h"

namespace sinter::cpu {

/// One iteration: replaces the carried values by the next ones.
using LoopBody = llvm::function_ref<llvm::LogicalResult(mlir::Value index, llvm::MutableArrayRef<mlir::Value> carried)>;

/// `scf.for` from `from` to `to` that carries `values`; they are replaced by the loop's results.
llvm::LogicalResult emitLoop(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value from, mlir::Value to,
                             int64_t step, llvm::SmallVectorImpl<mlir::Value> &values, LoopBody body);

/// Whether what `combiner` folds adds up in runs, at `terms` terms an accumulator. (The order matters to no other op.)
bool addsInRuns(mlir::Operation *combiner, int64_t terms);

/// A loop over terms of accumulators: those marked in `adds` are sums, and start from zero again in every run.
struct TermLoop {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t step;                 ///< from one term's index to the next one's
  llvm::SmallVector<bool> adds; ///< of each accumulator; none: all terms are folded in one go

  /// Folds the terms of [0, to), of a constant number, and one more by `last` if that is given.
  llvm::LogicalResult emit(int64_t to, llvm::SmallVectorImpl<mlir::Value> &accumulators, LoopBody body,
                           llvm::function_ref<llvm::LogicalResult(llvm::MutableArrayRef<mlir::Value>)> last = {});
  /// Folds the terms of [from, to), which are only known when the kernel runs: [0, most) at the most. Those left out
  /// are zeros of sums.
  llvm::LogicalResult emit(mlir::Value from, mlir::Value to, int64_t most,
                           llvm::SmallVectorImpl<mlir::Value> &accumulators, LoopBody body);

private:
  bool inRuns() const { return llvm::is_contained(adds, true); }
  int64_t runLength() const { return kTermsPerRun * step; }
  void openSums(llvm::SmallVectorImpl<mlir::Value> &accumulators);
  using Terms = llvm::function_ref<llvm::LogicalResult(llvm::SmallVectorImpl<mlir::Value> &)>;
  llvm::LogicalResult emitRun(llvm::MutableArrayRef<mlir::Value> carried, Terms terms);
};

} // namespace sinter::cpu
