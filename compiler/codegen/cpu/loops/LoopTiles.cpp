// Which tile is whose: memory, tile numbers and the members of a kernel; see LoopEmitter.h.
#include "compiler/codegen/cpu/loops/LoopEmitter.h"

using namespace mlir;

namespace sinter::cpu {

LogicalResult LoopEmitter::run() {
  builder.setInsertionPoint(function.getBody().front().getTerminator());
  bindMemory();
  for (Group &group : plan.groups)
    if (!group.everyTile && failed(emitGroup(group)))
      return failure();
  return emitTiles();
}

void LoopEmitter::bindMemory() {
  unsigned arguments = function.getNumArguments() - 3, outputs = 0;
  for (Storage &storage : graph.storages)
    outputs += storage.kind == Storage::Output;
  Value scratch = function.getArgument(arguments + 2);
  for (Storage &storage : graph.storages) {
    if (members && storage.kind != Storage::Temporary) {
      if (members->isShared(operandOf(storage)))
        flat[&storage] = flatten(builder, loc, function.getArgument(members->operands[0][operandOf(storage)]));
    } else if (storage.kind == Storage::Argument)
      flat[&storage] = flatten(builder, loc, function.getArgument(storage.position));
    else if (storage.kind == Storage::Output)
      flat[&storage] = flatten(builder, loc, function.getArgument(arguments - outputs + storage.position));
    else if (storage.inMemory)
      flat[&storage] =
          scratchView(builder, loc, scratch, storage.scratchOffset, memoryType(storage.element), storage.elements);
  }
}

unsigned LoopEmitter::operandOf(const Storage &storage) const {
  return storage.position + (storage.kind == Storage::Output ? members->first.get().getNumArguments() : 0);
}

LogicalResult LoopEmitter::emitMemberTiles(Value begin, Value end) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value tile = loop.getInductionVar(), member = constant(0);
  SmallVector<int64_t> firstTile{0}, cases;
  for (int64_t size : members->sizes)
    firstTile.push_back(firstTile.back() + llvm::divideCeil(size, plan.chunked ? plan.chunk : 1));
  for (size_t next = 1; next < members->sizes.size(); ++next) {
    Value reached = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, tile, constant(firstTile[next]));
    member = arith::AddIOp::create(builder, loc, member,
                                   arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), reached));
    cases.push_back(next);
  }
  SmallVector<Storage *> own;
  SmallVector<Type> types{builder.getIndexType(), builder.getIndexType()};
  for (Storage &storage : graph.storages)
    if (storage.kind != Storage::Temporary && !members->isShared(operandOf(storage))) {
      own.push_back(&storage);
      types.push_back(MemRefType::get({ShapedType::kDynamic}, memoryType(storage.element)));
    }
  auto choice = scf::IndexSwitchOp::create(builder, loc, types, member, cases, cases.size());
  auto fill = [&](Region &region, size_t number) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&region);
    SmallVector<Value> values{constant(firstTile[number]), constant(members->sizes[number])};
    for (auto [storage, type] : llvm::zip_equal(own, ArrayRef(types).drop_front(2))) {
      Value memory = function.getArgument(members->operands[number][operandOf(*storage)]);
      values.push_back(memref::CastOp::create(builder, loc, type, flatten(builder, loc, memory)));
    }
    scf::YieldOp::create(builder, loc, values);
  };
  fill(choice.getDefaultRegion(), 0);
  for (auto [region, number] : llvm::zip_equal(choice.getCaseRegions(), cases))
    fill(region, number);
  for (auto [storage, memory] : llvm::zip_equal(own, choice.getResults().drop_front(2)))
    flat[storage] = memory;
  Value local = arith::SubIOp::create(builder, loc, tile, choice.getResult(0)), size = constant(plan.chunk);
  if (!plan.chunked) {
    position[plan.rows.front()] = local;
    return emitEveryTile();
  }
  chunkBegin = arith::MulIOp::create(builder, loc, local, size);
  chunkEnd =
      arith::MinSIOp::create(builder, loc, arith::AddIOp::create(builder, loc, chunkBegin, size), choice.getResult(1));
  return emitEveryTile();
}

LogicalResult LoopEmitter::emitTiles() {
  unsigned count = function.getNumArguments();
  Value begin = function.getArgument(count - 3), end = function.getArgument(count - 2);
  if (members)
    return emitMemberTiles(begin, end);
  bool oneNest = llvm::count_if(plan.groups, [](Group &group) { return group.everyTile; }) == 1 &&
                 llvm::all_of(plan.groups, [](Group &group) { return group.sumOffsets.empty(); });
  if (plan.chunked && plan.rows.empty() && oneNest) { // neighbouring chunks are one range
    setChunks(begin, end);
    return emitEveryTile();
  }
  auto loop = scf::ForOp::create(builder, loc, begin, end, constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVar();
  if (plan.chunked) {
    Value first = splitOff(rest, plan.chunks());
    setChunks(first, arith::AddIOp::create(builder, loc, first, constant(1)));
  }
  for (unsigned d : llvm::reverse(plan.rows))
    position[d] = splitOff(rest, d == plan.rows.front() ? -1 : extent(d));
  return emitEveryTile();
}

Value LoopEmitter::splitOff(Value &rest, int64_t size) {
  if (size < 0)
    return rest;
  if (size == 1)
    return constant(0);
  Value index = arith::RemUIOp::create(builder, loc, rest, constant(size));
  rest = arith::DivUIOp::create(builder, loc, rest, constant(size));
  return index;
}

void LoopEmitter::setChunks(Value first, Value last) {
  Value size = constant(plan.chunk), all = constant(extent(*plan.chunked));
  chunkBegin = arith::MulIOp::create(builder, loc, first, size);
  chunkEnd = arith::MinSIOp::create(builder, loc, arith::MulIOp::create(builder, loc, last, size), all);
}

LogicalResult LoopEmitter::emitEveryTile() {
  for (Group &group : plan.groups)
    if (group.everyTile && failed(emitGroup(group)))
      return failure();
  return success();
}

} // namespace sinter::cpu
