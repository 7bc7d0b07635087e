// The loops of a kernel that is one sinter.scatter_add.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::cpu {

/// Replaces the kernel by a tile function: tiles are blocks of the table's rows; each scans all indices in order and adds
/// the updates that fall into its block, so that any tiling gives the same sums.
llvm::LogicalResult emitScatterKernel(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
