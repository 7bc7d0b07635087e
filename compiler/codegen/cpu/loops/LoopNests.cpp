// The loops of a group of units; see LoopEmitter.h.
#include "compiler/codegen/cpu/loops/LoopEmitter.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace sinter::cpu {

LogicalResult LoopEmitter::emitGroup(Group &group) {
  OpBuilder::InsertionGuard guard(builder);
  for (unsigned d : group.outer) {
    auto loop = scf::ForOp::create(builder, loc, constant(0), constant(extent(d)), constant(1));
    builder.setInsertionPointToStart(loop.getBody());
    position[d] = loop.getInductionVar();
  }
  llvm::SaveAndRestore saved(hoisted);
  hoist(group, {group.lanes, group.sequential}, kLanes);
  if (!group.lanes)
    return emitScalars(group);
  if (group.reducesLanes)
    return emitRowReduction(group);
  if (!group.sumOffsets.empty())
    return emitColumnSums(group);
  if (group.lanes == plan.chunked)
    return emitChunk(group);
  return emitWhole(group);
}

LogicalResult LoopEmitter::emitBlocks(Group &group, Value base, int64_t blocks, int64_t count) {
  unsigned lanes = *group.lanes;
  auto at = [&](int64_t block) {
    position[lanes] = block == 0 ? base : arith::AddIOp::create(builder, loc, base, constant(block * kLanes));
  };
  if (!group.sequential) {
    for (int64_t block = 0; block < blocks; ++block) {
      at(block);
      if (failed(emitUnits(group, count, {})))
        return failure();
    }
    flush(group, count);
    return success();
  }
  SmallVector<Reduction> reductions = reductionsOf(group);
  SmallVector<Value> accumulators;
  std::vector<std::vector<std::pair<Access, Value>>> invariant(blocks, hoisted);
  for (int64_t block = 0; block < blocks; ++block) {
    at(block);
    for (Reduction &reduction : reductions)
      accumulators.push_back(toLanes(builder, loc, initialValue(reduction, group, count)));
    llvm::SaveAndRestore saved(hoisted);
    hoist(group, {group.sequential}, count);
    invariant[block] = hoisted;
  }
  auto body = [&](Value index, MutableArrayRef<Value> carried) -> LogicalResult {
    position[*group.sequential] = index;
    for (int64_t block = 0; block < blocks; ++block) {
      at(block);
      llvm::SaveAndRestore saved(hoisted, invariant[block]);
      if (failed(emitUnits(group, count, carried.slice(block * reductions.size(), reductions.size()))))
        return failure();
    }
    flush(group, count);
    return success();
  };
  int64_t terms = extent(*group.sequential);
  if (failed(termLoop(reductions, blocks, terms, 1).emit(terms, accumulators, body)))
    return failure();
  for (int64_t block = 0; block < blocks; ++block) {
    at(block);
    for (auto [number, reduction] : llvm::enumerate(reductions))
      finishReduction(reduction, accumulators[block * reductions.size() + number], group, count);
  }
  return success();
}

LogicalResult LoopEmitter::forEachVector(Group &group, ForVector body) {
  return forEachVectors(group, 1, [&](int64_t count, int64_t) { return body(count); });
}

LogicalResult LoopEmitter::forEachVectors(Group &group, int64_t vectors, ForVectors body) {
  unsigned lanes = *group.lanes;
  int64_t size = extent(lanes), full = size / kLanes * kLanes, wide = vectors * kLanes;
  Value from = chunkBegin,
        to = full < size ? arith::MinSIOp::create(builder, loc, chunkEnd, constant(full)).getResult() : chunkEnd;
  SmallVector<Value> none;
  auto each = [&](Value last, int64_t number) {
    return emitLoop(from, last, number * kLanes, none, [&](Value index, MutableArrayRef<Value>) {
      position[lanes] = index;
      return body(kLanes, number);
    });
  };
  bool onlyWide = size % wide == 0 && plan.chunk % wide == 0;
  if (vectors > 1 && size >= wide) {
    Value last = to;
    if (!onlyWide) {
      Value rest = arith::RemUIOp::create(builder, loc, arith::SubIOp::create(builder, loc, to, from), constant(wide));
      last = arith::SubIOp::create(builder, loc, to, rest);
    }
    if (failed(each(last, vectors)))
      return failure();
    from = last;
  }
  if (full > 0 && !(vectors > 1 && onlyWide) && failed(each(to, 1)))
    return failure();
  if (full == size)
    return success();
  Value reached = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, chunkEnd, constant(full));
  auto branch = scf::IfOp::create(builder, loc, reached, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  position[lanes] = constant(full);
  return body(size - full, 1);
}

LogicalResult LoopEmitter::emitBlockLoop(Group &group, Value from, Value to, int64_t blocks) {
  SmallVector<Value> none;
  return emitLoop(from, to, blocks * kLanes, none,
                  [&](Value index, MutableArrayRef<Value>) { return emitBlocks(group, index, blocks, kLanes); });
}

LogicalResult LoopEmitter::emitWhole(Group &group) {
  int64_t size = extent(*group.lanes), full = size / kLanes * kLanes, wide = kLanes * blocksOf(group);
  int64_t wideEnd = size / wide * wide;
  if (wideEnd > 0 && failed(emitBlockLoop(group, constant(0), constant(wideEnd), blocksOf(group))))
    return failure();
  if (full > wideEnd && failed(emitBlockLoop(group, constant(wideEnd), constant(full), 1)))
    return failure();
  return size > full ? emitBlocks(group, constant(full), 1, size - full) : success();
}

LogicalResult LoopEmitter::emitChunk(Group &group) {
  int64_t size = extent(*group.lanes), full = size / kLanes * kLanes, wide = kLanes * blocksOf(group);
  Value from = chunkBegin, to = chunkEnd;
  if (full < size)
    to = arith::MinSIOp::create(builder, loc, chunkEnd, constant(full));
  if (wide > kLanes && full >= wide) {
    Value length = arith::SubIOp::create(builder, loc, to, from);
    Value whole =
        arith::DivUIOp::create(builder, loc, arith::MaxSIOp::create(builder, loc, length, constant(0)), constant(wide));
    Value wideEnd =
        arith::AddIOp::create(builder, loc, from, arith::MulIOp::create(builder, loc, whole, constant(wide)));
    if (failed(emitBlockLoop(group, from, wideEnd, blocksOf(group))))
      return failure();
    from = wideEnd;
  }
  if (full > 0 && failed(emitBlockLoop(group, from, to, 1)))
    return failure();
  if (full == size)
    return success();
  Value last = arith::MaxSIOp::create(builder, loc, chunkBegin, constant(full));
  Value reached = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, chunkEnd, last);
  auto branch = scf::IfOp::create(builder, loc, reached, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  return emitBlocks(group, constant(full), 1, size - full);
}

} // namespace sinter::cpu
