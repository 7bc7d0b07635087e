// The order in which a long sum of floats adds up: the same in every kernel that computes it, whatever else is in
// there.
//
// Terms are added in runs of 64: each run starts from zero and takes its terms in ascending order. What runs give is
// added in ascending order too, to a sum that remembers what rounding has taken from it (Kahan 1965, "Further remarks
// on reducing truncation errors"): the error of 64 additions is all there is, at any length. (A sum of one run is what
// it always was.)
//
// Terms are what one accumulator takes: along lanes each 16th element, down a column each row. Products over k have
// blocks of their own, but sums of columns that a product's kernel computes on the way have these runs.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::codegen {

/// Equal terms are the worst case in use: 64 of them are off by 1e-6 at most, 128 by 2e-6, 256 by 4e-6.
inline constexpr int64_t kTermsPerRun = 64;

/// A sum of runs so far, scalars or lanes. It starts as (0, 0), and ends as `sum`.
struct RunSum {
  mlir::Value sum;
  mlir::Value excess; ///< what rounding has added to `sum`, less than half of its last digit
};

/// Adds what a run has given: additions of which none may be contracted or reassociated.
RunSum addRun(mlir::OpBuilder &builder, mlir::Location loc, const RunSum &before, mlir::Value run);

} // namespace sinter::codegen
