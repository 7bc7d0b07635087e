// sinter-fuse-elementwise: elementwise chains become sinter.map.
//
//   %0 = sinter.broadcast %b dims [1]            %y = sinter.map (%x, %b) [(i, j) -> (i, j), (i, j) -> (j)] {
//   %1 = arith.addf %x, %0                 =>    ^bb0(%0: f32, %1: f32):
//   %y = math.tanh %1                              %2 = arith.addf %0, %1;  %3 = math.tanh %2;  sinter.yield %3 }
//
// 1. Every elementwise op on tensors becomes a map of one op.
// 2. An operand that is a broadcast, transpose, iota or splat is absorbed into the map that reads it.
// 3. A map whose results go to one other map only is absorbed into that map; one that yields booleans or is trivial
//    is absorbed into each of its readers. Where the reader broadcasts it, only if recomputing it is cheap.
//    Up to a size: a chain of thousands of ops is cut, since code generation takes more than linear time for one piece.
// 4. A sum of many large values that only it reads, such as the partial gradients of a weight that is used many times,
// stays a
//    chain of additions: each adds to what the last one left, instead of waiting for all of them.
// A value with another reader, a sinter.variable among them, stays a value: differentiation and memory see it.
#include "compiler/passes/Debug.h"
#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/fuse/NotFused.h"

#include "mlir/IR/Matchers.h"

#define DEBUG_TYPE "sinter-fuse-elementwise"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/passes/Passes.h.inc"

namespace {

bool isElementwiseOnTensors(Operation &op) {
  return OpTrait::hasElementwiseMappableTraits(&op) && op.getNumResults() == 1 &&
         isa<RankedTensorType>(op.getResult(0).getType());
}

/// Step 1: `op` as a map of one op.
void wrap(Operation &op) {
  OpBuilder builder(&op);
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (Value operand : op.getOperands()) {
    inputs.push_back(operand);
    maps.push_back(builder.getMultiDimIdentityMap(type.getRank()));
  }
  auto map = MapOp::create(builder, op.getLoc(), TypeRange(type), inputs, builder.getAffineMapArrayAttr(maps));
  Block &block = map.getBody().emplaceBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(&block);
  IRMapping mapping;
  for (Value operand : op.getOperands())
    mapping.map(operand, block.addArgument(getElementTypeOrSelf(operand.getType()), op.getLoc()));
  // One operand used twice has two arguments; the last one serves both, and the other is dropped later.
  Operation *scalar = inner.clone(op, mapping);
  scalar->getResult(0).setType(type.getElementType());
  YieldOp::create(inner, op.getLoc(), scalar->getResults());
  DEBUG_AT(map) << "wraps " << scalar->getName();
  op.getResult(0).replaceAllUsesWith(map.getResult(0));
  op.erase();
}

/// Step 2: whether input `i` of `draft` could be absorbed, and was.
bool absorbProducerShape(MapDraft &draft, unsigned i) {
  Value input = draft.inputs[i];
  AffineMap map = draft.maps[i];
  Operation *producer = input.getDefiningOp();
  if (!producer)
    return false;
  if (auto broadcast = dyn_cast<BroadcastOp>(producer)) {
    SmallVector<AffineExpr> results;
    for (int64_t d : broadcast.getDims())
      results.push_back(map.getResult(d));
    draft.inputs[i] = broadcast.getInput();
    draft.maps[i] = AffineMap::get(map.getNumDims(), 0, results, map.getContext());
    return true;
  }
  if (auto transpose = dyn_cast<TransposeOp>(producer)) {
    SmallVector<AffineExpr> results(map.getNumResults());
    for (auto [d, source] : llvm::enumerate(transpose.getPermutation()))
      results[source] = map.getResult(d);
    draft.inputs[i] = transpose.getInput();
    draft.maps[i] = AffineMap::get(map.getNumDims(), 0, results, map.getContext());
    return true;
  }
  if (auto iota = dyn_cast<IotaOp>(producer)) {
    OpBuilder inner = draft.atStart();
    draft.replaceInput(i,
                       IndexOp::create(inner, iota.getLoc(), inner.getI32Type(), map.getDimPosition(iota.getAxis())));
    return true;
  }
  DenseElementsAttr constant;
  if (matchPattern(input, m_Constant(&constant)) && constant.isSplat()) {
    OpBuilder inner = draft.atStart();
    draft.replaceInput(i, arith::ConstantOp::create(inner, producer->getLoc(), constant.getSplatValue<TypedAttr>()));
    return true;
  }
  return false;
}

bool yieldsBooleans(MapOp map) {
  return llvm::all_of(map.getResultTypes(), [](Type type) { return getElementTypeOrSelf(type).isInteger(1); });
}

/// Step 3: why a map does not disappear into one that reads it.
enum class Apart { No, OtherReader, Costly, RunningSum, ManyOps, ManyInputs };

/// The same, as far as it depends on `producer` and on how `consumer` reads it, through `map`.
Apart whyApart(MapOp producer, Operation *consumer, AffineMap map) {
  bool onlyReader = llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == consumer; });
  if (!onlyReader) {
    bool trivial = producer.getInputs().empty() && isCheap(producer);
    if (!(yieldsBooleans(producer) || trivial) || !llvm::all_of(producer->getUsers(), llvm::IsaPred<MapOp>))
      return Apart::OtherReader;
  }
  return map.isPermutation() || yieldsBooleans(producer) || isCheap(producer) ? Apart::No : Apart::Costly;
}

