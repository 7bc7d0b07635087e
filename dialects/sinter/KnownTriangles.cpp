#include "dialects/sinter/KnownTriangles.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter {

KnownTriangles::KnownTriangles(Block &block, int64_t reach) {
  for (Operation &op : block) {
    if (SplatElementsAttr splat; matchPattern(&op, m_Constant(&splat))) {
      Attribute scalar = splat.getSplatValue<Attribute>();
      known[op.getResult(0)] = {scalar, scalar};
    } else if (auto triangular = dyn_cast<TriangularOp>(op)) {
      SmallVector<Known> results(op.getNumResults());
      triangular.inferTriangles(reach, ofOperands(op), results);
      for (auto [value, result] : llvm::zip_equal(op.getResults(), results))
        known[value] = result;
    }
  }
}

SmallVector<Known> KnownTriangles::ofOperands(Operation &op) const {
  SmallVector<Known> result;
  for (Value operand : op.getOperands())
    result.push_back(known.lookup(operand));
  return result;
}

} // namespace sinter
