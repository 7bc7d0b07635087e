// What one run of a kernel costs, read off its linalg body; for the report and for the program's own figures.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter {

/// Floating point operations: each arith or math op on floats counts one, a fused multiply-add two.
double countFlops(mlir::func::FuncOp kernel);

/// Bytes of its arguments and results; of a table that is only gathered from, no more than the results' bytes.
double countBytes(mlir::func::FuncOp kernel);

/// Copies elements in order: a kernel of the module for this element type and count, made if there is none yet.
mlir::func::FuncOp getCopyKernel(mlir::ModuleOp module, mlir::SymbolTable &symbols, mlir::Type element, int64_t count);

} // namespace sinter
