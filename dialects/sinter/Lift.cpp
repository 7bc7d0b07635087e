#include "dialects/sinter/Lift.h"
#include "dialects/sinter/Sinter.h"

using namespace mlir;

namespace sinter {

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

SmallVector<int64_t> withLeading(int64_t first, ArrayRef<int64_t> values, int64_t shift) {
  SmallVector<int64_t> result{first};
  for (int64_t value : values)
    result.push_back(value + shift);
  return result;
}

RankedTensorType Lift::typeOf(Value original, int64_t unit) const {
  RankedTensorType type = tensorType(original);
  SmallVector<int64_t> shape = withLeading(copies, type.getShape(), 0);
  if (unit >= 0)
    shape[unit + 1] = 1;
  return RankedTensorType::get(shape, type.getElementType());
}

Value Lift::lift(Value value) {
  if (isLifted(value))
    return value;
  RankedTensorType type = tensorType(value);
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < type.getRank(); ++d)
    dims.push_back(d + 1);
  auto all = RankedTensorType::get(withLeading(copies, type.getShape(), 0), type.getElementType());
  Value result = BroadcastOp::create(b, value.getLoc(), all, value, dims);
  markLifted(result);
  return result;
}

Operation *Lift::cloneAll(Operation &op, IRMapping &mapping, ArrayRef<int64_t> units) {
  IRMapping own;
  for (Value operand : op.getOperands())
    own.map(operand, lift(mapping.lookup(operand)));
  Operation *copy = b.clone(op, own);
  for (auto [from, to, unit] : llvm::zip_equal(op.getResults(), copy->getResults(), units)) {
    to.setType(typeOf(from, unit));
    markLifted(to);
    mapping.map(from, to);
  }
  return copy;
}

LogicalResult Lift::clone(Operation &op, IRMapping &mapping, ArrayRef<int64_t> units) {
  bool any = llvm::any_of(op.getOperands(), [&](Value operand) { return isLifted(mapping.lookup(operand)); });
  auto liftable = dyn_cast<LiftableOp>(op);
  // (A map's indices may differ from copy to copy.)
  if (any || (liftable && isa<MapOp>(op)))
    return liftable ? liftable.lift(*this, mapping, units) : failure();
  Operation *copy = b.clone(op, mapping);
  for (auto [from, to, unit] : llvm::zip_equal(op.getResults(), copy->getResults(), units)) {
    if (unit >= 0)
      to.setType(RankedTensorType::get(typeOf(from, unit).getShape().drop_front(), tensorType(from).getElementType()));
    mapping.map(from, to);
  }
  return success();
}

LogicalResult liftAll(Operation *op, Lift &lift, IRMapping &mapping, ArrayRef<int64_t> units) {
  lift.cloneAll(*op, mapping, units);
  return success();
}

} // namespace sinter
