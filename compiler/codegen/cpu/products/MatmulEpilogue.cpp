// Elementwise ops on sums that are still in registers, and the stores of a tile.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// Operands start at a line's beginning.
static constexpr int64_t kLineBytes = kLanes * sizeof(float);

void MatmulEmitter::finish(const Sums &sums, Value row, Value column) {
  if (plan.finishesLater)
    return keep(sums, row, column);
  if (epilogueOps(kernel) <= kUnrolledOps) {
    for (int64_t r = 0; r < plan.mr; ++r)
      unlessFinished(add(row, r), unfinished, [&] {
        for (int64_t v = 0; v < plan.vectors; ++v)
          finishVector(sums[r * plan.vectors + v], add(row, r), add(column, v * kLanes), columnsIn(v));
      });
    return;
  }
  // Longer ones go row by row, so that they need few registers and little code.
  for (auto [i, sum] : llvm::enumerate(sums))
    storeLanes(b, loc, sum, sumsBuffer, constant(i * kLanes));
  int64_t last = plan.vectors - 1, whole = columnsIn(last) == kLanes ? plan.vectors : last;
  loop(constant(plan.mr), 1, [&](Value r) {
    auto finishOne = [&](Value v, int64_t count) {
      Value from = LinearIndex().add(r, plan.nr()).add(v, kLanes).materialize(b, loc);
      Value at = LinearIndex().add(column, 1).add(v, kLanes).materialize(b, loc);
      finishVector(loadLanes(b, loc, sumsBuffer, from), add(row, r), at, count);
    };
    unlessFinished(add(row, r), unfinished, [&] {
      loop(constant(whole), 1, [&](Value v) { finishOne(v, kLanes); });
      if (whole == last)
        finishOne(constant(last), columnsIn(last));
    });
  });
}

/// Runs `body` for a row of the matrix that is not below `first` (null: for any).
void MatmulEmitter::unlessFinished(Value row, Value first, llvm::function_ref<void()> body) {
  if (!first)
    return body();
  onlyIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, row, first), body);
}

/// Leaves the sums for the next tile, or the end of the call.
void MatmulEmitter::keep(const Sums &sums, Value row, Value column) {
  for (auto [i, sum] : llvm::enumerate(sums))
    storeLanes(b, loc, sum, sumsBuffer, constant(i * kLanes));
  auto note = [&](int64_t word, Value index) {
    memref::StoreOp::create(b, loc, arith::IndexCastOp::create(b, loc, b.getI64Type(), index).getResult(), keptPlace,
                            constant(word));
  };
  note(0, add(row, 1)); // zero: nothing is kept
  note(1, column);
  if (unfinished)
    note(2, unfinished);
}

void MatmulEmitter::keepNothing() {
  memref::StoreOp::create(b, loc, arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0)).getResult(), keptPlace,
                          constant(0));
}

/// The place of sums that were left, as indices of the whole matrix, and whether there are any.
MatmulEmitter::Kept MatmulEmitter::readKept() {
  auto read = [&](int64_t word) -> Value {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                      memref::LoadOp::create(b, loc, keptPlace, constant(word)).getResult());
  };
  Value next = read(0), column = read(1);
  return {arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, next, constant(0)), subtract(next, 1), column,
          kernel.inPlace && rowsInAll() % plan.mr != 0 ? read(2) : Value()};
}

/// Finishes row `r` of what was left, if there is anything.
void MatmulEmitter::finishKeptRow(const Kept &kept, Value r) {
  Value exists = kept.exists;
  if (kept.unfinished)
    exists = arith::AndIOp::create(
        b, loc, exists, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, add(kept.row, r), kept.unfinished));
  onlyIf(exists, [&] {
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value from = LinearIndex{v * kLanes, {}}.add(r, plan.nr()).materialize(b, loc);
      finishVector(loadLanes(b, loc, sumsBuffer, from), add(kept.row, r), add(kept.column, v * kLanes), columnsIn(v));
    }
  });
}

void MatmulEmitter::finishKept() {
  Kept kept = readKept();
  loop(constant(plan.mr), 1, [&](Value r) { finishKeptRow(kept, r); });
  keepNothing();
}

/// At each step of k, asks for a little of what the epilogue of a register tile will read: it then comes from far away
/// while the processor computes, and never more of it at once than the processor can wait for. `row` and `column` are
/// those of the tile in the whole matrix.
void MatmulEmitter::prefetchEpilogue(Value row, Value column, Value k) {
  for (const MatmulStep &step : kernel.epilogue)
    for (const MatmulInput &input : step.inputs) {
      if (!input.access || kernel.n.stride(*input.access) != 1 || kernel.m.stride(*input.access) == 0)
        continue;
      Value next = add(row, divide(multiply(k, plan.mr), packedDepth()));
      for (int64_t v = 0; v < plan.vectors; ++v) // (an address behind the operand does no harm)
        memref::PrefetchOp::create(b, loc, flat[input.access->operand],
                                   addressOf(*input.access, {next, add(column, v * kLanes), {}, &kernel.n, kLanes}),
                                   /*isWrite=*/false,
                                   /*localityHint=*/3, /*isDataCache=*/true);
    }
}

/// `row` and `column` are those of lane 0 in the whole matrix.
void MatmulEmitter::finishVector(Value sum, Value row, Value column, int64_t count) {
  Place place{row, column, {}, &kernel.n, count};
  linalg::GenericOp contraction = kernel.contraction;
  DenseMap<Value, Value> values{{contraction.getResult(0), sum}};
  if (!evaluate(kernel.epilogue, place, values))
    return;
  for (const MatmulResult &result : kernel.results) {
    Value lanes = toMemory(b, loc, values.lookup(result.value)), buffer = flat[result.access.operand];
    if (isPastCaches(result.access))
      vector::StoreOp::create(b, loc, lanes, buffer, addressOf(result.access, place), /*nontemporal=*/true,
                              llvm::Align(kLineBytes));
    else
      storeLanes(b, loc, lanes, buffer, addressOf(result.access, place), kernel.n.stride(result.access), place.count);
  }
}

/// Whether a result is stored past the caches: only whole lines are.
bool MatmulEmitter::isPastCaches(const MatmulAccess &access) const {
  auto isWhole = [](int64_t floats) { return floats % kLanes == 0; };
  return plan.pastCaches && !locals.contains(access.operand) && access.elementType.isF32() &&
         kernel.n.stride(access) == 1 && isWhole(kernel.n.size) && isWhole(access.offset) &&
         isWhole(kernel.m.stride(access)) &&
         llvm::all_of(kernel.batch, [&](const MatmulLoop &loop) { return isWhole(loop.stride(access)); });
}

/// Stores past the caches are not ordered with what a thread does next, such as telling others that it is done.
void MatmulEmitter::orderStores() {
  if (llvm::any_of(kernel.results, [&](const MatmulResult &result) { return isPastCaches(result.access); }))
    LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
}

} // namespace sinter::cpu
