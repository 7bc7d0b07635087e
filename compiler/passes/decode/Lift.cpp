#include "compiler/passes/decode/Lift.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter {

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The same along one more dimension in front, of which an op takes or does `first`.
static SmallVector<int64_t> after(int64_t first, ArrayRef<int64_t> values, int64_t shift) {
  SmallVector<int64_t> result{first};
  for (int64_t value : values)
    result.push_back(value + shift);
  return result;
}

static SmallVector<int64_t> shifted(ArrayRef<int64_t> dims) {
  return llvm::map_to_vector(dims, [](int64_t dim) { return dim + 1; });
}

RankedTensorType Lift::typeOf(Value original, int64_t unit) const {
  RankedTensorType type = tensorType(original);
  SmallVector<int64_t> shape = after(copies, type.getShape(), 0);
  if (unit >= 0)
    shape[unit + 1] = 1;
  return RankedTensorType::get(shape, type.getElementType());
}

Value Lift::lift(Value value) {
  if (isLifted(value))
    return value;
  RankedTensorType type = tensorType(value);
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < type.getRank(); ++d)
    dims.push_back(d + 1);
  auto all = RankedTensorType::get(after(copies, type.getShape(), 0), type.getElementType());
  Value result = BroadcastOp::create(b, value.getLoc(), all, value, dims);
  markLifted(result);
  return result;
}

Operation *Lift::cloneAll(Operation &op, IRMapping &mapping, ArrayRef<int64_t> units) {
  IRMapping own;
  for (Value operand : op.getOperands())
    own.map(operand, lift(mapping.lookup(operand)));
  Operation *copy = b.clone(op, own);
  for (auto [from, to, unit] : llvm::zip_equal(op.getResults(), copy->getResults(), units)) {
    to.setType(typeOf(from, unit));
    markLifted(to);
    mapping.map(from, to);
  }
  return copy;
}

LogicalResult Lift::clone(Operation &op, IRMapping &mapping, ArrayRef<int64_t> units) {
  if (auto map = dyn_cast<MapOp>(op))
    return cloneMap(map, mapping, units), success();
  if (llvm::none_of(op.getOperands(), [&](Value operand) { return isLifted(mapping.lookup(operand)); })) {
    Operation *copy = b.clone(op, mapping);
    for (auto [from, to, unit] : llvm::zip_equal(op.getResults(), copy->getResults(), units)) {
      if (unit >= 0)
        to.setType(
            RankedTensorType::get(typeOf(from, unit).getShape().drop_front(), tensorType(from).getElementType()));
      mapping.map(from, to);
    }
    return success();
  }
  auto all = [&] { return cloneAll(op, mapping, units); };
  return TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<SoftmaxOp, LogSoftmaxOp, NormalizeOp, ReshapeOp>([&](auto) { return all(), success(); })
      .Case([&](TransposeOp transpose) {
        cast<TransposeOp>(all()).setPermutation(after(0, transpose.getPermutation(), 1));
        return success();
      })
      .Case([&](BroadcastOp broadcast) {
        cast<BroadcastOp>(all()).setDims(after(0, broadcast.getDims(), 1));
        return success();
      })
      .Case([&](ReduceOp reduce) {
        cast<ReduceOp>(all()).setAxes(shifted(reduce.getAxes()));
        return success();
      })
      .Case([&](CumsumOp cumsum) {
        cast<CumsumOp>(all()).setAxis(cumsum.getAxis() + 1);
        return success();
      })
      .Case([&](ConcatOp concat) {
        cast<ConcatOp>(all()).setAxis(concat.getAxis() + 1);
        return success();
      })
      .Case([&](SliceOp slice) {
        auto copy = cast<SliceOp>(all());
        SmallVector<int64_t> limits = after(copies, slice.getLimits(), 0);
        if (units.front() >= 0)
          limits[units.front() + 1] = 1;
        copy.setStarts(after(0, slice.getStarts(), 0));
        copy.setLimits(limits);
        copy.setStrides(after(1, slice.getStrides(), 0));
        return success();
      })
      .Case([&](PadOp pad) {
        auto copy = cast<PadOp>(all());
        copy.setLow(after(0, pad.getLow(), 0));
        copy.setHigh(after(0, pad.getHigh(), 0));
        copy.setInterior(after(0, pad.getInterior(), 0));
        return success();
      })
      .Case([&](GatherOp gather) {
        if (isLifted(mapping.lookup(gather.getTable())))
          return failure(); // each copy would have a table of its own
        Operation *copy = b.clone(op, mapping);
        copy->getResult(0).setType(typeOf(gather.getResult(), units.front()));
        markLifted(copy->getResult(0));
        mapping.map(gather.getResult(), copy->getResult(0));
        return success();
      })
      .Case([&](MatmulOp matmul) { return cloneMatmul(matmul, mapping, units), success(); })
      .Default([](Operation *) { return failure(); });
}

