// Registration of the plan dialect and the rules of single ops. What an entry as a whole must hold: VerifyEntry.cpp.
#include "dialects/plan/Plan.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "dialects/plan/Dialect.cpp.inc"

namespace sinter::plan {

int64_t sizeInBytes(ShapedType type) { return type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8); }

MemRefType bufferType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

Value rootBuffer(Value buffer) {
  while (isa_and_nonnull<ViewOp, StepOp>(buffer.getDefiningOp()))
    buffer = buffer.getDefiningOp()->getOperand(0);
  return buffer;
}

SmallVector<std::pair<sinter::StateOp, int64_t>> layOutStates(ModuleOp module, int64_t &total) {
  SmallVector<std::pair<sinter::StateOp, int64_t>> layout;
  total = 0;
  for (auto state : module.getOps<sinter::StateOp>()) {
    layout.emplace_back(state, total);
    total += alignUp(sizeInBytes(cast<ShapedType>(state.getType())));
  }
  return layout;
}

static bool agrees(Type tensor, Type buffer) {
  auto type = dyn_cast<RankedTensorType>(tensor);
  return type && type.hasStaticShape() && bufferType(type) == buffer;
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<sinter::StateOp>(*this, getStateAttr());
  if (!state)
    return emitOpError() << "there is no state @" << getState();
  if (!agrees(state.getType(), getBuffer().getType()))
    return emitOpError() << "state @" << getState() << " is a " << state.getType() << ", but the buffer a "
                         << getBuffer().getType();
  return success();
}

LogicalResult ConstantOp::verify() {
  if (!agrees(getValue().getType(), getBuffer().getType()))
    return emitOpError() << "the value is a " << getValue().getType() << ", but the buffer a " << getBuffer().getType();
  return success();
}

LogicalResult ViewOp::verify() {
  auto from = cast<MemRefType>(getSource().getType()), to = cast<MemRefType>(getBuffer().getType());
  if (from.getElementType() != to.getElementType() || from.getNumElements() != to.getNumElements())
    return emitOpError() << "a view keeps element type and count: " << from << " and " << to;
  return success();
}

LogicalResult LoopOp::verify() {
  if (getSteps() < 1) // C1
    return emitOpError() << "has " << getSteps() << " steps; it takes at least one";
  if (getCarries().getTypes() != getNext().getTypes()) // C2
    return emitOpError() << "carries are (" << getCarries().getTypes() << "), but the next ones ("
                         << getNext().getTypes() << ")";
  return success();
}

LogicalResult StepOp::verify() {
  auto from = cast<MemRefType>(getSource().getType()), to = cast<MemRefType>(getBuffer().getType());
  int64_t steps = cast<LoopOp>((*this)->getParentOp()).getSteps(), size = sizeInBytes(to);
  int64_t first = getFrom(), last = first + (steps - 1) * static_cast<int64_t>(getBy());
  if (from.getElementType() != to.getElementType() || std::min(first, last) < 0 ||
      std::max(first, last) + size > sizeInBytes(from)) // C1
    return emitOpError() << "parts of " << to << " lie at bytes " << first << " to " << std::max(first, last) + size
                         << " of a " << from;
  if (steps > 1 && std::abs(static_cast<int64_t>(getBy())) < size) // C2
    return emitOpError() << "parts of " << size << " bytes are " << getBy() << " bytes apart";
  return success();
}

LogicalResult InputOp::verify() {
  auto type = cast<MemRefType>(getBuffer().getType());
  if (getDefaultValue() && type.getNumElements() != 1)
    return emitOpError() << "only a scalar has a default, not a " << type;
  return success();
}

LogicalResult LaunchOp::verify() {
  // C4
  if (getPieces() && *getPieces() < 2)
    return emitOpError() << "runs in " << *getPieces() << " pieces; a chain has two at least";
  if (getOwn() && getOwn()->size() != (*this)->getNumOperands())
    return emitOpError() << "own has " << getOwn()->size() << " numbers for " << (*this)->getNumOperands()
                         << " operands";
  if (!getInPlace())
    return success();
  // C2
  ArrayRef<int64_t> inPlace = *getInPlace();
  if (inPlace.size() != getOutputs().size())
    return emitOpError() << "in_place has " << inPlace.size() << " numbers for " << getOutputs().size() << " outputs";
  for (int64_t input : inPlace)
    if (input < -1 || input >= static_cast<int64_t>(getInputs().size()))
      return emitOpError() << "in_place names input " << input << " of " << getInputs().size();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C1: code generation changes the kernel to another kind of function, whose types say less.
  Operation *kernel = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (!kernel)
    return emitOpError() << "there is no kernel @" << getKernel();
  if (auto dispatches = dyn_cast<KernelOp>(kernel))
    return verifyBindings(dispatches);
  auto function = dyn_cast<func::FuncOp>(kernel);
  if (!function || !function->hasAttr(kKernelAttr) || function->hasAttr("sinter.tiles"))
    return success();
  FunctionType type = function.getFunctionType();
  if (type.getNumInputs() != getInputs().size() || type.getNumResults() != getOutputs().size())
    return emitOpError() << "kernel @" << getKernel() << " has " << type.getNumInputs() << " arguments and "
                         << type.getNumResults() << " results, the launch " << getInputs().size() << " and "
                         << getOutputs().size();
  for (auto [index, tensor, buffer] : llvm::enumerate(type.getInputs(), getInputs().getTypes()))
    if (!agrees(tensor, buffer))
      return emitOpError() << "argument " << index << " of kernel @" << getKernel() << " is a " << tensor
                           << ", the buffer a " << buffer;
  for (auto [index, tensor, buffer] : llvm::enumerate(type.getResults(), getOutputs().getTypes()))
    if (!agrees(tensor, buffer))
      return emitOpError() << "result " << index << " of kernel @" << getKernel() << " is a " << tensor
                           << ", the buffer a " << buffer;
  // In place: C6 of the entry, as far as it concerns the kernel.
  for (unsigned output = 0; output < getOutputs().size(); ++output)
    if (int64_t input = getReusedInput(output); input >= 0 && !mayRunInPlace(function, output, input))
      return emitOpError() << "kernel @" << getKernel() << " may not write result " << output << " over argument "
                           << input;
  return success();
}

} // namespace sinter::plan
