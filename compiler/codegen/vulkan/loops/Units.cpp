#include "compiler/codegen/vulkan/loops/Units.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
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
  bool vector = lanes && laneStride == 1 && isVector(kernel, access, *lanes);
  if (vector) {
    type = VectorType::get({kLanes}, element);
    index = quarter(builder, shader.loc, index);
  }
  Place place = kernel.places.lookup(access.storage).place;
  if (vector && kernel.texels.contains(access.storage) && ShaderBuilder::bindsTexels(place))
    return shader.fetchTexels(place, index);
  Buffer buffer = shader.bind(place, plan::Binding::Read, type);
  Value value;
  if (!vector && laneStride != 0) {
    SmallVector<Value> values;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      values.push_back(
          shader.load(buffer, LinearIndex{lane * laneStride, {{index, 1}}}.materialize(builder, shader.loc)));
    value = vector::FromElementsOp::create(builder, shader.loc, VectorType::get({kLanes}, element), values);
  } else {
    value = shader.load(buffer, index);
  }
  return fromMemory(builder, shader.loc, value, access.storage->element);
}

void UnitEmitter::store(const Access &access, Value value) {
  auto [offset, laneStride] = address(access);
  OpBuilder &builder = shader.builder;
  Type type = memoryType(access.storage->element);
  Value index = offset.materialize(builder, shader.loc);
  bool vector = lanes && laneStride == 1 && isVector(kernel, access, *lanes);
  if (vector) {
    type = VectorType::get({kLanes}, type);
    index = quarter(builder, shader.loc, index);
  }
  if (laneStride != 0)
    value = toLanes(builder, shader.loc, value, kLanes);
  value = toMemory(builder, shader.loc, value);
  Buffer buffer = shader.bind(kernel.places.lookup(access.storage).place, plan::Binding::Write, type);
  if (vector || laneStride == 0)
    return shader.store(buffer, index, value);
  for (int64_t lane = 0; lane < kLanes; ++lane)
    shader.store(buffer, LinearIndex{lane * laneStride, {{index, 1}}}.materialize(builder, shader.loc),
                 vector::ExtractOp::create(builder, shader.loc, value, lane));
}

