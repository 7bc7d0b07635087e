// Elementwise ops around a product, on lanes: on sums that are done, and on operands while they are packed.
#include "compiler/codegen/cpu/products/MatmulEmit.h"
#include "compiler/codegen/loops/TensorViews.h"

using namespace mlir;

namespace sinter::cpu {

Value MatmulEmitter::addressOf(const MatmulAccess &access, const Place &place) {
  LinearIndex index{access.offset, {}};
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    index.add(at, loop.stride(access));
  countFromLocalStart(index, access);
  if (place.row)
    index.add(place.row, kernel.m.stride(access));
  if (place.column)
    index.add(place.column, kernel.n.stride(access));
  if (place.depth && kernel.walksEvenly(access))
    index.add(place.depth, kernel.k.stride(access));
  else if (place.depth)
    for (size_t part = 0; part < kernel.kParts.size(); ++part)
      index.add(partOfDepth(place.depth, part), kernel.kParts[part].stride(access));
  return index.materialize(b, loc);
}

/// The index of a part of k.
Value MatmulEmitter::partOfDepth(Value depth, size_t part) {
  int64_t inner = 1;
  for (const MatmulLoop &loop : ArrayRef(kernel.kParts).drop_front(part + 1))
    inner *= loop.size;
  Value index = divide(depth, inner);
  return part == 0 ? index : remainder(index, kernel.kParts[part].size);
}

/// The index of a dimension of the contraction, or a part of one; those of size one have no loop.
Value MatmulEmitter::indexOf(int dim, const Place &place) {
  if (const MatmulSplit *split = kernel.splitOf(dim)) {
    LinearIndex index;
    for (auto [part, factor] : split->parts)
      index.add(indexOf(part, place), factor);
    return index.materialize(b, loc);
  }
  if (dim >= 0 && dim == kernel.n.dim && place.column)
    return place.column;
  if (dim >= 0 && dim == kernel.m.dim && place.row)
    return place.row;
  for (auto [part, loop] : llvm::enumerate(kernel.kParts))
    if (loop.dim == dim && place.depth)
      return partOfDepth(place.depth, part);
  if (dim >= 0 && dim == kernel.k.dim && place.depth)
    return place.depth;
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    if (loop.dim == dim)
      return at;
  return constant(0);
}

/// Whether the index of `dim` grows by one from lane to lane.
bool MatmulEmitter::runsAlongLanes(int dim, const Place &place) const {
  if (dim < 0 || !place.lanes || place.lanes->dim < 0)
    return false;
  const MatmulSplit *split = kernel.splitOf(dim);
  return split ? llvm::is_contained(split->parts, std::pair(place.lanes->dim, int64_t(1))) : dim == place.lanes->dim;
}

/// Adds what `steps` compute at `place` to `values`; false if some op cannot be computed.
bool MatmulEmitter::evaluate(ArrayRef<MatmulStep> steps, const Place &place, DenseMap<Value, Value> &values) {
  for (const MatmulStep &step : steps) {
    linalg::GenericOp op = step.op;
    SmallVector<Value> arguments;
    for (auto [i, input] : llvm::enumerate(step.inputs)) {
      Type element = op.getBody()->getArgument(i).getType();
      if (input.internal) {
        arguments.push_back(values.lookup(input.internal));
      } else if (input.constant) {
        arguments.push_back(arith::ConstantOp::create(b, loc, cast<TypedAttr>(input.constant)));
      } else {
        int64_t stride = place.lanes ? place.lanes->stride(*input.access) : 0;
        Value buffer = flat[input.access->operand], at = addressOf(*input.access, place);
        Value value = stride == 0 ? memref::LoadOp::create(b, loc, buffer, at).getResult()
                                  : loadLanes(b, loc, buffer, at, stride, place.count);
        arguments.push_back(fromMemory(b, loc, value, element));
      }
    }
    // Initial values are never read, but the block has arguments for them.
    for (BlockArgument unused : op.getBody()->getArguments().drop_front(step.inputs.size()))
      arguments.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(unused.getType())));
    LaneContext context;
    for (auto [i, dim] : llvm::enumerate(step.dims))
      if (runsAlongLanes(dim, place))
        context.vectorDim = i;
    context.count = place.count;
    auto index = [&](int64_t dim) { return indexOf(step.dims[dim], place); };
    auto table = [&](Value tensor) -> std::optional<FlatTensor> {
      auto argument = dyn_cast<BlockArgument>(tensor);
      if (!argument)
        return std::nullopt;
      return FlatTensor{flat[argument.getArgNumber()], 0,
                        SmallVector<int64_t, 4>(rowMajorStrides(cast<RankedTensorType>(tensor.getType()).getShape()))};
    };
    context.index = index;
    context.tensor = table;
    FailureOr<SmallVector<Value>> results = cloneOnLanes(b, *op.getBody(), arguments, context);
    if (failed(results)) {
      outcome = failure();
      return false;
    }
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
      values[result] = value;
  }
  return true;
}

/// Elements of an operand at `place`, of the batch of the current tile: one, or lanes along `place.lanes`.
Value MatmulEmitter::operandAt(const MatmulOperand &operand, const Place &place) {
  if (!operand.isComputed()) {
    Value buffer = flat[operand.operand], at = addressOf(operand, place);
    if (!place.lanes)
      return memref::LoadOp::create(b, loc, buffer, at);
    return loadLanes(b, loc, buffer, at, place.lanes->stride(operand), place.count);
  }
  DenseMap<Value, Value> values;
  if (!evaluate(operand.steps, place, values))
    return zeros();
  linalg::GenericOp last = operand.steps.back().op;
  Value value = values.lookup(last.getResult(0));
  return place.lanes ? toLanes(b, loc, value) : value;
}

} // namespace sinter::cpu
