// What kernels of a target can be: the one place that passes ask.
#pragma once

#include "mlir/IR/Operation.h"

#include <optional>

namespace sinter {

/// What one kernel can hold beyond what every target knows: a product with its epilogue, a reduction with its prologue,
/// rows, maps, gathers, scatters.
struct KernelAbilities {
  bool attention = false;      ///< a sinter.attention: which, says whyNoKernel (FusedAttention.h)
  bool readsAttention = false; ///< its kernel is the op, in tiles of any size; else its ops, over blocks of whole rows
  bool prologues = false;      ///< maps that make an operand of a product
  bool scattersOnto = false;   ///< what is scattered is added to a table
  bool columnSums = false;     ///< the sums of a matrix's columns beside a product that multiplies it
  bool sumsInUnits = false; ///< products have the order of ProductOrder.h, and so do sums of what blocks of rows give
};

/// Of `cpu`, `vulkan`, or `portable`: what every target has; nothing for another name.
std::optional<KernelAbilities> kernelAbilities(llvm::StringRef target);
/// The same for a pass that works on `op`: another name is an error.
llvm::FailureOr<KernelAbilities> kernelAbilities(llvm::StringRef target, mlir::Operation *op);

} // namespace sinter
