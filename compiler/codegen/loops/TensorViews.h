// Which elements of a kernel's arguments a tensor stands for, seen through slices, transposes, diagonals and reshapes.
#pragma once

#include "dialects/Precompiled.h"

#include <optional>

namespace sinter::codegen {

/// A tensor that is a view of an argument: element (i...) stands at offset + sum(i * stride).
struct View {
  unsigned operand;
  int64_t offset;
  llvm::SmallVector<int64_t> strides; ///< one per dimension of the tensor
};

/// Of a dense tensor of that shape.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// Whether `op` only copies its operand, with dimensions in another order.
bool isTranspose(mlir::linalg::GenericOp op);

/// factors[d] * index d, summed up, and `constant`: nothing if `index` is not of this kind.
struct LinearIndexOf {
  llvm::SmallVector<int64_t> factors;
  int64_t constant;
};
std::optional<LinearIndexOf> linearIndex(mlir::AffineExpr index, unsigned dims);

/// Nothing if `value` is computed, or if a reshape merges dimensions that no stride can merge.
std::optional<View> viewOfArgument(mlir::Value value);

/// The dense tensor that a returned value is a reshape of.
mlir::Value stripReshapes(mlir::Value value);

} // namespace sinter::codegen
