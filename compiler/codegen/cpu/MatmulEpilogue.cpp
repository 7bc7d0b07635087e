// Elementwise ops on sums that are still in registers, and the stores of a tile.
#include "compiler/codegen/cpu/MatmulEmit.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// Ops that an epilogue may have for its code to be repeated for every vector of the register tile.
static constexpr int64_t kUnrolledOps = 6;
/// Operands start at a line's beginning.
static constexpr int64_t kLineBytes = kLanes * sizeof(float);

void MatmulEmitter::finish(const Sums &sums, Value row, Value column) {
  int64_t ops = 0; // what is left of them for every vector: constants are registers, indices are shared by rows or columns
  for (const MatmulEpilogue &step : kernel.epilogue)
    for (Operation &op : linalg::GenericOp(step.op).getBody()->without_terminator())
      ops += !isa<arith::ConstantOp, linalg::IndexOp, arith::IndexCastOp>(op);
  if (ops <= kUnrolledOps) {
    for (int64_t r = 0; r < plan.mr; ++r)
      for (int64_t v = 0; v < plan.vectors; ++v)
        finishVector(sums[r * plan.vectors + v], add(row, r), add(column, v * kLanes));
    return;
  }
  // Longer ones go row by row, so that they need few registers and little code.
  for (auto [i, sum] : llvm::enumerate(sums))
    storeLanes(b, loc, sum, sumsBuffer, constant(i * kLanes));
  loop(constant(plan.mr), 1, [&](Value r) {
    loop(constant(plan.vectors), 1, [&](Value v) {
      Value from = LinearIndex().add(r, plan.nr()).add(v, kLanes).materialize(b, loc);
      Value at = LinearIndex().add(column, 1).add(v, kLanes).materialize(b, loc);
      finishVector(loadLanes(b, loc, sumsBuffer, from), add(row, r), at);
    });
  });
}

Value MatmulEmitter::addressOf(const MatmulAccess &access, Value row, Value column) {
  LinearIndex index{access.offset, {}};
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    index.add(at, loop.stride(access));
  countFromLocalStart(index, access);
  return index.add(row, kernel.m.stride(access)).add(column, kernel.n.stride(access)).materialize(b, loc);
}

/// Asks for what the epilogue of a register tile will read, before the tile is multiplied: it then comes from far away
/// while the processor computes. `row` and `column` are those of the tile in the whole matrix.
void MatmulEmitter::prefetchEpilogue(Value row, Value column) {
  for (const MatmulEpilogue &step : kernel.epilogue)
    for (const MatmulInput &input : step.inputs) {
      if (!input.access || kernel.n.stride(*input.access) != 1 || kernel.m.stride(*input.access) == 0)
        continue;
      for (int64_t r = 0; r < plan.mr; ++r)
        for (int64_t v = 0; v < plan.vectors; ++v) // (an address behind the operand does no harm)
          memref::PrefetchOp::create(b, loc, flat[input.access->operand],
                                     addressOf(*input.access, add(row, r), add(column, v * kLanes)), /*isWrite=*/false,
                                     /*localityHint=*/3, /*isDataCache=*/true);
    }
}

/// `row` and `column` are those of lane 0 in the whole matrix.
void MatmulEmitter::finishVector(Value sum, Value row, Value column) {
  int64_t count = std::min(kLanes, kernel.n.size);
  linalg::GenericOp contraction = kernel.contraction;
  DenseMap<Value, Value> values{{contraction.getResult(0), sum}};
  auto address = [&](const MatmulAccess &access) { return addressOf(access, row, column); };
  for (const MatmulEpilogue &step : kernel.epilogue) {
    linalg::GenericOp op = step.op;
    SmallVector<Value> arguments;
    for (auto [i, input] : llvm::enumerate(step.inputs)) {
      Type element = op.getBody()->getArgument(i).getType();
      if (input.internal) {
        arguments.push_back(values.lookup(input.internal));
      } else if (input.constant) {
        arguments.push_back(arith::ConstantOp::create(b, loc, cast<TypedAttr>(input.constant)));
      } else {
        int64_t stride = kernel.n.stride(*input.access);
        Value buffer = flat[input.access->operand], at = address(*input.access);
        Value value = stride == 0 ? memref::LoadOp::create(b, loc, buffer, at).getResult()
                                  : loadLanes(b, loc, buffer, at, stride, count);
        arguments.push_back(fromMemory(b, loc, value, element));
      }
    }
    // Initial values are never read, but the block has arguments for them.
    for (BlockArgument unused : op.getBody()->getArguments().drop_front(step.inputs.size()))
      arguments.push_back(arith::ConstantOp::create(b, loc, b.getZeroAttr(unused.getType())));
    LaneContext context;
    for (auto [i, dim] : llvm::enumerate(step.dims))
      if (kernel.n.dim >= 0 && dim == kernel.n.dim)
        context.vectorDim = i;
    context.count = count;
    auto index = [&](int64_t dim) { return loopIndex(step.dims[dim], row, column); };
    auto table = [&](Value tensor) -> std::optional<FlatTensor> {
      auto argument = dyn_cast<BlockArgument>(tensor);
      if (!argument)
        return std::nullopt;
      FlatTensor result{flat[argument.getArgNumber()], 0, {}};
      auto strides = cast<RankedTensorType>(tensor.getType()).getShape();
      result.strides.assign(strides.size(), 1);
      for (int64_t i = static_cast<int64_t>(strides.size()) - 2; i >= 0; --i)
        result.strides[i] = result.strides[i + 1] * strides[i + 1];
      return result;
    };
    context.index = index;
    context.tensor = table;
    FailureOr<SmallVector<Value>> results = cloneOnLanes(b, *op.getBody(), arguments, context);
    if (failed(results)) {
      outcome = failure();
      return;
    }
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
      values[result] = value;
  }
  for (const MatmulResult &result : kernel.results) {
    Value lanes = toMemory(b, loc, values.lookup(result.value)), buffer = flat[result.access.operand];
    if (isPastCaches(result.access))
      vector::StoreOp::create(b, loc, lanes, buffer, address(result.access), /*nontemporal=*/true,
                              llvm::Align(kLineBytes));
    else
      storeLanes(b, loc, lanes, buffer, address(result.access), kernel.n.stride(result.access), count);
  }
}

/// Whether a result is stored past the caches: only whole lines are.
bool MatmulEmitter::isPastCaches(const MatmulAccess &access) const {
  auto isWhole = [](int64_t floats) { return floats % kLanes == 0; };
  return plan.pastCaches && !locals.contains(access.operand) && access.elementType.isF32() && kernel.n.stride(access) == 1 && isWhole(kernel.n.size) &&
         isWhole(access.offset) && isWhole(kernel.m.stride(access)) &&
         llvm::all_of(kernel.batch, [&](const MatmulLoop &loop) { return isWhole(loop.stride(access)); });
}

/// Stores past the caches are not ordered with what a thread does next, such as telling others that it is done.
void MatmulEmitter::orderStores() {
  if (llvm::any_of(kernel.results, [&](const MatmulResult &result) { return isPastCaches(result.access); }))
    LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
}

/// The index of a dimension of the contraction; those of size one have no loop.
Value MatmulEmitter::loopIndex(int dim, Value row, Value column) {
  if (dim == kernel.n.dim)
    return column;
  if (dim == kernel.m.dim)
    return row;
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    if (loop.dim == dim)
      return at;
  return constant(0);
}

} // namespace sinter::cpu
