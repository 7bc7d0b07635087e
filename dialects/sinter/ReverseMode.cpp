#include "dialects/sinter/ReverseMode.h"

using namespace mlir;

namespace sinter {

void Cotangents::add(OpBuilder &builder, Location loc, Value value, Value cotangent) {
  Value &sum = map[value];
  sum = sum ? arith::AddFOp::create(builder, loc, sum, cotangent).getResult() : cotangent;
}

DenseSet<Value> dependents(ArrayRef<Operation *> ops, ValueRange sources) {
  DenseSet<Value> active(sources.begin(), sources.end());
  for (Operation *op : ops)
    if (llvm::any_of(op->getOperands(), [&](Value v) { return active.contains(v); }))
      for (Value result : op->getResults())
        if (isDifferentiable(result.getType()))
          active.insert(result);
  return active;
}

LogicalResult backpropagate(OpBuilder &builder, ArrayRef<Operation *> ops, const DenseSet<Value> &active,
                            Cotangents &cotangents) {
  for (Operation *op : llvm::reverse(ops)) {
    SmallVector<Value> incoming;
    for (Value result : op->getResults())
      incoming.push_back(active.contains(result) ? cotangents.lookup(result) : Value());
    if (llvm::none_of(incoming, [](Value v) { return bool(v); }))
      continue;
    SmallVector<bool> needed;
    for (Value operand : op->getOperands())
      needed.push_back(active.contains(operand));
    if (llvm::none_of(needed, [](bool n) { return n; }))
      continue;
    auto differentiable = dyn_cast<DifferentiableOp>(op);
    if (!differentiable)
      return op->emitError() << op->getName().getStringRef() << ": has no gradient, but the loss depends on it";
    SmallVector<Value> outgoing(op->getNumOperands());
    if (failed(differentiable.vjp(builder, incoming, needed, outgoing)))
      return failure();
    for (auto [operand, cotangent, wanted] : llvm::zip_equal(op->getOperands(), outgoing, needed))
      if (cotangent && wanted)
        cotangents.add(builder, op->getLoc(), operand, cotangent);
  }
  return success();
}

} // namespace sinter
