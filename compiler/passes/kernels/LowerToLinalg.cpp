// sinter-lower-to-linalg: every op that implements LowerableOp gives the linalg ops it equals.
//
//   %y = sinter.reduce sum %x axes [1]   =>   %0 = linalg.fill 0;  %y = linalg.generic ... { arith.addf }
//
// Nothing here knows an op's name, but that the region of a sinter.attention belongs to its target. Rules may build
// sinter ops that are lowerable in turn.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"

#define DEBUG_TYPE "sinter-lower-to-linalg"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_LOWERTOLINALG
#include "compiler/passes/Passes.h.inc"

namespace {

/// Gives a role to every op that is inserted.
struct RoleListener : OpBuilder::Listener {
  explicit RoleListener(Attribute role) : role(role) {}
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    if (role && (isa<linalg::GenericOp, LowerableOp>(op)))
      op->setAttr(kRoleAttr, role);
  }
  Attribute role;
};

struct LowerToLinalgPass : impl::LowerToLinalgBase<LowerToLinalgPass> {
  void runOnOperation() override {
    // In an entry a reshape is a view that costs nothing, and stays.
    bool kernel = getOperation()->hasAttr(kKernelAttr) || !getOperation()->hasAttr(kEntryAttr);
    SmallVector<LowerableOp> worklist;
    int64_t lowered = 0;
    do {
      worklist.clear();
      getOperation().walk([&](LowerableOp op) {
        if ((kernel || !isFreeView(op)) && !op->getParentOfType<AttentionOp>())
          worklist.push_back(op);
      });
      for (LowerableOp op : worklist) {
        // What is made of an op has its role.
        RoleListener listener(op->getAttr(kRoleAttr));
        OpBuilder builder(op, &listener);
        FailureOr<SmallVector<Value>> values = op.lowerToLinalg(builder);
        if (failed(values)) {
          op->emitError() << op->getName().getStringRef() << ": cannot be lowered to linalg";
          return signalPassFailure();
        }
        DEBUG_AT(op) << "lowers " << op->getName();
        ++lowered;
        op->replaceAllUsesWith(*values);
        op->erase();
      }
    } while (!worklist.empty());
    counted(getOperation(), DEBUG_TYPE, "ops lowered", lowered);
  }
};

} // namespace
} // namespace sinter
