#include "compiler/passes/MapUtils.h"

using namespace mlir;

namespace sinter {

//===--- MapDraft ----------------------------------------------------------------------------------===//

MapDraft::MapDraft(MapOp map)
    : inputs(map.getInputs()), maps(map.getIndexingMaps().getAsValueRange<AffineMapAttr>()), map(map) {
  region.takeBody(map.getBody());
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    resultOf.push_back(i);
}

MapDraft::~MapDraft() {
  if (!finished)
    map.getBody().takeBody(region);
}

OpBuilder MapDraft::atStart() {
  OpBuilder builder(map.getContext()); // the region is detached: it could not say its context
  builder.setInsertionPointToStart(&block());
  return builder;
}

void MapDraft::replaceInput(unsigned i, Value scalar) {
  block().getArgument(i).replaceAllUsesWith(scalar);
  block().eraseArgument(i);
  inputs.erase(inputs.begin() + i);
  maps.erase(maps.begin() + i);
}

void MapDraft::inlineProducer(unsigned i, MapOp producer) {
  AffineMap outer = maps[i];
  OpBuilder inner = atStart();
  IRMapping mapping;
  Block &body = producer.getBody().front();
  for (auto [input, map, argument] : llvm::zip_equal(
           producer.getInputs(), producer.getIndexingMaps().getAsValueRange<AffineMapAttr>(), body.getArguments())) {
    inputs.push_back(input);
    maps.push_back(map.compose(outer));
    mapping.map(argument, block().addArgument(argument.getType(), argument.getLoc()));
  }
  for (Operation &op : body.without_terminator()) {
    Operation *clone = inner.clone(op, mapping);
    if (auto index = dyn_cast<IndexOp>(clone))
      index.setDim(outer.getDimPosition(index.getDim()));
  }
  Operation *yield = body.getTerminator();
  for (unsigned j = inputs.size(); j-- > 0;) {
    auto result = dyn_cast<OpResult>(inputs[j]);
    if (result && result.getOwner() == producer && maps[j] == outer)
      replaceInput(j, mapping.lookup(yield->getOperand(result.getResultNumber())));
  }
}

bool MapDraft::dropUnusedInputs() {
  bool changed = false;
  DenseMap<std::pair<Value, AffineMap>, unsigned> first;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    auto [known, isNew] = first.try_emplace({inputs[i], maps[i]}, i);
    if (!isNew)
      block().getArgument(i).replaceAllUsesWith(block().getArgument(known->second));
  }
  for (unsigned i = inputs.size(); i-- > 0;) {
    if (!block().getArgument(i).use_empty())
      continue;
    block().eraseArgument(i);
    inputs.erase(inputs.begin() + i);
    maps.erase(maps.begin() + i);
    changed = true;
  }
  return changed;
}

bool MapDraft::dropUnusedResults() {
  Operation *yield = block().getTerminator();
  SmallVector<Value> kept;
  bool changed = false;
  for (OpResult result : map.getResults()) {
    Value value = yield->getOperand(result.getResultNumber());
    auto found = llvm::find(kept, value);
    bool drop = result.use_empty() && map.getNumResults() > 1;
    resultOf[result.getResultNumber()] = drop ? ~0u : found - kept.begin();
    changed |= drop || found != kept.end();
    if (!drop && found == kept.end())
      kept.push_back(value);
  }
  if (kept.empty()) { // all are dead: the map is about to disappear
    for (unsigned i = 0; i < resultOf.size(); ++i)
      resultOf[i] = i;
    return false;
  }
  if (changed) {
    yield->setOperands(kept);
    // Backwards, each op after its users. Block's own reverse iterators survive the erasure of what they passed.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
  return changed;
}

MapOp MapDraft::finish() {
  OpBuilder builder(map);
  SmallVector<Type> types;
  for (Value value : block().getTerminator()->getOperands())
    types.push_back(RankedTensorType::get(map.getShape(), value.getType()));
  auto result = MapOp::create(builder, map.getLoc(), types, inputs, builder.getAffineMapArrayAttr(maps));
  result.getBody().takeBody(region);
  for (OpResult old : map.getResults())
    if (resultOf[old.getResultNumber()] != ~0u)
      old.replaceAllUsesWith(result.getResult(resultOf[old.getResultNumber()]));
  map.erase();
  finished = true;
  return result;
}

//===--- costs -------------------------------------------------------------------------------------===//

int64_t countOps(Block &block) {
  return llvm::count_if(block.without_terminator(), [](Operation &op) { return !isa<arith::ConstantOp, IndexOp>(op); });
}

bool isCheap(MapOp map) {
  int ops = 0;
  for (Operation &op : map.getBody().front().without_terminator()) {
    if (isa<math::MathDialect>(op.getDialect()) || isa<arith::DivFOp, arith::RemFOp>(op) || op.hasTrait<TakesLong>())
      return false;
    ops += !isa<arith::ConstantOp, IndexOp>(op);
  }
  return ops <= 4;
}

//===--- change of iteration shape -----------------------------------------------------------------===//

bool isCollapse(ArrayRef<int64_t> wide, ArrayRef<int64_t> narrow) {
  size_t d = 0;
  for (int64_t size : narrow) {
    int64_t merged = 1;
    while (d < wide.size() && merged < size)
      merged *= wide[d++];
    if (merged != size)
      return false;
  }
  return d == wide.size();
}

Value behindReshapes(Value value) {
  while (isFreeView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

bool hasOtherReader(Value value, Operation *reader) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return isFreeView(user) ? hasOtherReader(user->getResult(0), reader) : user != reader;
  });
}

