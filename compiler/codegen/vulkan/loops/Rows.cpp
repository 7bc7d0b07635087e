#include "compiler/codegen/vulkan/loops/Rows.h"

#include "compiler/codegen/vulkan/loops/Dispatches.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <bit>

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr int64_t kLanes = 4, kUnroll = 4;

class RowsEmitter {
public:
  /// `perRow` invocations share a row, through shuffles if the dispatch has them, else through shared memory.
  RowsEmitter(GroupedKernel &kernel, DispatchGroups &dispatch, ShaderBuilder &shader, int64_t perRow)
      : kernel(kernel), dispatch(dispatch), shader(shader), builder(shader.builder), emitter(kernel, shader),
        perRow(perRow) {}

  /// `row` is the number of the row; of several invocations for it, `invocation` is this one's number in the row, and
  /// `inGroup` that in the workgroup.
  LogicalResult run(Value row, Value invocation, Value inGroup) {
    this->invocation = invocation;
    this->inGroup = inGroup;
    emitter.setPosition(dispatch.rows, row);
    for (UnitGroup &group : dispatch.groups)
      if (failed(emitGroup(group)))
        return failure();
    return success();
  }

private:
  GroupedKernel &kernel;
  DispatchGroups &dispatch;
  ShaderBuilder &shader;
  OpBuilder &builder;
  UnitEmitter emitter;
  int64_t perRow; ///< invocations
  Value invocation, inGroup;

  Value constant(int64_t value) { return shader.constant(value); }
  Value isBelow(Value value, int64_t limit) {
    return arith::CmpIOp::create(builder, shader.loc, arith::CmpIPredicate::ult, value, constant(limit));
  }

  LogicalResult emitGroup(UnitGroup &group) {
    shader.loc = group.units.front()->loc;
    std::optional<unsigned> columns = group.columns(dispatch.rows);
    if (!columns)
      return emitOnce(group);
    emitter.hoist(group, *columns);
    int64_t extent = kernel.extents[*columns], full = extent / kLanes * kLanes;
    emitter.lanes = columns;
    SmallVector<Value> values = emitter.neutralValues(group);
    if (full > 0 && failed(emitLoop(group, *columns, 0, full, kLanes, values)))
      return failure();
    emitter.lanes = std::nullopt;
    emitter.foldLanes(group, values);
    if (full < extent && failed(emitLoop(group, *columns, full, extent, 1, values)))
      return failure();
    if (perRow > 1)
      addUp(values, emitter.combiners(group));
    emitter.addInitialValues(group, values);
    if (!dispatch.resident)
      emitter.dropHoisted();
    finish(group, values);
    return success();
  }

  /// Units without columns: every invocation computes them, one stores.
  LogicalResult emitOnce(UnitGroup &group) {
    if (failed(emitter.emit(group, {})))
      return failure();
    emitter.keepRowValues();
    byOne([&] { emitter.flush(); }, emitter.hasStores());
    return success();
  }

  void finish(UnitGroup &group, ArrayRef<Value> values) {
    if (values.empty())
      return;
    emitter.finishReductions(group, values, /*storing=*/perRow == 1);
    if (perRow > 1)
      byOne([&] { emitter.finishReductions(group, values); }, true);
  }

