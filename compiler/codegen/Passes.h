// The passes of code generation that all targets share (Passes.td).
#pragma once

#include "mlir/Pass/Pass.h"

namespace sinter {
#define GEN_PASS_DECL
#include "compiler/codegen/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/codegen/Passes.h.inc"
} // namespace sinter
