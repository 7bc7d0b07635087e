// Which sinter.attention is computed a block of rows after the other, each by kernels of its own.
#pragma once

#include "compiler/passes/kernels/KernelAbilities.h"
#include "dialects/sinter/Sinter.h"

namespace sinter {

/// Less than this stays in caches, and one kernel each for all rows is faster.
inline constexpr int64_t kWorthBlocks = 16 << 20; // bytes of rows x columns

/// Rows of a block; 0 if all are computed together: where a target has one kernel for it, where it is small, or where
/// something needs all rows at once. Blocks are units of a product over the rows (ProductOrder.h), so that sums
/// over rows have the order that they have in one product.
int64_t rowsOfBlock(AttentionOp attention, const KernelAbilities &abilities);

} // namespace sinter
