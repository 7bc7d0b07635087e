// The passes of Vulkan code generation. Their order stands in VulkanPipeline.cpp.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::vulkan {

/// Kernels of linalg on tensors become plan.kernels and shaders (gpu.module).
std::unique_ptr<mlir::Pass> createEmitKernelsPass(llvm::StringRef profile);

/// What SPIR-V has no instruction for, on gpu.func: rounding to bf16 in integer arithmetic, functions of libm.
std::unique_ptr<mlir::Pass> createExpandForShadersPass();

/// On gpu.func: zeros that arithmetic takes as literals become values that no driver knows.
std::unique_ptr<mlir::Pass> createHideZerosPass();

/// Every gpu.module becomes a spirv.module, on all cores.
std::unique_ptr<mlir::Pass> createShadersToSpirvPass();

/// On spirv.module: the version that Vulkan 1.2 takes, decorations, and what f32 has to keep.
std::unique_ptr<mlir::Pass> createFinishSpirvPass();

} // namespace sinter::vulkan
