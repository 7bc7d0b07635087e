// A scan while its operands and results change.
#pragma once

#include "dialects/sinter/Loops.h"

namespace sinter {

class ScanDraft {
public:
  explicit ScanDraft(ScanOp scan);

  /// Replaces the scan, if anything has changed, and all results that are left; `scan` is then the new one.
  void finish();

  mlir::Block &body() { return scan.getBody().front(); }
  NextOp next() { return mlir::cast<NextOp>(body().getTerminator()); }
  mlir::BlockArgument carry(size_t i) { return body().getArgument(i); }
  mlir::BlockArgument sequence(size_t i) { return body().getArgument(init.size() + i); }
  mlir::BlockArgument invariant(size_t i) { return body().getArgument(init.size() + sequences.size() + i); }
  /// The old result that result `i` takes the place of; null for a new one.
  mlir::Value result(size_t i) { return origins[i]; }

  mlir::BlockArgument addSequence(mlir::Value operand);
  mlir::BlockArgument addInvariant(mlir::Value operand);
  /// The number of the result that stacks a value of the body: a new one, unless there is one already.
  size_t addStack(mlir::Value value);
  void dropCarry(size_t i);    ///< its argument and its result have no readers
  void dropStack(size_t i);    ///< counted behind the carries; its result has no readers
  void dropSequence(size_t i); ///< its argument has no readers
  void dropInvariant(size_t i);

  ScanOp scan;
  llvm::SmallVector<mlir::Value> init, sequences, invariants; ///< what the operands will be

private:
  llvm::SmallVector<mlir::Value> origins; ///< of each result
  bool changed = false;
};

} // namespace sinter
