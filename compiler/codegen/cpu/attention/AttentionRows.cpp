#include "compiler/codegen/cpu/attention/AttentionRows.h"

#include "compiler/codegen/cpu/loops/TermLoop.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::cpu {

LogicalResult AttentionRows::emit(Value batch, Value firstQuery, llvm::function_ref<void(Value)> atQuery) {
  batchIndices.assign(kernel.batch.size(), Value());
  Value rest = batch;
  for (int64_t i = static_cast<int64_t>(kernel.batch.size()) - 1; i >= 0; --i) {
    Value size = indexConstant(b, loc, kernel.batch[i]);
    batchIndices[i] = i == 0 ? rest : arith::RemUIOp::create(b, loc, rest, size).getResult();
    rest = arith::DivUIOp::create(b, loc, rest, size);
  }
  auto constant = [&](int64_t value) { return indexConstant(b, loc, value); };
  // All rows begin where the first one does: a product that takes some rows together may read what all of them have
  // there.
  first = kernel.firstKey(b, loc, firstQuery, kLanes);
  auto rows = scf::ForOp::create(b, loc, constant(0), constant(kernel.rows), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rows.getBody());
  row = rows.getInductionVar();
  query = arith::AddIOp::create(b, loc, firstQuery, row);
  atQuery(query);
  bound = kernel.keysBound(b, loc, query);
  scalars.clear();
  for (ArrayRef<AttentionRowOp> rest = kernel.rowOps; !rest.empty();) {
    int64_t pass = rest.front().pass;
    ArrayRef<AttentionRowOp> ops = rest.take_while([&](const AttentionRowOp &op) { return op.pass == pass; });
    if (failed(emitPass(ops)))
      return failure();
    rest = rest.drop_front(ops.size());
  }
  return success();
}

/// One loop over the keys.
LogicalResult AttentionRows::emitPass(ArrayRef<AttentionRowOp> ops) {
  SmallVector<linalg::GenericOp> reductions;
  SmallVector<Operation *> combiners;
  SmallVector<Value> carried;
  TermLoop loop{b, loc, kLanes, {}};
  for (const AttentionRowOp &row : ops) {
    linalg::GenericOp op = row.op;
    if (op.getNumReductionLoops() == 0)
      continue;
    reductions.push_back(op);
    combiners.push_back(findCombiner(*op.getBody(), 0, op.getBody()->getArguments().back()));
    TypedAttr neutral = neutralElement(combiners.back(), b.getF32Type());
    carried.push_back(toLanes(b, loc, arith::ConstantOp::create(b, loc, neutral)));
    loop.adds.push_back(addsInRuns(combiners.back(), llvm::divideCeil(kernel.keys, kLanes)));
  }
  auto isExtremum = [&](size_t i) { return isa<arith::MaximumFOp, arith::MinimumFOp>(combiners[i]); };
  size_t count = reductions.size();
  for (size_t i = 0; i < count; ++i)
    if (isExtremum(i)) {
      carried.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(lanesOf(b.getI1Type()))));
      loop.adds.push_back(false);
    }
  auto keys = [&](Value key, MutableArrayRef<Value> values) -> LogicalResult {
    lanes.clear();
    SmallVector<std::pair<int64_t, Value>> stores;
    size_t reduction = 0, extremum = count;
    for (const AttentionRowOp &row : ops) {
      linalg::GenericOp op = row.op;
      bool reduces = op.getNumReductionLoops() > 0;
      Value before = reduces ? values[reduction] : Value();
      Value sawNan = reduces && isExtremum(reduction) ? values[extremum] : Value();
      FailureOr<SmallVector<Value>> computed = emitOp(op, key, before);
      if (failed(computed))
        return failure();
      if (reduces) {
        values[reduction] = computed->front();
        if (sawNan)
          combineQuickly(b, loc, before, values[reduction], values[extremum]);
        values[reduction] = ifKeys(key, values[reduction], before);
        if (sawNan)
          values[extremum] = ifKeys(key, values[extremum], sawNan), ++extremum;
        ++reduction;
        continue;
      }
      for (auto [result, value] : llvm::zip_equal(op.getResults(), *computed)) {
        lanes[result] = value;
        if (std::optional<int64_t> buffer = kernel.bufferOf(result))
          stores.push_back({*buffer, value});
      }
    }
    for (auto [buffer, value] : stores)
      storeLanes(b, loc, value, buffers[buffer], address(key));
    return success();
  };
  if (failed(loop.emit(first, bound, kernel.keys, carried, keys)))
    return failure();
  size_t extremum = count;
  for (size_t i = 0; i < count; ++i) {
    Value folded = isExtremum(i) ? nanWhere(b, loc, carried[extremum++], carried[i]) : carried[i];
    scalars[reductions[i].getResult(0)] = reduceTree(b, loc, combiners[i], folded);
  }
  return success();
}

