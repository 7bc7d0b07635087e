// Sums along the diagonals of queries x keys: of an attention kernel's blocks, one after the other.
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/attention/AttentionShape.h"

namespace sinter::cpu {

/// The sums of one batch wait in the thread's memory. Each takes its terms in ascending order of queries, in runs of so
/// many queries as a sum has terms in a run (SumOrder.h): what SumDiagonalsOp gives in a kernel of its own.
class AttentionDiagonalsEmitter {
public:
  /// Takes memory from `scratchSize` on, and moves that.
  AttentionDiagonalsEmitter(mlir::OpBuilder &builder, mlir::Location loc, const AttentionKernel &kernel,
                            mlir::Value scratch, int64_t &scratchSize);

  /// Forgets all sums.
  void begin();
  /// Adds the rows from `newQuery` on of the block of queries that begins with `firstQuery`, from the block's `buffer`.
  void addBlock(mlir::Value buffer, mlir::Value firstQuery, mlir::Value newQuery);
  /// Stores the sums of number `batch` in `result`.
  void end(mlir::Value batch, mlir::Value result);

private:
  mlir::Value constant(int64_t value);
  mlir::Value load(mlir::Value from, mlir::Value at);
  void forEachVector(int64_t length, llvm::function_ref<void(mlir::Value at)> body);
  void addRow(mlir::Value buffer, mlir::Value row, mlir::Value query, mlir::Value firstKey);
  void closeRun();
  /// Diagonals.
  int64_t count() const { return kernel.queries + kernel.keys - 1; }
  /// With what rows in whole vectors touch beyond them.
  int64_t padded() const { return kernel.queries - 1 + kernel.keysInVectors() + kLanes; }
  bool inRuns() const;

  mlir::OpBuilder &b;
  mlir::Location loc;
  const AttentionKernel &kernel;
  mlir::Value run, sum, excess; ///< of each diagonal: terms of this run; of those before
};

} // namespace sinter::cpu
