// The passes of Vulkan code generation. Their order stands in VulkanPipeline.cpp.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::vulkan {

/// Kernels of linalg on tensors become plan.kernels and shaders (gpu.module).
std::unique_ptr<mlir::Pass> createEmitKernelsPass(llvm::StringRef profile);

/// What SPIR-V has no instruction for, on gpu.func: rounding to bf16 in integer arithmetic, functions of libm.
std::unique_ptr<mlir::Pass> createExpandForShadersPass();

/// Every gpu.module becomes a spirv.module, on all cores.
std::unique_ptr<mlir::Pass> createShadersToSpirvPass();

/// On spirv.module: the version that Vulkan 1.2 takes, and decorations.
std::unique_ptr<mlir::Pass> createFinishSpirvPass();

} // namespace sinter::vulkan
