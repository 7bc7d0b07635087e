// Which loops a matrix product has. Private to MatmulShape and MatmulLoops.
#pragma once

#include "compiler/codegen/products/MatmulShape.h"

namespace sinter::codegen {

/// The contraction's dimensions, then the parts that some were split into.
struct MatmulDims {
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<int> parents; ///< the contraction's dimension for each
  llvm::SmallVector<bool> used;   ///< whether its index matters: then it is not merged
};

/// Merges dimensions and gives them their roles: sets m, n, k, kParts and batch of a kernel that is read but for these,
/// and swaps its operands if they `mayTurn` and results are contiguous along what would be m.
void chooseLoops(MatmulKernel &kernel, const MatmulDims &dims, bool mayTurn);

} // namespace sinter::codegen
