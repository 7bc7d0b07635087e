// Program state: the symbol `sinter.state`, and how an entry reads and writes it. Neither is differentiable by itself:
// a gradient with respect to a parameter is one with respect to the value that was read.
#include "dialects/sinter/Sinter.h"

#include <charconv>
#include <cmath>

using namespace mlir;
using namespace sinter;

/// The shortest decimal that means `value`.
static std::string number(double value) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

LogicalResult StateOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  Type element = type.getElementType();
  bool isSingle = element.isF32(), isFloat = isa<FloatType>(element);
  StringRef init = getInit();
  // C1
  if (!type.hasStaticShape() || !(isFloat || element.isSignlessInteger(32) || element.isSignlessInteger(64)))
    return emitError() << "state: @" << getSymName()
                       << " must be a static tensor of floats, i32 or i64, but its type is " << type;
  // C2
  bool isRandom = llvm::is_contained({"normal", "truncated_normal", "uniform", "orthogonal"}, init);
  if (!isRandom && init != "zeros" && init != "ones" && init != "constant")
    return emitError() << "state: @" << getSymName() << " has the unknown initialiser '" << init
                       << "'; known are zeros, ones, constant, normal, truncated_normal, uniform, orthogonal";
  // C3
  if (isRandom && !isSingle)
    return emitError() << "state: @" << getSymName() << " of type " << type << " cannot start from '" << init
                       << "', which gives f32";
  // C5
  double scale = getScale().convertToDouble();
  bool isInfinity = isFloat && std::isinf(static_cast<float>(scale)); // which a float holds
  if (std::string why = whyNotHeld(element, scale); init == "constant" && !isInfinity && !why.empty())
    return emitError() << "state: @" << getSymName() << " starts from " << number(scale) << ", which " << why;
  if (isRandom && !(std::isfinite(scale) && whyNotHeld(element, scale).empty()))
    return emitError() << "state: @" << getSymName() << " starts from '" << init << "' of scale " << number(scale)
                       << ", which is not a finite f32";
  // C4
  if (getTrainable() && !isSingle)
    return emitError() << "state: @" << getSymName() << " of type " << type
                       << " cannot be trainable: gradients need f32";
  // C6
  if (getTransient() && (init != "zeros" || getTrainable()))
    return emitError() << "state: @" << getSymName() << " is transient: it starts from zeros, and is no parameter";
  // C7
  if (init == "orthogonal" && type.getRank() < 2)
    return emitError() << "state: @" << getSymName() << " of type " << type
                       << " cannot be orthogonal: that takes at least 2 dimensions";
  return success();
}

/// The rule that read and write share: the symbol names a state of `type`.
static LogicalResult verifyStateUse(Operation *op, StringRef name, FlatSymbolRefAttr state, Type type,
                                    SymbolTableCollection &symbolTable) {
  auto stateOp = symbolTable.lookupNearestSymbolFrom<StateOp>(op, state);
  if (!stateOp)
    return op->emitError() << name << ": " << state << " is not a sinter.state of this module";
  if (stateOp.getType() != type) {
    InFlightDiagnostic error = op->emitError();
    error << name << ": " << state << " has type " << stateOp.getType() << ", but the value has type " << type;
    error.attachNote(stateOp.getLoc()) << "the state is declared here";
    return error;
  }
  return success();
}

LogicalResult ReadOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // C1
  return verifyStateUse(*this, "read", getStateAttr(), getValue().getType(), symbolTable);
}

LogicalResult WriteOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // C1
  if (failed(verifyStateUse(*this, "write", getStateAttr(), getValue().getType(), symbolTable)))
    return failure();
  // C2: the first write of a block checks all of them, so that the cost is linear in the block's length.
  Block *block = getOperation()->getBlock();
  for (Operation *op = getOperation()->getPrevNode(); op; op = op->getPrevNode())
    if (isa<WriteOp>(op))
      return success();
  llvm::DenseMap<Attribute, WriteOp> firstWrites;
  for (auto write : block->getOps<WriteOp>()) {
    auto [first, isNew] = firstWrites.try_emplace(write.getStateAttr(), write);
    if (isNew)
      continue;
    InFlightDiagnostic error = write.emitError();
    error << "write: " << write.getStateAttr() << " is written twice in one entry";
    error.attachNote(first->second.getLoc()) << "the first write is here";
    return error;
  }
  return success();
}
