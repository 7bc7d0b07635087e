#include "compiler/codegen/vulkan/loops/General.h"

#include "compiler/codegen/vulkan/loops/LoopSchedule.h"
#include "compiler/codegen/vulkan/loops/Parts.h"
#include "compiler/codegen/vulkan/loops/Rows.h"
#include "compiler/codegen/vulkan/products/Matmul.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// One invocation for each parallel point, or for four neighbours; or for some of these, as the schedule says.
LogicalResult emitPoints(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  UnitGroup &group = dispatch.groups.front();
  int64_t count = countPoints(kernel, group) / dispatch.each;
  ShaderBuilder shader(builder, group.units.front()->loc, {static_cast<int32_t>(dispatch.workgroup), 1, 1});
  UnitEmitter emitter(kernel, shader);
  emitter.lanes = lanesOfPoints(kernel, group);
  if (!builder.profile.sharedMemory)
    emitter.hoist(group, std::nullopt);
  auto points = shader.forEachPoint(count);
  emitter.setPosition(group.parallel, points.index);
  if (!group.sequential) {
    for (int64_t number = 0; number < dispatch.each; ++number) {
      if (number > 0) {
        Value &position = emitter.position[group.parallel.front()];
        int64_t distance = kernel.extents[group.parallel.front()] / dispatch.each;
        position = LinearIndex{distance, {{position, 1}}}.materialize(shader.builder, shader.loc);
      }
      if (failed(emitter.emit(group, {})))
        return failure();
      emitter.flush();
    }
  } else {
    emitter.hoist(group, *group.sequential);
    SmallVector<Value> values = emitter.neutralValues(group);
    auto body = [&](Value index, SmallVectorImpl<Value> &carried) {
      emitter.position[*group.sequential] = index;
      if (failed(emitter.emit(group, carried)))
        return failure();
      emitter.flush();
      return success();
    };
    // A round costs a blend for each value that it carries.
    int64_t unroll = builder.profile.sharedMemory ? 1 : 4;
    SmallVector<Operation *> combiners = emitter.combiners(group);
    Runs runs{combiners, isContraction(*group.units.front()) ? kProductBlock : kTermsPerRun};
    if (failed(shader.forEach(0, kernel.extents[*group.sequential], 1, runs, values, body, /*loops=*/1, unroll)))
      return failure();
    emitter.addInitialValues(group, values);
    emitter.finishReductions(group, values);
  }
  shader.dispatch(points.groups, points.constants);
  return success();
}

} // namespace

LogicalResult emitGeneral(func::FuncOp function, ShaderTable &shaders, const Profile &profile) {
  FailureOr<GroupedKernel> kernel = groupUnits(function);
  if (failed(kernel) || failed(readSchedule(function, *kernel, profile)))
    return failure();
  KernelBuilder builder(function, shaders, profile);
  placeStorages(*kernel, function, builder);
  int64_t flops = kernel->graph->flops();
  bool general = false;
  for (DispatchGroups &dispatch : kernel->dispatches) {
    gatherOperands(*kernel, builder, dispatch);
    // For products there are better ways; who sees one here has found a kernel that they do not know.
    general |= llvm::any_of(dispatch.groups.front().units, [](Unit *unit) { return isContraction(*unit); });
    auto *emit = dispatch.form == DispatchGroups::Rows    ? emitRows
                 : dispatch.form == DispatchGroups::Parts ? emitParts
                                                          : emitPoints;
    if (failed(emit(builder, *kernel, dispatch)))
      return failure();
  }
  builder.finish(flops, general);
  return success();
}

} // namespace sinter::vulkan
