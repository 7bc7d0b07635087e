// Sums of the right operand's columns, which add up while it is copied.
#include "compiler/codegen/cpu/MatmulEmit.h"

using namespace mlir;

namespace sinter::cpu {

/// The sums of a panel's columns so far: what blocks of k before this one, of this tile, have left.
MatmulEmitter::Sums MatmulEmitter::loadColumnSums(Value kBlock, Value columnPanel) {
  Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, kBlock, constant(0));
  Sums sums;
  for (int64_t v = 0; v < plan.vectors; ++v) {
    Value before = loadLanes(b, loc, columnSums, LinearIndex{v * kLanes, {}}.add(columnPanel, plan.nr()).materialize(b, loc));
    sums.push_back(arith::SelectOp::create(b, loc, first, zeros(), before));
  }
  return sums;
}

void MatmulEmitter::storeColumnSums(ValueRange sums, Value columnPanel) {
  for (auto [v, sum] : llvm::enumerate(sums))
    storeLanes(b, loc, sum, columnSums, LinearIndex{int64_t(v) * kLanes, {}}.add(columnPanel, plan.nr()).materialize(b, loc));
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
