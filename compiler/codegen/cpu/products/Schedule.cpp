// sinter-cpu-schedule: decides how the product of a kernel is cut up, and says so on the kernel.
//
//   func.func private @matmul_768x384(...) attributes {sinter.kernel, sinter.kind = "product"}
//     =>
//   ... sinter.schedule = {block = array<i64: 96, 384, 192>, keeps = "left", left = "rows", right = "copied",
//                          tile = array<i64: 12, 32>}
//
// The cost model is in MatmulCost. A schedule that is there already stays: whoever wrote it knows better. With `seed`,
// it is any legal one: no bit of a result may depend on it.
#include "compiler/codegen/cpu/Passes.h"
#include "compiler/codegen/cpu/products/MatmulSchedule.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CPUSCHEDULE
#include "compiler/codegen/cpu/Passes.h.inc"

namespace {

using namespace cpu;

struct SchedulePass : impl::CpuScheduleBase<SchedulePass> {
  using CpuScheduleBase::CpuScheduleBase;

  void runOnOperation() override {
    std::mt19937_64 random(seed);
    MatmulTarget target{vectorRegisters, cacheBytes, dotProducts};
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (kindOf(kernel) != kProductKind || kernel.isExternal() || kernel->hasAttr(kScheduleAttr))
        continue;
      if (std::optional<MatmulKernel> product = recogniseMatmul(kernel)) {
        MatmulPlan plan = seed ? randomPlan(*product, target, random) : planMatmul(*product, target);
        kernel->setAttr(kScheduleAttr, scheduleOf(plan, &getContext()));
      }
    }
  }
};

} // namespace
} // namespace sinter
