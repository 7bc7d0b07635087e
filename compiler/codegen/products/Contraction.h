// The matrix product of a kernel, by the role of its ops (dialects/sinter/Roles.h).
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::codegen {

/// Whether every tensor is read and written by plain dimensions, each at most once.
bool readsThroughDimensions(mlir::linalg::GenericOp op);

/// The product of a kernel, if it holds exactly one, and that is what its role says.
mlir::linalg::GenericOp findContraction(mlir::func::FuncOp kernel);

/// Whether `op`, whose role is to be sums of columns, adds up the rows of the matrix that `contraction` reads as [k, n]
/// to its right.
bool sumsColumns(mlir::linalg::GenericOp op, mlir::linalg::GenericOp contraction);

} // namespace sinter::codegen
