#include "compiler/passes/decode/EntryDeriver.h"
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/Decode.h"

using namespace mlir;

namespace sinter {

static RankedTensorType resized(RankedTensorType type, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  if (dim >= 0)
    shape[dim] = size;
  return RankedTensorType::get(shape, type.getElementType());
}

static SmallVector<int64_t> iota(int64_t size) { return llvm::to_vector(llvm::seq<int64_t>(0, size)); }

EntryDeriver::EntryDeriver(func::FuncOp source, const TimeAxes &time, const Conditions &conditions, Caches &encoded,
                           Caches &caches, NewPositions count)
    : source(source), time(time), conditions(conditions), encoded(encoded), caches(caches), count(count),
      b(source.getContext()) {}

func::FuncOp EntryDeriver::run(StringRef name, BlockArgument tokens, BlockArgument position) {
  declare(name, tokens, position);
  Block &body = source.getBody().front();
  for (Value value : conditions.needed()) {
    StateOp cache = encoded.of(value, /*dim=*/-1, count.texts);
    Value kept = ReadOp::create(b, value.getLoc(), cache.getType(), cache.getSymName());
    if (lift)
      lift->markLifted(kept);
    mapping.map(value, kept);
  }
  for (Operation &op : body.without_terminator())
    if (!conditions.computes(&op) && !derive(op)) {
      op.emitError("cannot be sampled for several texts at once: ")
          << op.getName().stripDialect() << ": has no rule for one more dimension";
      return {};
    }
  for (auto [cache, value] : writes)
    WriteOp::create(b, cache.getLoc(), cache.getSymName(), value);
  SmallVector<Value> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(mapping.lookup(value));
  func::ReturnOp::create(b, body.getTerminator()->getLoc(), results);
  entry.setType(b.getFunctionType(entry.getArgumentTypes(), ValueRange(results).getTypes()));
  if (conditions.any()) // what only these read
    eraseDeadOps(entry.getBody().front());
  return entry;
}

/// Arguments of the source but the conditions, with the new tokens for all, and the offset.
void EntryDeriver::declare(StringRef name, BlockArgument tokens, BlockArgument position) {
  SmallVector<int64_t> perText;
  if (count.ofTexts())
    perText.push_back(count.texts);
  auto numbers = RankedTensorType::get(perText, b.getI32Type());
  SmallVector<BlockArgument> taken;
  SmallVector<Type> inputs;
  for (BlockArgument argument : source.getArguments()) {
    if (conditions.isArgument(argument))
      continue;
    taken.push_back(argument);
    if (argument == tokens)
      inputs.push_back(count.ofTexts() ? RankedTensorType::get({count.texts, 1}, b.getI32Type())
                                       : resized(typeOf(tokens), typeOf(tokens).getRank() - 1, count.each));
    else
      inputs.push_back(argument == position ? numbers : argument.getType());
  }
  inputs.push_back(numbers);
  b.setInsertionPointAfter(source);
  entry = func::FuncOp::create(b, source.getLoc(), name, b.getFunctionType(inputs, source.getResultTypes()));
  for (NamedAttribute attribute : source->getDiscardableAttrs())
    entry->setAttr(attribute.getName(), attribute.getValue());
  for (auto [i, argument] : llvm::enumerate(taken)) {
    entry.setArgAttrs(i, source.getArgAttrDict(argument.getArgNumber()));
    if (argument == position && count.ofTexts()) // (Only numbers have defaults.)
      entry.removeArgAttr(i, "sinter.default");
  }
  entry.setArgAttr(taken.size(), "sinter.name", b.getStringAttr("offset"));
  if (!count.ofTexts())
    entry.setArgAttr(taken.size(), "sinter.default", b.getF64FloatAttr(0));
  for (unsigned i = 0; i < source.getNumResults(); ++i)
    entry.setResultAttrs(i, source.getResultAttrDict(i));
  Block &block = *entry.addEntryBlock();
  b.setInsertionPointToStart(&block);
  for (auto [from, to] : llvm::zip(taken, block.getArguments()))
    mapping.map(from, to);
  offset = block.getArguments().back();
  if (!count.ofTexts())
    return;
  lift.emplace(b, count.texts, offset);
  RankedTensorType row = resized(typeOf(tokens), typeOf(tokens).getRank() - 1, count.texts);
  mapping.map(tokens, ReshapeOp::create(b, source.getLoc(), row, mapping.lookup(tokens)).getResult());
  // Each text has one new position, which is the one that is asked for: no op reads the argument (pick).
  mapping.map(position, arith::ConstantOp::create(b, source.getLoc(), b.getZeroAttr(typeOf(position))).getResult());
}

bool EntryDeriver::derive(Operation &op) {
  if (auto attention = dyn_cast<AttentionOp>(op); attention && time.of(attention.getResult(0)))
    return inlined(attention);
  if (auto scan = dyn_cast<ScanOp>(op);
      scan && llvm::any_of(scan.getSequences(), [&](Value v) { return time.of(v).has_value(); }))
    return scanned(scan);
  if (auto gather = dyn_cast<GatherOp>(op); gather && lift && pick(gather))
    return true;
  IRMapping operands;
  for (auto [operand, reading] : llvm::zip_equal(op.getOperands(), time.readings(&op)))
    operands.map(operand, read(operand, reading));
  // What reads all positions so far gives all of them; so far, they are what is known, and the rest is not looked at.
  if (llvm::any_of(time.readings(&op), [](TimeReading r) { return r.kind == TimeReading::Remembered; }))
    return deriveOfAll(op, operands);
  SmallVector<int64_t> dims;
  for (Value result : op.getResults())
    dims.push_back(time.of(result).value_or(-1));
  bool isOfEach = lift && llvm::any_of(op.getOperands(), [&](Value v) { return lift->isLifted(operands.lookup(v)); });
  if (!isOfEach)
    clone(op, operands, dims);
  else if (!ofEachText(op, operands, dims))
    return false;
  for (Value result : op.getResults())
    mapping.map(result, operands.lookup(result));
  return true;
}

bool EntryDeriver::deriveOfAll(Operation &op, IRMapping &operands) {
  SmallVector<int64_t> none(op.getNumResults(), -1);
  if (!lift)
    clone(op, operands, none);
  else if (!lifted(op, operands, none))
    return false;
  for (Value result : op.getResults()) {
    Value value = operands.lookup(result);
    int64_t dim = *time.of(result);
    mapping.map(result, lift ? ownOf(value, dim) : partOf(value, dim));
  }
  return true;
}

/// Of several texts, each has one new position, and behind the gather that picks it time is no dimension any more.
bool EntryDeriver::pick(GatherOp op) {
  if (!time.of(op.getTable()) || time.of(op.getResult()))
    return false;
  SmallVector<int64_t> shape(typeOf(op.getResult()).getShape());
  shape.insert(shape.begin(), count.texts);
  auto type = RankedTensorType::get(shape, typeOf(op.getResult()).getElementType());
  Value rows = ReshapeOp::create(b, op.getLoc(), type, mapping.lookup(op.getTable()));
  lift->markLifted(rows);
  mapping.map(op.getResult(), rows);
  return true;
}

bool EntryDeriver::lifted(Operation &op, IRMapping &operands, ArrayRef<int64_t> units) {
  return succeeded(lift->clone(op, operands, units));
}

/// What reads something of each text: a condition, or what was picked for it.
bool EntryDeriver::ofEachText(Operation &op, IRMapping &operands, ArrayRef<int64_t> dims) {
  for (auto [operand, reading] : llvm::zip_equal(op.getOperands(), time.readings(&op)))
    if (reading.kind == TimeReading::New || reading.kind == TimeReading::AtOffset)
      operands.map(operand, toTexts(operands.lookup(operand), reading.dim));
  if (!lifted(op, operands, dims))
    return false;
  for (auto [result, dim] : llvm::zip_equal(op.getResults(), dims))
    if (dim >= 0)
      operands.map(result, fromTexts(lift->lift(operands.lookup(result)), dim));
  return true;
}

Value EntryDeriver::read(Value operand, TimeReading reading) {
  Value value = mapping.lookup(operand);
  switch (reading.kind) {
  case TimeReading::AtOffset:
    return lift && lift->isLifted(value) ? ownOf(value, reading.dim) : partOf(value, reading.dim);
  case TimeReading::Remembered:
    return remembered(operand, reading.dim);
  case TimeReading::Whole:
  case TimeReading::New:
    return value;
  }
  llvm_unreachable("a kind of reading");
}

/// The region's ops, of the new rows and all columns.
bool EntryDeriver::inlined(AttentionOp attention) {
  AxisAnalysis axes(attention);
  Block &body = attention.getBody().front();
  bool remembers = llvm::any_of(time.readings(attention),
                                [](TimeReading reading) { return reading.kind == TimeReading::Remembered; });
  IRMapping inside;
  for (auto [argument, operand, reading] :
       llvm::zip_equal(body.getArguments(), attention.getInputs(), time.readings(attention))) {
    Value value = read(operand, reading);
    bool ofRows = reading.kind == TimeReading::New || reading.kind == TimeReading::AtOffset;
    inside.map(argument, lift && ofRows ? toTexts(value, reading.dim) : value);
  }
  for (Operation &op : body.without_terminator()) {
    SmallVector<int64_t> dims;
    for (Value result : op.getResults())
      dims.push_back(axes.of(result).row);
    if (!lift) {
      clone(op, inside, dims);
    } else if (isa<arith::ConstantOp>(op) && dims.front() >= 0) {
      inside.map(op.getResult(0), toTexts(partOf(b.clone(op)->getResult(0), dims.front()), dims.front()));
    } else if (!lifted(op, inside, dims)) {
      return false;
    }
    if (auto product = dyn_cast<MatmulOp>(op); product && remembers)
      bound(product, axes, inside);
  }
  for (auto [value, result] : llvm::zip_equal(body.getTerminator()->getOperands(), attention.getResults())) {
    Value made = inside.lookup(value);
    mapping.map(result, lift ? fromTexts(lift->lift(made), *time.of(result)) : made);
  }
  return true;
}

/// Later columns count for nothing (TimeAxes::isCausal), so the product of these makes and reads none.
void EntryDeriver::bound(MatmulOp product, const AxisAnalysis &axes, IRMapping &inside) {
  Axes left = axes.of(product.getLhs()), result = axes.of(product.getResult());
  int64_t rank = typeOf(product.getResult()).getRank();
  bool columns = result.both() && result.column == rank - 1;
  bool terms = left.both() && left.column == (product.getTransposeLhs() ? rank - 2 : rank - 1);
  Value made = inside.lookup(product.getResult());
  auto copy = made.getDefiningOp<MatmulOp>();
  if ((!columns && !terms) || !copy)
    return;
  // One text has one bound. Several have one each, for all their batch dimensions.
  Value end = behind(lift ? typeOf(made).getShape().drop_back(2) : ArrayRef<int64_t>());
  auto below = MatmulBelowOp::create(b, copy.getLoc(), copy.getType(), copy.getLhs(), copy.getRhs(), end, terms,
                                     copy.getTransposeLhs(), copy.getTransposeRhs(), copy.getBf16());
  inside.map(product.getResult(), below.getResult());
  if (lift) {
    lift->markLifted(below.getResult());
    lift->forget(made);
  }
  copy.erase();
}

/// `op` on what its operands are mapped to; its results have the new positions along `dims` (-1: no positions).
void EntryDeriver::clone(Operation &op, IRMapping &operands, ArrayRef<int64_t> dims) {
  if (auto map = dyn_cast<MapOp>(op))
    return cloneMap(map, operands, dims.front());
  if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && dims.front() >= 0) {
    Value whole = b.clone(op)->getResult(0);
    operands.map(op.getResult(0), partOf(whole, dims.front()));
    return;
  }
  Operation *copy = b.clone(op, operands);
  for (auto [result, dim] : llvm::zip_equal(copy->getResults(), dims))
    result.setType(resized(typeOf(result), dim, count.all()));
  if (auto slice = dyn_cast<SliceOp>(copy); slice && dims.front() >= 0) {
    SmallVector<int64_t> limits(slice.getLimits());
    limits[dims.front()] = count.all();
    slice.setLimits(limits);
  }
  for (auto [from, to] : llvm::zip_equal(op.getResults(), copy->getResults()))
    operands.map(from, to);
}

