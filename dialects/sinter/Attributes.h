// The module's own record of what it is: attributes called `sinter.NAME`.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter {

/// func: another way to compute the entry of this name, with the same bits; meet-budget chooses among them.
inline constexpr llvm::StringLiteral kAlternativeAttr = "sinter.alternative";

/// func, a kernel of attention: it takes so many rows together at most, where a budget says so (meet-budget).
inline constexpr llvm::StringLiteral kMostRowsAttr = "sinter.most_rows";

/// Whether the `sinter.NAME` attributes of `op`, of its arguments and results are known and say something possible; an
/// error if not. Passes and code generation read them without asking again: MLIR's verifier asks the dialect whenever
/// it runs, and each stage ends with this, which runs in release builds, too.
llvm::LogicalResult verifyAttributes(mlir::Operation *op);

} // namespace sinter
