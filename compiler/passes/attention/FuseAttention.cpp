// sinter-fuse-attention: what lives on rows x columns, and the products around it, become one sinter.attention.
//
//   %s = matmul %q, %k {transpose_rhs}           scores: queries x keys
//   %m = map (%s) { mask, scale }
//   %p = softmax %m                         =>   %o = sinter.attention over [..] (%q rows, %k columns, %v columns) {
//   all } %o = matmul %p, %v                           sums over keys
//
// A group starts at an op that works along rows of scores, and takes in what makes these and all that read them: the
// product they come from, maps, softmax, reductions of rows, products that sum over columns or rows. It is fused if no
// such value is read by anything else, and no path leaves the group and comes back. Which function of the scores stands
// in the middle does not matter. Runs before differentiation: the gradient is again a sinter.attention.
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSEATTENTION
#include "compiler/passes/Passes.h.inc"

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// A product that makes rows x columns, of a row and a column each.
bool makesScores(Operation *op) {
  auto product = dyn_cast_or_null<MatmulOp>(op);
  return product && !product.getTransposeLhs();
}

/// Collects one group, starting from an op that works along rows of scores.
class Group {
public:
  Group(Operation *seed, Value scores) : shape(shapeOf(scores)), rank(static_cast<int64_t>(shape.size())) {
    if (dependsOnScores(scores) && addOp(seed) && addValue(scores))
      checkPaths();
    else if (text.empty())
      refuse(seed, "it does not come from a product of rows and columns");
  }

  /// Why it is not fused, and the op that stands in the way; nothing if it can be.
  StringRef problem() const { return text; }
  Operation *where() const { return culprit; }
  ArrayRef<Operation *> getOps() const { return ops.getArrayRef(); }

  void fuse();

private:
  bool refuse(Operation *op, const Twine &why) {
    if (text.empty())
      text = why.str(), culprit = op;
    return false;
  }

