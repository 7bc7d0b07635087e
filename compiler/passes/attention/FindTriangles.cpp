// sinter-find-triangles: what a mask throws away is not multiplied.
//
//   %s = sinter.matmul %q, %k                         %s = sinter.matmul %q, %k result(lower)
//   %m = sinter.map (%s) { j <= i ? s : -inf }   =>   ...
//   %p = sinter.softmax %m
//   %o = sinter.matmul %p, %v                         %o = sinter.matmul %p, %v lhs(lower)
//
// First forwards: which triangles of the last two dimensions hold one known constant. Then backwards: which triangles
// some reader looks at. Functions are straight lines, so that one walk each is enough. What ops know, they say
// themselves (TriangularOp). Inside attention, the same is asked of what is far below the diagonal: sliding windows.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/KnownTriangles.h"

#include <set>

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
    for (auto attention : getOperation().getOps<AttentionOp>()) {
      findIn(attention.getBody().front());
      findWindow(attention);
    }
    findIn(getOperation().getBody().front());
  }

private:
  void findIn(Block &block, int64_t farFrom = 1) {
    demanded.clear();
    marked = 0;
    reach = farFrom;
    KnownTriangles known(block, reach);
    for (Operation &op : llvm::reverse(block))
      demand(op, known);
    counted(getOperation(), DEBUG_TYPE, reach > 1 ? "windows recorded" : "triangles recorded", marked);
  }

  /// A mask that also throws away what is far below the diagonal compares a difference of indices with a number: the
  /// least such number beyond which products are not needed is the window. Numbers beside the mask's are no harm, since
  /// nothing is known beyond them.
  void findWindow(AttentionOp attention) {
    Block &body = attention.getBody().front();
    if (llvm::all_of(body.getOps<ProductLike>(), [](ProductLike product) { return product.isWhole(); }))
      return;
    int64_t rows = attention.getOver()[attention.getOver().size() - 2];
    std::set<int64_t> candidates;
    body.walk([&](arith::ConstantOp constant) {
      if (auto number = dyn_cast<IntegerAttr>(constant.getValue()); number && number.getType().isInteger(32))
        for (int64_t reach : {number.getInt(), number.getInt() + 1}) // `i - j < w` and `i - j <= w`
          if (reach > 1 && reach < rows)
            candidates.insert(reach);
    });
    for (int64_t reach : candidates) {
      findIn(body, reach);
      if (llvm::any_of(body.getOps<ProductLike>(), [](ProductLike product) { return product.hasWindow(); }))
        return;
    }
  }

  /// All readers of `op` have been here before.
  void demand(Operation &op, const KnownTriangles &known) {
    SmallVector<Demanded> results, operands(op.getNumOperands(), kDemandAll);
    for (Value result : op.getResults())
      results.push_back(demanded.lookup_or(result, {Demand::Nothing, Demand::Nothing}));
    if (auto triangular = dyn_cast<TriangularOp>(op)) {
      SmallVector<Known> inputs = known.ofOperands(op);
      triangular.demandTriangles(reach, inputs, results, operands);
      DictionaryAttr before = op.getAttrDictionary();
      triangular.recordTriangles(reach, inputs, results);
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
  int64_t reach = 1;  ///< how far below the diagonal what is called below begins
};

} // namespace
} // namespace sinter
