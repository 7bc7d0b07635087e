// Reductions: scalars, along the lanes, long columns; see LoopEmitter.h.
#include "compiler/codegen/cpu/LoopEmitter.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace sinter::cpu {

SmallVector<LoopEmitter::Reduction> LoopEmitter::reductionsOf(Group &group) {
  SmallVector<Reduction> reductions;
  for (Unit *unit : group.units)
    for (auto [number, result] : llvm::enumerate(unit->results))
      if (result.combiner)
        reductions.push_back({unit, &result, &unit->operands[unit->inputs + number]});
  return reductions;
}

Value LoopEmitter::initialValue(const Reduction &reduction, const Group &group, int64_t count) {
  if (reduction.init->splat)
    return arith::ConstantOp::create(builder, loc, reduction.init->splat);
  return load(*reduction.init->access, group, count);
}

TypedAttr LoopEmitter::neutral(const Reduction &reduction) {
  return neutralElement(reduction.result->combiner, reduction.init->element);
}

void LoopEmitter::finishReduction(const Reduction &reduction, Value value, Group &group, int64_t count) {
  if (!reduction.result->used)
    return;
  if (reduction.result->access.storage->inMemory)
    store(reduction.result->access, value, group, count);
  else
    registers[reduction.result->access.storage] = value;
}

LogicalResult LoopEmitter::emitScalars(Group &group) {
  SmallVector<Reduction> reductions = reductionsOf(group);
  SmallVector<Value> accumulators;
  for (Reduction &reduction : reductions)
    accumulators.push_back(initialValue(reduction, group, 0));
  auto once = [&](MutableArrayRef<Value> carried) {
    if (failed(emitUnits(group, 0, carried)))
      return failure();
    flush(group, 0);
    return success();
  };
  if (!group.sequential)
    return once(accumulators);
  if (failed(emitLoop(constant(0), constant(extent(*group.sequential)), 1, accumulators,
                      [&](Value index, MutableArrayRef<Value> carried) {
                        position[*group.sequential] = index;
                        return once(carried);
                      })))
    return failure();
  for (auto [reduction, value] : llvm::zip(reductions, accumulators))
    finishReduction(reduction, value, group, 0);
  return success();
}

LogicalResult LoopEmitter::emitRowReduction(Group &group) {
  SmallVector<Reduction> reductions = reductionsOf(group);
  SmallVector<Value> accumulators;
  for (Reduction &reduction : reductions)
    accumulators.push_back(toLanes(builder, loc, arith::ConstantOp::create(builder, loc, neutral(reduction))));
  unsigned lanes = *group.lanes;
  int64_t full = extent(lanes) / kLanes * kLanes, tail = extent(lanes) % kLanes;
  auto once = [&](Value index, MutableArrayRef<Value> carried, int64_t count) {
    position[lanes] = index;
    if (failed(emitUnits(group, count, carried)))
      return failure();
    flush(group, count);
    return success();
  };
  if (full > 0) {
    SmallVector<Value> carried(accumulators);
    SmallVector<size_t> extrema;
    for (auto [r, reduction] : llvm::enumerate(reductions))
      if (isa<arith::MaximumFOp, arith::MinimumFOp>(reduction.result->combiner)) {
        extrema.push_back(r);
        carried.push_back(arith::ConstantOp::create(builder, loc, builder.getZeroAttr(lanesOf(builder.getI1Type()))));
      }
    if (failed(emitLoop(constant(0), constant(full), kLanes, carried, [&](Value index, MutableArrayRef<Value> values) {
          SmallVector<Value> before(values.begin(), values.end());
          if (failed(once(index, values.take_front(reductions.size()), kLanes)))
            return failure();
          for (auto [e, r] : llvm::enumerate(extrema))
            combineQuickly(builder, loc, before[r], values[r], values[reductions.size() + e]);
          return success();
        })))
      return failure();
    for (auto [e, r] : llvm::enumerate(extrema))
      carried[r] = nanWhere(builder, loc, carried[reductions.size() + e], carried[r]);
    accumulators.assign(carried.begin(), carried.begin() + reductions.size());
  }
  if (tail > 0 && failed(once(constant(full), accumulators, tail)))
    return failure();
  for (auto [reduction, value] : llvm::zip(reductions, accumulators)) {
    Value folded = reduceTree(builder, loc, reduction.result->combiner, value);
    if (!reduction.init->splat || reduction.init->splat != neutral(reduction))
      folded = combine(builder, loc, reduction.result->combiner, initialValue(reduction, group, 0), folded);
    finishReduction(reduction, folded, group, 0);
  }
  return success();
}

LogicalResult LoopEmitter::emitColumnSums(Group &group) {
  unsigned lanes = *group.lanes, rows = *group.sequential;
  SmallVector<Reduction> reductions = reductionsOf(group);
  SmallVector<Value> memory;
  Value scratch = function.getArgument(function.getNumArguments() - 1);
  for (auto [reduction, offset] : llvm::zip_equal(reductions, group.sumOffsets))
    memory.push_back(scratchView(builder, loc, scratch, offset, memoryType(reduction.init->element), plan.chunk));
  auto slot = [&] { return arith::SubIOp::create(builder, loc, position[lanes], chunkBegin); };
  auto store = [&](ArrayRef<Value> sums) {
    for (auto [sum, where] : llvm::zip_equal(sums, memory))
      storeLanes(builder, loc, sum, where, slot());
  };
  auto load = [&] {
    SmallVector<Value> sums;
    for (auto [reduction, where] : llvm::zip_equal(reductions, memory))
      sums.push_back(fromMemory(builder, loc, loadLanes(builder, loc, where, slot()), reduction.init->element));
    return sums;
  };
  auto addRows = [&](Value first, Value last, int64_t count) -> LogicalResult {
    llvm::SaveAndRestore saved(hoisted);
    hoist(group, {group.sequential}, count);
    SmallVector<Value> sums = load();
    if (failed(emitLoop(first, last, 1, sums, [&](Value row, MutableArrayRef<Value> carried) {
          position[rows] = row;
          if (failed(emitUnits(group, count, carried)))
            return failure();
          flush(group, count);
          return success();
        })))
      return failure();
    store(sums);
    return success();
  };
  auto start = [&](int64_t count) {
    SmallVector<Value> sums;
    for (Reduction &reduction : reductions)
      sums.push_back(toLanes(builder, loc, initialValue(reduction, group, count)));
    store(sums);
    return success();
  };
  auto finish = [&](int64_t count) {
    for (auto [reduction, sum] : llvm::zip_equal(reductions, load()))
      finishReduction(reduction, sum, group, count);
    return success();
  };

  if (failed(forEachVector(group, start)))
    return failure();
  int64_t blocks = extent(rows) / kRowsPerBlock * kRowsPerBlock;
  SmallVector<Value> none;
  if (failed(emitLoop(constant(0), constant(blocks), kRowsPerBlock, none, [&](Value row, MutableArrayRef<Value>) {
        Value last = arith::AddIOp::create(builder, loc, row, constant(kRowsPerBlock));
        return forEachVector(group, [&](int64_t count) { return addRows(row, last, count); });
      })))
    return failure();
  if (blocks < extent(rows) && failed(forEachVector(group, [&](int64_t count) {
        return addRows(constant(blocks), constant(extent(rows)), count);
      })))
    return failure();
  return forEachVector(group, finish);
}

} // namespace sinter::cpu
