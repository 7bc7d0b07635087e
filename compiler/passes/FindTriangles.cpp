// sinter-find-triangles: what a mask throws away is not multiplied.
//
//   %s = sinter.matmul %q, %k                         %s = sinter.matmul %q, %k result(lower)
//   %m = sinter.map (%s) { j <= i ? s : -inf }   =>   ...
//   %p = sinter.softmax %m
//   %o = sinter.matmul %p, %v                         %o = sinter.matmul %p, %v lhs(lower)
//
// First forwards: which triangles of the last two dimensions hold one known constant. Then backwards: which triangles
// some reader looks at. Functions are straight lines, so that one walk each is enough. What ops know, they say
// themselves (TriangularOp).
#include "compiler/passes/Passes.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FINDTRIANGLES
#include "compiler/passes/Passes.h.inc"

namespace {

struct FindTrianglesPass : impl::FindTrianglesBase<FindTrianglesPass> {
  void runOnOperation() override {
    if (!llvm::hasSingleElement(getOperation().getBody()))
      return;
    Block &block = getOperation().getBody().front();
    known.clear();
    demanded.clear();
    for (Operation &op : block)
      infer(op);
    for (Operation &op : llvm::reverse(block))
      demand(op);
  }

private:
  void infer(Operation &op) {
    if (SplatElementsAttr splat; matchPattern(&op, m_Constant(&splat))) {
      Attribute scalar = splat.getSplatValue<Attribute>();
      known[op.getResult(0)] = {scalar, scalar};
    } else if (auto triangular = dyn_cast<TriangularOp>(op)) {
      SmallVector<Known> results(op.getNumResults());
      triangular.inferTriangles(knownOf(op), results);
      for (auto [value, result] : llvm::zip_equal(op.getResults(), results))
        known[value] = result;
    }
  }

  /// All readers of `op` have been here before.
  void demand(Operation &op) {
    SmallVector<Demanded> results, operands(op.getNumOperands(), kDemandAll);
    for (Value result : op.getResults())
      results.push_back(demanded.lookup_or(result, {Demand::Nothing, Demand::Nothing}));
    if (auto triangular = dyn_cast<TriangularOp>(op)) {
      SmallVector<Known> inputs = knownOf(op);
      triangular.demandTriangles(inputs, results, operands);
      triangular.recordTriangles(inputs, results);
    }
    for (auto [operand, asked] : llvm::zip_equal(op.getOperands(), operands)) {
      Demanded &now = demanded.try_emplace(operand, Demanded{Demand::Nothing, Demand::Nothing}).first->second;
      for (Triangle triangle : {kAbove, kBelow})
        now[triangle] = std::max(now[triangle], asked[triangle]);
    }
  }

  SmallVector<Known> knownOf(Operation &op) {
    SmallVector<Known> result;
    for (Value operand : op.getOperands())
      result.push_back(known.lookup(operand));
    return result;
  }

  DenseMap<Value, Known> known;
  DenseMap<Value, Demanded> demanded;
};

} // namespace
} // namespace sinter
