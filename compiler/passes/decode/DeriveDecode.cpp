// sinter-derive-decode: entries that compute new positions only.
//
//   func @logits(%tokens: tensor<1x1024xi32>, %position: tensor<i32>)                    every position, each time
//     =>
//   sinter.state @cache.0 : tensor<1x12x1024x64xf32> {init = "zeros", transient}         an attention's keys
//   func @decode(%tokens: tensor<1x1xi32>, %position: tensor<i32>, %offset: tensor<i32>) one position, at `offset`
//   func @prefill(%tokens: tensor<1x64xi32>, ...)                                        as many as fit
//
// What an attention reads along its columns is kept, whatever it is and whoever computed it: a cache belongs to a
// value, not to a pattern (TimeAxis.h). All else shrinks to the new positions. Columns stay as many as they were, so
// that each sum has the order that it has in training, and results agree to the bit; but products leave out those that
// nobody knows yet (matmul_below), and new rows are put where they belong, in place.
#include "compiler/passes/Debug.h"
#include "compiler/passes/decode/Passes.h"
#include "compiler/passes/decode/TimeAxis.h"
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/Decode.h"

#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-derive-decode"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_DERIVEDECODE
#include "compiler/passes/decode/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

RankedTensorType resized(RankedTensorType type, int64_t dim, int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  if (dim >= 0)
    shape[dim] = size;
  return RankedTensorType::get(shape, type.getElementType());
}

/// The caches of a module: one for each value and dimension, shared by the entries that are derived.
class Caches {
public:
  explicit Caches(func::FuncOp source) : builder(source) {}

  StateOp of(Value value, int64_t dim) {
    StateOp &cache = states[{value, dim}];
    if (!cache) {
      std::string name = "cache." + std::to_string(states.size() - 1);
      cache = StateOp::create(builder, value.getLoc(), name, typeOf(value), "zeros", APFloat(0.0), /*trainable=*/false,
                              /*transient=*/true);
    }
    return cache;
  }

private:
  OpBuilder builder;
  DenseMap<std::pair<Value, int64_t>, StateOp> states;
};

/// Builds one entry of `count` new positions.
class Deriver {
public:
  Deriver(func::FuncOp source, const TimeAxes &time, Caches &caches, int64_t count)
      : source(source), time(time), caches(caches), count(count), b(source.getContext()) {}

  func::FuncOp run(StringRef name, BlockArgument tokens) {
    SmallVector<Type> inputs;
    for (BlockArgument argument : source.getArguments())
      inputs.push_back(argument == tokens ? resized(typeOf(argument), typeOf(argument).getRank() - 1, count)
                                          : argument.getType());
    inputs.push_back(RankedTensorType::get({}, b.getI32Type()));
    b.setInsertionPointAfter(source);
    auto entry = func::FuncOp::create(b, source.getLoc(), name, b.getFunctionType(inputs, source.getResultTypes()));
    for (NamedAttribute attribute : source->getDiscardableAttrs())
      entry->setAttr(attribute.getName(), attribute.getValue());
    for (unsigned i = 0; i < source.getNumArguments(); ++i)
      entry.setArgAttrs(i, source.getArgAttrDict(i));
    entry.setArgAttr(source.getNumArguments(), "sinter.name", b.getStringAttr("offset"));
    entry.setArgAttr(source.getNumArguments(), "sinter.default", b.getF64FloatAttr(0));
    for (unsigned i = 0; i < source.getNumResults(); ++i)
      entry.setResultAttrs(i, source.getResultAttrDict(i));
    Block &block = *entry.addEntryBlock();
    b.setInsertionPointToStart(&block);
    for (auto [from, to] : llvm::zip(source.getArguments(), block.getArguments()))
      mapping.map(from, to);
    offset = block.getArguments().back();

    Block &body = source.getBody().front();
    for (Operation &op : body.without_terminator())
      derive(op);
    for (auto [cache, value] : writes)
      WriteOp::create(b, cache.getLoc(), cache.getSymName(), value);
    SmallVector<Value> results;
    for (Value value : body.getTerminator()->getOperands())
      results.push_back(mapping.lookup(value));
    func::ReturnOp::create(b, body.getTerminator()->getLoc(), results);
    return entry;
  }

private:
  void derive(Operation &op) {
    if (auto attention = dyn_cast<AttentionOp>(op); attention && time.of(attention.getResult(0)))
      return inlined(attention);
    IRMapping operands;
    for (auto [operand, reading] : llvm::zip_equal(op.getOperands(), time.readings(&op)))
      operands.map(operand, read(operand, reading));
    // What reads all positions so far gives all of them; so far, they are what is known, and the rest is not looked at.
    bool ofAll = llvm::any_of(time.readings(&op), [](TimeReading r) { return r.kind == TimeReading::Remembered; });
    SmallVector<int64_t> dims;
    for (Value result : op.getResults())
      dims.push_back(ofAll ? -1 : time.of(result).value_or(-1));
    clone(op, operands, dims);
    for (Value result : op.getResults()) {
      Value value = operands.lookup(result);
      mapping.map(result, ofAll ? partOf(value, *time.of(result)) : value);
    }
  }

