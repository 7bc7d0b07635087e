// Loops of shaders, and the order in which sums add up in them; see Shader.h.
//
// lavapipe lets an invocation go through the ends of loops 65535 times, all its loops together, and then leaves them,
// without a word. A loop of n rounds comes to its end n + 1 times. So long loops have bodies that are several rounds;
// whoever has longer ones still makes several invocations of them, or several dispatches.
#include "compiler/codegen/vulkan/Shader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace sinter::vulkan {

static constexpr int64_t kMostRounds = 65535; // of all loops
static constexpr int64_t kMostUnrolled = 64;  // rounds in one: more take drivers long to compile

LogicalResult ShaderBuilder::loop(Value from, Value to, int64_t step, int64_t rounds, SmallVectorImpl<Value> &values,
                                  LoopBody body) {
  totalRounds += outerRounds * (rounds + 1);
  if (totalRounds > kMostRounds)
    return emitError(loc) << "vulkan: loops of " << totalRounds << " rounds are too long for one invocation; at most "
                          << kMostRounds << " are possible";
  auto loop = scf::ForOp::create(builder, loc, from, to, constant(step), values);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> carried(loop.getRegionIterArgs());
  outerRounds *= rounds;
  if (failed(body(loop.getInductionVar(), carried)))
    return failure();
  outerRounds /= rounds;
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, carried);
  values.assign(loop.getResults().begin(), loop.getResults().end());
  return success();
}

/// Rounds that are to be one, at least `unroll`, so that `loops` such loops are allowed.
static int64_t unrollFactor(int64_t rounds, int64_t loops, int64_t unroll) {
  auto needed = static_cast<int64_t>(llvm::divideCeil(rounds * loops, kMostRounds / 2));
  return std::min({std::max(unroll, needed), rounds, kMostUnrolled});
}

LogicalResult ShaderBuilder::forEach(int64_t from, int64_t to, int64_t step, SmallVectorImpl<Value> &values,
                                     LoopBody body, int64_t loops, int64_t unroll) {
  int64_t rounds = llvm::divideCeil(to - from, step);
  if (rounds == 0)
    return success();
  int64_t factor = unrollFactor(rounds, loops, unroll), looped = rounds / factor * factor;
  auto several = [&](Value index, SmallVectorImpl<Value> &carried) -> LogicalResult {
    for (int64_t part = 0; part < factor; ++part)
      if (failed(body(LinearIndex{part * step, {{index, 1}}}.materialize(builder, loc), carried)))
        return failure();
    return success();
  };
  if (looped == factor ? failed(several(constant(from), values))
                       : failed(loop(constant(from), constant(from + looped * step), factor * step, looped / factor,
                                     values, several)))
    return failure();
  for (int64_t round = looped; round < rounds; ++round)
    if (failed(body(constant(from + round * step), values)))
      return failure();
  return success();
}

LogicalResult ShaderBuilder::forEach(int64_t from, int64_t to, int64_t step, const Runs &runs,
                                     SmallVectorImpl<Value> &values, LoopBody body, int64_t loops, int64_t unroll) {
  int64_t rounds = llvm::divideCeil(to - from, step), whole = rounds / runs.rounds;
  auto isSum = [](Operation *combiner) { return isa<arith::AddFOp>(combiner); };
  if (rounds <= runs.rounds || llvm::none_of(runs.combiners, isSum))
    return forEach(from, to, step, values, body, loops, unroll);
  SmallVector<Value> neutral(values.begin(), values.end()), carried;
  size_t count = values.size();
  // What is carried: the values, and behind them what rounding has added to those of sums.
  for (auto [value, combiner] : llvm::zip_equal(values, runs.combiners))
    carried.push_back(isSum(combiner) ? zero(value.getType()) : value);
  for (auto [value, combiner] : llvm::zip_equal(values, runs.combiners))
    if (isSum(combiner))
      carried.push_back(zero(value.getType()));
  auto run = [&](Value begin, int64_t length, SmallVectorImpl<Value> &pairs, int64_t factor) -> LogicalResult {
    SmallVector<Value> own(pairs.begin(), pairs.begin() + count);
    for (auto [value, start, combiner] : llvm::zip_equal(own, neutral, runs.combiners))
      if (isSum(combiner))
        value = start;
    auto shifted = [&](Value index, SmallVectorImpl<Value> &inner) {
      return body(LinearIndex().add(begin, 1).add(index, 1).materialize(builder, loc), inner);
    };
    if (failed(forEach(0, length * step, step, own, shifted, /*loops=*/1, factor)))
      return failure();
    size_t excess = count;
    for (size_t i = 0; i < count; ++i)
      if (isSum(runs.combiners[i])) {
        RunSum sum = addRun(builder, loc, {pairs[i], pairs[excess]}, own[i]);
        pairs[i] = sum.sum, pairs[excess++] = sum.excess;
      } else {
        pairs[i] = own[i];
      }
    return success();
  };
  // A run of r rounds, f of them one, is r / f + 2 rounds.
  int64_t length = runs.rounds * step, factor = std::min(unroll, runs.rounds);
  while (factor < runs.rounds && whole * (runs.rounds / factor + 2) * loops > kMostRounds / 4 * 3)
    factor *= 2;
  auto one = [&](Value begin, SmallVectorImpl<Value> &pairs) { return run(begin, runs.rounds, pairs, factor); };
  if (failed(forEach(from, from + whole * length, length, carried, one, loops)))
    return failure();
  if (int64_t last = rounds - whole * runs.rounds;
      last > 0 && failed(run(constant(from + whole * length), last, carried, unroll)))
    return failure();
  values.assign(carried.begin(), carried.begin() + count);
  return success();
}

} // namespace sinter::vulkan
