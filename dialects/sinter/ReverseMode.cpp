#include "dialects/sinter/ReverseMode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter {

void Cotangents::add(OpBuilder &builder, Location loc, Value value, Value cotangent) {
  Value &sum = map[value];
  sum = sum ? arith::AddFOp::create(builder, loc, sum, cotangent).getResult() : cotangent;
}

Type cotangentType(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (!element.isBF16() && !element.isF16())
    return type;
  Type wide = Float32Type::get(type.getContext());
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? Type(tensor.clone(wide)) : wide;
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

/// Whether nothing is thrown away by a factor: it is a function of the variables, or a number other than 0. Any other
/// one may be a mask.
static bool keepsAll(Value factor, const DenseSet<Value> &active) {
  if (active.contains(factor))
    return true;
  while (auto broadcast = factor.getDefiningOp<BroadcastOp>())
    factor = broadcast.getInput();
  Attribute number;
  return matchPattern(factor, m_Constant(&number)) && isa<FloatAttr, SplatElementsAttr>(number) &&
         !matchPattern(factor, m_AnyZeroFloat());
}

/// Whether the zeros that come back through `op` were computed or had come to it: it neither chooses among its operands
/// nor reads only some of their elements.
static bool keepsAll(Operation *op, const DenseSet<Value> &active) {
  if (isa<arith::MulFOp, MatmulOp>(op))
    return keepsAll(op->getOperand(0), active) && keepsAll(op->getOperand(1), active);
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getKind() == ReduceKind::sum;
  return isa<arith::AddFOp, arith::SubFOp, arith::NegFOp, arith::DivFOp, arith::ExtFOp, arith::TruncFOp, math::SqrtOp,
             math::RsqrtOp, math::LogOp, math::Log1pOp, BroadcastOp, ReshapeOp, TransposeOp, NormalizeOp, VariableOp>(
      op);
}

/// The ops of a region that takes the operands of `op` and yields its results, as `sinter.map` has it; none otherwise.
static SmallVector<Operation *> straightRegion(Operation *op) {
  SmallVector<Operation *> ops;
  if (op->getNumRegions() != 1 || !op->getRegion(0).hasOneBlock())
    return ops;
  Block &block = op->getRegion(0).front();
  if (block.getNumArguments() == op->getNumOperands() &&
      block.getTerminator()->getNumOperands() == op->getNumResults() && isa<MapOp, AttentionOp>(op))
    for (Operation &inner : block.without_terminator())
      ops.push_back(&inner);
  return ops;
}

void markThrownAway(ArrayRef<Operation *> ops, const DenseSet<Value> &active, DenseSet<Value> &thrown) {
  for (Operation *op : llvm::reverse(ops)) {
    bool here = llvm::any_of(op->getResults(), [&](Value result) { return thrown.contains(result); });
    if (here)
      op->setDiscardableAttr(kMayBeThrownAway, UnitAttr::get(op->getContext()));
    else
      op->removeDiscardableAttr(kMayBeThrownAway);
    if (SmallVector<Operation *> inside = straightRegion(op); !inside.empty()) {
      Block &block = *inside.front()->getBlock();
      SmallVector<Value> sources;
      for (auto [argument, operand] : llvm::zip_equal(block.getArguments(), op->getOperands()))
        if (active.contains(operand))
          sources.push_back(argument);
      DenseSet<Value> activeInside = dependents(inside, sources);
      for (auto [argument, operand] : llvm::zip_equal(block.getArguments(), op->getOperands()))
        if (keepsAll(operand, active)) // a number that is handed in is as good as one that stands there
          activeInside.insert(argument);
      for (auto [value, result] : llvm::zip_equal(block.getTerminator()->getOperands(), op->getResults()))
        if (thrown.contains(result))
          thrown.insert(value);
      markThrownAway(inside, activeInside, thrown);
      for (auto [argument, operand] : llvm::zip_equal(block.getArguments(), op->getOperands()))
        if (thrown.contains(argument))
          thrown.insert(operand);
    } else if (here || !keepsAll(op, active)) {
      thrown.insert(op->operand_begin(), op->operand_end());
      // Whatever another region does, its ops may meet such zeros.
      op->walk([&](Operation *inner) {
        if (inner != op)
          inner->setDiscardableAttr(kMayBeThrownAway, UnitAttr::get(op->getContext()));
      });
    }
  }
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
