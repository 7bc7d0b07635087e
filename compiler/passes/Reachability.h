// Which ops of a block depend on which, asked one pair at a time.
#pragma once

#include "mlir/IR/Operation.h"

#include "llvm/ADT/DenseMap.h"

namespace sinter {

/// Answers whether paths of operands lead from op to op, while a pass rewrites the block. Every op has a rank, at first
/// its place, and no op has a higher rank than its readers: what ranks above the end of a path cannot lie on it. The
/// search looks at the highest ranks first; in a training step, where the backward pass reads what the forward pass
/// left, the way from one end to the other is then a few ops long, however deep the model is.
class Reachability {
public:
  explicit Reachability(mlir::Block &block);

  /// Whether `to` depends on `from`, which is another op.
  bool leadsTo(mlir::Operation *from, mlir::Operation *to) const;
  /// The same by a path on which, behind `from`, an op that is `wanted` lies; it may be `to`.
  bool leadsTo(mlir::Operation *from, mlir::Operation *to, llvm::function_ref<bool(mlir::Operation *)> wanted) const;

  /// `op` is new, and reads nothing that ranks higher than `rank`.
  void add(mlir::Operation *op, unsigned rank);
  /// `op` is about to be erased; returns its rank.
  unsigned remove(mlir::Operation *op);
  /// `reader` now reads what `producer` computes.
  void connect(mlir::Operation *producer, mlir::Operation *reader);
  bool contains(mlir::Operation *op) const { return ranks.contains(op); }
  unsigned rankOf(mlir::Operation *op) const { return ranks.at(op); }

private:
  llvm::DenseMap<mlir::Operation *, unsigned> ranks;
};

} // namespace sinter
