// sinter-rematerialize: what a map computed long ago is computed once more by a map that reads its inputs anyway.
//
//   %h = map (%x) { gelu }                       %h = map (%x) { gelu }
//   ... %h is read, the loss, its gradient ...   ...
//   %d = map (%x, %g) { gelu' }           =>     %d, %h1 = map (%x, %g) { gelu' ; gelu }
//   %w = matmul %h, %g                           %w = matmul %h1, %g
//
// Attention weights, which no map can give, are computed again from the queries and keys that the backward pass reads
// in any case, of as many layers as a hundredth of the function's multiplications pays for.
//
// %h then dies where the forward pass has read it, instead of waiting for its turn in the backward pass; what both
// regions compute (the tanh of a gelu) is computed once. No life becomes longer but those of small inputs, and the bits
// are the same. Chen, Xu, Zhang, Guestrin 2016, "Training deep nets with sublinear memory cost", for the principle.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/Reachability.h"
#include "compiler/passes/fuse/NotFused.h"
#include "dialects/sinter/Places.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-rematerialize"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_REMATERIALIZE
#include "compiler/passes/Passes.h.inc"

namespace {

/// A value is far from its next reader if so many times its bytes are computed in between.
constexpr int64_t kFar = 4;
/// Of a function's multiplications, one in so many may be done again.
constexpr int64_t kShare = 100;
/// An input may be read for this alone if it is so many times smaller than the result.
constexpr int64_t kSmall = 64;

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// Which input of `map` is `value`, read through `read`.
std::optional<unsigned> findInput(MapOp map, Value value, Attribute read) {
  for (auto [i, input, itsRead] : llvm::enumerate(map.getInputs(), map.getIndexingMaps()))
    if (input == value && itsRead == read)
      return i;
  return std::nullopt;
}

/// Uses of `value` by ops that are no views; views of it are followed.
void collectUses(Value value, SmallVectorImpl<OpOperand *> &uses) {
  for (OpOperand &use : value.getUses())
    if (isFreeView(use.getOwner()))
      collectUses(use.getOwner()->getResult(0), uses);
    else
      uses.push_back(&use);
}

/// Whether only reductions and row-wise ops read `map`, in whose kernels it is never stored.
bool isOnlyReduced(MapOp map) {
  SmallVector<OpOperand *> uses;
  for (Value result : map.getResults())
    collectUses(result, uses);
  return llvm::all_of(uses, [](OpOperand *use) { return takesMapsIn(use->getOwner()); });
}

bool isSmallInput(Value input, MapOp map) { return elementsOf(input) * kSmall <= elementsOf(map.getResult(0)); }

/// Whether `reader` reads all that `map` does but for small inputs, over the same elements.
bool coversInputs(MapOp reader, MapOp map) {
  if (reader == map || reader.getShape() != map.getShape())
    return false;
  return llvm::all_of(llvm::zip_equal(map.getInputs(), map.getIndexingMaps()), [&](auto pair) {
    auto [input, read] = pair;
    return findInput(reader, input, read) || isSmallInput(input, map);
  });
}

/// Of `values`, the one with fewest uses. (Some may have thousands, which takes a while to count.)
Value leastUsed(ArrayRef<Value> values) {
  SmallVector<Value::use_iterator> next;
  for (Value value : values)
    next.push_back(value.use_begin());
  for (;;)
    for (auto [value, use] : llvm::zip_equal(values, next))
      if (use == value.use_end() || ++use == value.use_end())
        return value;
}

/// The maps behind `map` that may cover its inputs, in order: they read all that are not small.
SmallVector<MapOp> possibleReaders(MapOp map) {
  SmallVector<MapOp> readers;
  SmallVector<Value> large;
  llvm::copy_if(map.getInputs(), std::back_inserter(large), [&](Value input) { return !isSmallInput(input, map); });
  if (!large.empty()) {
    for (Operation *user : leastUsed(large).getUsers())
      if (auto reader = dyn_cast<MapOp>(user); reader && map->isBeforeInBlock(reader))
        readers.push_back(reader);
    llvm::sort(readers, [](MapOp a, MapOp b) { return a->isBeforeInBlock(b); });
    readers.erase(llvm::unique(readers), readers.end());
    return readers;
  }
  for (Operation *op = map->getNextNode(); op; op = op->getNextNode())
    if (auto reader = dyn_cast<MapOp>(op))
      readers.push_back(reader);
  return readers;
}

bool isFar(Operation *from, Operation *to, int64_t elements) {
  int64_t between = 0;
  for (Operation *op = from->getNextNode(); op && op != to && between < kFar * elements; op = op->getNextNode())
    if (!isFreeView(op) && !op->hasAttr(kPrologueAttr)) // (neither is stored)
      for (Value result : op->getResults())
        between += elementsOf(result);
  return between >= kFar * elements;
}

/// `map` with the results of `extra`, which come last.
MapOp append(MapOp map, MapOp extra) {
  SmallVector<Value> inputs(map.getInputs());
  SmallVector<Attribute> reads(map.getIndexingMaps().getValue());
  Block &body = map.getBody().front(), &source = extra.getBody().front();
  IRMapping mapping;
  for (auto [input, read, argument] :
       llvm::zip_equal(extra.getInputs(), extra.getIndexingMaps(), source.getArguments())) {
    std::optional<unsigned> found = findInput(map, input, read);
    if (!found) {
      inputs.push_back(input);
      reads.push_back(read);
    }
    mapping.map(argument, found ? body.getArgument(*found) : body.addArgument(argument.getType(), argument.getLoc()));
  }
  Operation *yield = body.getTerminator();
  OpBuilder inner(yield);
  for (Operation &op : source.without_terminator())
    inner.clone(op, mapping);
  SmallVector<Value> yielded(yield->getOperands());
  for (Value value : source.getTerminator()->getOperands())
    yielded.push_back(mapping.lookupOrDefault(value));
  yield->setOperands(yielded);

  SmallVector<Type> types(map.getResultTypes());
  llvm::append_range(types, extra.getResultTypes());
  OpBuilder builder(map);
  auto both = MapOp::create(builder, map.getLoc(), types, inputs, builder.getArrayAttr(reads));
  both.getBody().takeBody(map.getBody());
  map.replaceAllUsesWith(both.getResults().take_front(map.getNumResults()));
  map.erase();
  return both;
}

/// The product, and what is between it and `rows`, in order: maps of nothing else, and views. Empty if there is more.
SmallVector<Operation *> chainFromProduct(Operation *rows) {
  SmallVector<Operation *> chain{rows};
  while (!isa<ProductLike>(chain.back())) {
    Operation *op = chain.back();
    Operation *producer =
        op->getNumOperands() == 1 && op->getNumResults() == 1 ? op->getOperand(0).getDefiningOp() : nullptr;
    if (!isa_and_nonnull<ProductLike, MapOp>(producer) && !isFreeView(producer))
      return {};
    chain.push_back(producer);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

/// Points `uses` to `value`, seen through views of their types; their owners may stand before it.
void redirect(ArrayRef<OpOperand *> uses, Value value, Reachability &graph) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  for (OpOperand *use : uses) {
    Value view = value;
    if (use->get().getType() != value.getType()) {
      view = ReshapeOp::create(builder, use->getOwner()->getLoc(), use->get().getType(), value);
      graph.add(view.getDefiningOp(), graph.rankOf(value.getDefiningOp()));
    }
    use->set(view);
    graph.connect(view.getDefiningOp(), use->getOwner());
  }
}

struct RematerializePass : impl::RematerializeBase<RematerializePass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    int64_t maps = 0;
    {
      Reachability graph(block);
      // What replaces a reader stands where that stood, behind `op`.
      for (Operation *op = &block.front(); op; op = op->getNextNode())
        if (auto map = dyn_cast<MapOp>(op); map && map.getNumResults() == 1 && !map.getShape().empty())
          maps += recomputeLater(map, graph);
    }
    if (maps > 0)
      sortTopologically(&block);
    Reachability graph(block);
    int64_t weights = recomputeWeights(block, graph);
    counted(getOperation(), DEBUG_TYPE, "maps computed again by later readers", maps);
    counted(getOperation(), DEBUG_TYPE, "attention weights computed again", weights);
  }