Value reshapeTo(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> shape) {
  value = behindReshapes(value);
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  return ReshapeOp::create(builder, loc, RankedTensorType::get(shape, type.getElementType()), value);
}

namespace {

/// A run of dimensions [oldBegin, oldEnd) that has as many elements as [newBegin, newEnd) of the new shape.
struct Segment {
  unsigned oldBegin, oldEnd, newBegin, newEnd;
};

/// The finest segments in which two shapes agree, or none if they differ in their number of elements or a dimension of
/// size 1 at the end has no counterpart.
std::optional<SmallVector<Segment>> commonSegments(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<Segment> segments;
  unsigned i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    Segment segment{i, i, j, j};
    int64_t left = 1, right = 1;
    do {
      if (left <= right && i < from.size())
        left *= from[i++];
      else if (j < to.size())
        right *= to[j++];
      else if (i < from.size())
        left *= from[i++];
      else
        return std::nullopt;
    } while (left != right || (i > segment.oldBegin) != (j > segment.newBegin));
    segment.oldEnd = i;
    segment.newEnd = j;
    segments.push_back(segment);
  }
  return segments;
}

/// How `map` reads a segment: not at all, or all of its dimensions in order.
enum class Reads { Nothing, Everything, Mixed };

Reads readsOf(AffineMap map, unsigned begin, unsigned end, unsigned &firstResult) {
  unsigned count = 0, previous = 0;
  for (unsigned d = begin; d < end; ++d) {
    auto position = map.getResultPosition(getAffineDimExpr(d, map.getContext()));
    if (!position)
      continue;
    if (count > 0 && *position != previous + 1)
      return Reads::Mixed;
    if (count++ == 0)
      firstResult = *position;
    previous = *position;
  }
  if (count == 0)
    return Reads::Nothing;
  return count == end - begin ? Reads::Everything : Reads::Mixed;
}

/// What becomes of a map's index along one dimension: the index along `dim` of the new shape, divided by `inner`,
/// modulo the old size if `outer` is above 1: sizes of the dimensions that it was merged with. Of dimension -1 nothing
/// is known.
struct MovedIndex {
  int dim = -1;
  int64_t inner = 1, outer = 1;
};

/// An index survives along a dimension that stays as it is, and can be had from one that it was merged into: by a
/// division, which lanes do not have, so not from the last one.
SmallVector<MovedIndex> moveIndices(ArrayRef<Segment> segments, ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<MovedIndex> moved(from.size());
  for (const Segment &s : segments) {
    if (s.newEnd != s.newBegin + 1 || (s.oldEnd > s.oldBegin + 1 && s.newEnd == to.size()))
      continue;
    for (unsigned d = s.oldBegin; d < s.oldEnd; ++d) {
      moved[d].dim = s.newBegin;
      for (unsigned other = s.oldBegin; other < s.oldEnd; ++other)
        (other < d ? moved[d].outer : moved[d].inner) *= other == d ? 1 : from[other];
    }
  }
  return moved;
}

/// Computes the old indices from those along new dimensions.
void rewriteIndices(MapOp map, ArrayRef<MovedIndex> moved, ArrayRef<int64_t> from) {
  for (auto index : llvm::make_early_inc_range(map.getBody().getOps<IndexOp>())) {
    unsigned d = index.getDim();
    index.setDim(moved[d].dim);
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : index.getResult().getUses())
      uses.push_back(&use);
    OpBuilder after(index->getContext());
    after.setInsertionPointAfter(index);
    auto size = [&](int64_t value) {
      return arith::ConstantOp::create(after, index.getLoc(), after.getI32IntegerAttr(static_cast<int32_t>(value)));
    };
    Value position = index;
    if (moved[d].inner > 1)
      position = arith::DivUIOp::create(after, index.getLoc(), position, size(moved[d].inner));
    if (moved[d].outer > 1)
      position = arith::RemUIOp::create(after, index.getLoc(), position, size(from[d]));
    for (OpOperand *use : uses)
      use->set(position);
  }
}