/// Indices along time begin at the offset; of several texts, each has its own.
void EntryDeriver::cloneMap(MapOp map, IRMapping &operands, int64_t dim) {
  SmallVector<Value> inputs;
  for (Value input : map.getInputs())
    inputs.push_back(operands.lookup(input));
  SmallVector<Attribute> maps(map.getIndexingMaps().getValue());
  SmallVector<Type> types;
  for (Value result : map.getResults())
    types.push_back(resized(typeOf(result), dim, count.all()));
  auto isTime = [&](IndexOp index) { return dim >= 0 && static_cast<int64_t>(index.getDim()) == dim; };
  bool used = llvm::any_of(map.getBody().front().getOps<IndexOp>(), isTime);
  if (used) {
    inputs.push_back(offset);
    auto rank = static_cast<unsigned>(map.getShape().size());
    SmallVector<AffineExpr> at;
    if (lift)
      at.push_back(b.getAffineDimExpr(static_cast<unsigned>(dim)));
    maps.push_back(AffineMapAttr::get(AffineMap::get(rank, 0, at, map.getContext())));
  }
  auto copy = MapOp::create(b, map.getLoc(), types, inputs, b.getArrayAttr(maps));
  IRMapping inside;
  map.getBody().cloneInto(&copy.getBody(), inside);
  Block &block = copy.getBody().front();
  Value start = used ? block.addArgument(b.getI32Type(), map.getLoc()) : Value();
  for (auto index : llvm::make_early_inc_range(block.getOps<IndexOp>())) {
    if (!isTime(index))
      continue;
    if (lift) {
      index.replaceAllUsesWith(start);
      index.erase();
      continue;
    }
    OpBuilder inner(index->getContext());
    inner.setInsertionPointAfter(index);
    auto absolute = arith::AddIOp::create(inner, index.getLoc(), index.getResult(), start);
    index.getResult().replaceAllUsesExcept(absolute, absolute);
  }
  for (auto [from, to] : llvm::zip_equal(map.getResults(), copy.getResults()))
    operands.map(from, to);
}

