// The order of the Vulkan passes: kernels of linalg on tensors to plan.kernels and spirv.modules.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Passes.h"
#include "compiler/codegen/vulkan/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace sinter {

void buildVulkanPipeline(OpPassManager &manager, StringRef profile, uint64_t scheduleSeed) {
  vulkan::ScheduleOptions schedule;
  schedule.profile = profile.str();
  schedule.seed = scheduleSeed;
  manager.addPass(vulkan::createSchedule(schedule));
  vulkan::EmitKernelsOptions kernels;
  kernels.profile = profile.str();
  manager.addPass(vulkan::createEmitKernels(kernels));
  OpPassManager &shaders = manager.nest<gpu::GPUModuleOp>().nest<gpu::GPUFuncOp>();
  shaders.addPass(createExpandThreefry());
  shaders.addPass(vulkan::createExpandForShaders());
  shaders.addPass(createExpandMath());
  shaders.addPass(createCanonicalizerPass());
  shaders.addPass(createLoopInvariantCodeMotionPass());
  shaders.addPass(createCSEPass());
  shaders.addPass(vulkan::createHideZeros());
  manager.addPass(vulkan::createShadersToSpirv());
  OpPassManager &modules = manager.nest<spirv::ModuleOp>();
  modules.addPass(spirv::createSPIRVLowerABIAttributesPass());
  modules.addPass(createCanonicalizerPass());
  modules.addPass(createCSEPass());
  modules.addPass(spirv::createSPIRVRewriteInsertsPass());
  modules.addPass(spirv::createSPIRVUpdateVCEPass());
  modules.addPass(vulkan::createFinishSpirv());
}

void registerVulkanPasses() {
  vulkan::registerSinterVulkanPasses();
  PassPipelineRegistration<>("sinter-vulkan-pipeline", "kernels to SPIR-V for CPU-like Vulkan devices",
                             [](OpPassManager &manager) { buildVulkanPipeline(manager, "registers", 0); });
}

} // namespace sinter
