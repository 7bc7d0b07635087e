// sinter-expand: ops become what they are made of, where several kernels do better than one.
//
//   %y = sinter.cumsum %x axis 0 : tensor<1000xf32>   =>   blocks of 16, their sums, the prefix sums of these; added
//
// Nothing here knows an op's name. What an op is made of may be expanded in turn. Runs once gradients exist: the
// gradient of such an op is one of its own kind, not that of its parts.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/Sinter.h"

#define DEBUG_TYPE "sinter-expand"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_EXPAND
#include "compiler/passes/Passes.h.inc"

namespace {

struct ExpandPass : impl::ExpandBase<ExpandPass> {
  void runOnOperation() override {
    int64_t expanded = 0;
    for (bool again = true; again;) {
      again = false;
      SmallVector<ExpandableOp> ops;
      getOperation().walk([&](ExpandableOp op) { ops.push_back(op); });
      for (ExpandableOp op : ops) {
        OpBuilder builder(op);
        SmallVector<Value> values = op.expand(builder);
        if (values.empty())
          continue;
        DEBUG_AT(op) << "expands " << op->getName();
        op->replaceAllUsesWith(values);
        op->erase();
        again = true;
        ++expanded;
      }
    }
    counted(getOperation(), DEBUG_TYPE, "ops expanded", expanded);
  }
};

} // namespace
} // namespace sinter
