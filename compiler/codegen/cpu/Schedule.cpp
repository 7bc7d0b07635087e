// sinter-cpu-schedule: decides how each kernel is cut up, and says so on the kernel.
//
//   func.func private @matmul_768x384(...) attributes {sinter.kernel, sinter.kind = "product"}
//     =>
//   ... sinter.schedule = {block = array<i64: 96, 384, 192>, keeps = "left", left = "rows", right = "copied",
//                          tile = array<i64: 12, 32>}
//
// A product has its tiles (products/MatmulSchedule.h, chosen by MatmulCost), an attention its rows and a schedule for
// each of its products (attention/AttentionSchedule.h), loops the dimensions that are cut into tiles
// (loops/LoopSchedule.h), scattered rows those of a tile (loops/EmitScatter.h). A schedule that is there already stays:
// whoever wrote it knows better. With `seed`, it is any legal one: no bit of a result may depend on it.
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/attention/AttentionSchedule.h"
#include "compiler/codegen/cpu/loops/EmitLoops.h"
#include "compiler/codegen/cpu/products/PackedProduct.h"
#include "compiler/codegen/cpu/products/RoundRows.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Windows.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUSCHEDULE
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

using namespace cpu;

struct SchedulePass : impl::CpuScheduleBase<SchedulePass> {
  using CpuScheduleBase::CpuScheduleBase;

  void runOnOperation() override {
    random.seed(seed);
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kKernelAttr) || kernel->hasAttr(kTilesAttr) || kernel.isExternal() ||
          kernel->hasAttr(kScheduleAttr))
        continue;
      FailureOr<DictionaryAttr> schedule = decide(kernel);
      if (failed(schedule))
        return signalPassFailure();
      kernel->setAttr(kScheduleAttr, *schedule);
    }
  }

private:
  FailureOr<DictionaryAttr> decide(func::FuncOp kernel) {
    MatmulTarget target{vectorRegisters, cacheBytes, dotProducts, byteDots};
    if (kindOf(kernel) == kAttentionKind) {
      FailureOr<AttentionKernel> attention = readAttention(kernel);
      if (failed(attention))
        return failure();
      auto most = kernel->getAttrOfType<IntegerAttr>(kMostRowsAttr);
      seed ? chooseAtRandom(*attention, target, random)
           : choose(*attention, target, most ? most.getInt() : attention->queries);
      return scheduleOf(*attention, &getContext());
    }
    if (kindOf(kernel) == kProductKind)
      if (std::optional<MatmulKernel> product = recogniseMatmul(kernel))
        return scheduleOf(seed ? randomPlan(*product, target, random) : planMatmul(*product, target), &getContext());
    if (multipliesPacked(kernel))
      return schedulePacked(kernel, target, seed ? &random : nullptr);
    if (roundsRows(kernel))
      return DictionaryAttr::get(&getContext());
    lowerWindows(kernel);
    return scheduleLoops(kernel, seed ? &random : nullptr);
  }

  /// Only a product packs windows: here loops compute them.
  static void lowerWindows(func::FuncOp kernel) {
    for (WindowsOp windows : llvm::to_vector(kernel.getOps<WindowsOp>())) {
      OpBuilder builder(windows);
      windows.getResult().replaceAllUsesWith(windows.lowerToLoops(builder));
      windows.erase();
    }
  }

  std::mt19937_64 random;
};

} // namespace
} // namespace sinter
