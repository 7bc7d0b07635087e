// sinter-outline-loops, sinter-inline-loops: the body of a scan as a function, and back.
//
//   %y = sinter.scan 3 carry(%h) ... {           %y = sinter.loop @train.loop 3 carry(%h) ...
//   ^bb0(%h0: tensor<4xf32>):              <=>   func.func private @train.loop(%h0: tensor<4xf32>) -> tensor<4xf32>
//     ...                                          attributes {sinter.entry, sinter.loop_body = 1} { ... }
//   }
#include "compiler/passes/Debug.h"
#include "compiler/passes/loops/LoopPasses.h"

#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-outline-loops"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_OUTLINELOOPS
#define GEN_PASS_DEF_INLINELOOPS
#include "compiler/passes/loops/Passes.h.inc"

namespace {

struct OutlineLoopsPass : impl::OutlineLoopsBase<OutlineLoopsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<ScanOp> scans;
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); }); // inner ones first
    for (ScanOp scan : scans)
      outline(scan, symbols);
    counted(getOperation(), DEBUG_TYPE, "loops outlined", scans.size());
  }

  static void outline(ScanOp scan, SymbolTable &symbols) {
    auto parent = scan->getParentOfType<func::FuncOp>();
    OpBuilder builder(scan);
    auto type = builder.getFunctionType(bodyArguments(scan), bodyResults(scan));
    std::string name = (parent.getName() + ".loop").str();
    auto function = func::FuncOp::create(scan.getLoc(), name, type);
    function.setPrivate();
    function->setAttr(kEntryAttr, builder.getUnitAttr());
    function->setAttr(kLoopBodyAttr, builder.getI64IntegerAttr(scan.getNumCarries()));
    function.getBody().takeBody(scan.getBody());
    Operation *next = function.getBody().front().getTerminator();
    OpBuilder at(next);
    func::ReturnOp::create(at, next->getLoc(), next->getOperands());
    next->erase();
    symbols.insert(function, std::next(parent->getIterator()));
    auto loop = LoopOp::create(builder, scan.getLoc(), scan.getResultTypes(), function.getName(), scan.getSteps(),
                               scan.getReverse(), scan.getInit(), scan.getSequences(), scan.getInvariants());
    copyWhile(scan, loop);
    scan->replaceAllUsesWith(loop);
    scan.erase();
  }
};

struct InlineLoopsPass : impl::InlineLoopsBase<InlineLoopsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function->hasAttr(kLoopBodyAttr))
        inlineInto(function, symbols);
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kLoopBodyAttr))
        function.erase();
  }

  static void inlineInto(func::FuncOp function, SymbolTable &symbols) {
    SmallVector<LoopOp> loops;
    function.walk([&](LoopOp loop) { loops.push_back(loop); });
    for (LoopOp loop : loops) {
      auto body = symbols.lookup<func::FuncOp>(loop.getCallee());
      inlineInto(body, symbols);
      OpBuilder builder(loop);
      auto scan = ScanOp::create(builder, loop.getLoc(), loop.getResultTypes(), loop.getSteps(), loop.getReverse(),
                                 loop.getInit(), loop.getSequences(), loop.getInvariants());
      copyWhile(loop, scan);
      IRMapping mapping;
      body.getBody().cloneInto(&scan.getBody(), mapping);
      Operation *end = scan.getBody().front().getTerminator();
      builder.setInsertionPoint(end);
      NextOp::create(builder, end->getLoc(), end->getOperands());
      end->erase();
      loop->replaceAllUsesWith(scan);
      loop.erase();
    }
  }
};

} // namespace
} // namespace sinter
