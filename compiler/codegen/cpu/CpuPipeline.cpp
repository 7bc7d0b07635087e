// The order of the CPU passes: kernels of linalg on tensors to llvm.func tile functions.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Expand.h"
#include "compiler/codegen/cpu/Matmul.h"
#include "compiler/codegen/cpu/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace sinter {
namespace {

/// `vector.fma` lowers to an operation that may or may not round between product and sum; ours never does.
struct StrictFmaPass : PassWrapper<StrictFmaPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StrictFmaPass)

  StringRef getArgument() const override { return "sinter-strict-fma"; }
  StringRef getDescription() const override { return "make every fused multiply-add round once"; }
  void runOnOperation() override {
    getOperation().walk([](LLVM::FMulAddOp op) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(LLVM::FMAOp::create(builder, op.getLoc(), op.getA(), op.getB(), op.getC()).getResult());
      op.erase();
    });
  }
};

} // namespace

void buildCpuPipeline(OpPassManager &manager, const TargetOptions &options) {
  // Loops and vectors; everything the emitters leave to others to fold and to lift out of loops.
  manager.addPass(createEmitAttentionPass(cpu::matmulTarget(options.march)));
  manager.addPass(createEmitMatmulPass(cpu::matmulTarget(options.march)));
  manager.addPass(createCpuEmitLoopsPass());
  manager.addPass(createCpuChainLaunchesPass());
  OpPassManager &emitted = manager.nest<func::FuncOp>();
  emitted.addPass(createExpandThreefryPass());
  emitted.addPass(createExpandMathPass(/*scales=*/cpu::matmulTarget(options.march).vectorRegisters == 32));
  emitted.addPass(createCanonicalizerPass());
  emitted.addPass(createLoopInvariantCodeMotionPass());
  emitted.addPass(createCSEPass());

  // To the LLVM dialect, bottom up; what is function by function runs on all cores.
  manager.addPass(createCpuAbiPass());
  OpPassManager &lowered = manager.nest<func::FuncOp>();
  lowered.addPass(createConvertVectorToSCFPass());
  lowered.addPass(memref::createExpandStridedMetadataPass());
  lowered.addPass(createLowerAffinePass());
  lowered.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.vectorTransposeLowering = vector::VectorTransposeLowering::Shuffle16x16;
  lowered.addPass(createConvertVectorToLLVMPass(vectors));
  lowered.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass()); // of the module: it does nothing to the blocks of its root
  OpPassManager &rest = manager.nest<LLVM::LLVMFuncOp>();
  rest.addPass(createArithToLLVMConversionPass());
  rest.addPass(createConvertIndexToLLVMPass());
  rest.addPass(createUBToLLVMConversionPass());
  rest.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(std::make_unique<StrictFmaPass>());
}

void registerCodegenPasses() {
  registerVulkanPasses();
  registerEmitMatmulPass();
  registerPass(createCpuEmitLoopsPass);
  registerPass(createCpuChainLaunchesPass);
  registerPass(createExpandThreefryPass);
  registerPass([] { return createExpandMathPass(); });
  registerPass(createCpuAbiPass);
  registerPass([] { return std::make_unique<StrictFmaPass>(); });
  PassPipelineRegistration<>("sinter-cpu-pipeline", "kernels to LLVM tile functions for this machine",
                             [](OpPassManager &manager) { buildCpuPipeline(manager, TargetOptions()); });
}

} // namespace sinter