  Value read(Value operand, TimeReading reading) {
    Value value = mapping.lookup(operand);
    switch (reading.kind) {
    case TimeReading::AtOffset:
      return partOf(value, reading.dim);
    case TimeReading::Remembered:
      return remembered(operand, reading.dim);
    case TimeReading::Whole:
    case TimeReading::New:
      return value;
    }
    llvm_unreachable("a kind of reading");
  }

  /// The region's ops, of the new rows and all columns.
  void inlined(AttentionOp attention) {
    AxisAnalysis axes(attention);
    Block &body = attention.getBody().front();
    bool remembers = llvm::any_of(time.readings(attention),
                                  [](TimeReading reading) { return reading.kind == TimeReading::Remembered; });
    IRMapping inside;
    for (auto [argument, operand, reading] :
         llvm::zip_equal(body.getArguments(), attention.getInputs(), time.readings(attention)))
      inside.map(argument, read(operand, reading));
    for (Operation &op : body.without_terminator()) {
      SmallVector<int64_t> dims;
      for (Value result : op.getResults())
        dims.push_back(axes.of(result).row);
      clone(op, inside, dims);
      if (auto product = dyn_cast<MatmulOp>(op); product && remembers)
        bound(product, axes, inside);
    }
    for (auto [value, result] : llvm::zip_equal(body.getTerminator()->getOperands(), attention.getResults()))
      mapping.map(result, inside.lookup(value));
  }

  /// Later columns count for nothing (TimeAxes::isCausal), so the product of these makes and reads none.
  void bound(MatmulOp product, const AxisAnalysis &axes, IRMapping &inside) {
    Axes left = axes.of(product.getLhs()), result = axes.of(product.getResult());
    int64_t rank = typeOf(product.getResult()).getRank();
    bool columns = result.both() && result.column == rank - 1;
    bool terms = left.both() && left.column == (product.getTransposeLhs() ? rank - 2 : rank - 1);
    if (!columns && !terms)
      return;
    if (!end)
      end = indices(0);
    auto copy = inside.lookup(product.getResult()).getDefiningOp<MatmulOp>();
    auto below = MatmulBelowOp::create(b, copy.getLoc(), copy.getType(), copy.getLhs(), copy.getRhs(), end, terms,
                                       copy.getTransposeLhs(), copy.getTransposeRhs(), copy.getBf16());
    inside.map(product.getResult(), below.getResult());
    copy.erase();
  }

