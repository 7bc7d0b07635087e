#include "compiler/codegen/vulkan/Units.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::vulkan {

static constexpr int64_t kLanes = 4;

/// Offset of the access at the current position, and how far neighbours along the lanes are apart.
std::pair<LinearIndex, int64_t> UnitEmitter::address(const Access &access) {
  std::pair<LinearIndex, int64_t> result;
  result.first.constant = kernel.places.lookup(access.storage).base;
  SmallVector<int64_t> strides = stridesOf(*access.storage);
  for (const AccessPart &part : access.parts) {
    int64_t stride = strides[part.last];
    result.first.constant += part.index.constant * stride;
    for (auto [dim, factor] : part.index.terms) {
      result.first.add(position.lookup(dim), factor * stride);
      if (dim == lanes)
        result.second += factor * stride;
    }
  }
  return result;
}

/// An offset that is a multiple of four, in vectors of four.
static Value quarter(OpBuilder &builder, Location loc, Value offset) {
  APInt known;
  if (matchPattern(offset, m_ConstantInt(&known)))
    return indexConstant(builder, loc, known.getSExtValue() / kLanes);
  return arith::ShRUIOp::create(builder, loc, offset, indexConstant(builder, loc, 2));
}

Value UnitEmitter::load(const Access &access) {
  auto [offset, laneStride] = address(access);
  OpBuilder &builder = shader.builder;
  Type element = memoryType(access.storage->element), type = element;
  Value index = offset.materialize(builder, shader.loc);
  if (laneStride == 1) {
    type = VectorType::get({kLanes}, element);
    index = quarter(builder, shader.loc, index);
  }
  Buffer buffer = shader.bind(kernel.places.lookup(access.storage).place, plan::Binding::Read, type);
  return fromMemory(builder, shader.loc, shader.load(buffer, index), access.storage->element);
}

void UnitEmitter::store(const Access &access, Value value) {
  auto [offset, laneStride] = address(access);
  OpBuilder &builder = shader.builder;
  Type type = memoryType(access.storage->element);
  Value index = offset.materialize(builder, shader.loc);
  if (laneStride == 1) {
    type = VectorType::get({kLanes}, type);
    index = quarter(builder, shader.loc, index);
    value = toLanes(builder, shader.loc, value, kLanes);
  }
  Buffer buffer = shader.bind(kernel.places.lookup(access.storage).place, plan::Binding::Write, type);
  shader.store(buffer, index, toMemory(builder, shader.loc, value));
}

Value UnitEmitter::operandValue(const Operand &operand) {
  OpBuilder &builder = shader.builder;
  if (operand.splat)
    return arith::ConstantOp::create(builder, shader.loc, operand.splat);
  if (!operand.access)
    return arith::ConstantOp::create(builder, shader.loc, cast<TypedAttr>(builder.getZeroAttr(operand.element)));
  if (Value value = forward.lookup(operand.access->storage))
    return value;
  return load(*operand.access);
}

LogicalResult UnitEmitter::emit(UnitGroup &group, MutableArrayRef<Value> accumulators) {
  forward.clear();
  unsigned reduction = 0;
  for (Unit *unit : group.units) {
    shader.loc = unit->loc;
    SmallVector<Value> values;
    if (!unit->body) {
      values.push_back(operandValue(unit->operands[0]));
    } else {
      SmallVector<Value> arguments;
      for (auto [number, operand] : llvm::enumerate(unit->operands))
        arguments.push_back(number >= unit->inputs && unit->isReduction()
                                ? accumulators[reduction + number - unit->inputs]
                                : operandValue(operand));
      FailureOr<SmallVector<Value>> cloned = cloneUnit(*unit, arguments);
      if (failed(cloned))
        return failure();
      values = *cloned;
    }
    for (auto [value, result] : llvm::zip(values, unit->results)) {
      if (result.combiner) {
        Value &accumulator = accumulators[reduction++];
        accumulator = isLanes(accumulator) ? toLanes(shader.builder, shader.loc, value, kLanes) : value;
        continue;
      }
      forward[result.access.storage] = value;
      if (kernel.places.count(result.access.storage))
        pending.push_back({result.access, value});
    }
  }
  return success();
}

