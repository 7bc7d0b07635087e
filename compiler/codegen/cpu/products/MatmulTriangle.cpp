// Which steps of k a part of the result needs when a triangle of an operand is zero, or only one of the result is asked
// for.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

using namespace mlir;

namespace sinter::cpu {

MatmulEmitter::Span MatmulEmitter::spanOf(Value first, Value count) { return {first, subtract(add(first, count), 1)}; }

MatmulEmitter::Span MatmulEmitter::blocksOf(Span row) {
  Value from = constant(0), to = constant(plan.kBlocks - 1);
  for (auto [less, more, distance] : kernel.ordered)
    if (less == kernel.k.dim && more == kernel.m.dim)
      to = minimum(to, divide(add(row.last, distance), plan.kc));
    else if (more == kernel.k.dim && less == kernel.m.dim)
      from = arith::MaxUIOp::create(b, loc, from, divide(saturatingSubtract(row.first, distance), plan.kc));
  return {from, to};
}

std::pair<Value, Value> MatmulEmitter::rowsOf(Value kBlock) {
  Value start = multiply(kBlock, plan.kc), from = constant(0), to = rows;
  for (auto [less, more, distance] : kernel.ordered)
    if (less == kernel.k.dim && more == kernel.m.dim) // the first tile whose last row is near enough
      from = multiply(divide(add(saturatingSubtract(start, distance + plan.mr - 1), plan.mr - 1), plan.mr), plan.mr);
    else if (more == kernel.k.dim && less == kernel.m.dim)
      to = minimum(to, add(start, plan.kc + distance + plan.mr));
  return {from, to};
}

/// What is left out would add exact zeros, in whatever order: sums have the bits of those over all of k, as long as
/// everything is finite (and but for the sign of a zero that a denormal product rounded to).
std::pair<Value, Value> MatmulEmitter::depthsOf(Value kBlock, Span row, Span column, int64_t unit) {
  Value depth = depthOf(kBlock), from = constant(0), start = multiply(kBlock, plan.kc);
  Value to = boundedSteps(start, depth, unit);
  if (kernel.ordered.empty())
    return {from, to};
  Value end = add(start, depth);
  auto within = [&](Value k) { // relative to the block
    k = arith::MaxUIOp::create(b, loc, minimum(k, end), start);
    return LinearIndex().add(k, 1).add(start, -1).materialize(b, loc);
  };
  auto spanOfDim = [&](int dim) { return dim == kernel.m.dim ? row : dim == kernel.n.dim ? column : Span(); };
  for (auto [less, more, distance] : kernel.ordered) {
    Span low = spanOfDim(less), high = spanOfDim(more);
    if (less == kernel.k.dim && high.last) {
      Value most = multiply(divide(add(within(add(high.last, distance + 1)), unit - 1), unit), unit);
      to = minimum(to, minimum(most, depth));
    } else if (more == kernel.k.dim && low.first) {
      Value least = multiply(divide(within(saturatingSubtract(low.first, distance)), unit), unit);
      from = arith::MaxUIOp::create(b, loc, from, least);
    } else if (low.first && high.last) {
      Value bound = distance > 0 ? add(high.last, distance) : high.last;
      Value none = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, low.first, bound);
      to = arith::SelectOp::create(b, loc, none, constant(0), to);
    }
  }
  return {from, to};
}

} // namespace sinter::cpu
