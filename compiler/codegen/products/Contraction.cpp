#include "compiler/codegen/products/Contraction.h"

#include "dialects/sinter/Roles.h"

using namespace mlir;

namespace sinter::codegen {

bool readsThroughDimensions(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); });
}

linalg::GenericOp findContraction(func::FuncOp kernel) {
  auto products = llvm::make_filter_range(kernel.getOps<linalg::GenericOp>(), isProduct);
  if (!llvm::hasSingleElement(products))
    return {};
  linalg::GenericOp product = *products.begin();
  return whyNotInRole(product).empty() ? product : linalg::GenericOp();
}

bool sumsColumns(linalg::GenericOp op, linalg::GenericOp contraction) {
  if (!hasRole(op, kOfColumns) || !whyNotInRole(op).empty() || op.getNumLoops() != 2)
    return false;
  auto isReduced = [](linalg::GenericOp of, AffineExpr dim) {
    return of.getIteratorTypesArray()[cast<AffineDimExpr>(dim).getPosition()] == utils::IteratorType::reduction;
  };
  AffineMap read = contraction.getIndexingMapsArray()[1];
  bool matrix = op.getDpsInputs()[0] == contraction.getDpsInputs()[1] && read.getNumResults() == 2 &&
                isReduced(contraction, read.getResult(0)) && !isReduced(contraction, read.getResult(1));
  AffineMap whole = op.getIndexingMapsArray()[0], written = op.getIndexingMapsArray()[1];
  return matrix && whole.isPermutation() && written.getNumResults() == 1 &&
         written.getResult(0) == whole.getResult(1) && isReduced(op, whole.getResult(0));
}

} // namespace sinter::codegen
