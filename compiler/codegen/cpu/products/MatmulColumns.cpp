// Sums of the right operand's columns, which add up while it is copied.
#include "compiler/codegen/cpu/products/MatmulEmit.h"
#include "compiler/codegen/loops/SumOrder.h"

using namespace mlir;

namespace sinter::cpu {

/// Part `part` of what is kept of a panel's columns: the sums of whole runs, their excesses, the run that is not over.
Value MatmulEmitter::columnSumsAt(Value columnPanel, int64_t part, int64_t vector) {
  return LinearIndex{part * plan.nPanels() * plan.nr() + vector * kLanes, {}}
      .add(columnPanel, plan.nr())
      .materialize(b, loc);
}

/// Multiplies by a block of k of a panel while it is copied, run by run of the columns' sums: `steps` does so for a
/// part of the block, and its columns' sums follow the tile's. A run may begin in the block before, and end in the next
/// one.
MatmulEmitter::Sums MatmulEmitter::multiplyInRuns(Value kBlock, Value columnPanel, Sums sums, Steps steps) {
  auto toPart = [&](int64_t part, ValueRange values) {
    for (auto [v, value] : llvm::enumerate(values))
      storeLanes(b, loc, value, columnSums, columnSumsAt(columnPanel, part, v));
  };
  auto fromPart = [&](int64_t part, Value isEmpty) {
    Sums values;
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value before = loadLanes(b, loc, columnSums, columnSumsAt(columnPanel, part, v));
      values.push_back(arith::SelectOp::create(b, loc, isEmpty, zeros(), before));
    }
    return values;
  };
  Value begin = multiply(kBlock, plan.kc), end = add(begin, depthOf(kBlock));
  Value runs = divide(add(end, kTermsPerRun - 1), kTermsPerRun);
  return loop(divide(begin, kTermsPerRun), runs, 1, sums, [&](Value run, ValueRange carried) {
    Value first = multiply(run, kTermsPerRun), last = minimum(add(first, kTermsPerRun), constant(kernel.k.size));
    Value from = arith::MaxUIOp::create(b, loc, first, begin), to = minimum(last, end);
    auto inBlock = [&](Value k) { return LinearIndex().add(k, 1).add(begin, -1).materialize(b, loc); };
    Sums all(carried);
    llvm::append_range(all, fromPart(2, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, from, first)));
    all = steps(inBlock(from), inBlock(to), all);
    ArrayRef<Value> columns = ArrayRef(all).take_back(plan.vectors);
    toPart(2, columns);
    onlyIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, to, last), [&] {
      Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, run, constant(0));
      Sums wholeRuns = fromPart(0, isFirst), excesses = fromPart(1, isFirst);
      for (auto [sum, excess, column] : llvm::zip_equal(wholeRuns, excesses, columns)) {
        RunSum after = addRun(b, loc, {sum, excess}, column);
        sum = after.sum, excess = after.excess;
      }
      toPart(0, wholeRuns);
      toPart(1, excesses);
    });
    all.truncate(all.size() - plan.vectors);
    return all;
  });
}

/// Writes the sums of the current tile's columns if it is the first that has these: this thread has copied them in this
/// tile, or in one before it whose copy it still has.
void MatmulEmitter::writeColumnSums() {
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, firstRow, constant(0));
  for (Value index : batchIndices) {
    Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index, constant(0));
    isFirst = arith::AndIOp::create(b, loc, isFirst, isZero);
  }
  onlyIf(isFirst, [&] {
    loop(columns, plan.nr(), [&](Value at) {
      Value column = add(firstColumn, whole(at, columns, plan.nr(), kernel.n.size));
      for (int64_t v = 0; v < plan.vectors; ++v) {
        Value sum = loadLanes(b, loc, columnSums, add(at, v * kLanes));
        Place place{{}, add(column, v * kLanes), {}, &kernel.n, columnsIn(v)};
        storeLanes(b, loc, sum, flat[kernel.columnSums->operand], addressOf(*kernel.columnSums, place), 1, place.count);
      }
    });
  });
}

} // namespace sinter::cpu
