// Which dimensions of the values inside a sinter.attention are rows, and which are columns.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"

namespace sinter {

/// The dimensions of a value that are rows or columns; -1: it has none.
struct Axes {
  int64_t row = -1, column = -1;

  bool both() const { return row >= 0 && column >= 0; }
  bool none() const { return row < 0 && column < 0; }
  bool operator==(const Axes &other) const = default;
};

/// From an index of its matrix (batches, row, column) to that of its table.
mlir::AffineMap tableIndexOf(DiagonalsOp diagonals);

/// The axes of each value of an attention's region, found from those of its operands.
class AxisAnalysis {
public:
  explicit AxisAnalysis(AttentionOp attention);

  /// Those of a value of the region (as far as the analysis came).
  Axes of(mlir::Value value) const { return known.lookup(value); }
  /// Why the analysis could not go on, and where; empty if it went through.
  llvm::StringRef problem() const { return text; }
  mlir::Operation *where() const { return op; }

private:
  bool visit(mlir::Operation &op);
  bool visitMap(MapOp map);
  bool visitMatmul(MatmulOp matmul);
  bool visitReduce(ReduceOp reduce);
  bool visitDiagonals(DiagonalsOp diagonals);
  bool visitSumDiagonals(SumDiagonalsOp sum);
  bool visitRowwise(mlir::Operation &op);
  bool visitElementwise(mlir::Operation &op);
  bool fail(mlir::Operation &op, const llvm::Twine &why);
  /// Those of a value over all of the attention's shape.
  Axes whole() const { return {static_cast<int64_t>(over.size()) - 2, static_cast<int64_t>(over.size()) - 1}; }

  llvm::ArrayRef<int64_t> over;
  llvm::DenseMap<mlir::Value, Axes> known;
  std::string text;
  mlir::Operation *op = nullptr;
};

} // namespace sinter
