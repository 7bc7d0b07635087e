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
/// Tensors of the map's size that every product then reads instead of one.
constexpr int kMostInputs = 2;
/// Parts that a result may be computed in, each of which reads all of the other operand.
constexpr int64_t kMostParts = 4;

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// Whether all that `map` reads is in memory even without it, and no more has to wait there than the map's result
/// would.
bool readsWhatIsStored(MapOp map) {
  int64_t elements = elementsOf(map.getResult(0));
  int wide = 0, computed = 0;
  for (Value operand : map.getInputs()) {
    if (elementsOf(operand) < elements)
      continue;
    ++wide;
    Value source = behindReshapes(operand);
    if (isa_and_nonnull<ReadOp, arith::ConstantOp>(source.getDefiningOp()) || isa<BlockArgument>(source))
      continue;
    ++computed;
    if (!hasOtherReader(source, map))
      return false;
  }
  return wide <= kMostInputs && computed <= 1;
}

bool canBePrologue(Operation &op) {
  if (op.getNumResults() != 1 || !getElementTypeOrSelf(op.getResult(0).getType()).isF32())
    return false;
  auto map = dyn_cast<MapOp>(op);
  return map ? !map.getShape().empty() && isCheap(map) && readsWhatIsStored(map) : isa<GatherOp>(op);
}

/// Sizes of `wide` that are merged to dimension `dim` of `narrow`, without those of one.
SmallVector<int64_t> mergedTo(ArrayRef<int64_t> wide, ArrayRef<int64_t> narrow, int64_t dim) {
  SmallVector<int64_t> merged;
  size_t d = 0;
  for (int64_t to = 0; to <= dim; ++to) {
    merged.clear();
    for (int64_t size = 1; d < wide.size() && size < narrow[to]; size *= wide[d++])
      if (wide[d] != 1)
        merged.push_back(wide[d]);
  }
  return merged;
}

/// The dimension of a product's operand that is summed over.
int64_t summedDim(MatmulOp matmul, unsigned operand) {
  return operand == 0 ? (matmul.getTransposeLhs() ? 0 : 1) : (matmul.getTransposeRhs() ? 1 : 0);
}

/// Whether a product's operand is computed by its kernel, or would be if `op` were, in several of the dimensions that
/// make up the sum's.
bool splitsSum(MatmulOp matmul, unsigned operand, Operation &op) {
  Value value = matmul->getOperand(operand), source = behindReshapes(value);
  Operation *producer = source.getDefiningOp();
  return producer && (producer == &op || producer->hasAttr(kPrologueAttr)) &&
         mergedTo(shapeOf(source), shapeOf(value), summedDim(matmul, operand)).size() > 1;
}

/// Whether the kernel of a product can compute what it reads, `op` seen through views, about as fast as it reads it
/// now.
bool takesPrologue(OpOperand &use, Operation &op) {
  auto matmul = dyn_cast<MatmulOp>(use.getOwner());
  ArrayRef<int64_t> result = matmul ? shapeOf(matmul.getResult()) : ArrayRef<int64_t>();
  if (result.size() != 2 || result[0] <= kFewRows || result[1] <= kFewRows)
    return false; // attention's, or too few rows to be packed
  if (matmul.getLhsPart() || matmul.getRhsPart() || matmul.getResultPart())
    return false;
  unsigned operand = use.getOperandNumber();
  // Columns along the sum would be gathered one by one. Products of bf16 take denormals for zero, which maps do not.
  if ((operand == 1 && matmul.getTransposeRhs()) || (matmul.getBf16() && isa<MapOp>(op)))
    return false;
  ArrayRef<int64_t> from = shapeOf(op.getResult(0)), to = shapeOf(use.get());
  if (!isCollapse(from, to) || (splitsSum(matmul, 0, op) && splitsSum(matmul, 1, op)))
    return false;
  // Words side by side: of a gather's own rows and columns no one stride makes a dimension of the result.
  SmallVector<int64_t> others = mergedTo(from, to, 1 - summedDim(matmul, operand));
  auto gather = dyn_cast<GatherOp>(op);
  bool reachesRows = gather && shapeOf(gather.getIndices()).size() < from.size() && 1 - summedDim(matmul, operand) == 1;
  return !reachesRows || others.size() <= 1 || to[1] <= kMostParts * others.back();
}

/// The uses of `value` by products that can compute it, seen through views; false if anything else reads it.
bool collectProducts(Operation &op, Value value, SmallVectorImpl<OpOperand *> &uses) {
  for (OpOperand &use : value.getUses())
    if (isa<ReshapeOp>(use.getOwner()) ? !collectProducts(op, use.getOwner()->getResult(0), uses)
                                       : !takesPrologue(use, op))
      return false;
    else if (!isa<ReshapeOp>(use.getOwner()))
      uses.push_back(&use);
  return true;
}

struct FuseProloguesPass : impl::FuseProloguesBase<FuseProloguesPass> {
  void runOnOperation() override {
    // Backwards: clones stand before their products, so that none is met that was made on the way.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(getOperation().getBody().front())))
      if (!op.hasAttr(kPrologueAttr) && canBePrologue(op))
        repeatForProducts(op);
  }

  static void repeatForProducts(Operation &op) {
    SmallVector<OpOperand *> uses;
    if (!collectProducts(op, op.getResult(0), uses) || uses.empty() || uses.size() > kMostReaders)
      return;
    for (OpOperand *use : uses) {
      OpBuilder builder(use->getOwner());
      Operation *own = builder.clone(op);
      own->setAttr(kPrologueAttr, builder.getUnitAttr());
      use->set(
          reshapeTo(builder, op.getLoc(), own->getResult(0), cast<RankedTensorType>(use->get().getType()).getShape()));
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
