// Ops along rows as what a row has (statistics) and what its elements are by that.
#pragma once

#include "dialects/sinter/Sinter.h"

namespace sinter {

/// Builds the softmax of ops of entries: maxima of rows, exponentials, their sums, quotients. Each is what the
/// softmax's lowering has for it, so it has the same bits; whoever knows a row's maximum and sum computes any part of
/// the row.
mlir::Value softmaxInParts(mlir::OpBuilder &builder, SoftmaxOp softmax);

} // namespace sinter