  /// `op` on what its operands are mapped to; its results have the new positions along `dims` (-1: no positions).
  void clone(Operation &op, IRMapping &operands, ArrayRef<int64_t> dims) {
    if (auto map = dyn_cast<MapOp>(op))
      return cloneMap(map, operands, dims.front());
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && dims.front() >= 0) {
      Value whole = b.clone(op)->getResult(0);
      operands.map(op.getResult(0), partOf(whole, dims.front()));
      return;
    }
    Operation *copy = b.clone(op, operands);
    for (auto [result, dim] : llvm::zip_equal(copy->getResults(), dims))
      result.setType(resized(typeOf(result), dim, count));
    if (auto slice = dyn_cast<SliceOp>(copy); slice && dims.front() >= 0) {
      SmallVector<int64_t> limits(slice.getLimits());
      limits[dims.front()] = count;
      slice.setLimits(limits);
    }
    for (auto [from, to] : llvm::zip_equal(op.getResults(), copy->getResults()))
      operands.map(from, to);
  }

  /// Indices along time begin at the offset.
  void cloneMap(MapOp map, IRMapping &operands, int64_t dim) {
    SmallVector<Value> inputs;
    for (Value input : map.getInputs())
      inputs.push_back(operands.lookup(input));
    SmallVector<Attribute> maps(map.getIndexingMaps().getValue());
    inputs.push_back(offset);
    maps.push_back(AffineMapAttr::get(AffineMap::get(map.getShape().size(), 0, map.getContext())));
    SmallVector<Type> types;
    for (Value result : map.getResults())
      types.push_back(resized(typeOf(result), dim, count));
    auto copy = MapOp::create(b, map.getLoc(), types, inputs, b.getArrayAttr(maps));
    IRMapping inside;
    map.getBody().cloneInto(&copy.getBody(), inside);
    Block &block = copy.getBody().front();
    Value start = block.addArgument(b.getI32Type(), map.getLoc());
    bool used = false;
    for (auto index : llvm::make_early_inc_range(block.getOps<IndexOp>()))
      if (dim >= 0 && static_cast<int64_t>(index.getDim()) == dim) {
        OpBuilder inner(index->getContext());
        inner.setInsertionPointAfter(index);
        auto absolute = arith::AddIOp::create(inner, index.getLoc(), index.getResult(), start);
        index.getResult().replaceAllUsesExcept(absolute, absolute);
        used = true;
      }
    if (!used) {
      block.eraseArgument(block.getNumArguments() - 1);
      maps.pop_back(), inputs.pop_back();
      copy.getInputsMutable().assign(inputs);
      copy.setIndexingMapsAttr(b.getArrayAttr(maps));
    }
    for (auto [from, to] : llvm::zip_equal(map.getResults(), copy.getResults()))
      operands.map(from, to);
  }

  /// The vector offset, offset + 1, ... of `size` numbers, or, of none, the number offset + count.
  Value indices(int64_t size) {
    Location loc = source.getLoc();
    SmallVector<int64_t> shape;
    if (size > 0)
      shape.push_back(size);
    auto type = RankedTensorType::get(shape, b.getI32Type());
    auto map = MapOp::create(b, loc, TypeRange(type), ValueRange(offset),
                             b.getAffineMapArrayAttr({AffineMap::get(shape.size(), 0, b.getContext())}));
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&map.getBody(), {}, {b.getI32Type()}, {loc});
    Value number = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(count)));
    if (size > 0)
      number = IndexOp::create(b, loc, b.getI32Type(), 0);
    YieldOp::create(b, loc, arith::AddIOp::create(b, loc, number, block->getArgument(0)).getResult());
    return map.getResult(0);
  }

  /// Swaps `dim` and the first dimension.
  Value swapped(Value value, int64_t dim) {
    if (dim == 0)
      return value;
    SmallVector<int64_t> order(typeOf(value).getRank());
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[0], order[dim]);
    return TransposeOp::create(b, value.getLoc(), value, order);
  }

  /// Of something timeless that has all positions along `dim`: the new ones.
  Value partOf(Value value, int64_t dim) {
    if (!newPositions)
      newPositions = indices(count);
    return swapped(GatherOp::create(b, value.getLoc(), swapped(value, dim), newPositions), dim);
  }

  /// All positions of `operand` so far, along `dim`: what is kept, with the new ones in their places.
  Value remembered(Value operand, int64_t dim) {
    StateOp cache = caches.of(operand, dim);
    Value &known = updated[cache];
    if (known)
      return known;
    Location loc = operand.getLoc();
    RankedTensorType type = typeOf(operand);
    Value before = ReadOp::create(b, loc, type, cache.getSymName()), value = mapping.lookup(operand);
    known = PutOp::create(b, loc, type, before, value, offset, static_cast<uint64_t>(dim)).getResult();
    writes.emplace_back(cache, known);
    return known;
  }

  func::FuncOp source;
  const TimeAxes &time;
  Caches &caches;
  int64_t count;
  OpBuilder b;
  IRMapping mapping;
  Value offset, newPositions, end; ///< the last: the first position that nobody knows yet
  DenseMap<Operation *, Value> updated;
  SmallVector<std::pair<StateOp, Value>> writes;
};

struct DeriveDecodePass : impl::DeriveDecodeBase<DeriveDecodePass> {
  using DeriveDecodeBase::DeriveDecodeBase;

  void runOnOperation() override {
    auto source = getOperation().lookupSymbol<func::FuncOp>("logits");
    if (!source || !source->hasAttr("sinter.entry") || !llvm::hasSingleElement(source.getBody()))
      return sayNothingDerived();
    BlockArgument tokens, position;
    for (BlockArgument argument : source.getArguments()) {
      auto name = source.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "sinter.name");
      if (name && name.getValue() == "tokens")
        tokens = argument;
      if (name && name.getValue() == "position")
        position = argument;
    }
    if (!tokens || !position || typeOf(tokens).getRank() < 1 || typeOf(tokens).getShape().back() < 2)
      return sayNothingDerived();
    TimeAxes time(source.getBody().front(), tokens, position);
    if (time.where()) {
      time.where()->emitError("cannot be sampled token by token: ") << time.problem();
      return signalPassFailure();
    }
    Caches caches(source);
    for (auto [name, count] : {std::pair("prefill", std::clamp<int64_t>(chunk, 1, time.length())), {"decode", 1}}) {
      if (Operation *own = getOperation().lookupSymbol(name)) {
        own->emitError("the sampler's entry '") << name << "' cannot be derived: the model has one of its own";
        return signalPassFailure();
      }
      func::FuncOp entry = Deriver(source, time, caches, count).run(name, tokens);
      DEBUG_AT(entry) << name << " computes " << count << " of " << time.length() << " positions";
    }
  }

private:
  void sayNothingDerived() {
    getOperation().emitWarning(
        "nothing samples token by token: there is no entry `logits` that takes `tokens` [1, T] and "
        "`position`, as language_model makes it");
  }
};

} // namespace
} // namespace sinter
