//===- Passes.td - code generation for Vulkan, in the order in which the passes run ---------------===//
// With those of MLIR between them: VulkanPipeline.cpp.
#ifndef SINTER_CODEGEN_VULKAN_PASSES
#define SINTER_CODEGEN_VULKAN_PASSES

include "mlir/Pass/PassBase.td"

def Schedule : Pass<"sinter-vulkan-schedule", "::mlir::ModuleOp"> {
  let summary = "decide how kernels are cut into dispatches and shaders";
  let description = [{
    Written on each kernel as `sinter.schedule` (Schedule.cpp), unless one is there: the form and the tile of a product,
    the dispatches of loops, who owns what of attention and of scattered rows. No schedule changes a bit of a result.
    Examples: test/codegen/vulkan-schedule.mlir, test/codegen/vulkan-schedules.mlir.
  }];
  let options = [Option<"profile", "profile", "std::string", "\"registers\"",
                        "registers (CPU-like devices) or shared (GPUs)">,
                 Option<"seed", "seed", "uint64_t", "0", "other than 0: any legal schedule, by chance">];
}

def EmitKernels : Pass<"sinter-vulkan-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "turn kernels into dispatches of shaders";
  let description = [{
    Kernels of linalg on tensors become plan.kernels and the shaders (gpu.module) that these run. Example:
    test/codegen/vulkan-kernels.mlir.
  }];
  let options = [Option<"profile", "profile", "std::string", "\"registers\"",
                        "registers (CPU-like devices) or shared (GPUs)">];
  let dependentDialects = ["::sinter::plan::PlanDialect", "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::spirv::SPIRVDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ExpandForShaders : Pass<"sinter-vulkan-expand"> {
  let summary = "write what shaders compute badly in arithmetic";
  let description = [{
    What SPIR-V has no instruction for, or too loose a one: rounding to bf16, functions of libm, extrema of NaN.
    Example: test/codegen/vulkan-special.mlir.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def HideZeros : Pass<"sinter-vulkan-hide-zeros", "::mlir::gpu::GPUFuncOp"> {
  let summary = "take literal zeros in arithmetic from push constants";
  let description = "Drivers fold x * 0 to 0, whatever x is. Example: test/codegen/vulkan-nan.mlir.";
  let dependentDialects = ["::sinter::plan::PlanDialect", "::mlir::vector::VectorDialect"];
}

def ShadersToSpirv : Pass<"sinter-vulkan-to-spirv", "::mlir::ModuleOp"> {
  let summary = "convert shaders to the spirv dialect";
  let description = "Every gpu.module becomes a spirv.module, on all cores.";
  let dependentDialects = ["::mlir::spirv::SPIRVDialect"];
}

def FinishSpirv : Pass<"sinter-vulkan-finish-spirv", "::mlir::spirv::ModuleOp"> {
  let summary = "raise the SPIR-V version, drop what is core in it, decorate";
  let description = [{
    The version that Vulkan 1.2 takes, and what f32 has to keep: NaN, infinities, signs of zeros, denormals, rounding.
  }];
}

#endif // SINTER_CODEGEN_VULKAN_PASSES