Value UnitEmitter::operandValue(const Operand &operand) {
  OpBuilder &builder = shader.builder;
  if (operand.splat)
    return arith::ConstantOp::create(builder, shader.loc, operand.splat);
  if (!operand.access)
    return arith::ConstantOp::create(builder, shader.loc, cast<TypedAttr>(builder.getZeroAttr(operand.element)));
  if (Value value = forward.lookup(operand.access->storage))
    return value;
  if (Value value = rowValues.lookup(operand.access->storage))
    return value;
  auto find = [&](ArrayRef<std::pair<Access, Value>> known) {
    const auto *found = llvm::find_if(known, [&](auto &entry) { return entry.first.sameElement(*operand.access); });
    return found == known.end() ? Value() : found->second;
  };
  if (Value value = find(hoisted))
    return value;
  if (!chunk)
    return load(*operand.access);
  if (Value value = computedAt.lookup({operand.access->storage, *chunk}))
    return value;
  if (Value value = find(loadedAt[*chunk]))
    return value;
  Value value = load(*operand.access);
  loadedAt[*chunk].push_back({*operand.access, value});
  return value;
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
      if (chunk)
        computedAt[{result.access.storage, *chunk}] = value;
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

LogicalResult UnitEmitter::emitBelow(UnitGroup &group, Value index, int64_t limit,
                                     SmallVectorImpl<Value> &accumulators) {
  OpBuilder &builder = shader.builder;
  bool carries = !accumulators.empty();
  Value inside = arith::CmpIOp::create(builder, shader.loc, arith::CmpIPredicate::ult, index, constant(limit));
  auto branch = scf::IfOp::create(builder, shader.loc, ValueRange(accumulators).getTypes(), inside, carries);
  OpBuilder::InsertionGuard guard(builder);
  if (carries) {
    builder.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(builder, shader.loc, accumulators);
    builder.setInsertionPointToEnd(branch.thenBlock());
  } else {
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  SmallVector<Value> values(accumulators.begin(), accumulators.end());
  if (failed(emit(group, values)))
    return failure();
  flush();
  if (carries)
    scf::YieldOp::create(builder, shader.loc, values);
  accumulators.assign(branch.getResults().begin(), branch.getResults().end());
  return success();
}

/// Calls `visit` with each reduction of the group: its unit, its result, and the operand that it starts from.
static void forEachReduction(UnitGroup &group, llvm::function_ref<void(Result &, Operand &)> visit) {
  for (Unit *unit : group.units)
    for (auto [number, result] : llvm::enumerate(unit->results))
      if (result.combiner)
        visit(result, unit->operands[unit->inputs + number]);
}

SmallVector<Value> UnitEmitter::neutralValues(UnitGroup &group) {
  SmallVector<Value> values;
  forEachReduction(group, [&](Result &result, Operand &start) {
    Value value = arith::ConstantOp::create(shader.builder, shader.loc, neutralElement(result.combiner, start.element));
    values.push_back(lanes ? toLanes(shader.builder, shader.loc, value, kLanes) : value);
  });
  return values;
}

SmallVector<Operation *> UnitEmitter::combiners(UnitGroup &group) {
  SmallVector<Operation *> combiners;
  forEachReduction(group, [&](Result &result, Operand &) { combiners.push_back(result.combiner); });
  return combiners;
}

void UnitEmitter::foldLanes(UnitGroup &group, MutableArrayRef<Value> accumulators) {
  OpBuilder &builder = shader.builder;
  for (auto [value, combiner] : llvm::zip_equal(accumulators, combiners(group))) {
    if (!isLanes(value))
      continue;
    Value parts[kLanes];
    for (int64_t lane = 0; lane < kLanes; ++lane)
      parts[lane] = vector::ExtractOp::create(builder, shader.loc, value, lane);
    value = combine(builder, shader.loc, combiner, combine(builder, shader.loc, combiner, parts[0], parts[2]),
                    combine(builder, shader.loc, combiner, parts[1], parts[3]));
  }
}

void UnitEmitter::addInitialValues(UnitGroup &group, MutableArrayRef<Value> accumulators) {
  auto *value = accumulators.begin();
  forEachReduction(group, [&](Result &result, Operand &start) {
    if (!start.splat || start.splat != neutralElement(result.combiner, start.element))
      *value = combine(shader.builder, shader.loc, result.combiner, operandValue(start), *value);
    ++value;
  });
}

void UnitEmitter::finishReductions(UnitGroup &group, ValueRange values, bool storing) {
  unsigned next = 0;
  forEachReduction(group, [&](Result &result, Operand &) {
    Value value = values[next++];
    rowValues[result.access.storage] = value;
    if (storing && kernel.places.count(result.access.storage))
      store(result.access, value);
  });
}

void UnitEmitter::hoist(UnitGroup &group, std::optional<unsigned> dim) {
  auto varies = [&](const Access &access) {
    return dim ? access.uses(*dim)
               : llvm::any_of(access.parts, [](const AccessPart &part) { return !part.index.terms.empty(); });
  };
  auto written = [&](Storage *storage) {
    return llvm::any_of(group.units, [&](Unit *unit) {
      return llvm::any_of(unit->results, [&](Result &value) { return value.access.storage == storage; });
    });
  };
  for (Unit *unit : group.units)
    for (auto [number, operand] : llvm::enumerate(unit->operands)) {
      if (!operand.access || varies(*operand.access) || written(operand.access->storage) ||
          rowValues.count(operand.access->storage) || (number >= unit->inputs && unit->isReduction()))
        continue;
      if (llvm::none_of(hoisted, [&](auto &known) { return known.first.sameElement(*operand.access); }))
        hoisted.push_back({*operand.access, load(*operand.access)});
    }
}

void UnitEmitter::keepRowValues() {
  for (auto [storage, value] : forward)
    rowValues[storage] = value;
}

void UnitEmitter::setPosition(ArrayRef<unsigned> dims, Value index) {
  OpBuilder &builder = shader.builder;
  for (unsigned d : llvm::reverse(dims)) {
    int64_t step = d == lanes ? kLanes : 1, extent = kernel.extents[d] / step;
    Value own = index;
    if (d != dims.front()) {
      own = arith::RemUIOp::create(builder, shader.loc, index, constant(extent));
      index = arith::DivUIOp::create(builder, shader.loc, index, constant(extent));
    }
    position[d] = LinearIndex().add(own, step).materialize(builder, shader.loc);
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
    Value steps = arith::ConstantOp::create(
        builder, op.getLoc(), DenseElementsAttr::get(type, ArrayRef<APInt>{{64, 0}, {64, 1}, {64, 2}, {64, 3}}));
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
  Buffer buffer = shader.bind(located.place, plan::Binding::Read, memoryType(access->storage->element));
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
