// Reverse-mode differentiation over straight-line code: shared by `differentiate` (tensors in a function) and by the
// gradient of `sinter.map` (scalars in its region).
#pragma once

#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace sinter {

/// Cotangents by value; several contributions to one value are added as they come.
class Cotangents {
public:
  /// Null if nothing has flowed to `value`.
  mlir::Value lookup(mlir::Value value) const { return map.lookup(value); }
  void add(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Value cotangent);

private:
  llvm::DenseMap<mlir::Value, mlir::Value> map;
};

/// The values among results of `ops` (in program order) that depend on `sources` through differentiable types,
/// `sources` included.
llvm::DenseSet<mlir::Value> dependents(llvm::ArrayRef<mlir::Operation *> ops, mlir::ValueRange sources);

/// Walks `ops` backwards, asking each op that has an active operand and a cotangent for its vjp; new ops go where
/// `builder` stands. Emits an error at an op that blocks the way without being differentiable.
llvm::LogicalResult backpropagate(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Operation *> ops,
                                  const llvm::DenseSet<mlir::Value> &active, Cotangents &cotangents);

} // namespace sinter
