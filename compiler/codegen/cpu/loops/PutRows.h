// The loops of a kernel that is one sinter.put: some rows of a tensor are replaced, and where the result has the
// tensor's memory, nothing else is touched. Its schedule has nothing to say: {}.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::cpu {

/// Whether all that the kernel does is to put rows into its first argument.
bool putsRows(mlir::func::FuncOp kernel);

/// Replaces the kernel by a tile function. Tiles are what the dimensions before that of the rows count.
llvm::LogicalResult emitPutRows(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
