// A kernel as a list of loop nests ("units") over strided storage: the picture that scheduling works on.
//
//   %m = linalg.generic max (%x)           unit 0: dims {row, col*}   reads x[row, col], writes m[row]     (* reduced)
//   %y = linalg.generic sub (%x, %m)  =>   unit 1: dims {row, col}    reads x[row, col], m[row], writes y[row, col]
//
// Views (slices, reshapes) disappear into the accesses; fills and constants become scalars; destinations of results are
// found by following the returned values back, so that nothing is computed to one place and copied to another.
#pragma once

#include "compiler/codegen/scalars/Body.h"

#include <deque>
#include <vector>

namespace sinter::codegen {

/// constant + sum of coefficient * dimension; what a dimension is depends on the stage (see Unit::dims).
struct Affine {
  int64_t constant = 0;
  llvm::SmallVector<std::pair<unsigned, int64_t>, 2> terms;

  static Affine dim(unsigned d) { return {0, {{d, 1}}}; }
  /// The dimension d, if the expression is exactly `d`.
  std::optional<unsigned> plainDim() const;
  int64_t coefficient(unsigned d) const;
  bool operator==(const Affine &) const = default;
};

/// In place of a dimension: a loop of one iteration, or one that was merged into another. (Not ~0u, which is a key that
/// DenseMap keeps for itself.)
inline constexpr unsigned kNoDim = 1u << 30;

/// Memory that a kernel touches: an argument, an output, or a temporary of one tile.
struct Storage {
  enum Kind { Argument, Output, Temporary } kind;
  unsigned position;  ///< which argument or output
  mlir::Type element; ///< as the tensor says; booleans are bytes in memory
  llvm::SmallVector<int64_t> shape;
  unsigned writers = 0;
  // Decided by scheduling:
  bool inMemory = true;                    ///< false: lives in registers only
  llvm::SmallVector<int64_t> strides = {}; ///< per dimension of `shape`; 0 for dimensions that a tile has one of
  int64_t scratchOffset = -1;
  int64_t elements = 0; ///< in memory
};

/// Consecutive dimensions [first, last] of a storage, indexed in row-major order as one.
struct AccessPart {
  unsigned first, last;
  Affine index;
};

/// Which element of a storage is meant. Parts cover the storage's dimensions in order.
struct Access {
  Storage *storage = nullptr;
  llvm::SmallVector<AccessPart, 4> parts;

  /// The number of elements that a part ranges over.
  int64_t partSize(const AccessPart &part) const;
  /// The storage dimension that is indexed by exactly dimension `d`, or -1.
  int64_t plainPosition(unsigned d) const;
  bool uses(unsigned d) const;
  bool sameElement(const Access &other) const;
};

/// What a unit reads: a scalar known at compile time, or memory. Neither: nothing (the value is never used).
struct Operand {
  mlir::TypedAttr splat;
  std::optional<Access> access;
  mlir::Type element;
};

struct Result {
  Access access;
  bool used = true;
  mlir::Operation *combiner = nullptr; ///< of a reduction
};

/// One loop nest: a linalg.generic, or a copy (no body; operand 0 is the value).
struct Unit {
  mlir::Location loc;
  mlir::Block *body = nullptr;
  llvm::SmallVector<int64_t> extents = {};
  llvm::SmallVector<bool> reduced = {};
  /// One per argument of the body: inputs, then the results' initial values.
  std::vector<Operand> operands = {};
  std::vector<Result> results = {};
  unsigned inputs = 0;
  /// The kernel-wide dimension of each loop; accesses are in terms of those once scheduling has unified them.
  llvm::SmallVector<unsigned> dims = {};

  bool isReduction() const { return llvm::is_contained(reduced, true); }
  /// Whether a loop of the unit is the kernel-wide dimension `dim`; whether it is a reduced one.
  bool has(unsigned dim) const { return llvm::is_contained(dims, dim); }
  bool reduces(unsigned dim) const;
};

/// A kernel function, read.
class LoopGraph {
public:
  /// Reads the kernel; emits the error and fails if something in it has no meaning as loops.
  static llvm::FailureOr<std::unique_ptr<LoopGraph>> read(mlir::func::FuncOp kernel);

  /// The tensor that a body's tensor.extract reads, as an access of its own dimensions; it must live in memory.
  std::optional<Access> lookup(mlir::Value tensor) const;

  /// Visits every access: of which unit, and whether it writes.
  void forEachAccess(llvm::function_ref<void(Unit &, Access &, bool writes)> visit);

  /// Floating point operations of all units.
  int64_t flops() const;

  std::deque<Storage> storages;
  std::deque<Unit> units;

private:
  llvm::LogicalResult build(mlir::func::FuncOp kernel);
  llvm::LogicalResult assign(mlir::Value value, const Access &destination);
  llvm::LogicalResult addOp(mlir::Operation &op);
  llvm::LogicalResult addGeneric(mlir::linalg::GenericOp op);
  llvm::LogicalResult addInsertSlice(mlir::tensor::InsertSliceOp op);
  llvm::FailureOr<Operand> operandFor(mlir::Value value, mlir::AffineMap map);
  Access destinationOf(mlir::Value value);
  void addCopy(mlir::Location loc, const Operand &value, const Access &destination, llvm::ArrayRef<int64_t> shape,
               bool atStart = false);
  Storage &addStorage(Storage::Kind kind, unsigned position, mlir::RankedTensorType type);

  llvm::DenseMap<mlir::Value, Access> accesses;     ///< of values that exist
  llvm::DenseMap<mlir::Value, Access> destinations; ///< of values to come
  llvm::DenseMap<mlir::Value, mlir::TypedAttr> splats;
  llvm::SmallPtrSet<mlir::Operation *, 8> bases;   ///< inserts whose destination operand is computed in place
  llvm::SmallPtrSet<mlir::Operation *, 8> sources; ///< inserts whose slice is computed in place
};

/// The access of a whole storage by its own dimensions.
Access identityAccess(Storage &storage);

/// Substitutes dimension d of the access by `replacements[d]`.
Access substitute(const Access &access, llvm::ArrayRef<Affine> replacements);

} // namespace sinter::codegen
