// Which sinter.attention a target has one kernel for.
#pragma once

#include "compiler/passes/kernels/KernelAbilities.h"
#include "dialects/sinter/Sinter.h"

namespace sinter {

/// Why a target that has kernels for attention has none for this one; empty if it has.
std::string whyNoKernel(AttentionOp attention, const KernelAbilities &target);

bool hasKernel(AttentionOp attention, const KernelAbilities &abilities);

} // namespace sinter
