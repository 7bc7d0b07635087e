// One iteration of a loop nest: loads, the cloned bodies, stores; see LoopEmitter.h.
#include "compiler/codegen/cpu/loops/LoopEmitter.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace sinter::cpu {

LoopEmitter::Address LoopEmitter::address(const Access &access, std::optional<unsigned> lanes) {
  Address result;
  for (const AccessPart &part : access.parts) {
    int64_t stride = access.storage->strides[part.last];
    result.offset.constant += part.index.constant * stride;
    for (auto [dim, factor] : part.index.terms) {
      result.offset.add(position[dim], factor * stride);
      if (dim == lanes)
        result.laneStride += factor * stride;
      if (dim == plan.chunked && access.storage->kind == Storage::Temporary)
        result.offset.add(chunkBegin, -factor * stride);
    }
  }
  return result;
}

Value LoopEmitter::load(const Access &access, const Group &group, int64_t count) {
  Address from = address(access, group.lanes);
  Value offset = from.offset.materialize(builder, loc), memory = flat[access.storage], value;
  if (from.laneStride == 0)
    value = memref::LoadOp::create(builder, loc, memory, offset);
  else
    value = loadLanes(builder, loc, memory, offset, from.laneStride, count);
  return fromMemory(builder, loc, value, access.storage->element);
}

/// Whether whole lines of a result go to memory past the caches: it would not stay there until it is read, and a store
/// that goes through the caches reads each of its lines first.
bool LoopEmitter::isPastCaches(const Access &access, const Group &group, int64_t count) const {
  // More than half of what a third-level cache may hold.
  constexpr int64_t kLeastBytes = 12 << 20;
  const Storage &storage = *access.storage;
  bool isLarge = storage.kind == Storage::Output && storage.element.isF32() &&
                 storage.elements * int64_t(sizeof(float)) >= kLeastBytes;
  if (!isLarge || count != kLanes || members || plan.groups.size() > 1 || group.sequential || group.reducesLanes ||
      function->hasAttr(plan::kInPlaceAttr))
    return false;
  int64_t lanes = 0;
  for (const AccessPart &part : access.parts) {
    int64_t stride = storage.strides[part.last];
    if (part.index.constant * stride % kLanes != 0)
      return false;
    for (auto [dim, factor] : part.index.terms)
      if (dim == group.lanes) // (which begin at whole vectors)
        lanes += factor * stride;
      else if (factor * stride % kLanes != 0)
        return false;
  }
  return lanes == 1;
}

void LoopEmitter::store(const Access &access, Value value, const Group &group, int64_t count) {
  Address to = address(access, group.lanes);
  Value offset = to.offset.materialize(builder, loc), memory = flat[access.storage];
  value = toMemory(builder, loc, value);
  if (isPastCaches(access, group, count)) {
    vector::StoreOp::create(builder, loc, toLanes(builder, loc, value), memory, offset, /*nontemporal=*/true,
                            llvm::Align(kLanes * sizeof(float)));
    hasStoredPastCaches = true;
  } else if (to.laneStride != 0)
    storeLanes(builder, loc, value, memory, offset, to.laneStride, count);
  else
    memref::StoreOp::create(builder, loc, value, memory, offset);
}

Value LoopEmitter::operandValue(const Operand &operand, const Group &group, int64_t count) {
  if (operand.splat)
    return arith::ConstantOp::create(builder, loc, operand.splat);
  if (!operand.access)
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(operand.element)));
  if (Value value = forward.lookup(operand.access->storage))
    return value;
  if (Value value = registers.lookup(operand.access->storage))
    return value;
  for (auto &[access, value] : hoisted)
    if (access.sameElement(*operand.access))
      return value;
  return load(*operand.access, group, count);
}

