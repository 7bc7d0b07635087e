// The passes about convolutions (Passes.td).
#pragma once

#include "dialects/sinter/Windows.h"

namespace sinter {
#define GEN_PASS_DECL
#include "compiler/passes/convolution/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/passes/convolution/Passes.h.inc"
} // namespace sinter
