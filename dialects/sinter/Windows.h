// Ops over windows of positions (Windows.td): convolution and pooling.
#pragma once

#include "dialects/sinter/Sinter.h"

#include "dialects/sinter/WindowsEnums.h.inc"
#define GET_OP_CLASSES
#include "dialects/sinter/WindowsOps.h.inc"

namespace sinter {

/// Where windows lie, and what is read in them, one number a dimension: tap t of window o is position
/// (o * strides + t * steps - low) / divisors, if that is a whole number from 0 to below `sizes`.
struct WindowShape {
  llvm::SmallVector<int64_t> positions, taps, strides, steps, low, divisors, sizes;

  size_t rank() const { return positions.size(); }
};

/// Of what is multiplied by the kernel's taps: the windows of x, or those of y from which x is made.
WindowShape windowsOf(ConvOp op);
WindowShape windowsOf(WindowsOp op);

} // namespace sinter
