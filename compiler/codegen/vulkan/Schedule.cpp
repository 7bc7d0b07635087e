// sinter-vulkan-schedule: decides how the shaders of each product are cut up, and says so on the kernel.
//
//   func.func private @matmul_768x384(...) attributes {sinter.kernel, sinter.kind = "product"}
//     =>
//   ... sinter.schedule = {form = "registers", rows = 16 : i64, step = 8 : i64}
//
// products/MatmulSchedule.h says what there is. A schedule that is there already stays: whoever wrote it knows better.
// With `seed`, it is any legal one: no bit of a result may depend on it.
#include "compiler/codegen/vulkan/Passes.h"
#include "compiler/codegen/vulkan/products/Matmul.h"
#include "compiler/codegen/vulkan/products/MatmulSchedule.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter::vulkan {
#define GEN_PASS_DEF_SCHEDULE
#include "compiler/codegen/vulkan/Passes.h.inc"

namespace {

struct SchedulePass : impl::ScheduleBase<SchedulePass> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    const Profile *chosen = findProfile(profile);
    if (!chosen) {
      getOperation().emitError() << "vulkan: there is no profile '" << profile << "'";
      return signalPassFailure();
    }
    std::mt19937_64 random(seed);
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kKernelAttr) || kernel.isExternal() || kernel->hasAttr(kScheduleAttr))
        continue;
      if (std::optional<MatmulKernel> product = productOf(kernel)) {
        MatmulSchedule schedule = seed ? randomSchedule(*product, *chosen, random) : chooseSchedule(*product, *chosen);
        kernel->setAttr(kScheduleAttr, scheduleOf(schedule, &getContext()));
      }
    }
  }
};

} // namespace
} // namespace sinter::vulkan
