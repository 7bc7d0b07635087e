// sinter.map, sinter.index, sinter.yield: fused elementwise code, its gradient and its lowering.
#include "dialects/sinter/ReverseMode.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace sinter;

LogicalResult MapOp::verify() {
  if (getNumResults() == 0)
    return emitOpError("needs at least one result");
  ArrayRef<int64_t> shape = getShape();
  // C2
  for (Type type : getResultTypes())
    if (cast<RankedTensorType>(type).getShape() != shape)
      return emitOpError("results differ in shape: ") << getResult(0).getType() << " and " << type;
  // C1
  if (getIndexingMaps().size() != getInputs().size())
    return emitOpError("has ") << getInputs().size() << " inputs but " << getIndexingMaps().size() << " maps";
  for (auto [input, map] : llvm::zip_equal(getInputs(), getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    ArrayRef<int64_t> sizes = cast<RankedTensorType>(input.getType()).getShape();
    if (map.getNumDims() != shape.size() || map.getNumResults() != sizes.size() || !map.isProjectedPermutation())
      return emitOpError("map ") << AffineMapAttr::get(map) << " is not a projected permutation from rank "
                                 << shape.size() << " to rank " << sizes.size();
    for (auto [d, size] : llvm::enumerate(sizes))
      if (shape[map.getDimPosition(d)] != size)
        return emitOpError("dimension ") << d << " of input " << input.getType() << " has size " << size
                                         << ", but the map iterates over " << shape[map.getDimPosition(d)];
  }
  // C3
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError("has ") << getInputs().size() << " inputs but " << block.getNumArguments()
                               << " region arguments";
  for (auto [input, argument] : llvm::zip_equal(getInputs(), block.getArguments()))
    if (getElementTypeOrSelf(input.getType()) != argument.getType())
      return emitOpError("region argument has type ") << argument.getType() << ", its input is " << input.getType();
  auto yield = cast<YieldOp>(block.getTerminator());
  if (yield.getValues().size() != getNumResults())
    return emitOpError("yields ") << yield.getValues().size() << " values for " << getNumResults() << " results";
  for (auto [value, result] : llvm::zip_equal(yield.getValues(), getResults()))
    if (value.getType() != getElementTypeOrSelf(result.getType()))
      return emitOpError("yields ") << value.getType() << " for a result of " << result.getType();
  return success();
}

void YieldOp::build(OpBuilder &, OperationState &) {}

LogicalResult IndexOp::verify() {
  // C1
  int64_t rank = cast<MapOp>((*this)->getParentOp()).getShape().size();
  if (getDim() < 0 || getDim() >= static_cast<uint64_t>(rank))
    return emitOpError("dimension ") << getDim() << " is out of range for a map of rank " << rank;
  return success();
}

/// Turns a cotangent over the whole iteration space into that of an operand read through `map`: sums over the
/// dimensions that the map drops, then orders the others as the operand has them.
static Value toOperandShape(OpBuilder &builder, Location loc, Value cotangent, AffineMap map) {
  SmallVector<int64_t> dropped, kept, permutation;
  for (unsigned d = 0; d < map.getNumDims(); ++d)
    (map.isFunctionOfDim(d) ? kept : dropped).push_back(d);
  if (!dropped.empty())
    cotangent = ReduceOp::create(builder, loc, ReduceKind::sum, cotangent, dropped);
  for (unsigned r = 0; r < map.getNumResults(); ++r)
    permutation.push_back(llvm::find(kept, map.getDimPosition(r)) - kept.begin());
  if (!llvm::is_sorted(permutation))
    cotangent = TransposeOp::create(builder, loc, cotangent, permutation);
  return cotangent;
}

/// Erases the pure ops of `block` that nothing uses.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// Builds a map that recomputes the region of `map` and yields the scalar cotangents of the inputs listed in `wanted`.
/// `answers[i]` is the result for `wanted[i]` (inputs that share a cotangent share a result) or null.
static LogicalResult buildBackward(OpBuilder &builder, MapOp map, ArrayRef<Value> cotangents, ArrayRef<unsigned> wanted,
                                   SmallVectorImpl<Value> &answers) {
  Location loc = map.getLoc();
  SmallVector<Value> inputs(map.getInputs());
  SmallVector<AffineMap> maps(map.getIndexingMaps().getAsValueRange<AffineMapAttr>());
  for (Value cotangent : cotangents)
    if (cotangent) {
      inputs.push_back(cotangent);
      maps.push_back(builder.getMultiDimIdentityMap(map.getShape().size()));
    }

  // The region: the forward ops again, then the way back. Its results are known only once it is built.
  Region region;
  Block *block = new Block;
  region.push_back(block);
  OpBuilder inner(map.getContext());
  inner.setInsertionPointToStart(block);
  IRMapping mapping;
  for (Value input : inputs)
    block->addArgument(getElementTypeOrSelf(input.getType()), loc);
  Block &forward = map.getBody().front();
  for (auto [from, to] : llvm::zip(forward.getArguments(), block->getArguments()))
    mapping.map(from, to);
  SmallVector<Operation *> ops;
  for (Operation &op : forward.without_terminator())
    ops.push_back(inner.clone(op, mapping));

  Cotangents flow;
  unsigned next = map.getInputs().size();
  for (auto [value, cotangent] : llvm::zip_equal(forward.getTerminator()->getOperands(), cotangents))
    if (cotangent)
      flow.add(inner, loc, mapping.lookup(value), block->getArgument(next++));
  SmallVector<Value> sources;
  for (unsigned i : wanted)
    sources.push_back(block->getArgument(i));
  if (failed(backpropagate(inner, ops, dependents(ops, sources), flow)))
    return failure();

  SmallVector<Value> yielded;
  SmallVector<int> position;
  for (Value source : sources) {
    Value cotangent = flow.lookup(source);
    auto found = llvm::find(yielded, cotangent);
    position.push_back(cotangent ? found - yielded.begin() : -1);
    if (cotangent && found == yielded.end())
      yielded.push_back(cotangent);
  }
  answers.assign(wanted.size(), Value());
  if (yielded.empty())
    return success();
  YieldOp::create(inner, loc, yielded);
  eraseDead(*block);

  SmallVector<Type> types;
  for (Value value : yielded)
    types.push_back(RankedTensorType::get(map.getShape(), value.getType()));
  auto backward = MapOp::create(builder, loc, types, inputs, builder.getAffineMapArrayAttr(maps));
  backward.getBody().takeBody(region);
  for (auto [answer, index] : llvm::zip(answers, position))
    if (index >= 0)
      answer = backward.getResult(index);
  return success();
}

// Saved: the inputs. The inputs that are read element by element share one map; one that was broadcast needs a sum over
// its cotangents, and gets a map of its own so that the sum can absorb it instead of reading it from memory, unless
// its cotangent is also that of an input of the first kind.
LogicalResult MapOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         MutableArrayRef<Value> operandCotangents) {
  SmallVector<AffineMap> maps(getIndexingMaps().getAsValueRange<AffineMapAttr>());
  SmallVector<unsigned> whole, broadcast;
  for (unsigned i = 0; i < maps.size(); ++i)
    if (needed[i] && isDifferentiable(getInputs()[i].getType()))
      (maps[i].isPermutation() ? whole : broadcast).push_back(i);

  auto finish = [&](unsigned input, Value cotangent) {
    if (cotangent)
      operandCotangents[input] = toOperandShape(builder, getLoc(), cotangent, maps[input]);
  };
  SmallVector<Value> answers;
  SmallVector<unsigned> alone(broadcast);
  if (!whole.empty()) {
    // All at once, so that inputs with one cotangent (the terms of a sum) are seen to share it. Results that end up
    // unused are dropped by the next fusion.
    SmallVector<unsigned> all(whole);
    all.append(broadcast);
    if (failed(buildBackward(builder, *this, cotangents, all, answers)))
      return failure();
    alone.clear();
    ArrayRef<Value> shared = ArrayRef(answers).take_front(whole.size());
    for (auto [input, answer] : llvm::zip(all, answers)) {
      if (maps[input].isPermutation() || llvm::is_contained(shared, answer))
        finish(input, answer);
      else if (answer)
        alone.push_back(input);
    }
  }
  for (unsigned input : alone) {
    if (failed(buildBackward(builder, *this, cotangents, input, answers)))
      return failure();
    finish(input, answers[0]);
  }
  return success();
}

