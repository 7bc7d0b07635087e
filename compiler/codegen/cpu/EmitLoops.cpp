// sinter-cpu-emit-loops: kernels without a product become loops over tiles, in scf, vector and memref.
//
//   func.func private @k(%x: tensor<768x128xf32>) -> tensor<768xf32> attributes {sinter.kernel}   { linalg on tensors }
//     =>
//   func.func private @k(%x: memref<768x128xf32>, %y: memref<768xf32>, %begin: index, %end: index, %scratch: memref<?xi8>)
//       attributes {sinter.kernel, sinter.tiles = 768, ...}   { scf.for %row = %begin to %end { 16 lanes at a time } }
//
// LoopGraph reads the kernel, LoopSchedule decides, this file writes. Within a loop all loads come before all stores, so
// that an output may be the same memory as an input that is read at the same index.
#include "compiler/codegen/cpu/EmitScatter.h"
#include "compiler/codegen/cpu/LoopSchedule.h"
#include "compiler/codegen/cpu/Members.h"
#include "compiler/codegen/cpu/Passes.h"
#include "dialects/sinter/Sinter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace sinter {

func::FuncOp createTileFunction(func::FuncOp kernel) {
  OpBuilder builder(kernel);
  SmallVector<Type> types;
  auto addMemref = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    types.push_back(MemRefType::get(tensor.getShape(), cpu::memoryType(tensor.getElementType())));
  };
  llvm::for_each(kernel.getArgumentTypes(), addMemref);
  llvm::for_each(kernel.getResultTypes(), addMemref);
  types.append({builder.getIndexType(), builder.getIndexType(),
                MemRefType::get({ShapedType::kDynamic}, builder.getI8Type())});
  auto function = func::FuncOp::create(builder, kernel.getLoc(), kernel.getName(), builder.getFunctionType(types, {}));
  for (NamedAttribute attribute : kernel->getDiscardableAttrs())
    function->setDiscardableAttr(attribute.getName(), attribute.getValue());
  function.setVisibility(kernel.getVisibility());
  kernel.setName((kernel.getName() + ".tensors").str());
  builder.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(builder, kernel.getLoc());
  return function;
}

void setTileAttributes(func::FuncOp function, int64_t tiles, int64_t scratch, int64_t flops) {
  int64_t bytes = 0;
  for (Type type : function.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type); memref && memref.hasStaticShape())
      bytes += memref.getNumElements() * llvm::divideCeil(memref.getElementTypeBitWidth(), 8);
  Builder builder(function.getContext());
  function->setAttr(kTilesAttr, builder.getI64IntegerAttr(tiles));
  function->setAttr(kScratchAttr, builder.getI64IntegerAttr(scratch));
  function->setAttr(kFlopsAttr, builder.getI64IntegerAttr(flops));
  function->setAttr(kBytesAttr, builder.getI64IntegerAttr(bytes));
}

namespace cpu {
namespace {

class LoopEmitter {
public:
  /// With `members`, `graph` and `plan` are those of the first member, and `function` is the kernel of all.
  LoopEmitter(LoopGraph &graph, Schedule &plan, func::FuncOp function, const Members *members = nullptr)
      : graph(graph), plan(plan), function(function), members(members), builder(function.getContext()),
        loc(function.getLoc()) {}

  LogicalResult run() {
    builder.setInsertionPoint(function.getBody().front().getTerminator());
    bindMemory();
    for (Group &group : plan.groups)
      if (!group.everyTile && failed(emitGroup(group)))
        return failure();
    return emitTiles();
  }

private:
  LoopGraph &graph;
  Schedule &plan;
  func::FuncOp function;
  const Members *members;
  OpBuilder builder;
  Location loc;

  llvm::DenseMap<Storage *, Value> flat;      ///< one-dimensional memory
  llvm::DenseMap<unsigned, Value> position;   ///< of the kernel-wide dimensions (of the lanes: at lane 0)
  llvm::DenseMap<Storage *, Value> registers; ///< temporaries that are one scalar per tile
  Value chunkBegin, chunkEnd;                 ///< of the chunked dimension