void UnitEmitter::flush() {
  for (PendingStore &item : pending)
    store(item.access, item.value);
  pending.clear();
}

SmallVector<Value> UnitEmitter::initialValues(UnitGroup &group) {
  SmallVector<Value> values;
  for (Unit *unit : group.units)
    for (auto [number, result] : llvm::enumerate(unit->results))
      if (result.combiner) {
        Value value = operandValue(unit->operands[unit->inputs + number]);
        values.push_back(lanes ? toLanes(shader.builder, shader.loc, value, kLanes) : value);
      }
  return values;
}

void UnitEmitter::storeReductions(UnitGroup &group, ValueRange values) {
  unsigned next = 0;
  for (Unit *unit : group.units)
    for (Result &result : unit->results)
      if (result.combiner) {
        Value value = values[next++];
        if (kernel.places.count(result.access.storage))
          store(result.access, value);
      }
}

FailureOr<SmallVector<Value>> UnitEmitter::cloneUnit(Unit &unit, ArrayRef<Value> arguments) {
  OpBuilder &builder = shader.builder;
  auto index = [&](linalg::IndexOp op) -> Value {
    unsigned dim = unit.dims[op.getDim()];
    if (dim == kNoDim)
      return constant(0);
    Value value = position.lookup(dim);
    if (dim != lanes)
      return value;
    auto type = VectorType::get({kLanes}, builder.getIndexType());
    Value steps = arith::ConstantOp::create(builder, op.getLoc(),
                                            DenseElementsAttr::get(type, ArrayRef<APInt>{{64, 0}, {64, 1}, {64, 2}, {64, 3}}));
    return arith::AddIOp::create(builder, op.getLoc(), toLanes(builder, op.getLoc(), value, kLanes), steps);
  };
  auto read = [&](tensor::ExtractOp op, ValueRange indices) { return extract(op, indices); };
  return cloneBody(builder, *unit.body, arguments, {kLanes, index, read});
}

/// Reads table[indices], each lane for itself.
FailureOr<Value> UnitEmitter::extract(tensor::ExtractOp op, ValueRange indices) {
  std::optional<Access> access = kernel.graph->lookup(op.getTensor());
  if (!access || access->storage->kind != Storage::Argument)
    return op.emitError("vulkan: tensor.extract reads a tensor that is not an argument of the kernel"), failure();
  OpBuilder &builder = shader.builder;
  Location loc = op.getLoc();
  Located located = kernel.places.lookup(access->storage);
  Buffer buffer = shader.bind(located.place, plan::Binding::Read,
                              memoryType(access->storage->element));
  SmallVector<int64_t> strides = stridesOf(*access->storage);
  auto readLane = [&](int64_t lane) {
    LinearIndex offset{located.base, {}};
    for (const AccessPart &part : access->parts) {
      offset.constant += part.index.constant * strides[part.last];
      for (auto [d, factor] : part.index.terms) {
        Value value = indices[d];
        if (isLanes(value))
          value = vector::ExtractOp::create(builder, loc, value, lane);
        offset.add(value, factor * strides[part.last]);
      }
    }
    return shader.load(buffer, offset.materialize(builder, loc));
  };
  if (llvm::none_of(indices, isLanes))
    return fromMemory(builder, loc, readLane(0), access->storage->element);
  SmallVector<Value> values;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    values.push_back(readLane(lane));
  Value gathered = vector::FromElementsOp::create(
      builder, loc, VectorType::get({kLanes}, memoryType(access->storage->element)), values);
  return fromMemory(builder, loc, gathered, access->storage->element);
}

} // namespace sinter::vulkan
