// Additions that keep what they round off; see SumOrder.h.
#include "compiler/codegen/SumOrder.h"

using namespace mlir;

namespace sinter::codegen {

/// Knuth 1998, The Art of Computer Programming 2, section 4.2.2, theorem B: no branch on which operand is larger.
RunSum addRun(OpBuilder &builder, Location loc, const RunSum &before, Value run) {
  auto add = [&](Value a, Value b) -> Value { return arith::AddFOp::create(builder, loc, a, b); };
  auto subtract = [&](Value a, Value b) -> Value { return arith::SubFOp::create(builder, loc, a, b); };
  Value sum = add(before.sum, run);
  Value ofRun = subtract(sum, before.sum), ofSum = subtract(sum, ofRun); // what has arrived of either
  Value cutOff = add(subtract(before.sum, ofSum), subtract(run, ofRun));
  return {sum, add(before.rest, cutOff)};
}

Value roundSum(OpBuilder &builder, Location loc, const RunSum &runs) {
  Value zero = arith::SubFOp::create(builder, loc, runs.rest, runs.rest); // NaN if the rest is not finite
  Value isFinite = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, zero, zero);
  Value both = arith::AddFOp::create(builder, loc, runs.sum, runs.rest);
  return arith::SelectOp::create(builder, loc, isFinite, both, runs.sum);
}

} // namespace sinter::codegen
