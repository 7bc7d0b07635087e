// What an attention kernel holds: products and rows of ops on queries x keys, which say themselves what they are.
#pragma once

#include "compiler/codegen/cpu/Emitter.h"
#include "compiler/codegen/cpu/products/MatmulCost.h"

namespace sinter::cpu {

/// One of the kernel's products, as a kernel of its own.
struct AttentionProduct {
  enum Kind {
    Scores,      ///< makes queries x keys, of rows per query and rows per key
    OverKeys,    ///< sums over keys: queries x keys times rows per key
    OverQueries, ///< sums over queries: the transpose of queries x keys times rows per query
  } kind = Scores;
  mlir::OwningOpRef<mlir::func::FuncOp> function; ///< what `kernel` was read from
  llvm::SmallVector<mlir::Value> operands;        ///< of the attention kernel: what the function's arguments stand for
  mlir::Value value;                              ///< Scores: the result; else the left operand
  int64_t result = -1;                            ///< else: which of the attention kernel's
  MatmulKernel kernel;
  MatmulPlan plan;
};

/// Ops between the products, on values of queries x keys and of queries.
struct AttentionRowOp {
  mlir::linalg::GenericOp op;
  int64_t pass = 0; ///< ops of one pass go over a row together
};

/// A sum along the diagonals of queries x keys.
struct AttentionDiagonals {
  mlir::Value value;
  int64_t result; ///< which of the attention kernel's
};

struct AttentionKernel {
  llvm::SmallVector<int64_t> batch; ///< sizes of the outer dimensions
  int64_t queries, keys;
  int64_t rows = 0;    ///< queries that are taken together: the schedule's choice, as plans of products are
  int64_t results = 0; ///< tensors that the kernel returns
  /// Whether keys after a query count for nothing: every score may be left out there, and every weight is zero.
  bool causal;
  /// With `causal`: so many keys up to a query count, and those before for nothing, either.
  std::optional<int64_t> window;
  /// Keys after a query, or before its window, that products read all the same, since they take several rows and steps
  /// at once: their weights are made zero.
  int64_t margin;
  llvm::SmallVector<AttentionProduct, 0> products;
  llvm::SmallVector<AttentionRowOp> rowOps;
  llvm::SmallVector<AttentionDiagonals> diagonals;
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> buffers; ///< values that are kept for a block of rows, and where
  int64_t bufferCount = 0;

  int64_t batchSize() const;
  bool sumsOverQueries() const;
  /// Whether the last vector of keys is not whole.
  bool hasPartVector() const { return keys % kLanes != 0; }
  /// Keys in whole vectors.
  int64_t keysInVectors() const { return llvm::alignTo(keys, kLanes); }
  /// Floats between rows of a buffer: rows should not compete for the same cache lines.
  int64_t stride() const { return keysInVectors() + kPadding; }
  /// Blocks of rows. If they do not divide the queries, another one takes the last ones, and some of those before.
  int64_t wholeBlocks() const { return queries / rows; }
  bool hasPartBlock() const { return queries % rows != 0; }
  std::optional<int64_t> bufferOf(mlir::Value value) const;
  /// The first key behind those that row `query` has to look at, in whole vectors.
  mlir::Value keysBound(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value query) const;
  /// Which lanes are keys, of those from `key` on; null: all.
  mlir::Value keysFrom(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value key) const;
  /// The first key that rows from `query` on have to look at, in whole steps of `unit`.
  mlir::Value firstKey(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value query, int64_t unit) const;

  static constexpr int64_t kPadding = 16;
};

/// Reads an attention kernel, all but its schedule (AttentionSchedule.h); an error if its parts do not fit together.
mlir::FailureOr<AttentionKernel> readAttention(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
