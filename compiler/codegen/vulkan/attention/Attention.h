// A kernel that is one sinter.attention, as one or two dispatches. None holds more of rows x columns than a tile.
//
//   rows      a workgroup owns a block of rows and sweeps over the columns in tiles, once for each level: what a level
//             reads of a row (the maximum and sum of a softmax, a sum) is what the level before has left. It computes
//             the tile again in every sweep, from the operands, and adds up what the level is for.
//   columns   if something is summed over rows: a workgroup owns a block of columns and sweeps over the rows, once,
//   with
//             what the other dispatch has left of each row.
//
// The order of every sum is fixed by the sizes: who owns a block adds up all of it.
#pragma once

#include "compiler/codegen/loops/TensorViews.h"
#include "compiler/codegen/vulkan/Shader.h"
#include "dialects/sinter/Axes.h"

namespace sinter::vulkan {

/// What a sweep is for: a number or two of each row, or a product that sums over what is swept.
struct AttentionGoal {
  enum Kind { Softmax, Sum, Extremum, Product } kind;
  mlir::Operation *op;
  int64_t level;
  View result = {}; ///< of a product
  /// Columns behind a row count for nothing in it; and those `window` or more before it, if there is one.
  bool causal = false;
  std::optional<int64_t> window = {};

  mlir::Value input() const { return op->getOperand(0); }
  /// Numbers of each row that later levels read.
  int64_t numbers() const { return kind == Softmax ? 2 : kind == Product ? 0 : 1; }
  MatmulOp product() const { return llvm::cast<MatmulOp>(op); }
  /// Numbers that a product has for each row or column.
  int64_t depth() const;
};

struct AttentionKernel {
  AttentionOp op;
  llvm::SmallVector<int64_t> batch;
  int64_t rows = 0, columns = 0;
  llvm::SmallVector<View> operands;                ///< what the region's arguments stand for
  llvm::SmallVector<AttentionGoal> overColumns;    ///< in the order of the region
  llvm::SmallVector<AttentionGoal> overRows;       ///< products
  llvm::SmallVector<mlir::Operation *> statistics; ///< the goals that leave numbers of a row
  llvm::DenseSet<mlir::Value> both;                ///< values over rows and columns

  int64_t batchSize() const;
  /// The ops over rows and columns that these values are computed from, in the order of the region.
  llvm::SmallVector<mlir::Operation *> needed(llvm::ArrayRef<mlir::Value> values) const;
};

/// Reads a kernel that holds a sinter.attention and views of its operands and results.
mlir::FailureOr<AttentionKernel> readAttention(mlir::func::FuncOp function);

llvm::LogicalResult emitAttention(mlir::func::FuncOp function, ShaderTable &shaders, const Profile &profile);

} // namespace sinter::vulkan
