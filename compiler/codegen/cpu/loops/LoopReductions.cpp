// Reductions: scalars, along the lanes, long columns; see LoopEmitter.h.
#include "compiler/codegen/cpu/loops/LoopEmitter.h"
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

TermLoop LoopEmitter::termLoop(ArrayRef<Reduction> reductions, int64_t count, int64_t terms, int64_t step) {
  TermLoop loop{builder, loc, step, {}};
  for (int64_t i = 0; i < count; ++i)
    for (const Reduction &reduction : reductions)
      loop.adds.push_back(addsInRuns(reduction.result->combiner, terms));
  return loop;
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
  int64_t terms = extent(*group.sequential);
  if (failed(
          termLoop(reductions, 1, terms, 1).emit(terms, accumulators, [&](Value index, MutableArrayRef<Value> carried) {
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
  SmallVector<Value> carried;
  for (Reduction &reduction : reductions)
    carried.push_back(toLanes(builder, loc, arith::ConstantOp::create(builder, loc, neutral(reduction))));
  unsigned lanes = *group.lanes;
  int64_t full = extent(lanes) / kLanes * kLanes, tail = extent(lanes) % kLanes;
  auto once = [&](Value index, MutableArrayRef<Value> accumulators, int64_t count) {
    position[lanes] = index;
    if (failed(emitUnits(group, count, accumulators)))
      return failure();
    flush(group, count);
    return success();
  };
  TermLoop loop = termLoop(reductions, 1, llvm::divideCeil(extent(lanes), kLanes), kLanes);
  SmallVector<size_t> extrema;
  for (auto [r, reduction] : llvm::enumerate(reductions))
    if (full > 0 && isa<arith::MaximumFOp, arith::MinimumFOp>(reduction.result->combiner)) {
      extrema.push_back(r);
      carried.push_back(arith::ConstantOp::create(builder, loc, builder.getZeroAttr(lanesOf(builder.getI1Type()))));
      loop.adds.push_back(false);
    }
  auto vector = [&](Value index, MutableArrayRef<Value> values) {
    SmallVector<Value> before(values.begin(), values.end());
    if (failed(once(index, values.take_front(reductions.size()), kLanes)))
      return failure();
    for (auto [e, r] : llvm::enumerate(extrema))
      combineQuickly(builder, loc, before[r], values[r], values[reductions.size() + e]);
    return success();
  };
  auto rest = [&](MutableArrayRef<Value> values) -> LogicalResult {
    for (auto [e, r] : llvm::enumerate(extrema))
      values[r] = nanWhere(builder, loc, values[reductions.size() + e], values[r]);
    return tail > 0 ? once(constant(full), values.take_front(reductions.size()), tail) : success();
  };
  if (failed(tail > 0 ? loop.emit(full, carried, vector, rest) : loop.emit(full, carried, vector)) ||
      (tail == 0 && failed(rest(carried))))
    return failure();
  for (auto [reduction, value] : llvm::zip(reductions, carried)) {
    Value folded = reduceTree(builder, loc, reduction.result->combiner, value);
    if (!reduction.init->splat || reduction.init->splat != neutral(reduction))
      folded = combine(builder, loc, reduction.result->combiner, initialValue(reduction, group, 0), folded);
    finishReduction(reduction, folded, group, 0);
  }
  return success();
}

LoopEmitter::WaitingSum LoopEmitter::placeWaiting(const Reduction &reduction, int64_t offset, bool inRuns) {
  Type element = reduction.init->element, inMemory = memoryType(element);
  Value scratch = function.getArgument(function.getNumArguments() - 1);
  int64_t bytes = waitingBytes(element, plan.chunk);
  auto view = [&](int64_t number) {
    return scratchView(builder, loc, scratch, offset + number * bytes, inMemory, plan.chunk);
  };
  return {element, view(0), inRuns ? view(1) : Value(), inRuns ? view(2) : Value()};
}

/// Whether something is computed of the number of a row, such as its place in an image. A block of rows begins at a
/// multiple of 8: where each of them has code of its own, most of that is known beforehand, and the same of all.
static bool asksForItsRow(const Group &group) {
  return llvm::any_of(group.units, [&](Unit *unit) {
    return unit->body && llvm::any_of(unit->body->getOps<linalg::IndexOp>(), [&](linalg::IndexOp index) {
             return unit->dims[index.getDim()] == *group.sequential;
           });
  });
}

LogicalResult LoopEmitter::emitColumnSums(Group &group) {
  unsigned lanes = *group.lanes, rows = *group.sequential;
  SmallVector<Reduction> reductions = reductionsOf(group);
  SmallVector<WaitingSum> waiting;
  for (auto [reduction, offset] : llvm::zip_equal(reductions, group.sumOffsets))
    waiting.push_back(placeWaiting(reduction, offset, addsInRuns(reduction.result->combiner, extent(rows))));
  auto slot = [&] { return arith::SubIOp::create(builder, loc, position[lanes], chunkBegin); };
  auto load = [&](const WaitingSum &sum, Value memory) {
    return fromMemory(builder, loc, loadLanes(builder, loc, memory, slot()), sum.element);
  };
  auto store = [&](Value value, Value memory) {
    storeLanes(builder, loc, toMemory(builder, loc, value), memory, slot());
  };
  auto zero = [&](const WaitingSum &sum) {
    return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(lanesOf(sum.element)));
  };
  auto start = [&](int64_t count) {
    for (auto [reduction, sum] : llvm::zip_equal(reductions, waiting)) {
      store(toLanes(builder, loc, initialValue(reduction, group, count)), sum.value);
      for (Value memory : {sum.excess, sum.run})
        if (memory)
          store(zero(sum), memory);
    }
    return success();
  };
  // Neighbouring vectors share what depends on the row alone, such as the place of a window, and wait less for sums.
  const bool unrolled = asksForItsRow(group);
  auto addRows = [&](Value first, int64_t rowCount, int64_t count, int64_t vectors) -> LogicalResult {
    llvm::SaveAndRestore saved(hoisted);
    Value base = position[lanes];
    auto forEach = [&](llvm::function_ref<LogicalResult(size_t)> body) {
      for (int64_t v = 0; v < vectors; ++v) {
        position[lanes] = v == 0 ? base : arith::AddIOp::create(builder, loc, base, constant(v * kLanes)).getResult();
        if (failed(body(static_cast<size_t>(v))))
          return failure();
      }
      position[lanes] = base;
      return success();
    };
    SmallVector<Value> sums;
    std::vector<std::vector<std::pair<Access, Value>>> hoistedOf;
    (void)forEach([&](size_t) {
      hoisted = saved.get();
      hoist(group, {group.sequential}, count);
      hoistedOf.push_back(hoisted);
      for (const WaitingSum &sum : waiting)
        sums.push_back(load(sum, sum.open()));
      return success();
    });
    auto addRow = [&](Value row, MutableArrayRef<Value> carried) {
      position[rows] = row;
      return forEach([&](size_t v) {
        hoisted = hoistedOf[v];
        if (failed(emitUnits(group, count, carried.slice(v * waiting.size(), waiting.size()))))
          return failure();
        flush(group, count);
        return success();
      });
    };
    auto plus = [&](int64_t row) -> Value { return arith::AddIOp::create(builder, loc, first, constant(row)); };
    // (In the type and by the op with which LLVM sees that nothing is carried, and so what does not depend on `row`.)
    auto within = [&](int64_t row) -> Value {
      Type narrow = builder.getI32Type(), index = builder.getIndexType();
      Value begin = arith::IndexCastOp::create(builder, loc, narrow, first);
      Value number = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(row)));
      return arith::IndexCastOp::create(builder, loc, index, arith::OrIOp::create(builder, loc, begin, number));
    };
    for (int64_t row = 0; unrolled && row < rowCount; ++row)
      if (failed(addRow(within(row), sums)))
        return failure();
    if (!unrolled && failed(emitLoop(first, plus(rowCount), 1, sums, addRow)))
      return failure();
    return forEach([&](size_t v) {
      for (auto [sum, value] : llvm::zip_equal(waiting, ArrayRef(sums).slice(v * waiting.size(), waiting.size())))
        store(value, sum.open());
      return success();
    });
  };
  auto closeRun = [&](int64_t) {
    for (const WaitingSum &sum : waiting)
      if (sum.run) {
        RunSum after = addRun(builder, loc, {load(sum, sum.value), load(sum, sum.excess)}, load(sum, sum.run));
        store(after.sum, sum.value);
        store(after.excess, sum.excess);
        store(zero(sum), sum.run);
      }
    return success();
  };
  auto finish = [&](int64_t count) {
    for (auto [reduction, sum] : llvm::zip_equal(reductions, waiting))
      finishReduction(reduction, load(sum, sum.value), group, count);
    return success();
  };
  return failure(failed(forEachVector(group, start)) || failed(emitRowBlocks(group, addRows, closeRun)) ||
                 failed(forEachVector(group, finish)));
}

/// Block after block of the rows, and `closeRun` after each run of them.
LogicalResult LoopEmitter::emitRowBlocks(Group &group, RowBlock addRows, ForVector closeRun) {
  static constexpr int64_t kRowsPerBlock = 8; // that are added to a tile's sums at a time
  static_assert(kTermsPerRun % kRowsPerBlock == 0);
  int64_t rows = extent(*group.sequential), whole = rows / kRowsPerBlock * kRowsPerBlock;
  // As many accumulators as registers hold beside what they add up.
  constexpr int64_t kMostAccumulators = 24, kMostVectors = 2;
  int64_t vectors =
      std::clamp<int64_t>(kMostAccumulators / std::max<int64_t>(reductionsOf(group).size(), 1), 1, kMostVectors);
  bool inRuns = llvm::any_of(reductionsOf(group),
                             [&](const Reduction &reduction) { return addsInRuns(reduction.result->combiner, rows); });
  SmallVector<Value> none;
  if (failed(emitLoop(constant(0), constant(whole), kRowsPerBlock, none, [&](Value row, MutableArrayRef<Value>) {
        if (failed(forEachVectors(group, vectors, [&](int64_t count, int64_t number) {
              return addRows(row, kRowsPerBlock, count, number);
            })))
          return failure();
        if (!inRuns)
          return success();
        Value last = arith::AddIOp::create(builder, loc, row, constant(kRowsPerBlock));
        Value inRun = arith::RemUIOp::create(builder, loc, last, constant(kTermsPerRun));
        Value ends = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, inRun, constant(0));
        auto branch = scf::IfOp::create(builder, loc, ends, /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(branch.thenBlock());
        return forEachVector(group, closeRun);
      })))
    return failure();
  if (whole < rows &&
      failed(forEachVectors(
          group, vectors,
          [&](int64_t count, int64_t number) { return addRows(constant(whole), rows - whole, count, number); })))
    return failure();
  return inRuns && rows % kTermsPerRun != 0 ? forEachVector(group, closeRun) : success();
}

} // namespace sinter::cpu
