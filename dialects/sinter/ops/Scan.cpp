// sinter.scan and sinter.loop: their checks. The gradient is in ScanGradient.cpp; the interpreter itself gives them
// their meaning, and planning makes them loops over launches.
#include "dialects/sinter/Loops.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace sinter;

/// What does not need the body.
template <typename Loop> static LogicalResult verifyOperands(Loop op) {
  if (op.getSteps() < 1) // C1
    return op.emitOpError("has ") << op.getSteps() << " steps; it takes at least one";
  if (op.getNumResults() < op.getInit().size()) // C4
    return op.emitOpError("has ") << op.getInit().size() << " carries, but " << op.getNumResults() << " results";
  auto isStack = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return tensor.getRank() > 0 && tensor.getDimSize(0) == static_cast<int64_t>(op.getSteps());
  };
  for (auto [number, type] : llvm::enumerate(op.getSequences().getTypes())) // C2
    if (!isStack(type))
      return op.emitOpError("sequence ") << number << " is a " << type << ", whose first dimension is not of "
                                         << op.getSteps() << " steps";
  for (auto [number, type] : llvm::enumerate(op.getStacks().getTypes())) // C4
    if (!isStack(type))
      return op.emitOpError("stacked result ")
             << number << " is a " << type << ", whose first dimension is not of " << op.getSteps() << " steps";
  for (auto [init, last] : llvm::zip_equal(op.getInit(), op.getFinals())) // C4
    if (init.getType() != last.getType())
      return op.emitOpError("a carry begins as ") << init.getType() << " and ends as " << last.getType();
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())}) // C5
    for (Type type : types)
      if (getElementTypeOrSelf(type).isInteger(1))
        return op.emitOpError("booleans neither enter nor leave a loop: ") << type;
  std::optional<int64_t> flag = whileCarry(op); // C7
  if (!flag)
    return success();
  if (!op.getSequences().empty() || !op.getStacks().empty())
    return op.emitOpError("ends when a carry says so, and has sequences or stacked results");
  auto isFlag = [](Type type) {
    return cast<RankedTensorType>(type).getRank() == 0 && getElementTypeOrSelf(type).isInteger(32);
  };
  if (*flag < 0 || *flag >= static_cast<int64_t>(op.getInit().size()) || !isFlag(op.getInit()[*flag].getType()))
    return op.emitOpError("ends when carry ") << *flag << " says so, which is no tensor<i32>";
  return success();
}

template <typename Loop>
static LogicalResult verifyBody(Loop op, TypeRange arguments, TypeRange results, const char *what) {
  SmallVector<Type> takes = bodyArguments(op), gives = bodyResults(op);
  if (arguments != TypeRange(takes)) // C3
    return op.emitOpError(what) << " takes (" << arguments << "), but the steps have (" << TypeRange(takes) << ")";
  if (results != TypeRange(gives)) // C4
    return op.emitOpError(what) << " gives (" << results << "), but the steps have to give (" << TypeRange(gives)
                                << ")";
  return success();
}

LogicalResult ScanOp::verify() { return verifyOperands(*this); }

LogicalResult ScanOp::verifyRegions() {
  Block &body = getBody().front();
  if (!isa<NextOp>(body.getTerminator()))
    return emitOpError("the body ends with sinter.next");
  return verifyBody(*this, body.getArgumentTypes(), body.getTerminator()->getOperandTypes(), "the body");
}

LogicalResult LoopOp::verify() { return verifyOperands(*this); }

LogicalResult LoopOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto function = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!function || !function->hasAttr(kLoopBodyAttr)) // C6
    return emitOpError("there is no loop's body @") << getCallee();
  if (function->getAttrOfType<IntegerAttr>(kLoopBodyAttr).getInt() != getNumCarries())
    return emitOpError("has ") << getNumCarries() << " carries, but @" << getCallee() << " has "
                               << function->getAttr(kLoopBodyAttr);
  return verifyBody(*this, function.getArgumentTypes(), function.getResultTypes(), "the function");
}

ScanOp sinter::createScan(OpBuilder &builder, Location loc, ScanOp like, ValueRange init, ValueRange sequences,
                          ValueRange invariants, Region &body) {
  SmallVector<Type> types(init.getTypes());
  for (Value value : body.front().getTerminator()->getOperands().drop_front(init.size()))
    types.push_back(stackedType(value.getType(), like.getSteps()));
  auto scan = ScanOp::create(builder, loc, types, like.getSteps(), like.getReverse(), init, sequences, invariants);
  copyWhile(like, scan);
  scan.getBody().takeBody(body);
  return scan;
}

/// Steps are positions: what it carries from one to the next is remembered.
void ScanOp::relateTime(TimeRule &rule) {
  if (whileCarry(*this))
    return rule.refuse("while: nobody knows how many steps it takes");
  if (getReverse())
    return rule.refuse("scan: begins with later positions");
  unsigned begin = getNumCarries(), end = begin + getSequences().size();
  for (unsigned i = 0; i < getNumOperands(); ++i) {
    bool sequence = i >= begin && i < end;
    if (rule.isTimed(i) && (!sequence || rule.timeOf(i) != 0))
      return rule.refuse("scan: positions are not its steps");
    if (sequence)
      rule.readNew(i, 0);
  }
  if (!llvm::all_of(getFinals(), [](Value last) { return last.use_empty(); }))
    return rule.refuse("scan: what it ends with comes of all positions");
  for (unsigned i = begin; i < getNumResults(); ++i)
    rule.give(i, 0);
}
