// Additions that remember what they round; see SumOrder.h.
#include "compiler/codegen/loops/SumOrder.h"

using namespace mlir;

namespace sinter::codegen {

RunSum addRun(OpBuilder &builder, Location loc, const RunSum &before, Value run) {
  auto subtract = [&](Value a, Value b) -> Value { return arith::SubFOp::create(builder, loc, a, b); };
  Value term = subtract(run, before.excess);
  Value sum = arith::AddFOp::create(builder, loc, before.sum, term);
  Value excess = subtract(subtract(sum, before.sum), term);
  // Behind an infinity or NaN there is nothing to remember, and an excess of NaN would hide which of them it was.
  Value zero = subtract(excess, excess);
  Value isFinite = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, zero, zero);
  Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(excess.getType()));
  return {sum, arith::SelectOp::create(builder, loc, isFinite, excess, none)};
}

} // namespace sinter::codegen
