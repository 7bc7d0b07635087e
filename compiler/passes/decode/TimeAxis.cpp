#include "compiler/passes/decode/TimeAxis.h"

using namespace mlir;

namespace sinter {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

TimeAxes::TimeAxes(Block &block, Value tokens, Value position) : positions(shapeOf(tokens).back()) {
  time[tokens] = static_cast<int64_t>(shapeOf(tokens).size()) - 1;
  for (Operation &op : block.without_terminator())
    if (!visit(op, position))
      return;
  for (Value value : block.getTerminator()->getOperands())
    if (of(value)) {
      fail(block.getTerminator(), "what an entry gives of all positions cannot be given of new ones alone");
      return;
    }
}

std::optional<int64_t> TimeAxes::of(Value value) const {
  auto found = time.find(value);
  return found == time.end() ? std::nullopt : std::optional(found->second);
}

bool TimeAxes::fail(Operation *op, const Twine &why) {
  culprit = op;
  text = why.str();
  return false;
}

bool TimeAxes::visit(Operation &op, Value position) {
  SmallVector<int64_t> times;
  for (Value operand : op.getOperands())
    times.push_back(of(operand).value_or(-1));
  TimeRule rule(&op, positions, position, times);
  if (llvm::any_of(times, [](int64_t dim) { return dim >= 0; })) {
    auto knows = dyn_cast<TimeAxisOp>(op);
    if (!knows)
      return fail(&op, op.getName().stripDialect() + ": is not known to look at no later positions");
    knows.relateTime(rule);
    if (rule.where())
      return fail(rule.where(), rule.problem());
  }
  reads[&op] = SmallVector<TimeReading>(rule.getReadings());
  for (auto [result, dim] : llvm::zip_equal(op.getResults(), rule.getResults()))
    if (dim >= 0)
      time[result] = dim;
  return true;
}

} // namespace sinter
