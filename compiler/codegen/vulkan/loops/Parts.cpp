// Reductions in parts:
//
//   one invocation for each part (of 64 rows of a column, 1024 elements of a row, as much of k as a product takes at
//   once) and each point (or four neighbours, of columns): the part's terms, as in General.cpp and Rows.cpp one
//   invocation for each point: what the parts have given, in ascending order, in runs
#include "compiler/codegen/vulkan/loops/Parts.h"

#include "compiler/codegen/vulkan/products/Matmul.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// On GPUs few columns would leave most of the device idle; elsewhere an invocation takes what it can.
constexpr int64_t kLongColumn = 256, kLongestColumn = 16384;

bool reducesRow(const UnitGroup &group) { return group.reducesRows && !isContraction(*group.units.front()); }

int64_t termsOfPart(const UnitGroup &group) {
  if (isContraction(*group.units.front()))
    return kProductPart;
  return group.reducesRows ? 1024 : 64;
}

class PartsEmitter {
public:
  PartsEmitter(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch)
      : builder(builder), kernel(kernel), dispatch(dispatch), group(dispatch.groups.front()),
        reduced(*group.sequential), isRow(reducesRow(group)), step(isRow ? kQuad : 1),
        full(kernel.extents[reduced] / step * step), parts(countParts(kernel, group)),
        points(countPointsOfParts(kernel, group)) {
    // A row's lanes are along it; its last elements, if they are no four, are added at the end.
    if (!isRow)
      lanes = lanesOfPoints(kernel, group);
  }

  LogicalResult emit() { return failure(failed(emitTerms()) || failed(emitTotals())); }

private:
  int64_t roundsOfRun() const { return isContraction(*group.units.front()) ? kProductBlock : kTermsPerRun; }

  LogicalResult emitTerms() {
    ShaderBuilder shader(builder, group.units.front()->loc, {static_cast<int32_t>(dispatch.workgroup), 1, 1});
    UnitEmitter emitter(kernel, shader);
    OpBuilder &b = shader.builder;
    auto grid = shader.forEachPoint(parts * points);
    Value part = arith::DivUIOp::create(b, shader.loc, grid.index, shader.constant(points));
    emitter.lanes = lanes;
    emitter.setPosition(group.parallel, arith::RemUIOp::create(b, shader.loc, grid.index, shader.constant(points)));
    emitter.hoist(group, reduced);
    if (isRow)
      emitter.lanes = reduced;
    SmallVector<Value> values = emitter.neutralValues(group);
    int64_t length = termsOfPart(group);
    auto body = [&](Value index, SmallVectorImpl<Value> &carried) -> LogicalResult {
      Value at = LinearIndex().add(part, length).add(index, 1).materialize(b, shader.loc);
      emitter.position[reduced] = at;
      if (full % length != 0)
        return emitter.emitBelow(group, at, full, carried);
      if (failed(emitter.emit(group, carried)))
        return failure();
      emitter.flush();
      return success();
    };
    Runs runs{combiners = emitter.combiners(group), roundsOfRun()};
    if (failed(shader.forEach(0, length, step, runs, values, body)))
      return failure();
    if (isRow)
      emitter.foldLanes(group, values);
    for (Value value : values) {
      Type type = memoryType(getElementTypeOrSelf(value.getType()));
      int64_t bytes = llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
      places.push_back(builder.addScratch(parts * points * (lanes ? 4 : 1) * bytes));
      types.push_back(lanes ? Type(VectorType::get({4}, type)) : type);
      shader.store(shader.bind(places.back(), plan::Binding::Write, types.back()), grid.index,
                   toMemory(b, shader.loc, value));
    }
    shader.dispatch(grid.groups, grid.constants);
    return success();
  }

  LogicalResult emitTotals() {
    ShaderBuilder shader(builder, group.units.front()->loc, {static_cast<int32_t>(dispatch.totals), 1, 1});
    UnitEmitter emitter(kernel, shader);
    auto grid = shader.forEachPoint(points);
    emitter.lanes = lanes;
    emitter.setPosition(group.parallel, grid.index);
    SmallVector<Value> values = emitter.neutralValues(group);
    auto add = [&](Value part, SmallVectorImpl<Value> &carried) {
      Value index = LinearIndex().add(part, points).add(grid.index, 1).materialize(shader.builder, shader.loc);
      for (auto [value, combiner, place, type] : llvm::zip_equal(carried, combiners, places, types)) {
        Value sum = shader.load(shader.bind(place, plan::Binding::Read, type), index);
        sum = fromMemory(shader.builder, shader.loc, sum, getElementTypeOrSelf(value.getType()));
        value = combine(shader.builder, shader.loc, combiner, value, sum);
      }
      return success();
    };
    if (failed(shader.forEach(0, parts, 1, Runs{combiners}, values, add)))
      return failure();
    for (int64_t at = full; at < kernel.extents[reduced]; ++at) {
      emitter.position[reduced] = shader.constant(at);
      if (failed(emitter.emit(group, values)))
        return failure();
      emitter.flush();
    }
    emitter.addInitialValues(group, values);
    emitter.finishReductions(group, values);
    shader.dispatch(grid.groups, grid.constants);
    return success();
  }

  KernelBuilder &builder;
  GroupedKernel &kernel;
  DispatchGroups &dispatch;
  UnitGroup &group;
  unsigned reduced;
  bool isRow;
  std::optional<unsigned> lanes;     ///< of points
  int64_t step, full, parts, points; ///< `full`: what the parts cover
  SmallVector<Operation *> combiners;
  SmallVector<Place> places; ///< of what the parts give, for each reduction
  SmallVector<Type> types;
};

} // namespace

bool isReducedInParts(GroupedKernel &kernel, const UnitGroup &group, const Profile &profile) {
  if (!group.sequential)
    return false;
  int64_t length = kernel.extents[*group.sequential];
  if (isContraction(*group.units.front()))
    return length > kProductPart;
  if (group.reducesRows)
    return length > kLongestRow;
  return profile.sharedMemory ? length >= kLongColumn : length > kLongestColumn;
}

int64_t countParts(const GroupedKernel &kernel, const UnitGroup &group) {
  int64_t step = reducesRow(group) ? kQuad : 1;
  return llvm::divideCeil(kernel.extents[*group.sequential] / step * step, termsOfPart(group));
}

int64_t countPointsOfParts(GroupedKernel &kernel, UnitGroup &group) {
  int64_t points = 1;
  for (unsigned d : group.parallel)
    points *= kernel.extents[d];
  return !reducesRow(group) && lanesOfPoints(kernel, group) ? points / kQuad : points;
}

LogicalResult emitParts(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  return PartsEmitter(builder, kernel, dispatch).emit();
}

} // namespace sinter::vulkan
