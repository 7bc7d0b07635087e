// Which sinter.attention the CPU has one kernel for.
#pragma once

#include "dialects/sinter/Sinter.h"

namespace sinter {

/// Why there is none for `attention`; empty if there is.
std::string whyNoKernel(AttentionOp attention);

} // namespace sinter
