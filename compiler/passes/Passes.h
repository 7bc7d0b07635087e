// The compiler's own passes (Passes.td).
#pragma once

#include "dialects/plan/Plan.h"
#include "dialects/sinter/Sinter.h"

namespace sinter {
#define GEN_PASS_DECL
#include "compiler/passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/Passes.h.inc"
} // namespace sinter
