// Whether a kernel may write a result over one of its arguments.
//
// A kernel is run tile by tile, a tile being some rows of the result, and inside a tile generic by generic or several
// generics at once. Writing over the argument is right in every such order if whatever reads the argument comes before
// the result in the kernel's data flow, at the same index or as part of a reduction of the same row:
//   - the argument, and every value computed from it, is read by `linalg.generic` only, whose dimensions are those of
//     the result, through the identity or (a row's reduction) the first few dimensions;
//   - all those generics are needed for the result: none reads the argument again after the result has been written.
// Loops of the CPU run in the order of their generics and store what a row adds up to. There, a generic that the result
// does not need may read the argument, too, if it stands before all that the result's memory may hold; and readers of a
// row's sum are not followed.
// Around a matrix product, it is right where every element is stored once, right behind the reads that it needs: on the
// CPU, for a product of whole vectors of columns, and an argument that only its epilogue reads.
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

bool isForCpu(func::FuncOp kernel) {
  auto target = kernel->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>(kTargetAttr);
  return target && target.getValue() == "cpu";
}

/// Whether a kernel with this product stores each element of its result once, in one go with what its epilogue reads
/// (codegen/cpu/products: tiles that move back leave alone what was stored before).
bool storesOnce(func::FuncOp kernel, linalg::GenericOp product) {
  constexpr int64_t lanes = 16, streamedRows = 4;
  auto type = cast<RankedTensorType>(product.getResult(0).getType());
  return isForCpu(kernel) && type.getRank() == 2 && product.getNumLoops() == 3 && type.getDimSize(0) > streamedRows &&
         type.getDimSize(1) % lanes == 0 && !product->hasAttr(kOrderedAttr);
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
  bool multiplies = false;
  for (Operation *op : needed)
    if (isProduct(op)) {
      multiplies = true;
      if (!storesOnce(kernel, cast<linalg::GenericOp>(op)))
        return false;
    }
  // Behind a product, other results of the same element may be needed, too: it is stored when all of them are computed.
  // Loops of the CPU run in their order: what stands in front of all that the result's memory may hold comes first.
  auto writesFirst = llvm::find_if(kernel.getOps<linalg::GenericOp>(), [&](linalg::GenericOp generic) {
    return llvm::any_of(generic->getResultTypes(), [&](Type type) {
      return cast<RankedTensorType>(type).getNumElements() == cast<RankedTensorType>(result.getType()).getNumElements();
    });
  });
  auto mayRead = [&](linalg::GenericOp generic) {
    return needed.contains(generic) || (multiplies && generic.getNumReductionLoops() == 0) ||
           (!multiplies && isForCpu(kernel) && generic->isBeforeInBlock(*writesFirst));
  };

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
      if (!mayRead(generic) || generic.getNumLoops() != last.getNumLoops() || !generic.isDpsInput(&use) ||
          !isLeadingDimensions(generic.getMatchingIndexingMap(&use)) ||
          (value == argument && !generic.getMatchingIndexingMap(&use).isIdentity()) || !reducesInnermost(generic))
        return false;
      // On the CPU, what a row adds up to is stored, and its readers do not look at the row again.
      if (generic == last || (generic.getNumReductionLoops() > 0 && isForCpu(kernel)))
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
