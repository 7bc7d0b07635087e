// A kernel that is one sinter.round_rows. Its schedule is empty: a tile is a row.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::cpu {

bool roundsRows(mlir::func::FuncOp kernel);

/// Replaces the kernel by a tile function.
llvm::LogicalResult emitRounding(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
