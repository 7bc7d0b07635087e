// Whether a kernel may write a result over one of its arguments.
//
// A kernel is run tile by tile, a tile being some rows of the result, and inside a tile generic by generic or several
// generics at once. Writing over the argument is right in every such order if whatever reads the argument comes before
// the result in the kernel's data flow, at the same index or as part of a reduction of the same row:
//   - the argument, and every value computed from it, is read by `linalg.generic` only, whose dimensions are those of
//     the result, through the identity or (a row's reduction) the first few dimensions;
//   - all those generics are needed for the result: none reads the argument again after the result has been written.
// A kernel with a matrix product keeps partial sums in its result's memory, so it never runs in place.
#include "dialects/plan/Plan.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter::plan {
namespace {

/// (d0, d1, ..., dn-1) -> (d0, ..., dk-1), k <= n.
bool isLeadingDimensions(AffineMap map) {
  for (auto [index, result] : llvm::enumerate(map.getResults()))
    if (result != getAffineDimExpr(index, map.getContext()))
      return false;
  return true;
}

/// Reductions must be innermost, so that a row is complete before anything depends on it.
bool reducesInnermost(linalg::GenericOp generic) {
  auto kinds = generic.getIteratorTypesArray();
  auto firstReduction = llvm::find(kinds, utils::IteratorType::reduction);
  return std::all_of(firstReduction, kinds.end(), [](auto kind) { return kind == utils::IteratorType::reduction; });
}

/// Everything that `op` is computed from.
void collectProducers(Operation *op, llvm::SetVector<Operation *> &producers) {
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp(); producer && producers.insert(producer))
      collectProducers(producer, producers);
}

} // namespace

bool mayRunInPlace(func::FuncOp kernel, unsigned output, unsigned input) {
  if (kernel.isExternal() || !kernel.getBody().hasOneBlock())
    return false;
  BlockArgument argument = kernel.getArgument(input);
  Value result = kernel.getBody().front().getTerminator()->getOperand(output);
  auto last = result.getDefiningOp<linalg::GenericOp>();
  if (argument.getType() != result.getType() || !last || last.getNumReductionLoops() ||
      !last.getIndexingMapMatchingResult(cast<OpResult>(result)).isIdentity())
    return false;

  llvm::SetVector<Operation *> needed;
  needed.insert(last);
  collectProducers(last, needed);
  for (Operation *op : needed)
    if (isProduct(op))
      return false;

  // Follow the argument through the kernel.
  llvm::SetVector<Value> reached;
  reached.insert(argument);
  for (size_t next = 0; next < reached.size(); ++next) {
    Value value = reached[next];
    for (OpOperand &use : value.getUses()) {
      auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (!generic) { // a result of its own is written where it is computed; the argument itself has no such place
        if (isa<func::ReturnOp>(use.getOwner()) && value != argument)
          continue;
        return false;
      }
      if (!needed.contains(generic) || generic.getNumLoops() != last.getNumLoops() || !generic.isDpsInput(&use) ||
          !isLeadingDimensions(generic.getMatchingIndexingMap(&use)) ||
          (value == argument && !generic.getMatchingIndexingMap(&use).isIdentity()) || !reducesInnermost(generic))
        return false;
      if (generic == last)
        continue;
      for (OpResult computed : generic->getResults()) {
        if (!isLeadingDimensions(generic.getIndexingMapMatchingResult(computed)))
          return false;
        reached.insert(computed);
      }
    }
  }
  return true;
}

} // namespace sinter::plan
