// sinter-vulkan-emit-kernels: each kernel becomes a plan.kernel, a list of dispatches, and the shaders they run.
//
//   func.func private @k(%x: tensor<768x64xf32>) -> tensor<768xf32> attributes {sinter.kernel}   { linalg on tensors }
//     =>
//   plan.kernel @k scratch 0 general {
//     plan.dispatch @k.s0 groups [12, 1, 1] bind (read 0 at 0 bytes 196608, write 1 at 0 bytes 3072)
//   }
//   gpu.module @k.s0 { gpu.func @main(%x: memref<?xf32, ...>, %y: memref<?xf32, ...>) kernel { ... } }
#include "compiler/codegen/vulkan/Passes.h"
#include "compiler/codegen/vulkan/attention/Attention.h"
#include "compiler/codegen/vulkan/loops/General.h"
#include "compiler/codegen/vulkan/products/Matmul.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Loops.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::vulkan {
#define GEN_PASS_DEF_EMITKERNELS
#include "compiler/codegen/vulkan/Passes.h.inc"

namespace {

struct EmitKernelsPass : impl::EmitKernelsBase<EmitKernelsPass> {
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    const Profile *chosen = findProfile(profile);
    if (!chosen) {
      getOperation().emitError() << "vulkan: there is no profile '" << profile << "'";
      return signalPassFailure();
    }
    if (failed(refuseLongLoops(getOperation())))
      return signalPassFailure();
    ShaderTable shaders(getOperation());
    for (func::FuncOp kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (kernel->hasAttr(kKernelAttr) && !kernel.isExternal() && failed(emit(kernel, shaders, *chosen)))
        return signalPassFailure();
  }

  /// All steps of a loop are recorded when a program starts, also those that may turn out not to be needed.
  static LogicalResult refuseLongLoops(ModuleOp module) {
    constexpr int64_t most = 65536;
    WalkResult walk = module.walk([&](plan::LoopOp loop) {
      if (loop->hasAttr(kWhileAttr) && static_cast<int64_t>(loop.getSteps()) > most) {
        loop.emitError("vulkan: every step that a loop may have is recorded, and this one may have ")
            << loop.getSteps() << ", more than " << most << ": give a bound to while_loop";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    return failure(walk.wasInterrupted());
  }

  /// Few devices compute in f64, and none has to.
  static LogicalResult refuseDoubles(func::FuncOp kernel) {
    WalkResult walk = kernel.walk([](Operation *op) {
      for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
        for (Type type : types)
          if (getElementTypeOrSelf(type).isF64()) {
            op->emitError("vulkan: f64 is for the CPU: compile with --target=cpu, or compute in f32");
            return WalkResult::interrupt();
          }
      return WalkResult::advance();
    });
    return failure(walk.wasInterrupted());
  }

  static LogicalResult emit(func::FuncOp kernel, ShaderTable &shaders, const Profile &profile) {
    if (failed(refuseDoubles(kernel)))
      return failure();
    if (!kernel.getBody().front().getOps<ScatterAddOp>().empty())
      return emitScatter(kernel, shaders, profile);
    if (kindOf(kernel) == kAttentionKind)
      return emitAttention(kernel, shaders, profile);
    if (std::optional<MatmulKernel> product = productOf(kernel))
      return emitMatmul(kernel, *product, shaders, profile);
    return emitGeneral(kernel, shaders, profile);
  }
};

} // namespace
} // namespace sinter::vulkan
