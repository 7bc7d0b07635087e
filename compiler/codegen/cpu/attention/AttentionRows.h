// Ops on rows of queries x keys, between an attention kernel's products.
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/attention/AttentionShape.h"
#include "compiler/codegen/loops/TensorViews.h"

namespace sinter::cpu {

/// Emits the kernel's row ops for one query after the other: each pass goes over its row once, 16 keys at a time, in
/// the order in which EmitLoops reduces rows (lane l folds elements l, l + 16, ...; then a tree).
class AttentionRows {
public:
  /// `arguments`: the kernel's, as one-dimensional memory; `buffers`: of a block of rows each.
  AttentionRows(mlir::OpBuilder &builder, mlir::Location loc, const AttentionKernel &kernel,
                llvm::ArrayRef<mlir::Value> arguments, llvm::ArrayRef<mlir::Value> buffers)
      : b(builder), loc(loc), kernel(kernel), arguments(arguments), buffers(buffers) {}

  /// Of the block of queries from `firstQuery` on, of number `batch`. `atQuery` may add something for each of them.
  mlir::LogicalResult emit(mlir::Value batch, mlir::Value firstQuery,
                           llvm::function_ref<void(mlir::Value query)> atQuery);

private:
  mlir::LogicalResult emitPass(llvm::ArrayRef<AttentionRowOp> ops);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> emitOp(mlir::linalg::GenericOp op, mlir::Value key,
                                                         mlir::Value accumulator);
  mlir::Value operandOf(mlir::Value tensor, mlir::Value key);
  mlir::Value argumentAt(const codegen::View &view, mlir::AffineMap map, mlir::Type element, mlir::Value key);
  mlir::Value indexOf(int64_t dim, mlir::Value key) const;
  mlir::Value ifKeys(mlir::Value key, mlir::Value yes, mlir::Value no);
  mlir::Value address(mlir::Value key);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const AttentionKernel &kernel;
  llvm::ArrayRef<mlir::Value> arguments, buffers;
  llvm::SmallVector<mlir::Value> batchIndices;
  mlir::Value row, query;                                  ///< in the block, of all
  mlir::Value first, bound;                                ///< between which keys lies what counts for it
  llvm::DenseMap<mlir::Value, mlir::Value> scalars, lanes; ///< of this query; of these keys
};

} // namespace sinter::cpu