  /// Values that the innermost loops do not change, loaded before them.
  std::vector<std::pair<Access, Value>> hoisted;
  /// What the units of the current iteration have computed.
  llvm::DenseMap<Storage *, Value> forward;
  struct PendingStore {
    Access access;
    Value value;
    Value laneBase;
  };
  std::vector<PendingStore> pending;

  int64_t extent(unsigned dim) const { return plan.extents[dim]; }
  Value constant(int64_t value) { return indexConstant(builder, loc, value); }

  void bindMemory() {
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
        flat[&storage] = scratchView(builder, loc, scratch, storage.scratchOffset, memoryType(storage.element),
                                     storage.elements);
    }
  }

  /// Which operand of the first member a storage is: arguments come before results.
  unsigned operandOf(const Storage &storage) const {
    return storage.position + (storage.kind == Storage::Output ? members->first.get().getNumArguments() : 0);
  }

  //===--- tiles -------------------------------------------------------------------------------------===//

  /// Tiles of the first member, then of the second...: a tile finds out whose it is, and takes its memory from there.
  LogicalResult emitMemberTiles(Value begin, Value end) {
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
    chunkEnd = arith::MinSIOp::create(builder, loc, arith::AddIOp::create(builder, loc, chunkBegin, size),
                                      choice.getResult(1));
    return emitEveryTile();
  }

