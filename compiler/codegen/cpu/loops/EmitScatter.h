// The loops of a kernel that is one sinter.scatter_add.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::cpu {

/// Positions that are listed at a time, in memory of the thread; a run of a row's terms ends where such a segment does.
inline constexpr int64_t kScatterSegment = 1 << 16;

/// Replaces the kernel by a tile function: tiles are blocks of the table's rows. Each lists the positions of each of
/// its rows and then adds these up in registers, in ascending order and in runs (codegen/loops/SumOrder.h), so that any
/// tiling gives the same sums; a row is written once (for each segment of positions that has some).
llvm::LogicalResult emitScatterKernel(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
