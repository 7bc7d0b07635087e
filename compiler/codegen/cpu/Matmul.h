// The pass `sinter-cpu-emit-matmul`.
#pragma once

#include "compiler/codegen/cpu/MatmulCost.h"

namespace sinter {

/// Turns kernels that hold a matrix product into tile functions; leaves all others alone.
std::unique_ptr<mlir::Pass> createEmitMatmulPass(const cpu::MatmulTarget &target);

/// Registers the pass for `sinter-opt`.
void registerEmitMatmulPass();

} // namespace sinter
