// Bodies of linalg ops on any target; see Body.h.
#include "compiler/codegen/scalars/Body.h"
#include "compiler/codegen/loops/Total.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter::codegen {

bool isLanes(Value value) { return isa<VectorType>(value.getType()); }

Value toLanes(OpBuilder &builder, Location loc, Value value, int64_t count) {
  if (isLanes(value))
    return value;
  auto type = VectorType::get({count}, value.getType());
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, constant));
  return vector::BroadcastOp::create(builder, loc, type, value);
}

Value withoutReshapes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

Value indexConstant(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// Whether memory has the bits of a 16-bit float as an integer.
static bool isHalf(Type element) { return element.isBF16() || element.isF16(); }

Type memoryType(Type element) {
  unsigned bits = element.isInteger(1) ? 8 : isHalf(element) ? 16 : 0;
  return bits ? IntegerType::get(element.getContext(), bits) : element;
}

/// `type` with the element type replaced, for scalars and vectors.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Value toMemory(OpBuilder &builder, Location loc, Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (isHalf(element))
    return arith::BitcastOp::create(builder, loc, withElement(value.getType(), builder.getI16Type()), value);
  if (!element.isInteger(1))
    return value;
  return arith::ExtUIOp::create(builder, loc, withElement(value.getType(), builder.getI8Type()), value);
}

Value fromMemory(OpBuilder &builder, Location loc, Value value, Type element) {
  if (getElementTypeOrSelf(value.getType()) == element)
    return value;
  if (isHalf(element))
    return arith::BitcastOp::create(builder, loc, withElement(value.getType(), element), value);
  return arith::TruncIOp::create(builder, loc, withElement(value.getType(), element), value);
}

LinearIndex &LinearIndex::add(Value value, int64_t factor) {
  APInt known;
  if (matchPattern(value, m_ConstantInt(&known)))
    constant += known.getSExtValue() * factor;
  else if (factor != 0)
    terms.push_back({value, factor});
  return *this;
}

Value LinearIndex::materialize(OpBuilder &builder, Location loc) const {
  Value sum;
  for (auto [value, factor] : terms) {
    Value term = value;
    if (factor != 1)
      term = arith::MulIOp::create(builder, loc, term, indexConstant(builder, loc, factor));
    sum = sum ? arith::AddIOp::create(builder, loc, sum, term) : term;
  }
  if (!sum)
    return indexConstant(builder, loc, constant);
  if (constant != 0)
    sum = arith::AddIOp::create(builder, loc, sum, indexConstant(builder, loc, constant));
  return sum;
}

/// A copy of `op`, which has one result and no region, on other operands and with another result type.
static Value copyOp(OpBuilder &builder, Location loc, Operation &op, ArrayRef<Value> operands, Type type) {
  Operation *copy = op.clone();
  copy->setLoc(loc);
  copy->setOperands(operands);
  copy->getResult(0).setType(type);
  return builder.insert(copy)->getResult(0);
}

/// One op of the body on mapped operands: scalar if all of them are, else on lanes.
static Value cloneOp(OpBuilder &builder, Operation &op, ArrayRef<Value> operands, int64_t lanes) {
  Location loc = op.getLoc();
  bool scalar = llvm::none_of(operands, isLanes);
  SmallVector<Value> mapped(operands);
  if (!scalar)
    for (Value &operand : mapped)
      operand = toLanes(builder, loc, operand, lanes);
  if (Value total = buildTotal(builder, op, mapped))
    return total;
  Type type = op.getResult(0).getType();
  return copyOp(builder, loc, op, mapped, scalar ? type : Type(VectorType::get({lanes}, type)));
}

