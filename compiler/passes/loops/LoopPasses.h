// The passes of Passes.td.
#pragma once

#include "dialects/sinter/Loops.h"

namespace sinter {
#define GEN_PASS_DECL
#include "compiler/passes/loops/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/loops/Passes.h.inc"
} // namespace sinter
