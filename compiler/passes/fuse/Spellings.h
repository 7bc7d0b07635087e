// What a user wrote out by hand, read apart from its spelling: which values are equal though they were written twice,
// which dimension a sum runs along, whether a value is a row's. The passes that recognise formulas ask.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Hashing.h"

#include <optional>
#include <unordered_map>
#include <vector>

namespace sinter {

/// The elements of a tensor in row-major order as [outer, size, inner], with rows along the middle: a dimension, or
/// several that are neighbours. A value of a row is one of outer x inner, in this order, under any shape.
struct RowAxis {
  int64_t outer = 1, size = 1, inner = 1;

  int64_t rows() const { return outer * inner; }
  int64_t elements() const { return rows() * size; }
  /// Whether nothing lies behind it: [rows, size] are the elements in their order.
  bool isLast() const { return inner == 1 || size == 1; }
  bool operator==(const RowAxis &other) const {
    return size == other.size && (size == 1 ? rows() == other.rows() : outer == other.outer && inner == other.inner);
  }
};

/// What `op` reduces, unless kept dimensions stand between reduced ones.
std::optional<RowAxis> axisOf(ReduceOp op);

/// The dimension of `shape` that is this axis, if one is; the last of them where sizes are 1.
std::optional<int64_t> dimensionOf(const RowAxis &axis, llvm::ArrayRef<int64_t> shape);

inline bool isLastDimension(const RowAxis &axis, llvm::ArrayRef<int64_t> shape) {
  return dimensionOf(axis, shape) == static_cast<int64_t>(shape.size()) - 1;
}

/// Whether `op` repeats a value of each row along the row.
bool repeatsRows(BroadcastOp op, const RowAxis &axis);
/// The axis along which each element of `value` is its own index, if `value` is such.
std::optional<RowAxis> axisOfIndex(mlir::Value value);

/// `value` behind views that keep it what it is for each row, or each element of a row: reshapes, and broadcasts that
/// repeat rows. Elementwise ops may stand before or behind those.
mlir::Value behindViews(mlir::Value value, const RowAxis &axis);
/// `value` behind all reshapes and broadcasts, whatever they repeat.
mlir::Value behindAnyView(mlir::Value value);

/// The number that all elements of `value` are, of f32 or i32.
std::optional<double> splatValue(mlir::Value value);

/// The op of kind `Op` that computes `value`, behind reshapes.
template <typename Op> Op definedBy(mlir::Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value.getDefiningOp<Op>();
}

/// Tells equal values: two have one number if they were made by the same computation of the same values, whatever their
/// shapes, and so hold the same elements in row-major order. A `sinter.variable` equals nothing else.
class ValueNumbers {
public:
  /// Of all values of `block`, once two are compared that the ops near them do not tell apart; of later ones when they
  /// are asked for.
  explicit ValueNumbers(mlir::Block &block) : block(block) {}

  bool same(mlir::Value a, mlir::Value b);

private:
  using Key = std::vector<uintptr_t>;

  /// Whether the ops near `a` and `b` tell them apart.
  static bool surelyDiffer(mlir::Value a, mlir::Value b, int depth);
  void numberBlock();
  unsigned of(mlir::Value value);
  std::optional<Key> keyOf(mlir::OpResult value);

  struct HashOfKey {
    size_t operator()(const Key &key) const { return llvm::hash_combine_range(key.begin(), key.end()); }
  };

  mlir::Block &block;
  bool isNumbered = false;
  llvm::DenseMap<mlir::Value, unsigned> numbers;
  std::unordered_map<Key, unsigned, HashOfKey> known;
  unsigned next = 0;
};

/// A formula that was found: the op that gives its result, and those on the way that an op for the whole of it does not
/// leave behind.
struct Formula {
  mlir::Operation *root = nullptr;
  llvm::SmallVector<mlir::Operation *> parts;
  /// What reads a part and has nothing to do with the formula: the part would be computed twice if this became an op.
  mlir::Operation *otherReader = nullptr;
};

/// Adds to `parts` what stands on ways from `from` to `to`, with `from` and without `to`.
void addPathsBetween(mlir::Operation *from, mlir::Operation *to, llvm::SmallVectorImpl<mlir::Operation *> &parts);

/// Sets `otherReader` of each formula, if there is one. Parts and roots of formulas that have none do not count.
void findOtherReaders(llvm::ArrayRef<Formula *> formulas);
template <typename Formulas> void findOtherReaders(Formulas &formulas) {
  llvm::SmallVector<Formula *> all;
  for (Formula &formula : formulas)
    all.push_back(&formula);
  findOtherReaders(llvm::ArrayRef(all));
}

/// Calls `rewrite` of each formula, the last root first: what a formula reads may be the root of an earlier one, which
/// is replaced where it is read then.
template <typename Formulas>
void forLastFirst(Formulas &formulas, llvm::function_ref<void(typename Formulas::value_type &)> rewrite) {
  llvm::SmallVector<typename Formulas::value_type *> order;
  for (auto &formula : formulas)
    order.push_back(&formula);
  llvm::sort(order, [](auto *a, auto *b) { return b->root->isBeforeInBlock(a->root); });
  for (auto *formula : order)
    rewrite(*formula);
}

/// Applies `make`, which works along the last dimension, along `axis` of `input`, as the DSL does it: that dimension is
/// swapped with the last one and back; several dimensions are merged first. `input` is not empty. The result has
/// `type`'s shape.
mlir::Value alongAxis(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, const RowAxis &axis,
                      mlir::RankedTensorType type, llvm::function_ref<mlir::Value(mlir::Value)> make);

/// Adds what reads `value`, behind reshapes and broadcasts.
void addReaders(mlir::Value value, llvm::SmallVectorImpl<mlir::Operation *> &readers);

/// The ops that add, subtract or negate `value`, or what such an op gives, in their order.
llvm::SmallVector<mlir::Operation *> sumsOfTerm(mlir::Value value);

/// Whether a gradient is asked for with respect to what `op` computes, seen through views.
bool isVariable(mlir::Operation *op);

/// Erases what nobody reads any more.
void eraseDead(mlir::Block &block);

} // namespace sinter
