#include "compiler/codegen/vulkan/General.h"

#include "compiler/codegen/vulkan/Units.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// Which point of the group's parallel dimensions an invocation has.
void setPosition(ShaderBuilder &shader, GroupedKernel &kernel, UnitGroup &group, UnitEmitter &emitter, Value index) {
  OpBuilder &builder = shader.builder;
  for (unsigned d : llvm::reverse(group.parallel)) {
    int64_t extent = kernel.extents[d], step = 1;
    if (d == emitter.lanes)
      extent /= 4, step = 4;
    Value own = index;
    if (d != group.parallel.front()) {
      own = arith::RemUIOp::create(builder, shader.loc, index, shader.constant(extent));
      index = arith::DivUIOp::create(builder, shader.loc, index, shader.constant(extent));
    }
    emitter.position[d] = LinearIndex().add(own, step).materialize(builder, shader.loc);
  }
}

LogicalResult emitGroup(KernelBuilder &builder, GroupedKernel &kernel, UnitGroup &group) {
  gatherOperands(kernel, builder, group);
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
  setPosition(shader, kernel, group, emitter, points.index);
  if (!group.sequential) {
    if (failed(emitter.emit(group, {})))
      return failure();
    emitter.flush();
  } else {
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
    emitter.storeReductions(group, loop.getResults());
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
  for (UnitGroup &group : kernel->groups)
    if (failed(emitGroup(builder, *kernel, group)))
      return failure();
  builder.finish(flops, /*general=*/true);
  return success();
}

} // namespace sinter::vulkan
