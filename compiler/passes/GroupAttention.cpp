// sinter-group-attention: marks the ops that live on queries x keys, so that one kernel keeps these in a thread's
// cache.
//
//   %s = matmul %q, %k {transpose_rhs}           scores: queries x keys
//   %m = map (%s) { mask, scale }
//   %p = softmax %m                         =>   all of them { sinter.attention = 0 }
//   %o = matmul %p, %v                           mix of rows of %v, and in the backward pass of %q, %k and %dO
//
// A group is all that depends on each other through such values: products that make them (of queries and keys, of
// gradients and values), maps, softmax and reductions of rows, products that sum over keys or over queries. It becomes
// a group if no such value leaves it, it holds nothing else, and no path leaves it and comes back. Where products leave
// out a triangle, sums over rows must find zeros there. Which function of the scores stands in the middle does not
// matter. Dao et al. 2022, "FlashAttention", for the principle; here rows stay whole, so that sums keep their order and
// results their bits.
#include "compiler/passes/GroupAttention.h"
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/Triangles.h"

#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "sinter-group-attention"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_GROUPATTENTION
#include "compiler/passes/Passes.h.inc"

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Collects one group, starting from its softmax.
class Attention {
public:
  Attention(SoftmaxOp softmax, const KnownTriangles &known) : shape(shapeOf(softmax.getResult())), known(known) {
    valid = mayBeAttention(shape) && addValue(softmax.getResult()) && isClosed() && makesScores && mixes &&
            llvm::all_of(ops, [&](Operation *op) { return makesOrMixes(op); }) &&
            (!skips || llvm::all_of(reductions, [&](ReduceOp op) { return ignoresLaterKeys(op); }));
  }

  bool isValid() const { return valid; }
  ArrayRef<Operation *> getOps() const { return ops.getArrayRef(); }

private:
  /// `value` is over queries and keys: so is what makes it, and all that read it join.
  bool addValue(Value value) {
    if (!values.insert(value).second)
      return true;
    Operation *producer = value.getDefiningOp();
    return producer && shapeOf(value) == shape && addOp(producer) &&
           llvm::all_of(value.getUsers(), [&](Operation *user) { return addOp(user); });
  }

  bool addOp(Operation *op) {
    if (!ops.insert(op))
      return true;
    if (auto matmul = dyn_cast<MatmulOp>(op))
      return addProduct(matmul);
    if (auto softmax = dyn_cast<SoftmaxOp>(op))
      return addValue(softmax.getInput()) && addValue(softmax.getResult());
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      reductions.push_back(reduce);
      return reduce.getAxes() == ArrayRef<int64_t>{static_cast<int64_t>(shape.size()) - 1} &&
             addValue(reduce.getInput()) && llvm::all_of(reduce.getResult().getUsers(), [&](Operation *user) {
               return isa<MapOp>(user) && addOp(user);
             });
    }
    auto map = dyn_cast<MapOp>(op);
    return map && addMap(map);
  }

  /// Products with such a value as left operand mix rows; others make one.
  bool addProduct(MatmulOp op) {
    skips |= op.getLhsPart() == TrianglePart::lower || op.getResultPart() == TrianglePart::lower;
    if (values.contains(op.getRhs()))
      return false;
    if (values.contains(op.getLhs())) {
      mixes = true;
      return !op.getTransposeRhs();
    }
    makesScores = true;
    return op.getTransposeRhs() && !op.getTransposeLhs() && addValue(op.getResult());
  }

  /// Whether `op`, if it is a product, does not do both.
  bool makesOrMixes(Operation *op) const {
    auto product = dyn_cast<MatmulOp>(op);
    return !product || values.contains(product.getLhs()) != values.contains(product.getResult());
  }

  bool addMap(MapOp map) {
    if (map.getShape() != shape)
      return false;
    for (auto [input, read] :
         llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      if (read.isIdentity() && shapeOf(input) == shape) {
        if (!addValue(input))
          return false;
        continue;
      }
      // A value per query, of this group.
      auto reduce = input.getDefiningOp<ReduceOp>();
      AffineMap perQuery =
          AffineMap::getMultiDimIdentityMap(shape.size(), map.getContext()).getMajorSubMap(shape.size() - 1);
      if (!reduce || read != perQuery || !addOp(reduce))
        return false;
    }
    return llvm::all_of(map.getResults(), [&](Value result) { return addValue(result); });
  }

  /// Whether nothing above the diagonal, which the kernel may leave out, counts in a reduction.
  bool ignoresLaterKeys(ReduceOp op) const {
    Attribute value = known.of(op.getInput())[kAbove];
    return value && op.getKind() == ReduceKind::sum && isZero(value);
  }

  /// Whether no path leads from the group through other ops back into it. What stands in front of the group is not on
  /// one.
  bool isClosed() {
    Operation *first = *llvm::min_element(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    DenseSet<Operation *> seen;
    SmallVector<Operation *> worklist;
    auto enqueue = [&](Operation *op) {
      for (Value operand : op->getOperands())
        if (Operation *producer = operand.getDefiningOp();
            producer && !producer->isBeforeInBlock(first) && seen.insert(producer).second)
          worklist.push_back(producer);
    };
    for (Operation *op : ops)
      for (Value operand : op->getOperands())
        if (Operation *producer = operand.getDefiningOp(); producer && !ops.contains(producer))
          enqueue(producer);
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      if (ops.contains(op))
        return false;
      enqueue(op);
    }
    return true;
  }

  ArrayRef<int64_t> shape;
  llvm::SetVector<Operation *> ops;
  DenseSet<Value> values; ///< over queries and keys
  SmallVector<ReduceOp> reductions;
  const KnownTriangles &known;
  bool valid = false, makesScores = false, mixes = false;
  bool skips = false; ///< products leave out keys after a query
};

struct GroupAttentionPass : impl::GroupAttentionBase<GroupAttentionPass> {
  void runOnOperation() override {
    if (!llvm::hasSingleElement(getOperation().getBody()))
      return;
    Builder builder(&getContext());
    KnownTriangles known(getOperation().getBody().front());
    int64_t count = 0;
    for (auto softmax : getOperation().getOps<SoftmaxOp>()) {
      if (softmax->hasAttr(kAttentionAttr))
        continue;
      Attention group(softmax, known);
      if (!group.isValid())
        continue;
      for (Operation *op : group.getOps())
        op->setAttr(kAttentionAttr, builder.getI64IntegerAttr(count));
      DEBUG_AT(softmax) << "is attention " << count << " of " << group.getOps().size() << " ops";
      ++count;
    }
    counted(getOperation(), DEBUG_TYPE, "attentions marked", count);
  }
};

} // namespace
} // namespace sinter
