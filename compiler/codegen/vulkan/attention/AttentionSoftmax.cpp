// Softmax in tiles: maximum and sum of exponentials of each row, found in one sweep. Each lane has its own maximum so
// far, and a sum relative to it (Milakov, Gimelshein 2018, "Online normalizer calculation for softmax",
// arXiv:1805.02867).
#include "compiler/codegen/vulkan/attention/AttentionShader.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace sinter::vulkan {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The maximum grows, and the sum shrinks by as much: of exp(max - newMax) and exp(x - newMax) one is 1.
void AttentionShader::addToSoftmax(Value &max, Value &sum, Value x) {
  Location loc = shader.loc;
  Value grows = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, max);
  Value distance = math::AbsFOp::create(b, loc, arith::SubFOp::create(b, loc, x, max));
  Value other = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, distance));
  Value grown = multiplyAdd(sum, other, splat(1)), added = arith::AddFOp::create(b, loc, sum, other);
  sum = choose(isInfinity(x, /*negative=*/true), sum, choose(grows, grown, added));
  max = maximum(max, x);
}

void AttentionShader::addBlockOfSoftmax(MutableArrayRef<Value> totals, ArrayRef<Value> block) {
  for (int64_t i = 0; i < tiling.each; ++i) {
    Value &max = totals[i], &sum = totals[tiling.each + i];
    Value both = maximum(max, block[i]);
    sum = arith::AddFOp::create(b, shader.loc, relativeTo(both, max, sum),
                                relativeTo(both, block[i], block[tiling.each + i]));
    max = both;
  }
}

/// A sum of exponentials relative to `max`, relative to `newMax`.
Value AttentionShader::relativeTo(Value newMax, Value max, Value sum) {
  Location loc = shader.loc;
  Value factor = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, max, newMax));
  return choose(isInfinity(max, /*negative=*/true), sum, arith::MulFOp::create(b, loc, sum, factor));
}

/// The lanes' maxima and sums become the row's.
void AttentionShader::finishSoftmax(const AttentionGoal &goal, ArrayRef<Value> values) {
  auto sum = [&](Value x, Value y) -> Value { return arith::AddFOp::create(b, shader.loc, x, y); };
  ArrayRef<Value> own = values.take_front(tiling.each);
  Values maxima = combineAll(own, [&](Value x, Value y) { return maximum(x, y); }), sums;
  for (auto [partial, max, all] : llvm::zip_equal(values.take_back(tiling.each), own, maxima))
    sums.push_back(relativeTo(lanes(all), max, partial));
  leaveSoftmax(goal.op, maxima, combineAll(sums, sum));
}

/// All of a row is in the tile: exponentials are relative to its maximum, and stay there for what follows.
void AttentionShader::finishWholeSoftmax(const AttentionGoal &goal) {
  Location loc = shader.loc;
  const Values &input = tile.find(goal.input())->second;
  auto max = [&](Value x, Value y) { return maximum(x, y); };
  auto add = [&](Value x, Value y) -> Value { return arith::AddFOp::create(b, loc, x, y); };
  Values maxima;
  for (int64_t i = 0; i < tiling.each; ++i) {
    Value own;
    for (int64_t w = 0; w < tiling.width; ++w) {
      Value x = masked(input[i * tiling.width + w], w, -kInfinity);
      own = own ? maximum(own, x) : x;
    }
    maxima.push_back(own);
  }
  maxima = combineAll(maxima, max);
  Values sums, exponentials;
  for (int64_t i = 0; i < tiling.each; ++i) {
    Value own;
    for (int64_t w = 0; w < tiling.width; ++w) {
      Value distance = arith::SubFOp::create(b, loc, input[i * tiling.width + w], lanes(finiteMaximum(maxima[i])));
      Value e = masked(exponentialOf(cast<SoftmaxOp>(goal.op), distance), w, 0);
      exponentials.push_back(e);
      own = own ? add(own, e) : e;
    }
    sums.push_back(own);
  }
  numerators[goal.op] = exponentials;
  leaveSoftmax(goal.op, maxima, combineAll(sums, add));
}

/// Of a row without a finite or NaN element, whose maximum is -inf, 0 takes its place: all exponentials are then 0.
Value AttentionShader::finiteMaximum(Value max) {
  Value zero = arith::ConstantOp::create(b, shader.loc, b.getF32FloatAttr(0));
  return choose(isInfinity(max, /*negative=*/true), zero, max);
}

void AttentionShader::leaveSoftmax(Operation *op, ArrayRef<Value> maxima, ArrayRef<Value> sums) {
  Location loc = shader.loc;
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  Value one = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(1));
  Values finite, scales;
  for (auto [max, sum] : llvm::zip_equal(maxima, sums)) {
    finite.push_back(finiteMaximum(max));
    Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, zero);
    scales.push_back(choose(isZero, zero, arith::DivFOp::create(b, loc, one, sum)));
  }
  leave(op, {finite, scales});
}

/// exp(distance), or 0 where the weight might be denormal (as softmax is defined).
Value AttentionShader::exponentialOf(SoftmaxOp op, Value distance) {
  auto columns = static_cast<double>(op.getInput().getType().getShape().back());
  Value least = splat(-126 * std::log(2.0) + std::log(columns));
  Value isLess = arith::CmpFOp::create(b, shader.loc, arith::CmpFPredicate::OLT, distance, least);
  return math::ExpOp::create(b, shader.loc, choose(isLess, splat(-kInfinity), distance));
}

void AttentionShader::computeSoftmax(SoftmaxOp op) {
  Location loc = shader.loc;
  Values results;
  for (int64_t i = 0; i < tiling.each; ++i)
    for (int64_t w = 0; w < tiling.width; ++w) {
      int64_t number = i * tiling.width + w;
      Value exponential;
      if (auto known = numerators.find(op); known != numerators.end()) {
        exponential = known->second[number];
      } else {
        Value x = tile.find(op.getInput())->second[number];
        exponential = exponentialOf(op, arith::SubFOp::create(b, loc, x, lanes(numberOf(op, 0, i, w))));
      }
      results.push_back(arith::MulFOp::create(b, loc, exponential, lanes(numberOf(op, 1, i, w))));
    }
  tile[op.getResult()] = results;
}

} // namespace sinter::vulkan
