// Groups of ops while they are formed, and which of them must run before which. Private to KernelGroups and
// KernelMembers.
#pragma once

#include "compiler/passes/kernels/KernelGroups.h"
#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/BitVector.h"

#include <memory>

namespace sinter {

enum class GroupKind { Product, Rows, Columns, Elements, Attention, Single };

struct Group : KernelGroup {
  GroupKind kind;
  llvm::SmallVector<int64_t>
      shape;                       ///< Product, Elements: of the maps; Rows: {R} or {R, D}; Columns: of what is reduced
  llvm::SmallVector<int64_t> axes; ///< Columns
  int64_t size = 0;                ///< ops, those in the regions of maps included
  unsigned rank = 0;               ///< higher than those of all groups that must run before this one
  unsigned number = 0;             ///< its place in the order that `closeOrder` has written down
};

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// What one kernel may hold: code generation takes more than linear time for a piece of code.
inline constexpr int64_t kMostOps = 512, kMostMembers = 256;

/// What `op` adds to the size of a group.
int64_t sizeOf(mlir::Operation *op);

/// A reduction of the last of two dimensions.
bool reducesLastOfTwo(ReductionLike op);

class GroupGraph {
public:
  std::vector<std::unique_ptr<Group>> groups; ///< those that have become part of another hold no ops
  llvm::DenseMap<mlir::Operation *, Group *> groupOf;

  /// The group that computes `value`, seen through views.
  Group *producerGroup(mlir::Value value) const;
  /// Puts `op` into `group`; what it reads must have been put somewhere before.
  void add(mlir::Operation *op, Group *group);
  Group *start(mlir::Operation *op, GroupKind kind, llvm::ArrayRef<int64_t> shape);
  /// Whether `later` must run after `earlier`. The search looks at the highest ranks first: see Reachability.h.
  bool follows(const Group &later, const Group &earlier) const;
  /// Writes down which groups follow which, if they are not too many: from now on groups merge, but no op joins one.
  /// Then a question costs nothing, however long the way from one to the other is.
  void closeOrder();
  /// Moves the ops of `member` behind those of `into`; neither may follow the other.
  void merge(Group &into, Group &member);

  /// The groups in an order in which every group follows those it reads from.
  std::vector<KernelGroup> inOrder() const;

  /// Calls `action` with the groups of all ops that read what `group` computes, seen through views, until it returns
  /// true.
  bool anyReader(const Group &group, llvm::function_ref<bool(Group &)> action) const;

private:
  /// `follows`, of groups that are not written down.
  bool searchFollows(const Group &later, const Group &earlier) const;
  /// Those that followed `into` or `member` follow both, and all that these follow.
  void mergeOrder(const Group &into, const Group &member);
  /// The highest ranked of the groups that `group` reads from, or null.
  const Group *lastBefore(const Group &group) const;
  /// Ranks `group` above the producers of its ops from `first` on, and its readers above it.
  void raise(Group &group, size_t first);

  /// Pairs of which the first is known to follow the second: what was found stays true, since groups only grow.
  mutable llvm::DenseSet<std::pair<const Group *, const Group *>> known;
  /// For each group, by number, those that it follows; empty until the order is closed.
  std::vector<llvm::BitVector> before;
};

/// Merges groups that compute the same, and sums of little, where no large value lives longer for it
/// (KernelMembers.cpp).
void mergeMembers(GroupGraph &graph);

/// Merges sums of columns into products that multiply the same matrix (KernelColumns.cpp).
void mergeColumnSums(GroupGraph &graph);

} // namespace sinter
