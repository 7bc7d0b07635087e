// What an op of a kernel's body becomes where the target's own op is undefined for some operands.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::codegen {

/// Builds `op` on `operands` (all scalars, or all lanes) such that it has the value that the table in Ops.td gives, for
/// every operand; on all targets alike. Null if the target's own op has that value already.
mlir::Value buildTotal(mlir::OpBuilder &builder, mlir::Operation &op, llvm::ArrayRef<mlir::Value> operands);

} // namespace sinter::codegen
