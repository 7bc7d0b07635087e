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
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"

#define DEBUG_TYPE "sinter-fuse-prologues"

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

/// Why `op`, which a product reads, is not computed once more for it; null if it can be.
const char *whyStored(Operation &op) {
  auto map = dyn_cast<MapOp>(op);
  if (!map)
    return nullptr;
  if (map.getNumResults() != 1)
    return "it has several results";
  if (map.getShape().empty() || !isCheap(map))
    return "computing it costs more than reading it";
  return readsWhatIsStored(map) ? nullptr
                                : "it reads more from memory than its result is, or what is stored for it alone";
}

bool canBePrologue(Operation &op) {
  return isa<MapOp, GatherOp>(op) && getElementTypeOrSelf(op.getResult(0).getType()).isF32();
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

/// Why the kernel of a product cannot compute what it reads, `op` seen through views, about as fast as it reads it now;
/// null if it can.
const char *whyNotTaken(OpOperand &use, Operation &op) {
  auto matmul = dyn_cast<MatmulOp>(use.getOwner());
  if (!matmul)
    return "something else than a product reads it, too";
  ArrayRef<int64_t> result = shapeOf(matmul.getResult());
  if (result.size() != 2 || matmul.getLhsPart() || matmul.getRhsPart() || matmul.getResultPart())
    return "one of its products has more than two dimensions, or leaves out a triangle";
  if (result[0] <= kFewRows || result[1] <= kFewRows)
    return "one of its products has too few rows or columns to pack what it reads";
  unsigned operand = use.getOperandNumber();
  if (operand == 1 && matmul.getTransposeRhs())
    return "one of its products would gather the columns of its right operand one by one";
  if (matmul.getBf16() && isa<MapOp>(op))
    return "one of its products takes denormals for zero, as bf16 does";
  ArrayRef<int64_t> from = shapeOf(op.getResult(0)), to = shapeOf(use.get());
  if (!isCollapse(from, to) || (splitsSum(matmul, 0, op) && splitsSum(matmul, 1, op)))
    return "one of its products reads it under a shape that has no strides in it";
  // Words side by side: of a gather's own rows and columns no one stride makes a dimension of the result.
  SmallVector<int64_t> others = mergedTo(from, to, 1 - summedDim(matmul, operand));
  auto gather = dyn_cast<GatherOp>(op);
  bool reachesRows = gather && shapeOf(gather.getIndices()).size() < from.size() && 1 - summedDim(matmul, operand) == 1;
  return !reachesRows || others.size() <= 1 || to[1] <= kMostParts * others.back()
             ? nullptr
             : "one of its products would be computed in too many parts";
}

/// What reads `value`, seen through views.
void collectReaders(Value value, SmallVectorImpl<OpOperand *> &uses) {
  for (OpOperand &use : value.getUses())
    if (isa<ReshapeOp>(use.getOwner()))
      collectReaders(use.getOwner()->getResult(0), uses);
    else
      uses.push_back(&use);
}

/// The readers of `op`, if they are products that can compute it; else none.
SmallVector<OpOperand *> collectProducts(Operation &op) {
  SmallVector<OpOperand *> uses;
  collectReaders(op.getResult(0), uses);
  bool matrices = llvm::any_of(uses, [](OpOperand *use) {
    return isa<MatmulOp>(use->getOwner()) && shapeOf(use->getOwner()->getResult(0)).size() == 2;
  });
  if (!matrices)
    return {}; // attention's products have kernels of their own kind
  auto refuse = [&](const Twine &why) {
    notFused(&op, op.getName().getStringRef() + " into the products that read it", why);
    return SmallVector<OpOperand *>();
  };
  if (const char *why = whyStored(op))
    return refuse(why);
  for (OpOperand *use : uses)
    if (const char *why = whyNotTaken(*use, op))
      return refuse(why);
  if (uses.size() > kMostReaders)
    return refuse(Twine(uses.size()) + " products read it, and it is repeated for at most " + Twine(kMostReaders));
  return uses;
}

struct FuseProloguesPass : impl::FuseProloguesBase<FuseProloguesPass> {
  void runOnOperation() override {
    // Backwards: clones stand before their products, so that none is met that was made on the way.
    int64_t count = 0;
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(getOperation().getBody().front())))
      if (!op.hasAttr(kPrologueAttr) && canBePrologue(op))
        count += repeatForProducts(op);
    counted(getOperation(), DEBUG_TYPE, "prologues of products formed", count);
  }

  /// For how many.
  static int64_t repeatForProducts(Operation &op) {
    SmallVector<OpOperand *> uses = collectProducts(op);
    if (uses.empty())
      return 0;
    DEBUG_AT(&op) << op.getName() << " is repeated for " << uses.size() << " products";
    for (OpOperand *use : uses) {
      OpBuilder builder(use->getOwner());
      Operation *own = builder.clone(op);
      own->setAttr(kPrologueAttr, builder.getUnitAttr());
      use->set(
          reshapeTo(builder, op.getLoc(), own->getResult(0), cast<RankedTensorType>(use->get().getType()).getShape()));
    }
    eraseWithViews(op);
    return uses.size();
  }

  static void eraseWithViews(Operation &op) {
    for (Operation *view : llvm::make_early_inc_range(op.getUsers()))
      eraseWithViews(*view);
    op.erase();
  }
};

} // namespace
} // namespace sinter
