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

/// The type of the cotangents of a value of `type`, a tensor or a scalar: its own, but those of 16-bit floats are f32,
/// so that nothing is added up in 16 bits.
mlir::Type cotangentType(mlir::Type type);

/// The values among results of `ops` (in program order) that depend on `sources` through differentiable types,
/// `sources` included.
llvm::DenseSet<mlir::Value> dependents(llvm::ArrayRef<mlir::Operation *> ops, mlir::ValueRange sources);

/// Set while gradients are expanded, on an op whose result something further on may throw away: the cotangent that
/// comes back to it may hold zeros that mean "not chosen" and must stay zeros at an infinite slope. Without it a
/// cotangent of 0 is a number like any other, and 0 times infinity is NaN.
inline constexpr llvm::StringLiteral kMayBeThrownAway = "sinter.may_be_thrown_away";

/// Sets kMayBeThrownAway on those of `ops` (in program order) and of the ops in their regions to which it applies, and
/// removes it from the others. `active`: see dependents. `thrown`: values that are known to be such; grows by all
/// others. An op inside a region has the same answer as if the region were inlined, so that it does not matter what was
/// fused.
void markThrownAway(llvm::ArrayRef<mlir::Operation *> ops, const llvm::DenseSet<mlir::Value> &active,
                    llvm::DenseSet<mlir::Value> &thrown);

/// Walks `ops` backwards, asking each op that has an active operand and a cotangent for its vjp; new ops go where
/// `builder` stands. Emits an error at an op that blocks the way without being differentiable.
llvm::LogicalResult backpropagate(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Operation *> ops,
                                  const llvm::DenseSet<mlir::Value> &active, Cotangents &cotangents);

} // namespace sinter
