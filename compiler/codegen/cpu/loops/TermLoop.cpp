#include "compiler/codegen/cpu/loops/TermLoop.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::cpu {

LogicalResult emitLoop(OpBuilder &builder, Location loc, Value from, Value to, int64_t step,
                       SmallVectorImpl<Value> &values, LoopBody body) {
  auto loop = scf::ForOp::create(builder, loc, from, to, indexConstant(builder, loc, step), values);
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

bool addsInRuns(Operation *combiner, int64_t terms) { return isa<arith::AddFOp>(combiner) && terms > kTermsPerRun; }

/// Behind the accumulators, the excesses of those that are sums.
void TermLoop::openSums(SmallVectorImpl<Value> &accumulators) {
  for (auto [number, isSum] : llvm::enumerate(adds))
    if (isSum)
      accumulators.push_back(
          arith::ConstantOp::create(builder, loc, builder.getZeroAttr(accumulators[number].getType())));
}

/// Sums are those of the run's terms alone while `terms` folds them.
LogicalResult TermLoop::emitRun(MutableArrayRef<Value> carried, Terms terms) {
  SmallVector<Value> run(carried.take_front(adds.size()));
  for (auto [number, isSum] : llvm::enumerate(adds))
    if (isSum)
      run[number] = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(run[number].getType()));
  if (failed(terms(run)))
    return failure();
  size_t excess = adds.size();
  for (auto [number, isSum] : llvm::enumerate(adds)) {
    if (!isSum) {
      carried[number] = run[number];
      continue;
    }
    RunSum after = addRun(builder, loc, {carried[number], carried[excess]}, run[number]);
    carried[number] = after.sum, carried[excess++] = after.excess;
  }
  return success();
}

LogicalResult TermLoop::emit(int64_t to, SmallVectorImpl<Value> &accumulators, LoopBody body,
                             llvm::function_ref<LogicalResult(MutableArrayRef<Value>)> last) {
  auto constant = [&](int64_t value) { return indexConstant(builder, loc, value); };
  int64_t whole = inRuns() ? to / runLength() * runLength() : 0;
  // The last terms, which make no whole run.
  auto others = [&](SmallVectorImpl<Value> &values) {
    if (whole < to && failed(emitLoop(builder, loc, constant(whole), constant(to), step, values, body)))
      return failure();
    return last ? last(values) : success();
  };
  if (!inRuns())
    return others(accumulators);
  openSums(accumulators);
  auto run = [&](Value first, MutableArrayRef<Value> carried) {
    Value end = arith::AddIOp::create(builder, loc, first, constant(runLength()));
    return emitRun(carried, [&](SmallVectorImpl<Value> &values) {
      return emitLoop(builder, loc, first, end, step, values, body);
    });
  };
  if (whole > 0 && failed(emitLoop(builder, loc, constant(0), constant(whole), runLength(), accumulators, run)))
    return failure();
  if ((whole < to || last) && failed(emitRun(accumulators, others)))
    return failure();
  accumulators.truncate(adds.size());
  return success();
}

LogicalResult TermLoop::emit(Value from, Value to, int64_t most, SmallVectorImpl<Value> &accumulators, LoopBody body) {
  if (!inRuns())
    return emitLoop(builder, loc, from, to, step, accumulators, body);
  openSums(accumulators);
  auto run = [&](Value first, MutableArrayRef<Value> carried) {
    Value end = arith::AddIOp::create(builder, loc, first, indexConstant(builder, loc, runLength()));
    end = arith::MinSIOp::create(builder, loc, end, to);
    Value begin = arith::MaxSIOp::create(builder, loc, first, from);
    return emitRun(carried, [&](SmallVectorImpl<Value> &values) {
      return emitLoop(builder, loc, begin, end, step, values, body);
    });
  };
  // All runs, so that the sums are those of terms that are zero from `to` on.
  Value zero = indexConstant(builder, loc, 0);
  if (failed(emitLoop(builder, loc, zero, indexConstant(builder, loc, most), runLength(), accumulators, run)))
    return failure();
  accumulators.truncate(adds.size());
  return success();
}

} // namespace sinter::cpu