//===--- running sums --------------------------------------------------------------------------------===//

int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// How many values that only a sum reads may wait for it.
int64_t mostPartials(MapOp map) {
  constexpr int64_t kLarge = 16384, kFew = 1, kMany = 24; // (devices bind about 30 buffers)
  int64_t elements = elementsOf(map.getResult(0));
  return elements == 1 ? INT64_MAX : elements < kLarge ? kMany : kFew;
}

bool isSum(MapOp map) { return llvm::all_of(map.getBody().front().without_terminator(), llvm::IsaPred<arith::AddFOp>); }

/// Whether `input` was computed for `reader` alone, by an op with a kernel of its own. (Pads may become a
/// concatenation.)
bool isPartial(Value input, Operation *reader, int64_t elements) {
  Value source = behindReshapes(input);
  Operation *op = source.getDefiningOp();
  return op && op->getNumOperands() > 0 && !isa<MapOp, PadOp>(op) && elementsOf(source) == elements &&
         !hasOtherReader(source, reader);
}

/// How many values wait for `reader`, which reads `inputs`, or for sums that only it reads; stops counting behind
/// `most`.
int64_t countPartials(ValueRange inputs, Operation *reader, int64_t elements, int64_t most) {
  int64_t count = 0;
  for (Value input : inputs) {
    if (count > most)
      break;
    auto map = input.getDefiningOp<MapOp>();
    if (map && isSum(map) && elementsOf(input) == elements && !hasOtherReader(input, reader))
      count += countPartials(map.getInputs(), map, elements, most - count);
    else if (!map)
      count += isPartial(input, reader, elements);
  }
  return count;
}

/// Step 4: whether `producer` should stay apart from `consumer`, which reads `inputs`, because too much would wait for
/// both.
bool isRunningSum(MapOp producer, ValueRange inputs, MapOp consumer) {
  int64_t most = mostPartials(producer);
  return most != INT64_MAX && isSum(producer) &&
         countPartials(inputs, consumer, elementsOf(producer.getResult(0)), most) > most;
}

//===--- the pass ------------------------------------------------------------------------------------===//

/// What one map may hold.
constexpr size_t kMostInputs = 256;

/// Why `map`, which reads `inputs` and has `size` ops so far, does not absorb `producer`, which it reads through
/// `read`.
Apart whyApart(MapOp producer, MapOp map, ValueRange inputs, AffineMap read, int64_t size, int64_t mostOps) {
  if (size + countOps(producer.getBody().front()) > mostOps)
    return Apart::ManyOps;
  if (inputs.size() + producer.getInputs().size() > kMostInputs)
    return Apart::ManyInputs;
  Apart why = whyApart(producer, map, read);
  return why == Apart::No && isRunningSum(producer, inputs, map) ? Apart::RunningSum : why;
}

/// Whether a draft of `map` would change nothing: most maps are looked at once more when all is done.
bool isSettled(MapOp map, int64_t mostOps) {
  Block &body = map.getBody().front();
  llvm::SmallDenseSet<Value> yielded;
  for (auto [result, value] : llvm::zip_equal(map.getResults(), body.getTerminator()->getOperands()))
    if (map.getNumResults() > 1 && (result.use_empty() || !yielded.insert(value).second))
      return false;
  llvm::SmallDenseSet<std::pair<Value, Attribute>> read;
  for (auto [input, how, argument] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps(), body.getArguments()))
    if (argument.use_empty() || !read.insert({input, how}).second)
      return false;
  int64_t size = countOps(body);
  for (auto [input, how] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    Operation *producer = input.getDefiningOp();
    if (isa_and_nonnull<BroadcastOp, TransposeOp, IotaOp, arith::ConstantOp>(producer))
      return false;
    if (auto other = dyn_cast_or_null<MapOp>(producer);
        other && whyApart(other, map, map.getInputs(), how, size, mostOps) == Apart::No)
      return false;
  }
  return true;
}

