// Ops on several copies of what they compute at once: values get one more dimension in front, with a copy each.
//
//   %y = sinter.softmax %x : tensor<4x8xf32>              %y = sinter.softmax %x : tensor<16x4x8xf32>
//
// What is the same for all copies, such as a weight, stays as it is: an op that reads nothing else is cloned unchanged,
// and a product of rows with a weight becomes one of all copies' rows.
#pragma once

#include "dialects/sinter/Sinter.h"

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

private:
  mlir::RankedTensorType typeOf(mlir::Value original, int64_t unit) const;
  mlir::Operation *cloneAll(mlir::Operation &op, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);
  void cloneMap(MapOp op, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);
  void cloneMatmul(MatmulOp op, mlir::IRMapping &mapping, llvm::ArrayRef<int64_t> units);

  mlir::OpBuilder &b;
  int64_t copies;
  mlir::Value index;
  llvm::DenseSet<mlir::Value> lifted;
};

} // namespace sinter