FailureOr<SmallVector<Value>> cloneBody(OpBuilder &builder, Block &body, ValueRange arguments,
                                        const BodyContext &context) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  // A value from outside the body is a constant of the old kernel: the new one gets its own.
  auto resolve = [&](Value value) {
    if (!mapping.contains(value))
      mapping.map(value, builder.clone(*value.getDefiningOp())->getResult(0));
    return mapping.lookup(value);
  };
  for (Operation &op : body.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      mapping.map(index.getResult(), context.index(index));
      continue;
    }
    if (auto cast = dyn_cast<arith::IndexCastOp>(op); cast && context.indexCast)
      if (Value better = context.indexCast(cast)) {
        mapping.map(cast.getResult(), better);
        continue;
      }
    SmallVector<Value> operands;
    for (Value operand : op.getOperands())
      operands.push_back(isa<RankedTensorType>(operand.getType()) ? operand : resolve(operand));
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      FailureOr<Value> value = context.extract(extract, ArrayRef(operands).drop_front());
      if (failed(value))
        return failure();
      mapping.map(extract.getResult(), *value);
      continue;
    }
    if (op.getNumRegions() != 0 || op.getNumResults() != 1)
      return op.emitError("kernel: this op cannot stand in a kernel's elementwise body"), failure();
    mapping.map(op.getResult(0), cloneOp(builder, op, operands, context.lanes));
  }
  SmallVector<Value> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(resolve(value));
  return results;
}

Operation *findCombiner(Block &body, unsigned result, BlockArgument accumulator) {
  Operation *op = body.getTerminator()->getOperand(result).getDefiningOp();
  if (!op || op->getNumOperands() != 2 || op->getNumResults() != 1 || !accumulator.hasOneUse())
    return nullptr;
  return llvm::is_contained(op->getOperands(), accumulator) ? op : nullptr;
}

Value combine(OpBuilder &builder, Location loc, Operation *combiner, Value accumulator, Value value) {
  for (auto [scalar, lanes] : {std::pair(&accumulator, value), std::pair(&value, accumulator)})
    if (auto type = dyn_cast<VectorType>(lanes.getType()))
      *scalar = toLanes(builder, loc, *scalar, type.getNumElements());
  return copyOp(builder, loc, *combiner, {accumulator, value}, accumulator.getType());
}

TypedAttr neutralElement(Operation *combiner, Type type) {
  std::optional<arith::AtomicRMWKind> kind = TypeSwitch<Operation *, std::optional<arith::AtomicRMWKind>>(combiner)
                                                 .Case([](arith::AddFOp) { return arith::AtomicRMWKind::addf; })
                                                 .Case([](arith::MulFOp) { return arith::AtomicRMWKind::mulf; })
                                                 .Case([](arith::MaximumFOp) { return arith::AtomicRMWKind::maximumf; })
                                                 .Case([](arith::MinimumFOp) { return arith::AtomicRMWKind::minimumf; })
                                                 .Case([](arith::MaxNumFOp) { return arith::AtomicRMWKind::maximumf; })
                                                 .Case([](arith::MinNumFOp) { return arith::AtomicRMWKind::minimumf; })
                                                 .Case([](arith::AddIOp) { return arith::AtomicRMWKind::addi; })
                                                 .Case([](arith::MulIOp) { return arith::AtomicRMWKind::muli; })
                                                 .Case([](arith::MaxSIOp) { return arith::AtomicRMWKind::maxs; })
                                                 .Case([](arith::MinSIOp) { return arith::AtomicRMWKind::mins; })
                                                 .Case([](arith::OrIOp) { return arith::AtomicRMWKind::ori; })
                                                 .Case([](arith::AndIOp) { return arith::AtomicRMWKind::andi; })
                                                 .Default(std::nullopt);
  if (!kind)
    return {};
  OpBuilder builder(combiner->getContext());
  // The infinities, not the largest finite numbers: the maximum of -inf alone is -inf.
  return arith::getIdentityValueAttr(*kind, type, builder, combiner->getLoc(), /*useOnlyFiniteValue=*/false);
}

int64_t countFlops(Block &body) {
  int64_t flops = 0;
  for (Operation &op : body.without_terminator())
    for (Type type : op.getResultTypes())
      if (isa<FloatType>(type) &&
          !isa<arith::ConstantOp, arith::SelectOp, arith::TruncFOp, arith::ExtFOp, tensor::ExtractOp>(op))
        flops += isa<math::FmaOp>(op) ? 2 : 1;
  return flops;
}

} // namespace sinter::codegen