  void byOne(llvm::function_ref<void()> body, bool needed) {
    if (!needed)
      return;
    if (perRow == 1)
      return body();
    auto branch = scf::IfOp::create(builder, shader.loc, isBelow(invocation, 1), /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    body();
  }

  /// The units at columns `from` + `lanes` * i + `lanes` * perRow * n below `to`, where i is this invocation of the
  /// row. All invocations go round as often; MLIR's loops would leave what they carry undefined if they did not run at
  /// all.
  LogicalResult emitLoop(UnitGroup &group, unsigned columns, int64_t from, int64_t to, int64_t lanes,
                         SmallVectorImpl<Value> &values) {
    int64_t step = lanes * perRow;
    auto body = [&](Value position, SmallVectorImpl<Value> &carried) {
      if (perRow > 1)
        position = LinearIndex().add(position, 1).add(invocation, lanes).materialize(builder, shader.loc);
      emitter.position[columns] = position;
      return (to - from) % step == 0 ? emitBody(group, carried) : emitter.emitBelow(group, position, to, carried);
    };
    if (!dispatch.resident)
      return shader.forEach(from, to, step, Runs{emitter.combiners(group)}, values, body, dispatch.groups.size(),
                            dispatch.shuffles ? kUnroll : 1);
    for (int64_t number = 0; from + number * step < to; ++number) {
      emitter.setChunk(number);
      if (failed(body(constant(from + number * step), values)))
        return failure();
    }
    emitter.setChunk(std::nullopt);
    return success();
  }

  LogicalResult emitBody(UnitGroup &group, MutableArrayRef<Value> values) {
    if (failed(emitter.emit(group, values)))
      return failure();
    emitter.flush();
    return success();
  }

  /// The value of the invocation whose number differs in the bit `half`.
  Value shuffle(Value value, int64_t half) {
    Type type = value.getType(), word = builder.getI32Type();
    bool narrow = type.isInteger() && type.getIntOrFloatBitWidth() < 32;
    if (narrow)
      value = arith::ExtUIOp::create(builder, shader.loc, word, value);
    Value mask = spirv::ConstantOp::create(builder, shader.loc, word, builder.getI32IntegerAttr(half));
    value = spirv::GroupNonUniformShuffleXorOp::create(builder, shader.loc, value.getType(), spirv::Scope::Subgroup,
                                                       value, mask);
    return narrow ? arith::TruncIOp::create(builder, shader.loc, type, value).getResult() : value;
  }

  /// The values of a row's invocations, combined by a tree; all get the result.
  void addUp(MutableArrayRef<Value> values, ArrayRef<Operation *> combiners) {
    if (values.empty())
      return;
    if (dispatch.shuffles) {
      for (int64_t half = perRow / 2; half >= 1; half /= 2)
        for (auto [value, combiner] : llvm::zip_equal(values, combiners))
          value = combine(builder, shader.loc, combiner, value, shuffle(value, half));
      return;
    }
    SmallVector<Value> memory;
    for (Value value : values) {
      Value shared = shader.sharedMemory(kMostInvocationsOfRow, memoryType(value.getType()));
      memref::StoreOp::create(builder, shader.loc, toMemory(builder, shader.loc, value), shared, inGroup);
      memory.push_back(shared);
    }
    gpu::BarrierOp::create(builder, shader.loc);
    for (int64_t half = perRow / 2; half >= 1; half /= 2) {
      auto branch = scf::IfOp::create(builder, shader.loc, isBelow(invocation, half), /*withElseRegion=*/false);
      {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(branch.thenBlock());
        Value other = LinearIndex{half, {{inGroup, 1}}}.materialize(builder, shader.loc);
        for (auto [value, shared, combiner] : llvm::zip_equal(values, memory, combiners)) {
          auto load = [&](Value index) {
            return fromMemory(builder, shader.loc, memref::LoadOp::create(builder, shader.loc, shared, index),
                              value.getType());
          };
          Value both = combine(builder, shader.loc, combiner, load(inGroup), load(other));
          memref::StoreOp::create(builder, shader.loc, toMemory(builder, shader.loc, both), shared, inGroup);
        }
      }
      gpu::BarrierOp::create(builder, shader.loc);
    }
    Value first = arith::SubIOp::create(builder, shader.loc, inGroup, invocation);
    for (auto [value, shared] : llvm::zip_equal(values, memory))
      value =
          fromMemory(builder, shader.loc, memref::LoadOp::create(builder, shader.loc, shared, first), value.getType());
  }
};

LogicalResult emitOneEach(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  int64_t rows = countRows(kernel, dispatch);
  ShaderBuilder shader(builder, dispatch.groups.front().units.front()->loc,
                       {static_cast<int32_t>(dispatch.workgroup), 1, 1});
  auto points = shader.forEachPoint(rows);
  if (failed(RowsEmitter(kernel, dispatch, shader, 1).run(points.index, {}, {})))
    return failure();
  shader.dispatch(points.groups, points.constants);
  return success();
}

/// A subgroup for each row.
LogicalResult emitShuffled(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  int64_t perRow = builder.profile.rowLanes, invocations = countRows(kernel, dispatch) * perRow;
  ShaderBuilder shader(builder, dispatch.groups.front().units.front()->loc,
                       {static_cast<int32_t>(dispatch.workgroup), 1, 1}, perRow);
  auto points = shader.forEachPoint(invocations);
  Value size = shader.constant(perRow);
  Value row = arith::DivUIOp::create(shader.builder, shader.loc, points.index, size);
  Value invocation = arith::RemUIOp::create(shader.builder, shader.loc, points.index, size);
  if (failed(RowsEmitter(kernel, dispatch, shader, perRow).run(row, invocation, {})))
    return failure();
  shader.dispatch(points.groups, points.constants);
  return success();
}

LogicalResult emitShared(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  int64_t rows = countRows(kernel, dispatch), perRow = invocationsOfRow(kernel, dispatch, builder.profile);
  int64_t perGroup = dispatch.workgroup / perRow;
  ShaderBuilder shader(builder, dispatch.groups.front().units.front()->loc,
                       {static_cast<int32_t>(dispatch.workgroup), 1, 1});
  Location loc = shader.loc;
  int64_t groups = rows / perGroup, height = llvm::divideCeil(groups, plan::kMaxGroups);
  int64_t width = llvm::divideCeil(groups, height);
  Value group = shader.workgroupId(gpu::Dimension::x);
  SmallVector<int64_t> constants;
  if (height > 1) {
    group =
        LinearIndex().add(group, 1).add(shader.workgroupId(gpu::Dimension::y), width).materialize(shader.builder, loc);
    constants.push_back(groups);
    Value inside = arith::CmpIOp::create(shader.builder, loc, arith::CmpIPredicate::ult, group, shader.pushConstant(0));
    auto branch = scf::IfOp::create(shader.builder, loc, inside, /*withElseRegion=*/false);
    shader.builder.setInsertionPointToStart(branch.thenBlock());
  }
  Value inGroup = shader.localId(gpu::Dimension::x), row = group, invocation = inGroup;
  if (perGroup > 1) {
    Value size = shader.constant(perRow);
    invocation = arith::RemUIOp::create(shader.builder, loc, inGroup, size);
    row = LinearIndex()
              .add(group, perGroup)
              .add(arith::DivUIOp::create(shader.builder, loc, inGroup, size), 1)
              .materialize(shader.builder, loc);
  }
  if (failed(RowsEmitter(kernel, dispatch, shader, perRow).run(row, invocation, inGroup)))
    return failure();
  shader.dispatch({width, height, 1}, constants);
  return success();
}

} // namespace

int64_t invocationsOfRow(const GroupedKernel &kernel, const DispatchGroups &dispatch, const Profile &profile) {
  if (!profile.sharedMemory)
    return dispatch.shuffles ? profile.rowLanes : 1;
  int64_t fours = 1;
  for (const UnitGroup &group : dispatch.groups)
    if (group.sequential)
      fours = std::max<int64_t>(fours, llvm::divideCeil(kernel.extents[*group.sequential], kLanes));
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::min(fours, kMostInvocationsOfRow))));
}

LogicalResult emitRows(KernelBuilder &builder, GroupedKernel &kernel, DispatchGroups &dispatch) {
  if (dispatch.shuffles)
    return emitShuffled(builder, kernel, dispatch);
  return builder.profile.sharedMemory ? emitShared(builder, kernel, dispatch) : emitOneEach(builder, kernel, dispatch);
}

} // namespace sinter::vulkan