/// A tensor of what `number` makes of the offset that belongs to an element: of several texts, of its first index.
Value EntryDeriver::numbers(ArrayRef<int64_t> shape, Number number) {
  Location loc = source.getLoc();
  auto type = RankedTensorType::get(shape, b.getI32Type());
  SmallVector<AffineExpr> at;
  if (lift)
    at.push_back(b.getAffineDimExpr(0));
  auto map = MapOp::create(b, loc, TypeRange(type), ValueRange(offset),
                           b.getAffineMapArrayAttr({AffineMap::get(shape.size(), 0, at, b.getContext())}));
  OpBuilder inner(b.getContext());
  Block *block = inner.createBlock(&map.getBody(), {}, {b.getI32Type()}, {loc});
  YieldOp::create(inner, loc, number(inner, block->getArgument(0)));
  return map.getResult(0);
}

/// The new positions.
Value EntryDeriver::positions() {
  if (lift)
    return offset;
  if (!newPositions)
    newPositions = numbers({count.each}, [&](OpBuilder &inner, Value first) -> Value {
      Value index = IndexOp::create(inner, source.getLoc(), inner.getI32Type(), 0);
      return arith::AddIOp::create(inner, source.getLoc(), index, first);
    });
  return newPositions;
}

/// The first position that nobody knows yet.
Value EntryDeriver::behind(ArrayRef<int64_t> batch) {
  Value &end = ends[batch.vec()];
  if (!end)
    end = numbers(batch, [&](OpBuilder &inner, Value first) -> Value {
      auto each = inner.getI32IntegerAttr(static_cast<int32_t>(count.each));
      Value number = arith::ConstantOp::create(inner, source.getLoc(), each);
      return arith::AddIOp::create(inner, source.getLoc(), number, first);
    });
  return end;
}

