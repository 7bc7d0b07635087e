// What ops say of themselves about time (TimeAxisOp): along which dimension of a value positions lie, and what an op
// that computes some positions reads of its operands.
//
//   timeless    weights, tables, numbers: the same for all positions
//   timed       one dimension is time; its element at t was computed from elements at t of others, or, by an op that
//               remembers, from those at t and before
#pragma once

#include "dialects/Precompiled.h"

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

/// A question to one op, and its answer.
class TimeRule {
public:
  /// `times`: of each operand, the dimension that is time; -1 if it is timeless. `position` is the number, of the
  /// entry, that says which of the new positions is asked for.
  TimeRule(mlir::Operation *op, int64_t length, mlir::Value position, llvm::ArrayRef<int64_t> times)
      : op(op), positions(length), position(position), times(times), readings(op->getNumOperands()),
        results(op->getNumResults(), -1) {}

  /// Positions that there are.
  int64_t length() const { return positions; }
  int64_t timeOf(unsigned operand) const { return times[operand]; }
  bool isTimed(unsigned operand) const { return times[operand] >= 0; }
  /// Whether `index` is the position that is asked for.
  bool isPosition(mlir::Value index) const;

  /// New positions of an operand that is timed along `dim`; else what belongs to them along it.
  void readNew(unsigned operand, int64_t dim) {
    readings[operand] = {isTimed(operand) ? TimeReading::New : TimeReading::AtOffset, dim};
  }
  void remember(unsigned operand) { readings[operand] = {TimeReading::Remembered, timeOf(operand)}; }
  void give(unsigned result, int64_t dim) { results[result] = dim; }
  /// Reads new positions of what is timed, and all of the rest; has time along `dim` of all results.
  void pass(int64_t dim);
  /// The same, of an op that works row by row: rows are not along time.
  void passRows();
  /// The op, or one inside of it, is in the way.
  void refuse(const llvm::Twine &why) { refuseAt(op, why); }
  void refuseAt(mlir::Operation *inner, const llvm::Twine &why) {
    culprit = inner;
    text = why.str();
  }

  llvm::ArrayRef<TimeReading> getReadings() const { return readings; }
  llvm::ArrayRef<int64_t> getResults() const { return results; }
  /// The op that is in the way, and why; null if there is none.
  mlir::Operation *where() const { return culprit; }
  llvm::StringRef problem() const { return text; }

private:
  mlir::Operation *op;
  int64_t positions;
  mlir::Value position;
  llvm::ArrayRef<int64_t> times;
  llvm::SmallVector<TimeReading> readings;
  llvm::SmallVector<int64_t> results;
  mlir::Operation *culprit = nullptr;
  std::string text;
};

} // namespace sinter
