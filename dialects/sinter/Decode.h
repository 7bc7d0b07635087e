// Ops of positions that are known at run time (DecodeOps.td), and what kernels say of them.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "dialects/sinter/DecodeEnums.h.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/DecodeOps.h.inc"

namespace sinter {

/// Columns of a panel of packed weights.
inline constexpr int64_t kPanelColumns = 64;
/// Steps of k in a group of whole numbers, or in a unit of bf16, and in a word (MatmulPackedOp).
int64_t groupOf(PackedKind kind);
int64_t stepsOfWord(PackedKind kind);

/// linalg.generic that is a product: the dimension, of columns or of the sum, that its third input bounds
/// (MatmulBelowOp).
inline constexpr llvm::StringLiteral kBoundedAttr = "sinter.bounded";
/// linalg.generic: it replaces rows of its first input along this dimension, from the place on that the second one says
/// (PutOp).
inline constexpr llvm::StringLiteral kPutsAttr = "sinter.puts";

} // namespace sinter
