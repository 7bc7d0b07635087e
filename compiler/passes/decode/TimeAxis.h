// Along which dimension of a value positions in time lie, and what an op that computes some positions reads of its
// operands: the analysis behind derive-decode.
//
//   timeless    weights, tables, numbers: the same for all positions
//   timed       one dimension is time; its element at t was computed from elements at t of others, or, by a causal
//               attention, from those at t and before
#pragma once

#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace sinter {

/// What an op that computes new positions takes of an operand.
struct TimeReading {
  enum Kind {
    Whole,      ///< all of it: it is timeless
    New,        ///< the new positions, along `dim`
    AtOffset,   ///< of something timeless, the part along `dim` that belongs to the new positions
    Remembered, ///< all positions so far, along `dim`: it is kept from call to call
  } kind = Whole;
  int64_t dim = -1;
};

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
  using Readings = llvm::SmallVector<TimeReading>;
  bool visit(mlir::Operation &op);
  bool visitReshape(ReshapeOp op);
  bool visitConcat(ConcatOp op);
  bool visitGather(GatherOp op);
  bool visitMap(MapOp op);
  bool visitMatmul(MatmulOp op);
  bool visitAttention(AttentionOp op);
  bool visitRows(mlir::Operation &op);
  bool isCausal(AttentionOp op);
  /// The op reads new positions of its only timed operand, and its results have time along `dim`.
  bool pass(mlir::Operation &op, int64_t dim);
  bool fail(mlir::Operation &op, const llvm::Twine &why);
  int64_t timeOf(mlir::Value value) const { return of(value).value_or(-1); }

  int64_t positions;
  mlir::Value position;
  llvm::DenseMap<mlir::Value, int64_t> time;
  llvm::DenseMap<mlir::Operation *, Readings> reads;
  mlir::Operation *culprit = nullptr;
  std::string text;
};

} // namespace sinter
