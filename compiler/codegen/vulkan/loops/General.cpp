#include "compiler/codegen/vulkan/loops/General.h"

#include "compiler/codegen/vulkan/loops/Parts.h"
#include "compiler/codegen/vulkan/loops/Rows.h"
#include "compiler/codegen/vulkan/products/Matmul.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// Points that an invocation takes where what it loads once, and works out of its number, serves all of them: a divisor
/// of the outermost extent `steps`.
int64_t pointsEach(const Profile &profile, const UnitGroup &group, int64_t count, int64_t steps) {
  constexpr int64_t kMost = 4, kMostOps = 128; // of shaders that drivers compile quickly
  if (profile.sharedMemory)
    return 1;
  int64_t ops = 0;
  for (Unit *unit : group.units)
    if (unit->body)
      for (Operation &op : *unit->body) // a function is a polynomial, and anything unknown is much
        ops += isa<arith::ArithDialect>(op.getDialect()) && !isa<arith::RemFOp>(op) ? 1 : 24;
  int64_t each = kMost;
  while (each > 1 && (steps % each != 0 || ops * each > kMostOps || count < each * 4 * profile.workgroup))
    each /= 2;
  return each;
}

/// One invocation for each parallel point, or for four neighbours.
LogicalResult emitPoints(KernelBuilder &builder, GroupedKernel &kernel, UnitGroup &group) {
  std::optional<unsigned> lanes;
  if (!group.parallel.empty() && allowsLanes(kernel, group, group.parallel.back()))
    lanes = group.parallel.back();
  int64_t count = 1, each = 1;
  for (unsigned d : group.parallel)
    count *= kernel.extents[d];
  if (lanes)
    count /= 4;
  if (!group.sequential && !group.parallel.empty()) {
    unsigned outermost = group.parallel.front();
    each = pointsEach(builder.profile, group, count, kernel.extents[outermost] / (outermost == lanes ? 4 : 1));
    count /= each;
  }
  ShaderBuilder shader(builder, group.units.front()->loc, {ShaderBuilder::workgroupFor(builder.profile, count), 1, 1});
  UnitEmitter emitter(kernel, shader);
  emitter.lanes = lanes;
  if (!builder.profile.sharedMemory)
    emitter.hoist(group, std::nullopt);
  auto points = shader.forEachPoint(count);
  emitter.setPosition(group.parallel, points.index);
  if (!group.sequential) {
    for (int64_t number = 0; number < each; ++number) {
      if (number > 0) {
        Value &position = emitter.position[group.parallel.front()];
        int64_t distance = kernel.extents[group.parallel.front()] / each;
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
    UnitGroup &group = dispatch.groups.front();
    if (failed(dispatch.byRows                             ? emitRows(builder, *kernel, dispatch)
               : isReducedInParts(*kernel, group, profile) ? emitParts(builder, *kernel, group)
                                                           : emitPoints(builder, *kernel, group)))
      return failure();
  }
  builder.finish(flops, general);
  return success();
}

} // namespace sinter::vulkan
