// sinter-fuse-prologues: what products read is computed in their kernels, while they pack it.
//
//   %h = map (%x, %scale) { * }            (%x has other readers: it is stored in any case)
//   %a = matmul %h, %w                     %h1 = map (%x, %scale) { * } {sinter.prologue}
//   %b = matmul %h, %g             =>      %a = matmul %h1, %w
//                                          %h2 = map (%x, %scale) { * } {sinter.prologue}
//                                          %b = matmul %h2, %g
//
// Nobody stores %h. The same goes for a gather that only products read (an embedding in front of a layer). Attention's
// products, and few rows, which are not packed, keep what they have. Runs after differentiation, and before anything
// would be computed again for the backward pass. KernelGroups.h puts the marked op and its product into one kernel.
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSEPROLOGUES
#include "compiler/passes/Passes.h.inc"

namespace {

/// A gradient's two products and their forward one, and one to spare.
constexpr size_t kMostReaders = 4;
/// A product of fewer rows reads its operands once, in place.
constexpr int64_t kFewRows = 4;

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

bool hasOtherReader(Value value, Operation *reader) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return isa<ReshapeOp>(user) ? hasOtherReader(user->getResult(0), reader) : user != reader;
  });
}

/// Whether all that `op` reads is in memory even without it.
bool readsWhatIsStored(Operation *op) {
  int64_t elements = elementsOf(op->getResult(0));
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    Value source = behindReshapes(operand);
    Operation *producer = source.getDefiningOp();
    return !producer || isa<ReadOp>(producer) || producer->hasTrait<OpTrait::ConstantLike>() || elementsOf(operand) < elements ||
           hasOtherReader(source, op);
  });
}

bool canBePrologue(Operation &op) {
  if (op.getNumResults() != 1 || !getElementTypeOrSelf(op.getResult(0).getType()).isF32())
    return false;
  auto map = dyn_cast<MapOp>(op);
  return map ? !map.getShape().empty() && isCheap(map) && readsWhatIsStored(map) : isa<GatherOp>(op);
}

/// A product of matrices of many rows, into which nothing but its operands' layout and computation has to go.
bool takesPrologue(Operation *op) {
  auto matmul = dyn_cast<MatmulOp>(op);
  ArrayRef<int64_t> shape = matmul ? matmul.getResult().getType().getShape() : ArrayRef<int64_t>();
  return shape.size() == 2 && shape[0] > kFewRows && shape[1] > kFewRows;
}

/// The uses of `value` by products, seen through views; false if anything else reads it.
bool collectProducts(Value value, SmallVectorImpl<OpOperand *> &uses) {
  for (OpOperand &use : value.getUses())
    if (isa<ReshapeOp>(use.getOwner()) ? !collectProducts(use.getOwner()->getResult(0), uses) : !takesPrologue(use.getOwner()))
      return false;
    else if (!isa<ReshapeOp>(use.getOwner()))
      uses.push_back(&use);
  return true;
}

struct FuseProloguesPass : impl::FuseProloguesBase<FuseProloguesPass> {
  void runOnOperation() override {
    // Backwards, so that a map that reads a gather has been repeated when the gather's turn comes.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(getOperation().getBody().front())))
      if (!op.hasAttr(kPrologueAttr) && canBePrologue(op))
        repeatForProducts(op);
  }

  static void repeatForProducts(Operation &op) {
    SmallVector<OpOperand *> uses;
    if (!collectProducts(op.getResult(0), uses) || uses.empty() || uses.size() > kMostReaders)
      return;
    for (OpOperand *use : uses) {
      OpBuilder builder(use->getOwner());
      Operation *own = builder.clone(op);
      own->setAttr(kPrologueAttr, builder.getUnitAttr());
      use->set(reshapeTo(builder, op.getLoc(), own->getResult(0), cast<RankedTensorType>(use->get().getType()).getShape()));
    }
    eraseWithViews(op);
  }

  static void eraseWithViews(Operation &op) {
    for (Operation *view : llvm::make_early_inc_range(op.getUsers()))
      eraseWithViews(*view);
    op.erase();
  }
};

} // namespace
} // namespace sinter
