// Which ops of an entry run in one kernel.
#pragma once

#include "compiler/passes/kernels/KernelAbilities.h"

#include "mlir/IR/Block.h"

#include <vector>

namespace sinter {

/// Ops of one kernel, in an order in which each follows what it reads.
struct KernelGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  std::string kind; ///< as its kernel will say (Roles.h)
  /// Equal computations on different tensors, whose first dimensions may differ: the ops of the first, of the second...
  int64_t members = 1;
};

/// The op that names the kernel: the product or the reduction rather than the maps around it, what reads views rather
/// than these.
mlir::Operation *anchorOf(llvm::ArrayRef<mlir::Operation *> ops);

/// A literal that each kernel has for itself.
bool isSplatConstant(mlir::Operation *op);

/// Ops that stay in the entry: state, views, literal tensors.
bool staysInEntry(mlir::Operation *op);

/// Groups the ops of an entry in canonical shapes (KernelShapes.h), but for state, views and literals, which stay in
/// the entry. Every group follows those that it reads from.
///
///   product   a matmul, and maps over its result that read it element by element (the epilogue)
///   rows      row-wise ops, reductions of the last dimension and maps, over the same R rows
///   columns   reductions of another dimension of one shape that read the same values, each with the map that only it
///             reads (the prologue)
///   elements  maps of one shape that read each other element by element
///   attention ops that sinter-inline-attention has marked
///   single    anything else; a concatenation takes the transposes that only it reads, and these take slices; what is
///             scattered takes its addition to another table, where the target does that
///
/// Groups of elements with the same scalar code that wait for the same values (an optimizer's updates of all
/// parameters) are members of one kernel.
///
/// Where the target has column sums, those of a matrix are part of a product that has this matrix for its right
/// operand.
///
/// An op joins the group of one of its producers, or one that reads the same values, if no path leaves that group and
/// comes back. Nothing that a user could see depends on the grouping but time and memory.
std::vector<KernelGroup> groupKernels(mlir::Block &block, const KernelAbilities &abilities);

} // namespace sinter
