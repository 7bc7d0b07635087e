#include "compiler/codegen/vulkan/General.h"

#include "compiler/codegen/vulkan/Rows.h"
#include "compiler/codegen/vulkan/Units.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// One invocation for each parallel point, or for four neighbours.
LogicalResult emitPoints(KernelBuilder &builder, GroupedKernel &kernel, UnitGroup &group) {
  ShaderBuilder shader(builder, group.units.front()->loc, {builder.profile.workgroup, 1, 1});
  UnitEmitter emitter(kernel, shader);
  if (!group.parallel.empty() && allowsLanes(kernel, group, group.parallel.back()))
    emitter.lanes = group.parallel.back();
  int64_t count = 1;
  for (unsigned d : group.parallel)
    count *= kernel.extents[d];
  if (emitter.lanes)
    count /= 4;
  auto points = shader.forEachPoint(count);
  emitter.setPosition(group.parallel, points.index);
  if (!group.sequential) {
    if (failed(emitter.emit(group, {})))
      return failure();
    emitter.flush();
  } else {
    emitter.hoist(group, *group.sequential);
    SmallVector<Value> values = emitter.initialValues(group);
    auto body = [&](Value index, SmallVectorImpl<Value> &carried) {
      emitter.position[*group.sequential] = index;
      if (failed(emitter.emit(group, carried)))
        return failure();
      emitter.flush();
      return success();
    };
    if (failed(shader.forEach(0, kernel.extents[*group.sequential], 1, values, body)))
      return failure();
    emitter.finishReductions(group, values);
  }
  shader.dispatch(points.groups, points.constants);
  return success();
}

} // namespace

LogicalResult emitGeneral(func::FuncOp function, ShaderTable &shaders, const Profile &profile) {
  KernelBuilder builder(function, shaders, profile);
  FailureOr<GroupedKernel> kernel = groupUnits(function, builder);
  if (failed(kernel))
    return failure();
  int64_t flops = kernel->graph->flops();
  bool general = false;
  for (DispatchGroups &dispatch : kernel->dispatches) {
    gatherOperands(*kernel, builder, dispatch);
    // For products there are better ways; who sees one here has found a kernel that they do not know.
    general |= llvm::any_of(dispatch.groups.front().units, [](Unit *unit) { return isContraction(*unit); });
    if (failed(dispatch.byRows ? emitRows(builder, *kernel, dispatch)
                               : emitPoints(builder, *kernel, dispatch.groups.front())))
      return failure();
  }
  builder.finish(flops, general);
  return success();
}

} // namespace sinter::vulkan
