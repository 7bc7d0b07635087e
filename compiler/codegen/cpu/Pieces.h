// Which operands a kernel walks through piece by piece: what launches need that are to run one piece after the other,
// while what the first has written is still in the cache.
//
// A kernel of P pieces: for every divisor D of P, the d-th of D equal ranges of its tiles touches, of an operand that
// is walked through so, only the d-th of D equal parts. Attention's products have a piece per head, softmax one per
// row.
#pragma once

#include "compiler/codegen/cpu/loops/LoopSchedule.h"
#include "compiler/codegen/products/MatmulShape.h"

namespace sinter::cpu {

struct Pieces {
  int64_t count = 1;
  llvm::SmallVector<int64_t>
      operands; ///< of the tile function, ascending: those that are walked through piece by piece
};

/// Of a product whose tiles are numbered batch by batch.
Pieces piecesOf(const codegen::MatmulKernel &kernel, mlir::func::FuncOp function);

/// Of loops over tiles; `arguments` is how many of the kernel's operands are inputs.
Pieces piecesOf(const codegen::LoopGraph &graph, const Schedule &plan, unsigned arguments);

/// Leaves them on a tile function, if there are any, for sinter-cpu-chain-launches.
void setPieces(mlir::func::FuncOp function, const Pieces &pieces);

} // namespace sinter::cpu
