#include "compiler/codegen/vulkan/General.h"

#include "compiler/codegen/vulkan/Rows.h"
#include "compiler/codegen/vulkan/Units.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// Rows that a part of a column holds on GPUs, where few columns would leave most of the device idle.
constexpr int64_t kRowsPerPart = 64;

/// Whether the group only adds up columns, and long ones.
bool hasLongColumns(GroupedKernel &kernel, const UnitGroup &group) {
  auto onlyAdds = [&](Unit *unit) {
    auto isAtHand = [&](Result &value) { return !kernel.places.count(value.access.storage); };
    return unit->isReduction() ? !isContraction(*unit) : llvm::all_of(unit->results, isAtHand);
  };
  return group.sequential && kernel.extents[*group.sequential] >= 4 * kRowsPerPart && llvm::all_of(group.units, onlyAdds);
}

/// Points that an invocation takes where what it loads once, and works out of its number, serves all of them: a divisor of
/// the outermost extent `steps`.
int64_t pointsEach(const Profile &profile, const UnitGroup &group, int64_t count, int64_t steps) {
  constexpr int64_t kMost = 4, kMostOps = 128; // of shaders that drivers compile quickly
  if (profile.sharedMemory)
    return 1;
  int64_t ops = 0;
  for (Unit *unit : group.units)
    if (unit->body)
      for (Operation &op : *unit->body) // a function is a polynomial, and anything unknown is much
        ops += isa<arith::ArithDialect>(op.getDialect()) ? 1 : 24;
  int64_t each = kMost;
  while (each > 1 && (steps % each != 0 || ops * each > kMostOps || count < each * 4 * profile.workgroup))
    each /= 2;
  return each;
}

/// Columns in two passes: sums of parts of `kRowsPerPart` rows, then the sums of those, both in ascending order.
LogicalResult emitColumns(KernelBuilder &builder, GroupedKernel &kernel, UnitGroup &group) {
  unsigned rows = *group.sequential;
  int64_t length = kernel.extents[rows], parts = llvm::divideCeil(length, kRowsPerPart), columns = 1;
  for (unsigned d : group.parallel)
    columns *= kernel.extents[d];
  bool vectors = !group.parallel.empty() && allowsLanes(kernel, group, group.parallel.back());
  int64_t points = vectors ? columns / 4 : columns;
  SmallVector<Place> places;
  SmallVector<Type> types;
  auto openShader = [&](auto &&body) -> LogicalResult {
    ShaderBuilder shader(builder, group.units.front()->loc, {builder.profile.workgroup, 1, 1});
    UnitEmitter emitter(kernel, shader);
    if (vectors)
      emitter.lanes = group.parallel.back();
    return body(shader, emitter);
  };

  if (failed(openShader([&](ShaderBuilder &shader, UnitEmitter &emitter) -> LogicalResult {
        auto grid = shader.forEachPoint(parts * points);
        OpBuilder &b = shader.builder;
        Value part = arith::DivUIOp::create(b, shader.loc, grid.index, shader.constant(points));
        emitter.setPosition(group.parallel, arith::RemUIOp::create(b, shader.loc, grid.index, shader.constant(points)));
        emitter.hoist(group, rows);
        SmallVector<Value> values = emitter.neutralValues(group);
        for (Value value : values) {
          types.push_back(memoryType(getElementTypeOrSelf(value.getType())));
          places.push_back(builder.addScratch(parts * columns * llvm::divideCeil(types.back().getIntOrFloatBitWidth(), 8)));
          if (vectors)
            types.back() = VectorType::get({4}, types.back());
        }
        auto body = [&](Value index, SmallVectorImpl<Value> &carried) -> LogicalResult {
          Value row = LinearIndex().add(part, kRowsPerPart).add(index, 1).materialize(b, shader.loc);
          emitter.position[rows] = row;
          if (length % kRowsPerPart == 0)
            return emitter.emit(group, carried);
          Value inside = arith::CmpIOp::create(b, shader.loc, arith::CmpIPredicate::ult, row, shader.constant(length));
          auto branch = scf::IfOp::create(b, shader.loc, ValueRange(carried).getTypes(), inside, /*withElseRegion=*/true);
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToEnd(branch.elseBlock());
          scf::YieldOp::create(b, shader.loc, carried);
          b.setInsertionPointToEnd(branch.thenBlock());
          SmallVector<Value> added(carried.begin(), carried.end());
          if (failed(emitter.emit(group, added)))
            return failure();
          scf::YieldOp::create(b, shader.loc, added);
          carried.assign(branch.getResults().begin(), branch.getResults().end());
          return success();
        };
        if (failed(shader.forEach(0, kRowsPerPart, 1, values, body)))
          return failure();
        for (auto [value, place, type] : llvm::zip_equal(values, places, types))
          shader.store(shader.bind(place, plan::Binding::Write, type), grid.index, toMemory(b, shader.loc, value));
        shader.dispatch(grid.groups, grid.constants);
        return success();
      })))
    return failure();

  return openShader([&](ShaderBuilder &shader, UnitEmitter &emitter) -> LogicalResult {
    auto grid = shader.forEachPoint(points);
    emitter.setPosition(group.parallel, grid.index);
    SmallVector<Value> values = emitter.initialValues(group);
    SmallVector<Operation *> combiners = emitter.combiners(group);
    auto body = [&](Value part, SmallVectorImpl<Value> &carried) {
      Value index = LinearIndex().add(part, points).add(grid.index, 1).materialize(shader.builder, shader.loc);
      for (auto [value, combiner, place, type] : llvm::zip_equal(carried, combiners, places, types)) {
        Value sum = shader.load(shader.bind(place, plan::Binding::Read, type), index);
        sum = fromMemory(shader.builder, shader.loc, sum, getElementTypeOrSelf(value.getType()));
        value = combine(shader.builder, shader.loc, combiner, value, sum);
      }
      return success();
    };
    if (failed(shader.forEach(0, parts, 1, values, body)))
      return failure();
    emitter.finishReductions(group, values);
    shader.dispatch(grid.groups, grid.constants);
    return success();
  });
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
    SmallVector<Value> values = emitter.initialValues(group);
    auto body = [&](Value index, SmallVectorImpl<Value> &carried) {
      emitter.position[*group.sequential] = index;
      if (failed(emitter.emit(group, carried)))
        return failure();
      emitter.flush();
      return success();
    };
    // A round costs a blend for each value that it carries.
    int64_t unroll = builder.profile.sharedMemory ? 1 : 4;
    if (failed(shader.forEach(0, kernel.extents[*group.sequential], 1, values, body, /*loops=*/1, unroll)))
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
    UnitGroup &group = dispatch.groups.front();
    bool columns = !dispatch.byRows && profile.sharedMemory && hasLongColumns(*kernel, group);
    if (failed(dispatch.byRows ? emitRows(builder, *kernel, dispatch)
               : columns       ? emitColumns(builder, *kernel, group)
                               : emitPoints(builder, *kernel, group)))
      return failure();
  }
  builder.finish(flops, general);
  return success();
}

} // namespace sinter::vulkan
