// Ops on several copies of what they compute at once: values get one more dimension in front, with a copy each.
//
//   %y = sinter.softmax %x : tensor<4x8xf32>              %y = sinter.softmax %x : tensor<16x4x8xf32>
//
// What is the same for all copies, such as a weight, stays as it is: an op that reads nothing else is cloned unchanged,
// and a product of rows with a weight becomes one of all copies' rows. Ops have a rule each (LiftableOp).
#pragma once

#include "dialects/Precompiled.h"

#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/DenseSet.h"

namespace sinter {

class Lift {
public:
  /// `index`, i32 [copies], is what an index along a dimension stands for that has but one element in each copy.
  Lift(mlir::OpBuilder &builder, int64_t copies, mlir::Value index) : b(builder), copies(copies), index(index) {}

  /// Whether this value, of the new code, has a copy each along its first dimension.
  bool isLifted(mlir::Value value) const { return lifted.contains(value); }
  void markLifted(mlir::Value value) { lifted.insert(value); }
  /// To be called before its op is erased: what comes later may lie where it lay.
  void forget(mlir::Value value) { lifted.erase(value); }

  /// Clones `op` on what `mapping` has for its operands, and maps its results. Result i has one element along dimension
  /// units[i] of the original, which had more (-1: all dimensions stay as they are). Fails, with nothing made, for an
  /// op that it has no rule for.
  mlir::LogicalResult clone(mlir::Operation &op, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);

  /// `value` with a copy each; itself if it has them.
  mlir::Value lift(mlir::Value value);

  /// For rules: the type of a copy's `original` for all copies; `op` on lifted operands, with its results mapped, whose
  /// attributes are still those of one copy.
  mlir::RankedTensorType typeOf(mlir::Value original, int64_t unit) const;
  mlir::Operation *cloneAll(mlir::Operation &op, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);

  mlir::OpBuilder &builder() const { return b; }
  int64_t count() const { return copies; }
  mlir::Value places() const { return index; }

private:
  mlir::OpBuilder &b;
  int64_t copies;
  mlir::Value index;
  llvm::DenseSet<mlir::Value> lifted;
};

/// The rule of an op that has no attributes about dimensions.
llvm::LogicalResult liftAll(mlir::Operation *op, Lift &lift, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);

/// The same along one more dimension in front, of which an op takes or does `first`.
llvm::SmallVector<int64_t> withLeading(int64_t first, llvm::ArrayRef<int64_t> values, int64_t shift);

} // namespace sinter
