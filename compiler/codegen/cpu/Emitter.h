// What every CPU emitter needs: 16-lane loads and stores, cloning a scalar region on lanes, the fixed reduction tree.
//
// Vectors have 16 lanes on every machine (LLVM splits them where registers are narrower), so that a reduction has one
// order everywhere. Memory is addressed through one-dimensional views: an access is an offset and a stride along lanes.
#pragma once

#include "dialects/Precompiled.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <optional>

namespace sinter::cpu {

/// Lanes of every vector.
inline constexpr int64_t kLanes = 16;

/// vector<16xT>.
mlir::VectorType lanesOf(mlir::Type element);

/// Whether `value` differs from lane to lane.
bool isLanes(mlir::Value value);

/// `value` on all lanes; a vector is returned unchanged. Constants become dense constants.
mlir::Value toLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// `arith.constant value : index`.
mlir::Value indexConstant(mlir::OpBuilder &builder, mlir::Location loc, int64_t value);

/// How a tensor element type is held in memory: booleans are bytes.
mlir::Type memoryType(mlir::Type element);

/// Converts a value (scalar or lanes) to or from the element type that memory holds it in.
mlir::Value toMemory(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);
mlir::Value fromMemory(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Type element);

/// A one-dimensional view of a memref of static shape and identity layout.
mlir::Value flatten(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref);

/// A view of `count` elements of `element`, `byteOffset` bytes into the scratch (a memref of i8).
mlir::Value scratchView(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scratch, int64_t byteOffset,
                        mlir::Type element, int64_t count);

/// Mask of the first `count` lanes.
mlir::Value laneMask(mlir::OpBuilder &builder, mlir::Location loc, int64_t count);

/// Lanes flat[offset], flat[offset + stride], ...; those from `count` on are zero and are not touched in memory.
mlir::Value loadLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value flat, mlir::Value offset,
                      int64_t stride = 1, int64_t count = kLanes);

/// Stores the first `count` lanes to flat[offset], flat[offset + stride], ...
void storeLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lanes, mlir::Value flat, mlir::Value offset,
                int64_t stride = 1, int64_t count = kLanes);

/// A linear expression of index values, materialised with as few ops as needed.
struct LinearIndex {
  int64_t constant = 0;
  llvm::SmallVector<std::pair<mlir::Value, int64_t>, 4> terms;

  LinearIndex &add(mlir::Value value, int64_t factor);
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc) const;
};

/// A flat buffer read through strides: element [i, j, ...] is at offset + i * strides[0] + j * strides[1] + ...
struct FlatTensor {
  mlir::Value flat;
  int64_t offset = 0;
  llvm::SmallVector<int64_t, 4> strides;
};

/// Where a region is cloned: which loop runs along the lanes, and the values of the loops.
struct LaneContext {
  /// The iteration dimension along the lanes; -1: none, everything is scalar.
  int64_t vectorDim = -1;
  /// Lanes that are inside the iteration space (the others compute on garbage, and touch no memory).
  int64_t count = kLanes;
  /// Value (at lane 0) of the iteration dimension `dim`, of type index.
  llvm::function_ref<mlir::Value(int64_t dim)> index;
  /// Where the tensor that a `tensor.extract` reads from lives; unset: extracts are an error.
  llvm::function_ref<std::optional<FlatTensor>(mlir::Value tensor)> tensor;
};

/// Clones the ops of `body` (arith, math, linalg.index, sinter.threefry, tensor.extract) with `arguments` for the
/// block's arguments; each may be a scalar or lanes. What depends on no lanes stays scalar. Returns the yielded values.
/// Emits the error on failure.
llvm::FailureOr<llvm::SmallVector<mlir::Value>> cloneOnLanes(mlir::OpBuilder &builder, mlir::Block &body,
                                                             mlir::ValueRange arguments, const LaneContext &context);

/// The binary op that folds into block argument `accumulator` and is yielded as result `result`, or null.
mlir::Operation *findCombiner(mlir::Block &body, unsigned result, mlir::BlockArgument accumulator);

/// A copy of binary op `combiner` on other operands (scalars or lanes).
mlir::Value combine(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *combiner, mlir::Value accumulator,
                    mlir::Value value);

/// The value that `combiner` leaves others unchanged by, for scalars of `type`; null if it has none.
mlir::TypedAttr neutralElement(mlir::Operation *combiner, mlir::Type type);

/// Folds 16 lanes to one scalar by the fixed tree 16 -> 8 -> 4 -> 2 -> 1: lane l joins lane l + half.
mlir::Value reduceTree(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *combiner, mlir::Value lanes);

/// Floating point operations of one evaluation of `body`.
int64_t countFlops(mlir::Block &body);

} // namespace sinter::cpu
