// Matrix products among linalg ops: sums of products over dimensions that tensors are read by.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::codegen {

/// Whether every tensor is read and written by plain dimensions, each at most once.
bool readsThroughDimensions(mlir::linalg::GenericOp op);

/// Whether the body is acc + a * b on f32, or the same with a and b rounded to bf16.
bool isMultiplyAdd(mlir::linalg::GenericOp op, bool &bf16);

/// The contraction of a kernel, if it holds exactly one: sums of products from zero.
mlir::linalg::GenericOp findContraction(mlir::func::FuncOp kernel);

/// Whether `op` adds up the rows of the matrix that `contraction` reads as [k, n] to its right.
bool sumsColumns(mlir::linalg::GenericOp op, mlir::linalg::GenericOp contraction);

} // namespace sinter::codegen
