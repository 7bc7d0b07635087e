// A kernel that is one sinter.matmul_packed. Its schedule:
//
//   sinter.schedule = {rows = 2, dots = "bytes"}
//
// rows: of the left operand, that are multiplied at a time
// dots: how four bytes are: by vpdpbusd, or in pairs of 16 bits ("pairs"), to the same whole numbers
#pragma once

#include "compiler/codegen/cpu/products/MatmulCost.h"

#include <random>

namespace sinter::cpu {

bool multipliesPacked(mlir::func::FuncOp kernel);

/// What suits the processor; with `random`, any.
mlir::DictionaryAttr schedulePacked(mlir::func::FuncOp kernel, const MatmulTarget &target, std::mt19937_64 *random);

/// Replaces the kernel by a tile function. A tile is a panel of 64 columns, which is read once, front to back.
llvm::LogicalResult emitPacked(mlir::func::FuncOp kernel);

} // namespace sinter::cpu
