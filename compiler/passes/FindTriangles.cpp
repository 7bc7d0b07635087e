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
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/Triangles.h"

#define DEBUG_TYPE "sinter-find-triangles"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FINDTRIANGLES
#include "compiler/passes/Passes.h.inc"

namespace {

struct FindTrianglesPass : impl::FindTrianglesBase<FindTrianglesPass> {
  void runOnOperation() override {
    if (!llvm::hasSingleElement(getOperation().getBody()))
      return;
    for (auto attention : getOperation().getOps<AttentionOp>())
      findIn(attention.getBody().front());
    findIn(getOperation().getBody().front());
  }

private:
  void findIn(Block &block) {
    demanded.clear();
    marked = 0;
    KnownTriangles known(block);
    for (Operation &op : llvm::reverse(block))
      demand(op, known);
    counted(getOperation(), DEBUG_TYPE, "triangles recorded", marked);
  }

  /// All readers of `op` have been here before.
  void demand(Operation &op, const KnownTriangles &known) {
    SmallVector<Demanded> results, operands(op.getNumOperands(), kDemandAll);
    for (Value result : op.getResults())
      results.push_back(demanded.lookup_or(result, {Demand::Nothing, Demand::Nothing}));
    if (auto triangular = dyn_cast<TriangularOp>(op)) {
      SmallVector<Known> inputs = known.ofOperands(op);
      triangular.demandTriangles(inputs, results, operands);
      DictionaryAttr before = op.getAttrDictionary();
      triangular.recordTriangles(inputs, results);
      if (op.getAttrDictionary() != before) {
        DEBUG_AT(&op) << op.getName() << " leaves out a triangle";
        ++marked;
      }
    }
    for (auto [operand, asked] : llvm::zip_equal(op.getOperands(), operands)) {
      Demanded &now = demanded.try_emplace(operand, Demanded{Demand::Nothing, Demand::Nothing}).first->second;
      for (Triangle triangle : {kAbove, kBelow})
        now[triangle] = std::max(now[triangle], asked[triangle]);
    }
  }

  DenseMap<Value, Demanded> demanded;
  int64_t marked = 0; ///< ops
};

} // namespace
} // namespace sinter
