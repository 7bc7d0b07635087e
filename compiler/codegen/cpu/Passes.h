// The passes of CPU code generation (Passes.td). Their order stands in CpuPipeline.cpp.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter {

/// Attributes of kernels from the loop emitters on: how many tiles a launch has, bytes of scratch per thread (i64).
inline constexpr llvm::StringLiteral kTilesAttr = "sinter.tiles";
inline constexpr llvm::StringLiteral kScratchAttr = "sinter.scratch";
/// How a kernel is to be cut up (Schedule.cpp), or was.
inline constexpr llvm::StringLiteral kScheduleAttr = "sinter.schedule";
/// Into how many pieces a launch falls, and which operands it then walks through piece by piece (cpu/Pieces.h).
inline constexpr llvm::StringLiteral kPiecesAttr = "sinter.pieces";
inline constexpr llvm::StringLiteral kPiecewiseAttr = "sinter.piecewise";

/// Replaces a kernel on tensors by an empty function on memrefs, `(inputs..., outputs..., begin: index, end: index,
/// scratch: memref<?xi8>)`, of the same name, attributes and location, with one block that ends in a return. The caller
/// erases `kernel` when it has read it; it has been renamed.
mlir::func::FuncOp createTileFunction(mlir::func::FuncOp kernel);

/// Sets the two attributes above, and plan::kFlopsAttr and plan::kBytesAttr; bytes are those of the kernel's arguments
/// and results.
void setTileAttributes(mlir::func::FuncOp function, int64_t tiles, int64_t scratch, int64_t flops);

/// An error if the kernel has no schedule.
bool hasSchedule(mlir::func::FuncOp kernel);

#define GEN_PASS_DECL
#include "compiler/codegen/cpu/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/codegen/cpu/Passes.h.inc"

} // namespace sinter