  /// Whether `value` was made of a product of this shape, element by element and row by row.
  bool dependsOnScores(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || shapeOf(value) != shape)
      return false;
    auto [known, isNew] = fromScores.try_emplace(value, false);
    if (!isNew)
      return known->second;
    bool depends = makesScores(op);
    if (auto map = dyn_cast<MapOp>(op))
      depends =
          llvm::any_of(llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>()),
                       [&](auto pair) { return std::get<1>(pair).isIdentity() && dependsOnScores(std::get<0>(pair)); });
    else if (op->hasTrait<Rowwise>())
      depends = dependsOnScores(op->getOperand(0));
    return fromScores[value] = depends;
  }

  /// `value` is over rows and columns: so is what makes it, and all that read it join.
  bool addValue(Value value) {
    if (!values.insert(value).second)
      return true;
    return addOp(value.getDefiningOp()) && llvm::all_of(value.getUsers(), [&](Operation *user) { return addOp(user); });
  }

  bool addOp(Operation *op) {
    if (!ops.insert(op))
      return true;
    if (auto matmul = dyn_cast<MatmulOp>(op))
      return addProduct(matmul);
    if (auto map = dyn_cast<MapOp>(op))
      return addMap(map);
    if (auto reduce = dyn_cast<ReduceOp>(op))
      return addReduce(reduce);
    if (op->hasTrait<Rowwise>() && shapeOf(op->getOperand(0)) == shape) {
      for (Value operand : op->getOperands().drop_front())
        read(op, operand, {operandRow(operand), -1});
      return addValue(op->getOperand(0)) &&
             llvm::all_of(op->getResults(), [&](Value result) { return shapeOf(result) != shape || addValue(result); });
    }
    return refuse(op, "rows x columns are read by an op that needs them whole");
  }

  /// One value a row: the rows are its last dimension.
  static int64_t operandRow(Value value) { return static_cast<int64_t>(shapeOf(value).size()) - 1; }

  /// Products with such a value as left operand sum over columns or rows; others make one.
  bool addProduct(MatmulOp op) {
    if (values.contains(op.getRhs()))
      return refuse(op, "rows x columns are the right operand of a product");
    if (values.contains(op.getLhs())) {
      if (op.getTransposeRhs())
        return refuse(op, "what is summed over columns is transposed");
      bool sumsRows = op.getTransposeLhs();
      read(op, op.getRhs(), {sumsRows ? rank - 2 : -1, sumsRows ? -1 : rank - 2});
      return true;
    }
    if (!makesScores(op))
      return refuse(op, "scores are not a product of rows and columns");
    read(op, op.getLhs(), {rank - 2, -1});
    read(op, op.getRhs(), {-1, op.getTransposeRhs() ? rank - 2 : rank - 1});
    return addValue(op.getResult());
  }

  bool addReduce(ReduceOp op) {
    if (op.getAxes() != ArrayRef<int64_t>{rank - 1})
      return refuse(op, "rows x columns are reduced along another dimension than columns");
    // Who spreads it over rows and columns again belongs to the group.
    for (Operation *user : op.getResult().getUsers())
      if (auto map = dyn_cast<MapOp>(user);
          map && map.getShape() == shape && dependsOnScores(map.getResult(0)) && !addOp(map))
        return false;
    return addValue(op.getInput());
  }

  bool addMap(MapOp map) {
    if (map.getShape() != shape)
      return refuse(map, "rows x columns are read by a map of another shape");
    for (auto [input, reads] :
         llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
      if (dependsOnScores(input)) {
        if (!reads.isIdentity())
          return refuse(map, "rows x columns are read transposed");
        if (!addValue(input))
          return false;
        continue;
      }
      Axes axes;
      for (unsigned r = 0; r < reads.getNumResults(); ++r) {
        auto dim = static_cast<int64_t>(reads.getDimPosition(r));
        if (dim == rank - 2)
          axes.row = r;
        if (dim == rank - 1)
          axes.column = r;
      }
      read(map, input, axes);
      auto rank = static_cast<int64_t>(shapeOf(input).size());
      if (auto diagonals = input.getDefiningOp<DiagonalsOp>();
          diagonals && diagonals->hasOneUse() && axes.row == rank - 2 && axes.column == rank - 1) {
        read(diagonals, diagonals.getTable(), {});
        ops.insert(diagonals);
      }
    }
    return llvm::all_of(map.getResults(), [&](Value result) { return addValue(result); });
  }

  struct Axes {
    int64_t row = -1, column = -1;
  };
  struct Operand {
    Value value;
    Axes axes;
  };

  /// `op` reads `value`, which may turn out to be of the group.
  void read(Operation *op, Value value, Axes axes) { reads[op].push_back({value, axes}); }

  /// Whether no path leads from the group through other ops back into it. (What stands in front of it is not on one.)
  void checkPaths() {
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
          if (!producer->isBeforeInBlock(first) && seen.insert(producer).second)
            worklist.push_back(producer);
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      if (ops.contains(op)) {
        refuse(op, "what is computed from it outside comes back into it");
        return;
      }
      enqueue(op);
    }
  }

  ArrayRef<int64_t> shape;
  int64_t rank;
  llvm::SetVector<Operation *> ops;
  DenseSet<Value> values; ///< over rows and columns
  DenseMap<Value, bool> fromScores;
  DenseMap<Operation *, SmallVector<Operand>>
      reads; ///< of values that are not over rows and columns, or not of the group
  std::string text;
  Operation *culprit = nullptr;
};

