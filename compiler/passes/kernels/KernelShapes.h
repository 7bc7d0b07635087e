// Gives ops the iteration shapes by which kernels are grouped: see OutlineKernels.cpp.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace sinter {

/// Brings the ops of `function` to canonical shapes, with reshapes (free views) around them: row-wise ops and
/// reductions become two-dimensional, batches of matrix products one dimension, and maps take the shape of the
/// product or the rows that they follow or feed, so that they can share a kernel.
void canonicalizeShapes(mlir::func::FuncOp function);

/// Whether `map` should be computed by the one reduction or row-wise op that reads it rather than by the kernel of a
/// product: what it reads of that product is in memory anyway, for others.
bool belongsToReader(MapOp map);

/// Makes every tensor of booleans a tensor of bytes, 0 or 1: what kernels exchange is addressable. Maps convert on
/// their way in and out. Entries neither take nor give booleans.
void storeBooleansAsBytes(mlir::func::FuncOp function);

} // namespace sinter