FailureOr<SmallVector<Value>> MapOp::lowerToLinalg(OpBuilder &builder) {
  Location loc = getLoc();
  SmallVector<AffineMap> maps(getIndexingMaps().getAsValueRange<AffineMapAttr>());
  SmallVector<Value> outputs;
  for (Type type : getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    outputs.push_back(tensor::EmptyOp::create(builder, loc, tensor.getShape(), tensor.getElementType()));
    maps.push_back(builder.getMultiDimIdentityMap(tensor.getRank()));
  }
  SmallVector<utils::IteratorType> iterators(getShape().size(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, getResultTypes(), getInputs(), outputs, maps, iterators,
      [&](OpBuilder &inner, Location, ValueRange arguments) {
        IRMapping mapping;
        Block &block = getBody().front();
        mapping.map(block.getArguments(), arguments.take_front(getInputs().size()));
        for (Operation &op : block.without_terminator()) {
          if (auto index = dyn_cast<IndexOp>(op)) {
            Value i = linalg::IndexOp::create(inner, op.getLoc(), index.getDim());
            mapping.map(index.getResult(), arith::IndexCastOp::create(inner, op.getLoc(), inner.getI32Type(), i));
          } else {
            inner.clone(op, mapping);
          }
        }
        SmallVector<Value> yielded;
        for (Value value : block.getTerminator()->getOperands())
          yielded.push_back(mapping.lookup(value));
        linalg::YieldOp::create(inner, loc, yielded);
      });
  return SmallVector<Value>(generic.getResults());
}

void MapOp::relateTime(TimeRule &rule) {
  SmallVector<AffineMap> maps(getIndexingMaps().getAsValueRange<AffineMapAttr>());
  int64_t loop = -1;
  for (auto [i, map] : llvm::enumerate(maps))
    if (rule.isTimed(i)) {
      int64_t own = map.getDimPosition(static_cast<unsigned>(rule.timeOf(i)));
      if (loop >= 0 && own != loop)
        return rule.refuse("map: makes something of every two positions, and is in no attention");
      loop = own;
    }
  for (auto [i, map] : llvm::enumerate(maps))
    if (std::optional<unsigned> at = map.getResultPosition(getAffineDimExpr(static_cast<unsigned>(loop), getContext())))
      rule.readNew(i, *at);
  for (unsigned i = 0; i < getNumResults(); ++i)
    rule.give(i, loop);
}

/// One more loop outside of the others.
LogicalResult MapOp::lift(Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  OpBuilder &b = lift.builder();
  int64_t unit = units.front();
  auto isUnit = [&](IndexOp index) { return unit >= 0 && static_cast<int64_t>(index.getDim()) == unit; };
  auto dims = static_cast<unsigned>(getShape().size());
  bool ofUnit = llvm::any_of(getBody().front().getOps<IndexOp>(), isUnit);
  bool any = ofUnit || llvm::any_of(getInputs(), [&](Value input) { return lift.isLifted(mapping.lookup(input)); });

  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  AffineExpr copy = getAffineDimExpr(0, getContext());
  for (auto [input, map] : llvm::zip_equal(getInputs(), getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    inputs.push_back(mapping.lookup(input));
    AffineMap own = any ? map.shiftDims(1) : map;
    maps.push_back(lift.isLifted(inputs.back()) ? own.insertResult(copy, 0) : own);
  }
  if (ofUnit) {
    inputs.push_back(lift.places());
    maps.push_back(AffineMap::get(dims + 1, 0, copy));
  }
  SmallVector<Type> types;
  for (Value result : getResults()) {
    RankedTensorType type = lift.typeOf(result, unit);
    types.push_back(any ? type : RankedTensorType::get(type.getShape().drop_front(), type.getElementType()));
  }
  auto made = MapOp::create(b, getLoc(), types, inputs, b.getAffineMapArrayAttr(maps));
  IRMapping inside;
  getBody().cloneInto(&made.getBody(), inside);
  Block &block = made.getBody().front();
  Value own = ofUnit ? block.addArgument(b.getI32Type(), getLoc()) : Value();
  for (auto at : llvm::make_early_inc_range(block.getOps<IndexOp>()))
    if (isUnit(at)) {
      at.replaceAllUsesWith(own);
      at.erase();
    } else if (any) {
      at.setDim(at.getDim() + 1);
    }
  for (auto [from, to] : llvm::zip_equal(getResults(), made.getResults())) {
    if (any)
      lift.markLifted(to);
    mapping.map(from, to);
  }
  return success();
}
