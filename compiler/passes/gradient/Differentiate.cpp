// sinter-differentiate: expands sinter.grad.
//
//   %y = sinter.map (%w) ... : square            %y = ...
//   %l = sinter.reduce sum %y                    %l = ...
//   %g = sinter.grad %l wrt %w            =>     %one = 1;  %b = sinter.broadcast %one;  %g = sinter.map (%w, %b) ...
//
// Each sinter.grad is expanded in program order, so a loss that was computed from a gradient meets ordinary ops only.
// The reverse sweep goes over the ops between `wrt` and the loss; every op gives its own vjp (DifferentiableOp).
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "dialects/sinter/ReverseMode.h"

#define DEBUG_TYPE "sinter-differentiate"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/passes/Passes.h.inc"

namespace {

LogicalResult expand(GradOp grad) {
  // The ops before `grad` in its block that the loss depends on, in program order.
  DenseSet<Operation *> leadsToLoss;
  SmallVector<Operation *> worklist{grad.getLoss().getDefiningOp()};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (op && leadsToLoss.insert(op).second)
      for (Value operand : op->getOperands())
        worklist.push_back(operand.getDefiningOp());
  }
  SmallVector<Operation *> ops;
  for (Operation &op : *grad->getBlock())
    if (leadsToLoss.contains(&op))
      ops.push_back(&op);

  OpBuilder builder(grad);
  Cotangents cotangents;
  cotangents.add(builder, grad.getLoc(), grad.getLoss(), splat(builder, grad.getLoc(), grad.getLoss().getType(), 1));
  DenseSet<Value> active = dependents(ops, grad.getWrt()), thrown;
  markThrownAway(ops, active, thrown);
  if (failed(backpropagate(builder, ops, active, cotangents)))
    return grad.emitRemark("the gradient was asked for here"), failure();
  for (auto [wrt, result] : llvm::zip_equal(grad.getWrt(), grad.getGradients())) {
    Value gradient = cotangents.lookup(wrt);
    result.replaceAllUsesWith(gradient ? gradient : splat(builder, grad.getLoc(), result.getType(), 0));
  }
  grad.erase();
  return success();
}

struct DifferentiatePass : impl::DifferentiateBase<DifferentiatePass> {
  void runOnOperation() override {
    SmallVector<GradOp> grads;
    getOperation().walk([&](GradOp grad) { grads.push_back(grad); });
    for (GradOp grad : grads) {
      DEBUG_AT(grad) << "expands the gradient by " << grad.getWrt().size() << " values";
      if (failed(expand(grad)))
        return signalPassFailure();
    }
    counted(getOperation(), DEBUG_TYPE, "gradients expanded", grads.size());
    // No gradient is left to ask for them, or to be stopped by them.
    getOperation().walk([](Operation *op) {
      op->removeDiscardableAttr(kMayBeThrownAway);
      if (!isa<VariableOp, StopGradientOp>(op))
        return;
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      op->erase();
    });
  }
};

} // namespace
} // namespace sinter
