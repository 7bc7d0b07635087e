// sinter-vulkan-schedule: decides how each kernel is cut into dispatches and shaders, and says so on the kernel.
//
//   func.func private @matmul_768x384(...) attributes {sinter.kernel, sinter.kind = "product"}
//     =>
//   ... sinter.schedule = {form = "registers", rows = 16 : i64, step = 8 : i64}
//
// A product has a form and its tiles (products/MatmulSchedule.h), an attention who owns how many rows and columns
// (attention/AttentionSchedule.h), loops their dispatches (loops/LoopSchedule.h), scattered rows those of an invocation
// (loops/Scatter.cpp). A schedule that is there already stays: whoever wrote it knows better. With `seed`, it is any
// legal one: no bit of a result may depend on it.
#include "compiler/codegen/vulkan/Passes.h"
#include "compiler/codegen/vulkan/attention/AttentionSchedule.h"
#include "compiler/codegen/vulkan/loops/General.h"
#include "compiler/codegen/vulkan/loops/LoopSchedule.h"
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
    random.seed(seed);
    for (auto kernel : getOperation().getOps<func::FuncOp>()) {
      if (!kernel->hasAttr(kKernelAttr) || kernel.isExternal() || kernel->hasAttr(kScheduleAttr))
        continue;
      FailureOr<DictionaryAttr> schedule = decide(kernel, *chosen);
      if (failed(schedule))
        return signalPassFailure();
      kernel->setAttr(kScheduleAttr, *schedule);
    }
  }

private:
  FailureOr<DictionaryAttr> decide(func::FuncOp kernel, const Profile &profile) {
    std::mt19937_64 *chance = seed ? &random : nullptr;
    if (!kernel.getBody().front().getOps<ScatterAddOp>().empty())
      return scheduleScatter(kernel, profile, chance);
    if (kindOf(kernel) == kAttentionKind) {
      FailureOr<AttentionKernel> attention = readAttention(kernel);
      if (failed(attention))
        return failure();
      return scheduleOf(chooseSchedule(*attention, profile, chance), *attention);
    }
    if (std::optional<MatmulKernel> product = productOf(kernel))
      return scheduleOf(chance ? randomSchedule(*product, profile, random) : chooseSchedule(*product, profile),
                        &getContext());
    FailureOr<GroupedKernel> loops = groupUnits(kernel);
    if (failed(loops))
      return failure();
    chooseSchedule(*loops, profile, chance);
    return scheduleOf(*loops, &getContext());
  }

  std::mt19937_64 random;
};

} // namespace
} // namespace sinter::vulkan
