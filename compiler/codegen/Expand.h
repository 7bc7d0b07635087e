// Passes that write what no processor has an instruction for in arithmetic. On scalars and vectors alike, and the same
// on every target: all of them compute by the same formulas.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter {

/// `sinter.threefry` becomes integer arithmetic.
std::unique_ptr<mlir::Pass> createExpandThreefryPass();

/// exp, log, tanh, erf... become polynomials; rounding to bf16 becomes integer arithmetic. `scales`: for a processor
/// with vscalefps, which saves exp a third of its instructions and does not change a bit.
std::unique_ptr<mlir::Pass> createExpandMathPass(bool scales = false);

} // namespace sinter
