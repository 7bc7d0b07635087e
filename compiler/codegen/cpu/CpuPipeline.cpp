// The order of the CPU passes: kernels of linalg on tensors to llvm.func tile functions.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Passes.h"
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/products/MatmulCost.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_STRICTFMA
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

/// `vector.fma` lowers to an operation that may or may not round between product and sum; ours never does.
struct StrictFmaPass : impl::StrictFmaBase<StrictFmaPass> {
  using StrictFmaBase::StrictFmaBase;

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
  cpu::MatmulTarget target = cpu::matmulTarget(options.march);
  CpuScheduleOptions schedule;
  schedule.vectorRegisters = target.vectorRegisters;
  schedule.cacheBytes = target.cacheBytes;
  schedule.dotProducts = target.dotProducts;
  schedule.byteDots = target.byteDots;
  schedule.seed = options.scheduleSeed;
  manager.addPass(createCpuSchedule(schedule));
  manager.addPass(createCpuEmitAttention());
  manager.addPass(createCpuEmitMatmul());
  manager.addPass(createCpuEmitLoops());
  manager.addPass(createCpuChainLaunches());
  OpPassManager &emitted = manager.nest<func::FuncOp>();
  emitted.addPass(createExpandThreefry());
  ExpandMathOptions math;
  math.scales = target.vectorRegisters == 32;
  emitted.addPass(createExpandMath(math));
  emitted.addPass(createCanonicalizerPass());
  emitted.addPass(createLoopInvariantCodeMotionPass());
  emitted.addPass(createCSEPass());
  manager.addPass(createCpuDoubleMath());

  // To the LLVM dialect, bottom up; what is function by function runs on all cores.
  manager.addPass(createCpuAbi());
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
  manager.addPass(createStrictFma());
}

void registerCodegenPasses() {
  registerVulkanPasses();
  registerSinterCodegenPasses();
  registerSinterCpuPasses();
  PassPipelineRegistration<>("sinter-cpu-pipeline", "kernels to LLVM tile functions for this machine",
                             [](OpPassManager &manager) { buildCpuPipeline(manager, TargetOptions()); });
}

} // namespace sinter