/// Swaps `dim` and the first dimension.
Value EntryDeriver::swapped(Value value, int64_t dim) {
  if (dim == 0)
    return value;
  SmallVector<int64_t> order = iota(typeOf(value).getRank());
  std::swap(order[0], order[dim]);
  return TransposeOp::create(b, value.getLoc(), value, order);
}

/// Dimension `from` becomes dimension `to`; the others stay in order.
Value EntryDeriver::moved(Value value, int64_t from, int64_t to) {
  if (from == to)
    return value;
  SmallVector<int64_t> order = iota(typeOf(value).getRank());
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return TransposeOp::create(b, value.getLoc(), value, order);
}

/// Of something timeless that has all positions along `dim`: the new ones.
Value EntryDeriver::partOf(Value value, int64_t dim) {
  return swapped(GatherOp::create(b, value.getLoc(), swapped(value, dim), positions()), dim);
}

/// Of texts [B, ...], that have all positions along `dim` + 1: each one's new position, along `dim`.
Value EntryDeriver::ownOf(Value value, int64_t dim) {
  return moved(rowsOfTexts(moved(value, dim + 1, 1), /*back=*/0), 0, dim);
}

/// Of texts [B, T, ...]: each one's row `back` positions before its new one, [B, ...]; the first one's is any.
Value EntryDeriver::rowsOfTexts(Value rows, int64_t back) {
  Location loc = rows.getLoc();
  SmallVector<int64_t> shape(typeOf(rows).getShape().drop_front());
  shape.front() *= count.texts;
  rows = reshaped(b, rows, shape);
  Value places = numbers({count.texts}, [&](OpBuilder &inner, Value own) -> Value {
    Value text = IndexOp::create(inner, loc, inner.getI32Type(), 0);
    auto number = [&](int64_t value) {
      return arith::ConstantOp::create(inner, loc, inner.getI32IntegerAttr(static_cast<int32_t>(value)));
    };
    Value first = arith::MulIOp::create(inner, loc, text, number(time.length()));
    Value place = arith::AddIOp::create(inner, loc, first, own);
    return back == 0 ? place : arith::SubIOp::create(inner, loc, place, number(back)).getResult();
  });
  return GatherOp::create(b, loc, rows, places);
}

