// sinter-align-loops: the parts of stacked values begin where a target may bind them.
//
//   loop @body over(%x : 3 x 5)                  %y = pad %x to 3 x 64;  loop @body over(%y : 3 x 64)
//   @body(%x0: tensor<5xf32>)             =>     @body(%y0: tensor<64xf32>) { %x0 = slice %y0 to 5 ...
//
// The same of what steps give: they pad it, and a slice of the stack takes the zeros away.
#include "compiler/passes/Debug.h"
#include "compiler/passes/loops/LoopPasses.h"
#include "dialects/plan/Plan.h"

#define DEBUG_TYPE "sinter-align-loops"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_ALIGNLOOPS
#include "compiler/passes/loops/Passes.h.inc"

namespace {

bool isAligned(Type step) { return plan::sizeInBytes(cast<ShapedType>(step)) % plan::kAlignment == 0; }

/// As many elements as fill whole places.
int64_t paddedSize(RankedTensorType step) {
  int64_t bytes = step.getElementTypeBitWidth() / 8;
  return plan::alignUp(plan::sizeInBytes(step)) / bytes;
}

/// [outer..., any shape] as [outer..., all of it, then zeros].
Value pad(OpBuilder &builder, Location loc, Value value, size_t outer) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape().take_front(outer)), none(outer + 1), high(outer + 1);
  auto step = type.clone(type.getShape().drop_front(outer));
  shape.push_back(step.getNumElements());
  high.back() = paddedSize(step) - step.getNumElements();
  Value flat = ReshapeOp::create(builder, loc, type.clone(shape), value);
  return PadOp::create(builder, loc, flat, none, high, none);
}

/// The other way.
Value unpad(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  auto padded = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> starts(padded.getRank()), limits(padded.getShape()), strides(padded.getRank(), 1);
  limits.back() = type.getNumElements() / llvm::product_of(padded.getShape().drop_back());
  Value part = SliceOp::create(builder, loc, value, starts, limits, strides);
  return ReshapeOp::create(builder, loc, type, part);
}

struct AlignLoopsPass : impl::AlignLoopsBase<AlignLoopsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<LoopOp> loops;
    getOperation().walk([&](LoopOp loop) { loops.push_back(loop); });
    int64_t aligned = 0;
    for (LoopOp loop : loops)
      aligned += align(loop, symbols.lookup<func::FuncOp>(loop.getCallee()));
    counted(getOperation(), DEBUG_TYPE, "loops aligned", aligned);
  }

  static bool align(LoopOp loop, func::FuncOp body) {
    OpBuilder before(loop), inside = OpBuilder::atBlockBegin(&body.getBody().front());
    bool changed = false;
    for (auto [number, sequence] : llvm::enumerate(loop.getSequencesMutable())) {
      BlockArgument argument = body.getArgument(loop.getNumCarries() + number);
      auto type = cast<RankedTensorType>(argument.getType());
      if (isAligned(type))
        continue;
      sequence.set(pad(before, loop.getLoc(), sequence.get(), 1));
      argument.setType(stepType(sequence.get().getType()));
      Value part = unpad(inside, argument.getLoc(), argument, type);
      argument.replaceUsesWithIf(
          part, [&](OpOperand &use) { return use.getOwner() != part.getDefiningOp()->getOperand(0).getDefiningOp(); });
      changed = true;
    }
    Operation *end = body.getBody().front().getTerminator();
    OpBuilder last(end);
    SmallVector<Type> types(loop.getResultTypes());
    for (unsigned i = loop.getNumCarries(); i < loop.getNumResults(); ++i) {
      Value value = end->getOperand(i);
      if (isAligned(value.getType()))
        continue;
      end->setOperand(i, pad(last, end->getLoc(), value, 0));
      types[i] = stackedType(end->getOperand(i).getType(), loop.getSteps());
      changed = true;
    }
    if (!changed)
      return false;
    body.setFunctionType(before.getFunctionType(body.getBody().front().getArgumentTypes(), end->getOperandTypes()));
    auto other = LoopOp::create(before, loop.getLoc(), types, loop.getCallee(), loop.getSteps(), loop.getReverse(),
                                loop.getInit(), loop.getSequences(), loop.getInvariants());
    copyWhile(loop, other);
    for (auto [old, result] : llvm::zip_equal(loop.getResults(), other.getResults()))
      old.replaceAllUsesWith(old.getType() == result.getType()
                                 ? Value(result)
                                 : unpad(before, loop.getLoc(), result, cast<RankedTensorType>(old.getType())));
    loop.erase();
    return true;
  }
};

} // namespace
} // namespace sinter
