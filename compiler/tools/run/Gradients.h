// Gradient checks: functions that compute a gradient, built from the function under test, and finite differences.
#pragma once

#include "Case.h"

namespace sinter::run {

/// The functions that `addGradient` made for one function under test.
struct GradientFunctions {
  std::string original;  ///< f(x...) -> y...
  std::string gradient;  ///< f.gradient(x..., c...) -> gradient of sum(y . c) with respect to each float x
  std::string curvature; ///< f.curvature(x..., c..., v...) -> gradient of (that gradient . v); empty if not asked for
};

/// Adds `f.gradient`, and `f.curvature` if `second`, next to `function`. Nothing if the function has no float argument
/// or no float result.
std::optional<GradientFunctions> addGradients(mlir::func::FuncOp function, bool second);

/// Compares the gradient function with central differences of the original, in f64, at up to `elementsPerArgument`
/// elements of each argument, drawn from the seed. `module` must be interpretable (no sinter.grad left).
llvm::FailureOr<Verdict> checkGradient(mlir::ModuleOp module, const GradientFunctions &functions, uint64_t seed,
                                       int64_t elementsPerArgument);

/// Compares the curvature function with central differences of the gradient function along v.
llvm::FailureOr<Verdict> checkCurvature(mlir::ModuleOp module, const GradientFunctions &functions, uint64_t seed);

} // namespace sinter::run
