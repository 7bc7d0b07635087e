// The ops of LoopOps.td.
#pragma once

#include "dialects/sinter/Sinter.h"

#define GET_OP_CLASSES
#include "dialects/sinter/LoopOps.h.inc"

namespace sinter {

/// func: the body of a sinter.loop with so many carries, no entry that anyone could call.
inline constexpr llvm::StringLiteral kLoopBodyAttr = "sinter.loop_body";

/// On a sinter.scan, a sinter.loop and a plan.loop: the number of the carry that ends it when it is 0.
inline constexpr llvm::StringLiteral kWhileAttr = "sinter.while";
inline std::optional<int64_t> whileCarry(mlir::Operation *loop) {
  auto number = loop->getAttrOfType<mlir::IntegerAttr>(kWhileAttr);
  return number ? std::optional(number.getInt()) : std::nullopt;
}
/// How many steps to count with: where they are known at run time only, one stands for all.
template <typename Loop> int64_t countedSteps(Loop loop) {
  return loop->hasAttr(kWhileAttr) ? 1 : static_cast<int64_t>(loop.getSteps());
}
/// What says so of `from`, on `to` as well.
inline void copyWhile(mlir::Operation *from, mlir::Operation *to) {
  if (mlir::Attribute number = from->getAttr(kWhileAttr))
    to->setAttr(kWhileAttr, number);
}

/// A sequence's type without its first dimension: what one step sees of it.
inline mlir::RankedTensorType stepType(mlir::Type sequence) {
  auto type = llvm::cast<mlir::RankedTensorType>(sequence);
  return type.clone(type.getShape().drop_front());
}

/// The type of `steps` values of `type`, stacked.
inline mlir::RankedTensorType stackedType(mlir::Type type, int64_t steps) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  llvm::SmallVector<int64_t> shape{steps};
  llvm::append_range(shape, tensor.getShape());
  return tensor.clone(shape);
}

/// The types of all arguments of a body, in order.
template <typename Loop> llvm::SmallVector<mlir::Type> bodyArguments(Loop loop) {
  llvm::SmallVector<mlir::Type> types(loop.getInit().getTypes());
  for (mlir::Type sequence : loop.getSequences().getTypes())
    types.push_back(stepType(sequence));
  llvm::append_range(types, loop.getInvariants().getTypes());
  return types;
}

/// The types of all that a body gives, in order.
template <typename Loop> llvm::SmallVector<mlir::Type> bodyResults(Loop loop) {
  llvm::SmallVector<mlir::Type> types(loop.getInit().getTypes());
  for (mlir::Type stack : loop.getStacks().getTypes())
    types.push_back(stepType(stack));
  return types;
}

/// Another scan of as many steps in the same direction, whose body is `body`; the results are the carries and a stack
/// for each other value that the body gives.
ScanOp createScan(mlir::OpBuilder &builder, mlir::Location loc, ScanOp like, mlir::ValueRange init,
                  mlir::ValueRange sequences, mlir::ValueRange invariants, mlir::Region &body);

} // namespace sinter
