// What is known of triangles of values, op by op.
#pragma once

#include "dialects/sinter/Triangles.h"

namespace sinter {

/// By value, and by operand of an op.
class KnownTriangles {
public:
  /// Of the straight-line code of `block`. What ops know, they say themselves (TriangularOp). Below is what is at least
  /// `reach` below the diagonal.
  explicit KnownTriangles(mlir::Block &block, int64_t reach = 1);

  Known of(mlir::Value value) const { return known.lookup(value); }
  llvm::SmallVector<Known> ofOperands(mlir::Operation &op) const;

private:
  llvm::DenseMap<mlir::Value, Known> known;
};

} // namespace sinter
