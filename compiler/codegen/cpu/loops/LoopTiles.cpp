// Which tile is whose: memory, tile numbers and the members of a kernel; see LoopEmitter.h.
#include "compiler/codegen/cpu/loops/LoopEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace sinter::cpu {

LogicalResult LoopEmitter::run() {
  builder.setInsertionPoint(function.getBody().front().getTerminator());
  bindMemory();
  for (Group &group : plan.groups)
    if (!group.everyTile && failed(emitGroup(group)))
      return failure();
  if (failed(emitTiles()))
    return failure();
  // Such stores are not ordered with what a thread does next, such as telling others that it is done.
  if (hasStoredPastCaches)
    LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
  return success();
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

/// What a tile has to know of its member, as rows of a constant: the member's first tile, its size, and for each of
/// `own` which operand it is and how many elements that has. A last row, of no member, has the number of tiles.
Value LoopEmitter::memberTable(ArrayRef<Storage *> own) {
  SmallVector<int64_t> numbers;
  int64_t tile = 0;
  for (auto [size, operands] : llvm::zip_equal(members->sizes, members->operands)) {
    numbers.append({tile, size});
    for (Storage *storage : own) {
      unsigned operand = operands[operandOf(*storage)];
      numbers.append({operand, cast<MemRefType>(function.getArgument(operand).getType()).getNumElements()});
    }
    tile += llvm::divideCeil(size, plan.chunked ? plan.chunk : 1);
  }
  numbers.append({tile, 0});
  numbers.append(2 * own.size(), 0);
  SmallVector<int64_t> shape{int64_t(members->sizes.size()) + 1, 2 + 2 * int64_t(own.size())};
  Type index = builder.getIndexType();
  auto type = MemRefType::get(shape, index);
  auto value = DenseElementsAttr::get(RankedTensorType::get(shape, index), ArrayRef(numbers));
  auto module = function->getParentOfType<ModuleOp>();
  OpBuilder outside = OpBuilder::atBlockBegin(module.getBody());
  auto global = memref::GlobalOp::create(outside, loc, (function.getName() + ".members").str(),
                                         outside.getStringAttr("private"), type, value, /*constant=*/true,
                                         /*alignment=*/IntegerAttr());
  StringAttr name = SymbolTable(module).insert(global);
  return memref::GetGlobalOp::create(builder, loc, type, name.getValue());
}

LogicalResult LoopEmitter::emitMemberTiles(Value begin, Value end) {
  SmallVector<Storage *> own;
  for (Storage &storage : graph.storages)
    if (storage.kind != Storage::Temporary && !members->isShared(operandOf(storage)))
      own.push_back(&storage);
  Value table = memberTable(own), one = constant(1);
  auto entry = [&](Value member, int64_t column) -> Value {
    return memref::LoadOp::create(builder, loc, table, ValueRange{member, constant(column)});
  };
  // The member of a tile is that of the tile before, or one behind it.
  auto loop = scf::ForOp::create(builder, loc, begin, end, one, ValueRange{constant(0)});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value tile = loop.getInductionVar();
  auto search = scf::WhileOp::create(
      builder, loc, TypeRange(builder.getIndexType()), ValueRange{loop.getRegionIterArg(0)},
      [&](OpBuilder &, Location, ValueRange known) {
        Value next = entry(arith::AddIOp::create(builder, loc, known[0], one), 0);
        Value reached = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, tile, next);
        scf::ConditionOp::create(builder, loc, reached, known);
      },
      [&](OpBuilder &, Location, ValueRange known) {
        scf::YieldOp::create(builder, loc, arith::AddIOp::create(builder, loc, known[0], one).getResult());
      });
  Value member = search.getResult(0), memberSize = entry(member, 1);
  for (auto [place, storage] : llvm::enumerate(own)) {
    int64_t column = 2 + 2 * int64_t(place);
    flat[storage] =
        operandAt(builder, loc, memoryType(storage->element), entry(member, column), entry(member, column + 1));
  }
  Value local = arith::SubIOp::create(builder, loc, tile, entry(member, 0));
  if (plan.chunked) {
    Value size = constant(plan.chunk);
    chunkBegin = arith::MulIOp::create(builder, loc, local, size);
    chunkEnd = arith::MinSIOp::create(builder, loc, arith::AddIOp::create(builder, loc, chunkBegin, size), memberSize);
  } else {
    position[plan.rows.front()] = local;
  }
  if (failed(emitEveryTile()))
    return failure();
  scf::YieldOp::create(builder, loc, member);
  return success();
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
