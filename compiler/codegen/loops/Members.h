// A kernel that computes the same on several sets of tensors (sinter.members), read as one of them and a table.
//
//   func @maps_of_2(%p0: tensor<64xf32>, %lr: tensor<f32>, %p1: tensor<16xf32>) -> (tensor<64xf32>, tensor<16xf32>)
//   =>  first: func(%p: tensor<64xf32>, %lr: tensor<f32>) -> tensor<64xf32>;  table: {0, 1, 3}, {2, 1, 4};  sizes: 64,
//   16
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::codegen {

struct Members {
  mlir::OwningOpRef<mlir::func::FuncOp> first; ///< the first member alone
  /// Of each member: which operand of the kernel (arguments, then results) stands for each operand of `first`.
  llvm::SmallVector<llvm::SmallVector<unsigned>> operands;
  llvm::SmallVector<int64_t> sizes; ///< of each member's first dimension

  /// Whether all members have one tensor for this operand of `first`.
  bool isShared(unsigned operand) const {
    return llvm::all_of(operands, [&](auto &member) { return member[operand] == operands.front()[operand]; });
  }
};

/// Reads a kernel of `count` members; emits the error if they are not equal.
llvm::FailureOr<Members> readMembers(mlir::func::FuncOp kernel, int64_t count);

} // namespace sinter::codegen