/// The shape under which an input that is read through `from` is read in the new shape `to`, and the map through which.
std::optional<std::pair<SmallVector<int64_t>, AffineMap>> reshapeRead(AffineMap from, ArrayRef<Segment> segments,
                                                                      ArrayRef<int64_t> to) {
  SmallVector<std::pair<unsigned, const Segment *>> read; // ordered by where the input has the segment
  for (const Segment &s : segments) {
    unsigned first = 0;
    Reads reads = readsOf(from, s.oldBegin, s.oldEnd, first);
    if (reads == Reads::Mixed)
      return std::nullopt;
    if (reads == Reads::Everything)
      read.push_back({first, &s});
  }
  llvm::sort(read, [](auto &a, auto &b) { return a.first < b.first; });
  SmallVector<AffineExpr> results;
  SmallVector<int64_t> sizes;
  for (auto &[first, s] : read)
    for (unsigned d = s->newBegin; d < s->newEnd; ++d) {
      results.push_back(getAffineDimExpr(d, from.getContext()));
      sizes.push_back(to[d]);
    }
  return std::pair(sizes, AffineMap::get(to.size(), 0, results, from.getContext()));
}

} // namespace

std::optional<MapOp> reshapeMap(MapOp map, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> old = map.getShape();
  if (old == shape)
    return map;
  auto segments = commonSegments(old, shape);
  if (!segments)
    return std::nullopt;
  SmallVector<MovedIndex> moved = moveIndices(*segments, old, shape);
  for (auto index : map.getBody().getOps<IndexOp>())
    if (moved[index.getDim()].dim < 0)
      return std::nullopt;
  SmallVector<SmallVector<int64_t>> shapes;
  SmallVector<AffineMap> maps;
  for (AffineMap from : map.getIndexingMaps().getAsValueRange<AffineMapAttr>()) {
    auto read = reshapeRead(from, *segments, shape);
    if (!read)
      return std::nullopt;
    shapes.push_back(std::move(read->first));
    maps.push_back(read->second);
  }

  OpBuilder builder(map);
  SmallVector<Value> inputs;
  for (auto [input, sizes] : llvm::zip_equal(map.getInputs(), shapes))
    inputs.push_back(reshapeTo(builder, map.getLoc(), input, sizes));
  SmallVector<Type> types;
  for (Type type : map.getResultTypes())
    types.push_back(RankedTensorType::get(shape, getElementTypeOrSelf(type)));
  auto result = MapOp::create(builder, map.getLoc(), types, inputs, builder.getAffineMapArrayAttr(maps));
  rewriteIndices(map, moved, old);
  result.getBody().takeBody(map.getBody());
  for (auto [from, to] : llvm::zip_equal(map.getResults(), result.getResults())) {
    Value view = ReshapeOp::create(builder, map.getLoc(), from.getType(), to);
    for (OpOperand &use : llvm::make_early_inc_range(from.getUses())) {
      Operation *reader = use.getOwner();
      if (isFreeView(reader) && reader->getResult(0).getType() == to.getType())
        reader->getResult(0).replaceAllUsesWith(to);
      use.set(view);
    }
    if (view.use_empty())
      view.getDefiningOp()->erase();
  }
  map.erase();
  return result;
}

std::optional<MapOp> collapseMap(MapOp map) {
  ArrayRef<int64_t> old = map.getShape();
  DenseSet<unsigned> indexed;
  for (auto index : map.getBody().getOps<IndexOp>())
    indexed.insert(index.getDim());
  SmallVector<int64_t> shape;
  for (unsigned d = 0; d < old.size(); ++d) {
    bool joins = d > 0 && !indexed.contains(d) && !indexed.contains(d - 1);
    for (AffineMap read : map.getIndexingMaps().getAsValueRange<AffineMapAttr>()) {
      auto before = d ? read.getResultPosition(getAffineDimExpr(d - 1, read.getContext())) : std::nullopt;
      auto here = read.getResultPosition(getAffineDimExpr(d, read.getContext()));
      joins &= before.has_value() == here.has_value() && (!here || *here == *before + 1);
    }
    if (joins)
      shape.back() *= old[d];
    else
      shape.push_back(old[d]);
  }
  return reshapeMap(map, shape);
}

} // namespace sinter
