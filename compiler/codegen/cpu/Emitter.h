// What every CPU emitter needs: 16-lane loads and stores, cloning a scalar region on lanes, the fixed reduction tree.
//
// Vectors have 16 lanes on every machine (LLVM splits them where registers are narrower), so that a reduction has one
// order everywhere. Memory is addressed through one-dimensional views: an access is an offset and a stride along lanes.
#pragma once

#include "compiler/codegen/scalars/Body.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace sinter::cpu {

using namespace codegen;

/// Lanes of every vector.
inline constexpr int64_t kLanes = 16;

/// vector<16xT>.
mlir::VectorType lanesOf(mlir::Type element);

/// `value` on all lanes; a vector is returned unchanged. Constants become dense constants.
inline mlir::Value toLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value) {
  return codegen::toLanes(builder, loc, value, kLanes);
}

/// A one-dimensional view of a memref of static shape and identity layout.
mlir::Value flatten(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref);

/// The operand of a tile function that has this number, `elements` in a row: until sinter-cpu-abi finds its pointer, a
/// cast of the two numbers.
mlir::Value operandAt(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element, mlir::Value number,
                      mlir::Value elements);
bool isOperandAt(mlir::UnrealizedConversionCastOp cast);

/// A view of `count` elements of `element`, `byteOffset` bytes into the scratch (a memref of i8).
mlir::Value scratchView(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scratch, int64_t byteOffset,
                        mlir::Type element, int64_t count);

/// Mask of the first `count` lanes.
mlir::Value laneMask(mlir::OpBuilder &builder, mlir::Location loc, int64_t count);

/// Lanes flat[offset], flat[offset + stride], ...; those from `count` on are zero and are not touched in memory.
mlir::Value loadLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value flat, mlir::Value offset,
                      int64_t stride = 1, int64_t count = kLanes);
/// The same, of the lanes that `mask` names.
mlir::Value loadLanesWhere(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value flat, mlir::Value offset,
                           int64_t stride, mlir::Value mask);

/// Stores the first `count` lanes to flat[offset], flat[offset + stride], ...
void storeLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lanes, mlir::Value flat, mlir::Value offset,
                int64_t stride = 1, int64_t count = kLanes);

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

/// Folds 16 lanes to one scalar by the fixed tree 16 -> 8 -> 4 -> 2 -> 1: lane l joins lane l + half.
mlir::Value reduceTree(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *combiner, mlir::Value lanes);

/// `after` is maximumf or minimumf of `before` and a new value: a long chain of instructions, since a NaN must stay.
/// Replaces it by a comparison, which loses a NaN that is followed by a number, and notes NaNs in `sawNan` (lanes of
/// i1).
void combineQuickly(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value before, mlir::Value &after,
                    mlir::Value &sawNan);

/// `lanes`, but NaN where `sawNan` says so: the end of a reduction by combineQuickly.
mlir::Value nanWhere(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sawNan, mlir::Value lanes);

} // namespace sinter::cpu
