// The loops of a kernel that is one sinter.scatter_add. Its schedule:
//
//   sinter.schedule = {rows = 64, scanned = 1024}
//
// rows: of the table, that a tile has; scanned: rows whose positions are found in one scan of the indices, those of a
// tile or all.
#pragma once

#include "dialects/Precompiled.h"

#include <random>

namespace sinter::cpu {

/// Positions that are listed at a time, in memory of the thread; a run of a row's terms ends where such a segment does.
inline constexpr int64_t kScatterSegment = 1 << 16;

/// The tiles that suit the op's shapes; with `random`, any.
llvm::FailureOr<mlir::DictionaryAttr> scheduleScatter(mlir::func::FuncOp kernel, std::mt19937_64 *random);

/// Replaces the kernel by a tile function: tiles are blocks of the table's rows. Each lists the positions of each of
/// its rows and then adds these up in registers, in ascending order and in runs (codegen/loops/SumOrder.h), so that any
/// tiling gives the same sums; a row is written once (for each segment of positions that has some).
llvm::LogicalResult emitScatterKernel(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
