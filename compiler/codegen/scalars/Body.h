// What the emitters of every target need for the bodies of linalg ops: index expressions, the form that values have in
// memory, cloning a scalar region on scalars or vectors, and what is to be known about reductions.
#pragma once

#include "dialects/Precompiled.h"

#include <optional>

namespace sinter::codegen {

/// Whether `value` differs from lane to lane.
bool isLanes(mlir::Value value);

/// `value` on `count` lanes; a vector is returned unchanged. Constants become dense constants.
mlir::Value toLanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, int64_t count);

/// What `value` is a reshape of; itself if it is none.
mlir::Value withoutReshapes(mlir::Value value);
/// The argument that `value` is, or is a reshape of; null if it is computed.
inline mlir::BlockArgument argumentOf(mlir::Value value) {
  return llvm::dyn_cast<mlir::BlockArgument>(withoutReshapes(value));
}

/// `arith.constant value : index`.
mlir::Value indexConstant(mlir::OpBuilder &builder, mlir::Location loc, int64_t value);

/// How a tensor element type is held in memory: booleans are bytes.
mlir::Type memoryType(mlir::Type element);

/// Converts a value (scalar or lanes) to or from the element type that memory holds it in.
mlir::Value toMemory(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);
mlir::Value fromMemory(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Type element);

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

/// How a target writes what its bodies cannot say themselves.
struct BodyContext {
  int64_t lanes; ///< of vectors
  /// The value of an iteration dimension, a scalar or lanes.
  llvm::function_ref<mlir::Value(mlir::linalg::IndexOp)> index;
  /// Reads a tensor at mapped indices; emits the error on failure.
  llvm::function_ref<mlir::FailureOr<mlir::Value>(mlir::tensor::ExtractOp, mlir::ValueRange)> extract;
  /// Optional: a better form of an index cast, or null.
  llvm::function_ref<mlir::Value(mlir::arith::IndexCastOp)> indexCast = {};
};

/// Clones the ops of `body` (arith, math, linalg.index, sinter.threefry, tensor.extract) with `arguments` for the
/// block's arguments; each may be a scalar or lanes. What depends on no lanes stays scalar. Returns the yielded values.
/// Emits the error on failure.
llvm::FailureOr<llvm::SmallVector<mlir::Value>> cloneBody(mlir::OpBuilder &builder, mlir::Block &body,
                                                          mlir::ValueRange arguments, const BodyContext &context);

/// The binary op that folds into block argument `accumulator` and is yielded as result `result`, or null.
mlir::Operation *findCombiner(mlir::Block &body, unsigned result, mlir::BlockArgument accumulator);

/// A copy of binary op `combiner` on other operands (scalars or lanes).
mlir::Value combine(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *combiner, mlir::Value accumulator,
                    mlir::Value value);

/// The value that `combiner` leaves others unchanged by, for scalars of `type`; null if it has none.
mlir::TypedAttr neutralElement(mlir::Operation *combiner, mlir::Type type);

/// Floating point operations of one evaluation of `body`; rounding to bf16 is none.
int64_t countFlops(mlir::Block &body);

} // namespace sinter::codegen