void Group::fuse() {
  SmallVector<Operation *> inOrder(ops.begin(), ops.end());
  llvm::sort(inOrder, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  SmallVector<Operand> operands;
  IRMapping none;
  SmallVector<Value> results;
  for (Operation *op : inOrder) {
    for (const Operand &operand : reads[op])
      if (!ops.contains(operand.value.getDefiningOp()) && llvm::none_of(operands, [&](const Operand &known) {
            return known.value == operand.value && known.axes.row == operand.axes.row &&
                   known.axes.column == operand.axes.column;
          }))
        operands.push_back(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !ops.contains(user); }))
        results.push_back(result);
  }
  SmallVector<Value> inputs;
  SmallVector<int64_t> rows, columns;
  for (const Operand &operand : operands) {
    inputs.push_back(operand.value);
    rows.push_back(operand.axes.row), columns.push_back(operand.axes.column);
  }
  OpBuilder builder(inOrder.back());
  Location loc = inOrder.back()->getLoc();
  for (Operation *op : inOrder)
    if (op->hasTrait<Rowwise>())
      loc = op->getLoc();
  auto fused = AttentionOp::create(builder, loc, ValueRange(results).getTypes(), inputs, shape, rows, columns);
  Block &body = fused.getBody().emplaceBlock();
  for (Value input : inputs)
    body.addArgument(input.getType(), loc);
  OpBuilder inner = OpBuilder::atBlockEnd(&body);
  DenseMap<Value, Value> inside;
  for (Operation *op : inOrder) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (Value own = inside.lookup(operand))
        mapping.map(operand, own);
    // The same value may be rows here and columns there.
    Operation *clone = inner.clone(*op, mapping);
    for (const Operand &operand : reads[op])
      if (!ops.contains(operand.value.getDefiningOp())) {
        auto *found = llvm::find_if(operands, [&](const Operand &known) {
          return known.value == operand.value && known.axes.row == operand.axes.row &&
                 known.axes.column == operand.axes.column;
        });
        BlockArgument argument = body.getArgument(found - operands.begin());
        for (OpOperand &use : clone->getOpOperands())
          if (use.get() == operand.value) {
            use.set(argument);
            break;
          }
      }
    for (auto [from, to] : llvm::zip_equal(op->getResults(), clone->getResults()))
      inside[from] = to;
  }
  SmallVector<Value> yielded;
  for (auto [old, result] : llvm::zip_equal(results, fused.getResults())) {
    yielded.push_back(inside.lookup(old));
    old.replaceUsesWithIf(result, [&](OpOperand &use) { return !ops.contains(use.getOwner()); });
  }
  YieldOp::create(inner, loc, yielded);
  for (Operation *op : llvm::reverse(inOrder))
    op->erase();
}

struct FuseAttentionPass : impl::FuseAttentionBase<FuseAttentionPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    bool changed = false;
    DenseSet<Operation *> done; // ops of groups that were refused
    giveEachReaderItsDiagonals(block);
    for (bool again = true; again;) {
      again = false;
      for (Operation &op : block) {
        Value scores = startsGroup(op);
        if (!scores || done.contains(&op))
          continue;
        Group group(&op, scores);
        done.insert(&op);
        if (!group.problem().empty()) {
          notFused(group.where(),
                   isa<CrossEntropyOp>(op) ? "a loss and the product in front of it"
                                           : "rows x columns around a softmax into an attention",
                   group.problem());
          continue;
        }
        group.fuse();
        changed = again = true;
        break; // what this loop stands at is gone
      }
    }
    if (changed)
      sortTopologically(&block);
  }

  /// Reading them costs nothing, so each group has its own (layers may share a bias). Those of none are merged again.
  static void giveEachReaderItsDiagonals(Block &block) {
    for (auto diagonals : llvm::make_early_inc_range(block.getOps<DiagonalsOp>()))
      while (!diagonals->use_empty() && !diagonals->hasOneUse())
        diagonals->getUses().begin()->set(OpBuilder(diagonals).clone(*diagonals)->getResult(0));
  }

  /// The scores along whose rows `op` works, if it does.
  static Value startsGroup(Operation &op) {
    if (isa<CrossEntropyOp>(op)) // the head of a language model: rows are tokens, columns the vocabulary
      return op.getOperand(0);
    if (!isa<SoftmaxOp>(op))
      return {};
    Value scores = op.getOperand(0);
    return shapeOf(scores).size() >= 3 ? scores : Value();
  }
};

} // namespace
} // namespace sinter
