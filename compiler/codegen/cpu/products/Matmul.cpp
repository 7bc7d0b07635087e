// sinter-cpu-emit-matmul: a kernel with one contraction and elementwise ops around it becomes a tile function.
//
//     func.func private @k(%a: tensor<768x128xf32>, %b: tensor<128x384xf32>) -> tensor<768x384xf32>
//         attributes {sinter.kernel}                      fill, generic (multiply, add), elementwise generics
//   ->
//     func.func private @k(%a: memref<768x128xf32>, %b: memref<128x384xf32>, %out: memref<768x384xf32>,
//                          %begin: index, %end: index, %scratch: memref<?xi8>)
//         attributes {sinter.kernel, sinter.tiles = 8, sinter.scratch = 262144}
//
// Recognition is in MatmulShape, the choice of tiles in MatmulCost, what was chosen in `sinter.schedule`, the loops in
// MatmulEmit. Every element of the product adds up in the order of ProductOrder.h, whatever the plan, which
// `sinter.plan` says. The last tile of a row may compute elements twice; where a result shares memory with an argument
// (mayRunInPlace), it stores none twice.
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/Pieces.h"
#include "compiler/codegen/cpu/products/MatmulEmit.h"
#include "compiler/codegen/cpu/products/MatmulSchedule.h"
#include "compiler/passes/fuse/NotFused.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUEMITMATMUL
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

using namespace cpu;

struct EmitMatmulPass : impl::CpuEmitMatmulBase<EmitMatmulPass> {
  using CpuEmitMatmulBase::CpuEmitMatmulBase;

  void runOnOperation() override {
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!function->hasAttr("sinter.kernel") || function->hasAttr(kTilesAttr) || function.isExternal())
        continue;
      if (kindOf(function) != kProductKind)
        continue;
      std::optional<MatmulKernel> kernel = recogniseMatmul(function);
      if (!kernel && function->hasAttr(plan::kInPlaceAttr)) {
        function.emitError("@") << function.getName() << " runs in place, but its product has no tiles";
        return signalPassFailure();
      }
      if (!kernel)
        notFused(function, "a product with its tiles",
                 "what is around it is more than its kernel takes: loops compute it");
      else if (FailureOr<MatmulPlan> plan = planOf(function, *kernel);
               failed(plan) || failed(emit(function, *kernel, *plan)))
        return signalPassFailure();
    }
  }

  static int64_t countFlops(ArrayRef<MatmulStep> steps) {
    int64_t flops = 0;
    for (const MatmulStep &step : steps)
      flops += codegen::countFlops(*linalg::GenericOp(step.op).getBody());
    return flops;
  }

  static FailureOr<MatmulPlan> planOf(func::FuncOp function, const MatmulKernel &kernel) {
    if (!hasSchedule(function))
      return failure();
    return readSchedule(function, function->getAttr(kScheduleAttr), kernel);
  }

  LogicalResult emit(func::FuncOp function, const MatmulKernel &kernel, const MatmulPlan &plan) {
    func::FuncOp tiles = createTileFunction(function);
    OpBuilder builder = OpBuilder::atBlockBegin(&tiles.front());
    linalg::GenericOp contraction = kernel.contraction;
    MatmulEmitter emitter(builder, contraction.getLoc(), kernel, plan);
    if (failed(emitter.emit(tiles.front())))
      return failure();
    int64_t batch = kernel.batchSize(), m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
    auto products = static_cast<int64_t>(orderedShare(kernel.contraction) * 2 * k);
    int64_t flops = batch * (m * n * (products + countFlops(kernel.epilogue)) + m * k * countFlops(kernel.lhs.steps) +
                             n * k * countFlops(kernel.rhs.steps));
    flops += kernel.columnSums ? n * k : 0;
    setPieces(tiles, piecesOf(kernel, tiles));
    setTileAttributes(tiles, kernel.batchSize() * plan.mTiles * plan.nTiles, emitter.scratchBytes(), flops);
    function.erase();
    return success();
  }
};

} // namespace

} // namespace sinter