/// Rows of all copies go through a weight together.
void Lift::cloneMatmul(MatmulOp op, IRMapping &mapping, ArrayRef<int64_t> units) {
  Value lhs = mapping.lookup(op.getLhs()), rhs = mapping.lookup(op.getRhs());
  if (isLifted(rhs) || op.getTransposeLhs() || tensorType(rhs).getRank() != 2) {
    cloneAll(*op.getOperation(), mapping, units);
    return;
  }
  RankedTensorType result = typeOf(op.getResult(), units.front());
  ArrayRef<int64_t> from = tensorType(lhs).getShape(), to = result.getShape();
  Type element = result.getElementType();
  IRMapping own;
  own.map(op.getRhs(), rhs);
  own.map(
      op.getLhs(),
      ReshapeOp::create(b, op.getLoc(), RankedTensorType::get({from[0] * from[1], from[2]}, element), lhs).getResult());
  Operation *copy = b.clone(*op.getOperation(), own);
  copy->getResult(0).setType(RankedTensorType::get({to[0] * to[1], to[2]}, element));
  Value all = ReshapeOp::create(b, op.getLoc(), result, copy->getResult(0));
  markLifted(all);
  mapping.map(op.getResult(), all);
}

/// One more loop outside of the others.
void Lift::cloneMap(MapOp op, IRMapping &mapping, ArrayRef<int64_t> units) {
  int64_t unit = units.front();
  auto isUnit = [&](IndexOp index) { return unit >= 0 && static_cast<int64_t>(index.getDim()) == unit; };
  auto dims = static_cast<unsigned>(op.getShape().size());
  bool ofUnit = llvm::any_of(op.getBody().front().getOps<IndexOp>(), isUnit);
  bool any = ofUnit || llvm::any_of(op.getInputs(), [&](Value input) { return isLifted(mapping.lookup(input)); });

  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  AffineExpr copy = getAffineDimExpr(0, op.getContext());
  for (auto [input, map] : llvm::zip_equal(op.getInputs(), op.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    inputs.push_back(mapping.lookup(input));
    AffineMap own = any ? map.shiftDims(1) : map;
    maps.push_back(isLifted(inputs.back()) ? own.insertResult(copy, 0) : own);
  }
  if (ofUnit) {
    inputs.push_back(index);
    maps.push_back(AffineMap::get(dims + 1, 0, copy));
  }
  SmallVector<Type> types;
  for (Value result : op.getResults()) {
    RankedTensorType type = typeOf(result, unit);
    types.push_back(any ? type : RankedTensorType::get(type.getShape().drop_front(), type.getElementType()));
  }
  auto made = MapOp::create(b, op.getLoc(), types, inputs, b.getAffineMapArrayAttr(maps));
  IRMapping inside;
  op.getBody().cloneInto(&made.getBody(), inside);
  Block &block = made.getBody().front();
  Value own = ofUnit ? block.addArgument(b.getI32Type(), op.getLoc()) : Value();
  for (auto at : llvm::make_early_inc_range(block.getOps<IndexOp>()))
    if (isUnit(at)) {
      at.replaceAllUsesWith(own);
      at.erase();
    } else if (any) {
      at.setDim(at.getDim() + 1);
    }
  for (auto [from, to] : llvm::zip_equal(op.getResults(), made.getResults())) {
    if (any)
      markLifted(to);
    mapping.map(from, to);
  }
}

} // namespace sinter
