#include "dialects/sinter/Time.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter {

bool TimeRule::isPosition(Value index) const {
  while (auto reshape = index.getDefiningOp<ReshapeOp>())
    index = reshape.getInput();
  return index == position;
}

void TimeRule::pass(int64_t dim) {
  for (unsigned i = 0; i < times.size(); ++i)
    if (isTimed(i))
      readNew(i, timeOf(i));
  for (unsigned i = 0; i < results.size(); ++i)
    give(i, dim);
}

void TimeRule::passRows() {
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  if (timeOf(0) == type.getRank() - 1)
    return refuse(op->getName().stripDialect() + ": along all positions, later ones too");
  pass(timeOf(0));
}

} // namespace sinter