void LoopEmitter::hoist(const Group &group, ArrayRef<std::optional<unsigned>> dims, int64_t count) {
  auto written = [&](Storage *storage) {
    return llvm::any_of(group.units, [&](Unit *unit) {
      return llvm::any_of(unit->results, [&](Result &value) { return value.access.storage == storage; });
    });
  };
  for (Unit *unit : group.units)
    for (auto [number, operand] : llvm::enumerate(unit->operands)) {
      if (!operand.access || written(operand.access->storage) || !operand.access->storage->inMemory ||
          (number >= unit->inputs && unit->isReduction()))
        continue;
      auto uses = [&](std::optional<unsigned> d) { return d && operand.access->uses(*d); };
      auto known = [&](auto &entry) { return entry.first.sameElement(*operand.access); };
      if (llvm::none_of(dims, uses) && llvm::none_of(hoisted, known)) {
        Value value = load(*operand.access, group, count);
        hoisted.push_back({*operand.access, value});
      }
    }
}

LogicalResult LoopEmitter::emitUnits(Group &group, int64_t count, MutableArrayRef<Value> accumulators) {
  forward.clear();
  unsigned reduction = 0;
  for (Unit *unit : group.units) {
    SmallVector<Value> values;
    if (!unit->body) {
      values.push_back(operandValue(unit->operands[0], group, count));
    } else {
      SmallVector<Value> arguments;
      for (auto [number, operand] : llvm::enumerate(unit->operands))
        arguments.push_back(number >= unit->inputs && unit->isReduction()
                                ? accumulators[reduction + number - unit->inputs]
                                : operandValue(operand, group, count));
      FailureOr<SmallVector<Value>> cloned = cloneBody(*unit, group, count, arguments);
      if (failed(cloned))
        return failure();
      values = *cloned;
    }
    for (auto [value, result] : llvm::zip(values, unit->results)) {
      if (result.combiner) {
        Value &accumulator = accumulators[reduction++];
        if (count != 0 && count != kLanes && group.reducesLanes) // lanes outside keep what they have
          value = arith::SelectOp::create(builder, loc, laneMask(builder, loc, count), toLanes(builder, loc, value),
                                          accumulator);
        accumulator = isLanes(accumulator) ? toLanes(builder, loc, value) : value;
      } else if (result.used) {
        finish(result, value, group);
      }
    }
  }
  return success();
}

FailureOr<SmallVector<Value>> LoopEmitter::cloneBody(Unit &unit, Group &group, int64_t count,
                                                     ArrayRef<Value> arguments) {
  LaneContext context;
  if (count != 0)
    for (auto [local, d] : llvm::enumerate(unit.dims))
      if (d == group.lanes)
        context.vectorDim = local;
  context.count = count == 0 ? kLanes : count;
  auto index = [&](int64_t local) {
    return unit.dims[local] == kNoDim ? constant(0) : position.lookup(unit.dims[local]);
  };
  auto tensor = [&](Value value) -> std::optional<FlatTensor> {
    std::optional<Access> access = graph.lookup(value);
    if (!access || access->storage->kind != Storage::Argument)
      return std::nullopt;
    FlatTensor table{flat[access->storage], 0, {}};
    table.strides.assign(cast<RankedTensorType>(value.getType()).getRank(), 0);
    for (const AccessPart &part : access->parts) {
      int64_t stride = access->storage->strides[part.last];
      table.offset += part.index.constant * stride;
      for (auto [d, factor] : part.index.terms)
        table.strides[d] += factor * stride;
    }
    return table;
  };
  context.index = index;
  context.tensor = tensor;
  return cloneOnLanes(builder, *unit.body, arguments, context);
}

void LoopEmitter::finish(const Result &result, Value value, const Group &group) {
  Storage *storage = result.access.storage;
  forward[storage] = value;
  if (storage->inMemory)
    pending.push_back({result.access, value, group.lanes ? position.lookup(*group.lanes) : Value()});
  else
    registers.erase(storage);
  if (!storage->inMemory && storage->elements == 1 && !group.sequential)
    registers[storage] = value;
}

void LoopEmitter::flush(Group &group, int64_t count) {
  Value saved = group.lanes ? position.lookup(*group.lanes) : Value();
  for (PendingStore &item : pending) {
    if (group.lanes)
      position[*group.lanes] = item.laneBase;
    store(item.access, item.value, group, count);
  }
  if (group.lanes)
    position[*group.lanes] = saved;
  pending.clear();
}

} // namespace sinter::cpu
