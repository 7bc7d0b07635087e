// One entry that computes new positions only, from one that computes all of them (DeriveDecode.cpp).
#pragma once

#include "compiler/passes/decode/Caches.h"
#include "compiler/passes/decode/Conditions.h"
#include "compiler/passes/decode/TimeAxis.h"

#include "dialects/sinter/Axes.h"
#include "dialects/sinter/Loops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <optional>

namespace sinter {

inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }

/// `value` as a tensor of `shape`.
inline mlir::Value reshaped(mlir::OpBuilder &b, mlir::Value value, llvm::ArrayRef<int64_t> shape) {
  return ReshapeOp::create(b, value.getLoc(), typeOf(value).clone(shape), value);
}

/// What an entry computes: some new positions of one text, or one of each of several texts.
struct NewPositions {
  int64_t texts = 1, each = 1;
  bool ofTexts() const { return texts > 1; }
  int64_t all() const { return texts * each; }
};

/// Positions lie along the dimension in which the source has all of them. Of several texts these are one position of
/// each, at an offset each. Where they meet what is remembered, each has its own, so texts become a dimension in front
/// (Lift.h); likewise behind the gather that picks one of the new positions.
class EntryDeriver {
public:
  /// `encoded` has what the entry of the conditions writes.
  EntryDeriver(mlir::func::FuncOp source, const TimeAxes &time, const Conditions &conditions, Caches &encoded,
               Caches &caches, NewPositions count);

  /// The entry; null, with an error, if an op has no rule for several texts.
  mlir::func::FuncOp run(llvm::StringRef name, mlir::BlockArgument tokens, mlir::BlockArgument position);

private:
  void declare(llvm::StringRef name, mlir::BlockArgument tokens, mlir::BlockArgument position);
  bool derive(mlir::Operation &op);
  bool deriveOfAll(mlir::Operation &op, mlir::IRMapping &operands);
  bool pick(GatherOp op);
  bool lifted(mlir::Operation &op, mlir::IRMapping &operands, llvm::ArrayRef<int64_t> units);
  bool ofEachText(mlir::Operation &op, mlir::IRMapping &operands, llvm::ArrayRef<int64_t> dims);
  mlir::Value read(mlir::Value operand, TimeReading reading);
  bool inlined(AttentionOp attention);
  bool scanned(ScanOp scan);
  mlir::Value carryBefore(mlir::Value init, StateOp cache);
  void bound(MatmulOp product, const AxisAnalysis &axes, mlir::IRMapping &inside);
  void clone(mlir::Operation &op, mlir::IRMapping &operands, llvm::ArrayRef<int64_t> dims);
  void cloneMap(MapOp map, mlir::IRMapping &operands, int64_t dim);
  mlir::Value positions();
  mlir::Value behind(llvm::ArrayRef<int64_t> batch);
  using Number = llvm::function_ref<mlir::Value(mlir::OpBuilder &inner, mlir::Value offset)>;
  mlir::Value numbers(llvm::ArrayRef<int64_t> shape, Number number);
  mlir::Value swapped(mlir::Value value, int64_t dim);
  mlir::Value moved(mlir::Value value, int64_t from, int64_t to);
  mlir::Value partOf(mlir::Value value, int64_t dim);
  mlir::Value ownOf(mlir::Value value, int64_t dim);
  mlir::Value rowsOfTexts(mlir::Value rows, int64_t back);
  mlir::Value toTexts(mlir::Value value, int64_t dim);
  mlir::Value fromTexts(mlir::Value value, int64_t dim);
  mlir::Value remembered(mlir::Value operand, int64_t dim);

  mlir::func::FuncOp source, entry;
  const TimeAxes &time;
  const Conditions &conditions;
  Caches &encoded, &caches;
  NewPositions count;
  mlir::OpBuilder b;
  mlir::IRMapping mapping;
  mlir::Value offset, newPositions; ///< of the first new position, of all of them
  std::map<std::vector<int64_t>, mlir::Value> ends;
  std::optional<Lift> lift; ///< of several texts
  llvm::DenseMap<mlir::Operation *, mlir::Value> updated;
  llvm::SmallVector<std::pair<StateOp, mlir::Value>> writes;
};

} // namespace sinter
