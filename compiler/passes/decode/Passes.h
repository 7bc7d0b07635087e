// The passes about sampling token by token (Passes.td).
#pragma once

#include "dialects/sinter/Sinter.h"

namespace sinter {
#define GEN_PASS_DECL
#include "compiler/passes/decode/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/decode/Passes.h.inc"
} // namespace sinter
