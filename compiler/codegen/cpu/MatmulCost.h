// How a matrix product is cut up: register tile, cache blocks, tiles for threads. Depends on sizes and on the target
// only, and never changes a result: every element sums its products in ascending k whatever is chosen here.
#pragma once

#include "compiler/codegen/cpu/MatmulShape.h"

namespace sinter::cpu {

/// What the cost model knows of a processor.
struct MatmulTarget {
  int64_t vectorRegisters = 16; ///< 16: registers of 8 floats (AVX2); 32: of 16 floats (AVX-512)
};

/// For `native` or an x86-64 processor or level that LLVM knows; anything else is taken for AVX2.
MatmulTarget matmulTarget(llvm::StringRef march);

/// How the micro-kernel finds the left operand.
enum class LhsForm {
  Direct, ///< in place
  Rows,   ///< copied to [mc][kc + padding]: the operand is contiguous along k
  Panels, ///< copied to [mc / mr][kc][mr]
};

/// How it finds the right operand.
enum class RhsForm {
  Direct,     ///< in place: the operand is contiguous along n
  Copied,     ///< to [nc / nr][kc][nr]
  Transposed, ///< the same, the operand being contiguous along k
};

/// A tile of the kernel computes mc x nc of the result of one batch, in steps of mr x nr held in registers.
struct MatmulPlan {
  int64_t mr, vectors;   ///< rows and 16-lane vectors of the register tile
  int64_t mc, nc, kc;    ///< at most this much of m, n and k at a time
  int64_t mTiles, nTiles, kBlocks;
  LhsForm lhs;
  RhsForm rhs;
  bool keepRhs; ///< all k blocks of the right operand stay packed while tiles that share it follow each other
  bool stream;  ///< few rows: read the right operand once, front to back, and keep the sums in memory

  int64_t nr() const;
  int64_t mPanels() const;
  int64_t nPanels() const;
};

MatmulPlan planMatmul(const MatmulKernel &kernel, const MatmulTarget &target);

} // namespace sinter::cpu