/// One new position of each text along `dim`: each with one along `dim` + 1.
Value EntryDeriver::toTexts(Value value, int64_t dim) {
  Value first = moved(value, dim, 0);
  SmallVector<int64_t> shape(typeOf(first).getShape());
  shape.insert(shape.begin() + dim + 1, 1);
  Value texts = reshaped(b, first, shape);
  lift->markLifted(texts);
  return texts;
}

/// The other way.
Value EntryDeriver::fromTexts(Value value, int64_t dim) {
  SmallVector<int64_t> shape(typeOf(value).getShape());
  shape.erase(shape.begin() + dim + 1);
  return moved(reshaped(b, value, shape), 0, dim);
}

/// All positions of `operand` so far, along `dim`: what is kept, with the new ones in their places.
Value EntryDeriver::remembered(Value operand, int64_t dim) {
  StateOp cache = caches.of(operand, dim, count.texts);
  Value &known = updated[cache];
  if (known)
    return known;
  Location loc = operand.getLoc();
  Value value = mapping.lookup(operand);
  if (lift) {
    value = toTexts(value, dim);
    ++dim;
  }
  RankedTensorType type = cast<RankedTensorType>(cache.getType());
  Value before = ReadOp::create(b, loc, type, cache.getSymName());
  known = PutOp::create(b, loc, type, before, value, offset, static_cast<uint64_t>(dim)).getResult();
  if (lift)
    lift->markLifted(known);
  writes.emplace_back(cache, known);
  return known;
}

} // namespace sinter
