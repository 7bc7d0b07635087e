#include "compiler/codegen/vulkan/General.h"

#include "compiler/codegen/vulkan/Rows.h"
#include "compiler/codegen/vulkan/Units.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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
    auto loop = scf::ForOp::create(shader.builder, shader.loc, shader.constant(0),
                                   shader.constant(kernel.extents[*group.sequential]), shader.constant(1), values);
    {
      OpBuilder::InsertionGuard guard(shader.builder);
      shader.builder.setInsertionPointToStart(loop.getBody());
      emitter.position[*group.sequential] = loop.getInductionVar();
      SmallVector<Value> carried(loop.getRegionIterArgs());
      if (failed(emitter.emit(group, carried)))
        return failure();
      emitter.flush();
      if (!carried.empty())
        scf::YieldOp::create(shader.builder, shader.loc, carried);
    }
    emitter.finishReductions(group, loop.getResults());
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
