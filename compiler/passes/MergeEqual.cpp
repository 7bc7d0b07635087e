// sinter-merge-equal: equal ops become one, if something may have changed since that was done.
//
//   %a = sinter.softmax %x;  %b = sinter.softmax %x     =>     %a = sinter.softmax %x
//
// Passes that find nothing to do say so (markAllAnalysesPreserved); looking at every op again takes as long as they do.
#include "compiler/passes/Passes.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MERGEEQUAL
#include "compiler/passes/Passes.h.inc"

namespace {

/// As long as it is not invalidated, no two ops of a function are equal.
struct AllDiffer {
  explicit AllDiffer(Operation *) {}
};

struct MergeEqualPass : impl::MergeEqualBase<MergeEqualPass> {
  void runOnOperation() override {
    if (!getCachedAnalysis<AllDiffer>()) {
      IRRewriter rewriter(&getContext());
      eliminateCommonSubExpressions(rewriter, getAnalysis<DominanceInfo>(), getOperation());
      getAnalysis<AllDiffer>();
    }
    markAnalysesPreserved<AllDiffer>();
  }
};

} // namespace
} // namespace sinter