/// Absorbs into `map` all that can be, up to `mostOps`; returns the new map, or null if nothing changed.
MapOp fuseInto(MapOp map, int64_t mostOps, int64_t &absorbed) {
  if (isSettled(map, mostOps))
    return MapOp();
  MapDraft draft(map);
  bool changed = draft.dropUnusedResults();
  int64_t size = countOps(draft.block());
  for (bool again = true; again;) {
    again = draft.dropUnusedInputs();
    for (unsigned i = 0; i < draft.inputs.size() && !again; ++i) {
      if (absorbProducerShape(draft, i)) {
        again = true;
      } else if (auto producer = draft.inputs[i].getDefiningOp<MapOp>()) {
        if (whyApart(producer, map, draft.inputs, draft.maps[i], size, mostOps) != Apart::No)
          continue;
        size += countOps(producer.getBody().front());
        ++absorbed;
        DEBUG_AT(map) << "absorbs a map of " << countOps(producer.getBody().front()) << " ops; they are " << size
                      << " now";
        draft.inlineProducer(i, producer);
        again = true;
      }
    }
    changed |= again;
  }
  return changed ? draft.finish() : MapOp();
}

/// Says of every map that `map` still reads why it stayed apart, but for what a user meant to keep: other readers.
void sayWhyApart(MapOp map, int64_t mostOps) {
  int64_t size = countOps(map.getBody().front());
  for (auto [input, read] : llvm::zip_equal(map.getInputs(), map.getIndexingMaps().getAsValueRange<AffineMapAttr>())) {
    auto producer = input.getDefiningOp<MapOp>();
    if (!producer)
      continue;
    int64_t more = countOps(producer.getBody().front());
    auto say = [&](const Twine &why) { notFused(producer, "elementwise ops into their reader", why); };
    switch (whyApart(producer, map, map.getInputs(), read, size, mostOps)) {
    case Apart::No:
    case Apart::OtherReader:
      break;
    case Apart::Costly:
      say("their reader takes each of their elements several times, and they cost too much to be computed as often");
      break;
    case Apart::RunningSum:
      say("a sum of many large values adds each to what the last one left");
      break;
    case Apart::ManyOps:
      if (whyApart(producer, map, read) == Apart::No)
        say("one map holds at most " + Twine(mostOps) + " ops, but with them their reader would hold " +
            Twine(size + more));
      break;
    case Apart::ManyInputs:
      if (whyApart(producer, map, read) == Apart::No)
        say("one map reads at most " + Twine(kMostInputs) + " tensors, but with them their reader would read " +
            Twine(map.getInputs().size() + producer.getInputs().size()));
      break;
    }
  }
}

struct FuseElementwisePass : impl::FuseElementwiseBase<FuseElementwisePass> {
  using FuseElementwiseBase::FuseElementwiseBase;

  void runOnOperation() override {
    bool changed = false;
    for (auto attention : getOperation().getOps<AttentionOp>())
      changed |= fuse(attention.getBody().front());
    changed |= fuse(getOperation().getBody().front());
    if (!changed)
      markAllAnalysesPreserved();
  }

  /// Returns whether anything changed.
  bool fuse(Block &block) {
    int64_t wrapped = 0, absorbed = 0;
    for (Operation &op : llvm::make_early_inc_range(block))
      if (isElementwiseOnTensors(op)) {
        wrap(op);
        ++wrapped;
      }
    counted(getOperation(), DEBUG_TYPE, "elementwise ops wrapped into maps", wrapped);
    if (wrapOnly)
      return wrapped > 0;
    // Backwards, so that a consumer has all its readers merged before it is merged itself; until nothing changes, since
    // absorbing one producer can leave another with a single reader.
    bool everChanged = wrapped > 0;
    for (bool changed = true; changed;) {
      changed = false;
      SmallVector<Operation *> ops;
      for (Operation &op : llvm::reverse(block))
        ops.push_back(&op);
      for (Operation *op : ops) {
        if (isOpTriviallyDead(op)) {
          op->erase();
          changed = true;
        } else if (auto map = dyn_cast<MapOp>(op)) {
          changed |= bool(fuseInto(map, mostOps, absorbed));
        }
      }
      everChanged |= changed;
    }
    counted(getOperation(), DEBUG_TYPE, "maps absorbed by their readers", absorbed);
    if (sayRefusals && saysNotFused(getOperation()))
      for (MapOp map : block.getOps<MapOp>())
        sayWhyApart(map, mostOps);
    return everChanged;
  }
};

} // namespace
} // namespace sinter