  LogicalResult emitTiles() {
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

  /// The innermost index of `rest`, which is left with the others; `size` -1: all of it.
  Value splitOff(Value &rest, int64_t size) {
    if (size < 0)
      return rest;
    if (size == 1)
      return constant(0);
    Value index = arith::RemUIOp::create(builder, loc, rest, constant(size));
    rest = arith::DivUIOp::create(builder, loc, rest, constant(size));
    return index;
  }

  void setChunks(Value first, Value last) {
    Value size = constant(plan.chunk), all = constant(extent(*plan.chunked));
    chunkBegin = arith::MulIOp::create(builder, loc, first, size);
    chunkEnd = arith::MinSIOp::create(builder, loc, arith::MulIOp::create(builder, loc, last, size), all);
  }

  LogicalResult emitEveryTile() {
    for (Group &group : plan.groups)
      if (group.everyTile && failed(emitGroup(group)))
        return failure();
    return success();
  }

  //===--- memory ------------------------------------------------------------------------------------===//

  struct Address {
    LinearIndex offset;
    int64_t laneStride = 0;
  };

  Address address(const Access &access, std::optional<unsigned> lanes) {
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

  Value load(const Access &access, const Group &group, int64_t count) {
    Address from = address(access, group.lanes);
    Value offset = from.offset.materialize(builder, loc), memory = flat[access.storage], value;
    if (from.laneStride == 0)
      value = memref::LoadOp::create(builder, loc, memory, offset);
    else
      value = loadLanes(builder, loc, memory, offset, from.laneStride, count);
    return fromMemory(builder, loc, value, access.storage->element);
  }

  void store(const Access &access, Value value, const Group &group, int64_t count) {
    Address to = address(access, group.lanes);
    Value offset = to.offset.materialize(builder, loc), memory = flat[access.storage];
    value = toMemory(builder, loc, value);
    if (to.laneStride != 0)
      storeLanes(builder, loc, value, memory, offset, to.laneStride, count);
    else
      memref::StoreOp::create(builder, loc, value, memory, offset);
  }

  Value operandValue(const Operand &operand, const Group &group, int64_t count) {
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

  /// Loads what is the same in all iterations of the loops over `dims`, which are yet to be created.
  void hoist(const Group &group, ArrayRef<std::optional<unsigned>> dims, int64_t count) {
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

  //===--- one iteration -----------------------------------------------------------------------------===//

  /// Computes the units at the current position on `count` lanes (0: scalars). Accumulators of the group's reductions,
  /// in order, are replaced by their new values.
  LogicalResult emitUnits(Group &group, int64_t count, MutableArrayRef<Value> accumulators) {
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

  FailureOr<SmallVector<Value>> cloneBody(Unit &unit, Group &group, int64_t count, ArrayRef<Value> arguments) {
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

  /// Keeps a result for the units that follow, and for the store after all loads.
  void finish(const Result &result, Value value, const Group &group) {
    Storage *storage = result.access.storage;
    forward[storage] = value;
    if (storage->inMemory)
      pending.push_back({result.access, value, group.lanes ? position.lookup(*group.lanes) : Value()});
    else
      registers.erase(storage);
    if (!storage->inMemory && storage->elements == 1 && !group.sequential)
      registers[storage] = value;
  }

  void flush(Group &group, int64_t count) {
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

  //===--- reductions --------------------------------------------------------------------------------===//

  struct Reduction {
    Unit *unit;
    Result *result;
    Operand *init;
  };

  SmallVector<Reduction> reductionsOf(Group &group) {
    SmallVector<Reduction> reductions;
    for (Unit *unit : group.units)
      for (auto [number, result] : llvm::enumerate(unit->results))
        if (result.combiner)
          reductions.push_back({unit, &result, &unit->operands[unit->inputs + number]});
    return reductions;
  }

  Value initialValue(const Reduction &reduction, const Group &group, int64_t count) {
    if (reduction.init->splat)
      return arith::ConstantOp::create(builder, loc, reduction.init->splat);
    return load(*reduction.init->access, group, count);
  }

  TypedAttr neutral(const Reduction &reduction) {
    return neutralElement(reduction.result->combiner, reduction.init->element);
  }

  /// The value of a finished reduction becomes its result: stored now, or kept for the rest of the tile.
  void finishReduction(const Reduction &reduction, Value value, Group &group, int64_t count) {
    if (!reduction.result->used)
      return;
    if (reduction.result->access.storage->inMemory)
      store(reduction.result->access, value, group, count);
    else
      registers[reduction.result->access.storage] = value;
  }

  //===--- loops -------------------------------------------------------------------------------------===//

  using Body = llvm::function_ref<LogicalResult(Value, MutableArrayRef<Value>)>;

  /// `scf.for` that carries `values`; they are replaced by the loop's results.
  LogicalResult emitLoop(Value from, Value to, int64_t step, SmallVectorImpl<Value> &values, Body body) {
    auto loop = scf::ForOp::create(builder, loc, from, to, constant(step), values);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs());
    if (failed(body(loop.getInductionVar(), carried)))
      return failure();
    if (!values.empty()) {
      builder.setInsertionPointToEnd(loop.getBody());
      scf::YieldOp::create(builder, loc, carried);
    }
    values.assign(loop.getResults().begin(), loop.getResults().end());
    return success();
  }

  LogicalResult emitGroup(Group &group) {
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

  /// No lanes: one element, or a sequential reduction to one.
  LogicalResult emitScalars(Group &group) {
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

  /// `after` is maximumf or minimumf of `before` and a new value: a long chain of instructions, since a NaN must stay.
  /// Replaces it by a comparison, which loses a NaN that is followed by a number, and notes NaNs in `sawNan`.
  void combineQuickly(Value before, Value &after, Value &sawNan) {
    Operation *op = after.getDefiningOp();
    if (!isa_and_nonnull<arith::MaximumFOp, arith::MinimumFOp>(op) || !isLanes(after) ||
        (op->getOperand(0) == before) == (op->getOperand(1) == before))
      return;
    Value value = op->getOperand(op->getOperand(0) == before ? 1 : 0);
    auto predicate = isa<arith::MaximumFOp>(op) ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
    Value keeps = arith::CmpFOp::create(builder, loc, predicate, before, value);
    after = arith::SelectOp::create(builder, loc, keeps, before, value);
    Value isNan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO, value, value);
    sawNan = arith::OrIOp::create(builder, loc, sawNan, isNan);
    if (op->use_empty())
      op->erase();
  }

  /// Reductions along the lanes: lane l folds elements l, l + 16, ...; then the tree.
  LogicalResult emitRowReduction(Group &group) {
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
              combineQuickly(before[r], values[r], values[reductions.size() + e]);
            return success();
          })))
        return failure();
      for (auto [e, r] : llvm::enumerate(extrema)) { // where there was a NaN, the extremum is one
        FloatType element = cast<FloatType>(getElementTypeOrSelf(carried[r].getType()));
        auto nan = DenseElementsAttr::get(lanesOf(element), APFloat::getNaN(element.getFloatSemantics()));
        carried[r] = arith::SelectOp::create(builder, loc, carried[reductions.size() + e],
                                             arith::ConstantOp::create(builder, loc, nan), carried[r]);
      }
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

  /// `blocks` times 16 lanes from `base` on; the last with `count`.
  LogicalResult emitBlocks(Group &group, Value base, int64_t blocks, int64_t count) {
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
    if (failed(emitLoop(constant(0), constant(extent(*group.sequential)), 1, accumulators, body)))
      return failure();
    for (int64_t block = 0; block < blocks; ++block) {
      at(block);
      for (auto [number, reduction] : llvm::enumerate(reductions))
        finishReduction(reduction, accumulators[block * reductions.size() + number], group, count);
    }
    return success();
  }

  /// Rows that are added to a tile's sums at a time.
  static constexpr int64_t kRowsPerBlock = 8;

  /// Reductions of long columns: for each block of rows, for each vector of the tile's columns, the rows of the block.
  LogicalResult emitColumnSums(Group &group) {
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

  /// `body(count)` at every 16th index of the tile's chunk; only the dimension's end has less than 16 lanes.
  LogicalResult forEachVector(Group &group, llvm::function_ref<LogicalResult(int64_t)> body) {
    unsigned lanes = *group.lanes;
    int64_t size = extent(lanes), full = size / kLanes * kLanes;
    Value to = full < size ? arith::MinSIOp::create(builder, loc, chunkEnd, constant(full)).getResult() : chunkEnd;
    SmallVector<Value> none;
    if (full > 0 && failed(emitLoop(chunkBegin, to, kLanes, none, [&](Value index, MutableArrayRef<Value>) {
          position[lanes] = index;
          return body(kLanes);
        })))
      return failure();
    if (full == size)
      return success();
    Value reached = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, chunkEnd, constant(full));
    auto branch = scf::IfOp::create(builder, loc, reached, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    position[lanes] = constant(full);
    return body(size - full);
  }

  /// How many vectors the loop over the lanes handles at once: columns keep several accumulators.
  static int64_t blocksOf(const Group &group) { return group.sequential ? 4 : 1; }

  LogicalResult emitBlockLoop(Group &group, Value from, Value to, int64_t blocks) {
    SmallVector<Value> none;
    return emitLoop(from, to, blocks * kLanes, none, [&](Value index, MutableArrayRef<Value>) {
      return emitBlocks(group, index, blocks, kLanes);
    });
  }

  /// Parallel lanes over a whole dimension.
  LogicalResult emitWhole(Group &group) {
    int64_t size = extent(*group.lanes), full = size / kLanes * kLanes, wide = kLanes * blocksOf(group);
    int64_t wideEnd = size / wide * wide;
    if (wideEnd > 0 && failed(emitBlockLoop(group, constant(0), constant(wideEnd), blocksOf(group))))
      return failure();
    if (full > wideEnd && failed(emitBlockLoop(group, constant(wideEnd), constant(full), 1)))
      return failure();
    return size > full ? emitBlocks(group, constant(full), 1, size - full) : success();
  }

  /// Parallel lanes over [chunkBegin, chunkEnd); only the dimension's end is not a multiple of 16.
  LogicalResult emitChunk(Group &group) {
    int64_t size = extent(*group.lanes), full = size / kLanes * kLanes, wide = kLanes * blocksOf(group);
    Value from = chunkBegin, to = chunkEnd;
    if (full < size)
      to = arith::MinSIOp::create(builder, loc, chunkEnd, constant(full));
    if (wide > kLanes && full >= wide) {
      Value length = arith::SubIOp::create(builder, loc, to, from);
      Value whole = arith::DivUIOp::create(builder, loc, arith::MaxSIOp::create(builder, loc, length, constant(0)),
                                           constant(wide));
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
};

int64_t totalFlops(const LoopGraph &graph) {
  int64_t flops = 0;
  for (const Unit &unit : graph.units) {
    int64_t points = 1;
    for (int64_t extent : unit.extents)
      points *= extent;
    flops += unit.body ? points * countFlops(*unit.body) : 0;
  }
  return flops;
}

/// Elements per tile of a kernel of several members: to find out whose a tile is takes as long as some hundred of them.
constexpr int64_t kMemberTile = 16384;

LogicalResult emitMembers(func::FuncOp kernel, int64_t count) {
  FailureOr<Members> members = readMembers(kernel, count);
  if (failed(members))
    return failure();
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(members->first.get());
  if (failed(graph))
    return failure();
  int64_t flops = totalFlops(**graph), tiles = 0, elements = 0;
  Schedule plan = schedule(**graph);
  // What is cut into tiles is the one dimension by which members differ; a chunk of it ends in a whole vector.
  int64_t first = members->sizes.front();
  bool chunks = plan.chunked && plan.rows.empty() && plan.extents[*plan.chunked] == first &&
                llvm::all_of(members->sizes, [](int64_t size) { return size % kLanes == 0; });
  bool rows = !plan.chunked && plan.rows.size() == 1 && plan.extents[plan.rows.front()] == first;
  if (!(chunks || rows) || !llvm::all_of(plan.groups, [](Group &group) { return group.everyTile; }))
    return kernel.emitError("cpu: members are loops of one dimension that is cut into tiles, of whole vectors or of rows");
  if (chunks && plan.scratchBytes == 0)
    plan.chunk = kMemberTile;
  for (int64_t size : members->sizes) {
    tiles += llvm::divideCeil(size, chunks ? plan.chunk : 1);
    elements += size;
  }
  func::FuncOp function = createTileFunction(kernel);
  if (failed(LoopEmitter(**graph, plan, function, &*members).run()))
    return failure();
  setTileAttributes(function, tiles, plan.scratchBytes, flops / members->sizes.front() * elements);
  kernel.erase();
  return success();
}

LogicalResult emitKernel(func::FuncOp kernel) {
  if (auto count = kernel->getAttrOfType<IntegerAttr>(kMembersAttr))
    return emitMembers(kernel, count.getInt());
  if (!kernel.getBody().front().getOps<ScatterAddOp>().empty())
    return emitScatterKernel(kernel);
  FailureOr<std::unique_ptr<LoopGraph>> graph = LoopGraph::read(kernel);
  if (failed(graph))
    return failure();
  int64_t flops = totalFlops(**graph);
  Schedule plan = schedule(**graph);
  func::FuncOp function = createTileFunction(kernel);
  if (failed(LoopEmitter(**graph, plan, function).run()))
    return failure();
  setTileAttributes(function, plan.tiles, plan.scratchBytes, flops);
  kernel.erase();
  return success();
}

struct CpuEmitLoopsPass : PassWrapper<CpuEmitLoopsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CpuEmitLoopsPass)

  StringRef getArgument() const override { return "sinter-cpu-emit-loops"; }
  StringRef getDescription() const override { return "turn kernels into loops over tiles, 16 lanes at a time"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<scf::SCFDialect, vector::VectorDialect, memref::MemRefDialect, arith::ArithDialect,
                    math::MathDialect, func::FuncDialect>();
  }
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(kKernelAttr) && !kernel->hasAttr(kTilesAttr))
        kernels.push_back(kernel);
    for (func::FuncOp kernel : kernels)
      if (failed(emitKernel(kernel)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace cpu

std::unique_ptr<Pass> createCpuEmitLoopsPass() { return std::make_unique<cpu::CpuEmitLoopsPass>(); }

} // namespace sinter
