// The passes of Vulkan code generation (Passes.td). Their order stands in VulkanPipeline.cpp.
#pragma once

#include "dialects/plan/Plan.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

namespace sinter::vulkan {
#define GEN_PASS_DECL
#include "compiler/codegen/vulkan/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/codegen/vulkan/Passes.h.inc"
} // namespace sinter::vulkan
