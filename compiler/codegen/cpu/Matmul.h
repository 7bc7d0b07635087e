// The passes `sinter-cpu-emit-matmul` and `sinter-cpu-emit-attention`.
#pragma once

#include "compiler/codegen/cpu/MatmulCost.h"

namespace sinter {

/// Turns kernels that hold a matrix product into tile functions; leaves all others alone.
std::unique_ptr<mlir::Pass> createEmitMatmulPass(const cpu::MatmulTarget &target);

/// Turns attention kernels into tile functions (Attention.cpp); leaves all others alone.
std::unique_ptr<mlir::Pass> createEmitAttentionPass(const cpu::MatmulTarget &target);

/// Registers the passes for `sinter-opt`.
void registerEmitMatmulPass();

} // namespace sinter
