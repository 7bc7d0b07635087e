// Along which dimension of a value positions in time lie, and what an op that computes some positions reads of its
// operands: the analysis behind derive-decode, which asks each op (TimeAxisOp).
#pragma once

#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace sinter {

class TimeAxes {
public:
  /// Of the straight-line code of `block`, of which `tokens` has time along its last dimension, and `position` says
  /// which of the new positions a gather along time picks.
  TimeAxes(mlir::Block &block, mlir::Value tokens, mlir::Value position);

  /// Positions that there are.
  int64_t length() const { return positions; }
  /// The dimension of a value that is time; none if it is timeless.
  std::optional<int64_t> of(mlir::Value value) const;
  /// How an op reads its operands.
  llvm::ArrayRef<TimeReading> readings(mlir::Operation *op) const { return reads.find(op)->second; }
  /// The op that is in the way, and why; null if there is none.
  mlir::Operation *where() const { return culprit; }
  llvm::StringRef problem() const { return text; }

private:
  bool visit(mlir::Operation &op, mlir::Value position);
  bool fail(mlir::Operation *op, const llvm::Twine &why);

  int64_t positions;
  llvm::DenseMap<mlir::Value, int64_t> time;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<TimeReading>> reads;
  mlir::Operation *culprit = nullptr;
  std::string text;
};

} // namespace sinter