FailureOr<SmallVector<Value>> AttentionRows::emitOp(linalg::GenericOp op, Value key, Value accumulator) {
  SmallVector<Value> operands;
  for (OpOperand *input : op.getDpsInputOperands()) {
    std::optional<codegen::View> view = codegen::viewOfArgument(input->get());
    operands.push_back(view ? argumentAt(*view, op.getMatchingIndexingMap(input),
                                         op.getBody()->getArgument(input->getOperandNumber()).getType(), key)
                            : operandOf(input->get(), key));
  }
  if (accumulator)
    operands.push_back(accumulator);
  else // never read, but the block has arguments for them
    for (BlockArgument unused : op.getBody()->getArguments().drop_front(op.getNumDpsInputs()))
      operands.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(unused.getType())));
  LaneContext context;
  context.vectorDim = kernel.batch.size() + 1;
  auto index = [&](int64_t dim) { return indexOf(dim, key); };
  context.index = index;
  return cloneOnLanes(b, *op.getBody(), operands, context);
}

/// `yes` in lanes that are keys, `no` in others.
Value AttentionRows::ifKeys(Value key, Value yes, Value no) {
  Value keys = kernel.keysFrom(b, loc, key);
  return keys ? arith::SelectOp::create(b, loc, keys, yes, no).getResult() : yes;
}

Value AttentionRows::indexOf(int64_t dim, Value key) const {
  auto queries = static_cast<int64_t>(kernel.batch.size());
  return dim < queries ? batchIndices[dim] : dim == queries ? query : key;
}

/// What a tensor in memory holds for this query and these keys, read through `map`.
Value AttentionRows::argumentAt(const codegen::View &view, AffineMap map, Type element, Value key) {
  auto keys = static_cast<int64_t>(kernel.batch.size()) + 1;
  LinearIndex index{view.offset, {}};
  int64_t alongKeys = 0;
  for (auto [r, stride] : llvm::enumerate(view.strides)) {
    auto dim = static_cast<int64_t>(map.getDimPosition(r));
    index.add(indexOf(dim, key), stride);
    alongKeys += dim == keys ? stride : 0;
  }
  Value memory = arguments[view.operand], at = index.materialize(b, loc), mask = kernel.keysFrom(b, loc, key);
  if (alongKeys == 0 || !mask)
    return fromMemory(b, loc, loadLanes(b, loc, memory, at, alongKeys, kLanes), element);
  // Behind the last key, the tensor may end.
  return fromMemory(b, loc, loadLanesWhere(b, loc, memory, at, alongKeys, mask), element);
}

Value AttentionRows::operandOf(Value tensor, Value key) {
  Attribute constant;
  if (matchPattern(tensor, m_Constant(&constant))) {
    if (auto splat = dyn_cast<SplatElementsAttr>(constant))
      constant = splat.getSplatValue<Attribute>();
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(constant));
  }
  if (Value scalar = scalars.lookup(tensor))
    return scalar;
  if (Value known = lanes.lookup(tensor))
    return known;
  return lanes[tensor] = loadLanes(b, loc, buffers[*kernel.bufferOf(tensor)], address(key));
}

Value AttentionRows::address(Value key) {
  return LinearIndex().add(row, kernel.stride()).add(key, 1).materialize(b, loc);
}

} // namespace sinter::cpu
