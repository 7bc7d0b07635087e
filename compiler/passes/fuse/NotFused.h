// A refusal to fuse is said where a user looks for it: as a remark at the model's line.
#pragma once

#include "mlir/IR/Operation.h"
#include "llvm/ADT/Twine.h"

namespace sinter {

/// The category of these remarks, and the name of the part that holds `why`; `what` is the part before it.
inline constexpr llvm::StringLiteral kNotFusedCategory = "fusion";
inline constexpr llvm::StringLiteral kNotFusedReason = "Reason";

/// Whether anybody listens: look before you search for a reason that costs time to find.
bool saysNotFused(mlir::Operation *op);

/// `what` of `op` was not fused because of `why`. Both are parts of one sentence, "not fused: WHAT, because WHY", so
/// `why` names the values that decided: notFused(softmax, "this softmax into an attention", "its weights have another
/// reader"). A pass calls it once for each refusal, when nothing more will change its mind. Costs nothing unless
/// somebody listens: `sinterc --report`, or `sinter-opt --remarks-filter-missed=fusion --remark-format=emitRemark`.
void notFused(mlir::Operation *op, const llvm::Twine &what, const llvm::Twine &why);

} // namespace sinter