  /// The first layers first: their weights wait longest.
  int64_t recomputeWeights(Block &block, Reachability &graph) {
    int64_t budget = 0, count = 0;
    for (auto product : block.getOps<ProductLike>())
      budget += product.getMultiplications();
    budget /= kShare;
    for (Operation &weights : llvm::make_early_inc_range(block)) {
      if (!weights.hasTrait<Rowwise>() || weights.getNumResults() != 1)
        continue;
      SmallVector<Operation *> chain = chainFromProduct(&weights);
      if (chain.empty())
        continue;
      SmallVector<OpOperand *> later = laterReaders(chain, graph);
      int64_t cost = cast<ProductLike>(chain.front()).getMultiplications();
      if (later.empty())
        continue;
      if (cost > budget) {
        notFused(&weights, "attention weights into the backward pass, which reads them from memory",
                 "that takes " + Twine(cost) + " multiplications, but of the hundredth that may be done again " +
                     Twine(budget) + " are left");
        continue;
      }
      DEBUG_AT(&weights) << "is computed again for " << later.size() << " readers";
      recomputeFor(later, chain, graph);
      ++count;
      budget -= cost;
    }
    return count;
  }

  static Operation *firstOwner(ArrayRef<OpOperand *> uses) {
    return (*llvm::min_element(
                uses, [](OpOperand *a, OpOperand *b) { return a->getOwner()->isBeforeInBlock(b->getOwner()); }))
        ->getOwner();
  }

  /// Those readers of what `chain` computes that depend on other readers: the backward pass on the forward. None if all
  /// do, if `chain` reads what only lives for it by then, or if it is computed shortly before.
  SmallVector<OpOperand *> laterReaders(ArrayRef<Operation *> chain, Reachability &graph) {
    Value result = chain.back()->getResult(0);
    SmallVector<OpOperand *> uses, later;
    for (Operation *op : chain)
      if (!isFreeView(op))
        collectUses(op->getResult(0), uses);
    llvm::erase_if(uses, [&](OpOperand *use) { return llvm::is_contained(chain, use->getOwner()); });
    llvm::copy_if(uses, std::back_inserter(later), [&](OpOperand *use) {
      return llvm::any_of(uses, [&](OpOperand *other) { return graph.leadsTo(other->getOwner(), use->getOwner()); });
    });
    if (later.empty() || later.size() == uses.size())
      return {};
    Operation *first = firstOwner(later);
    if (!isFar(chain.back(), first, elementsOf(result)))
      return {};
    // What the product reads must be there in any case.
    for (Value operand : chain.front()->getOperands())
      if (llvm::all_of(operand.getUsers(), [&](Operation *user) { return user->isBeforeInBlock(first); }))
        return {};
    return later;
  }

  /// Repeats `chain` in front of `later`, which read the second one.
  void recomputeFor(ArrayRef<OpOperand *> later, ArrayRef<Operation *> chain, Reachability &graph) {
    Operation *first = firstOwner(later);
    OpBuilder builder(first);
    IRMapping mapping;
    for (Operation *op : chain)
      graph.add(builder.clone(*op, mapping), graph.rankOf(first));
    for (OpOperand *use : later)
      redirect(use, mapping.lookup(behindReshapes(use->get())), graph);
  }

  bool recomputeLater(MapOp map, Reachability &graph) {
    Value result = map.getResult(0);
    SmallVector<OpOperand *> uses;
    collectUses(result, uses);
    for (MapOp reader : possibleReaders(map)) {
      if (reader->hasAttr(kPrologueAttr) || !coversInputs(reader, map) || isOnlyReduced(reader) ||
          !isFar(map, reader, elementsOf(result)))
        continue;
      SmallVector<OpOperand *> later;
      for (OpOperand *use : uses)
        if (use->getOwner() != reader && !graph.leadsTo(use->getOwner(), reader))
          later.push_back(use);
      // Somebody has to read it early, or it might as well be computed later only.
      if (later.empty() || later.size() == uses.size())
        continue;
      DEBUG_AT(map) << "is computed again at " << modelPlace(reader.getLoc());
      unsigned rank = graph.remove(reader);
      MapOp both = append(reader, map);
      graph.add(both, rank);
      for (Value input : both.getInputs())
        if (Operation *producer = input.getDefiningOp())
          graph.connect(producer, both);
      redirect(later, both.getResults().back(), graph);
      return true;
    }
    return false;
  }
};

} // namespace
} // namespace sinter
