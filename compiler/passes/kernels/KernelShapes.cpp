#include "compiler/passes/kernels/KernelShapes.h"

#include "compiler/passes/MapUtils.h"
#include "compiler/passes/Reachability.h"

using namespace mlir;

namespace sinter {
namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

/// Replaces `op` by a clone on reshaped operands; `newShape` gives each operand's and result's shape.
template <typename NewShape> Operation *reshapeOp(Operation *op, NewShape newShape) {
  OpBuilder builder(op);
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, reshapeTo(builder, op->getLoc(), operand, newShape(operand)));
  Operation *clone = builder.clone(*op, mapping);
  for (auto [old, result] : llvm::zip_equal(op->getResults(), clone->getResults())) {
    result.setType(RankedTensorType::get(newShape(old), getElementTypeOrSelf(old.getType())));
    old.replaceAllUsesWith(reshapeTo(builder, op->getLoc(), result, shapeOf(old)));
  }
  op->erase();
  return clone;
}

void flattenRows(Operation *op) {
  size_t rows = shapeOf(op->getOperand(0)).size() - 1;
  if (rows == 1)
    return;
  reshapeOp(op, [&](Value value) {
    ArrayRef<int64_t> shape = shapeOf(value);
    SmallVector<int64_t> result{product(shape.take_front(rows))};
    result.append(shape.begin() + rows, shape.end());
    return result;
  });
}

/// Whether `op` lets dimensions change places for products, or attentions, alone: their kernels walk along its operand.
bool isReadByProducts(Operation *op) {
  return isPermuted(op) && !op->use_empty() && llvm::all_of(op->getUsers(), llvm::IsaPred<ProductLike, AttentionOp>);
}

/// Whether the product reads or is read through a transpose that its kernel can take in: batches are then as many
/// dimensions as there are strides.
bool keepsBatch(ProductLike op) {
  auto isView = [](Value operand) { return isReadByProducts(operand.getDefiningOp()); };
  return isView(op.getLhs()) || isView(op.getRhs()) || (op->hasOneUse() && isPermuted(*op->getUsers().begin()));
}

void flattenBatch(ProductLike op) {
  size_t batch = shapeOf(op.getLhs()).size() - 2;
  if (batch <= 1 || keepsBatch(op))
    return;
  reshapeOp(op, [&](Value value) {
    ArrayRef<int64_t> shape = shapeOf(value);
    if (shape.empty())
      return SmallVector<int64_t>(); // a number for all batches
    SmallVector<int64_t> flat{product(shape.take_front(batch))};
    llvm::append_range(flat, shape.drop_front(batch)); // (nothing, of a number for each batch)
    return flat;
  });
}

/// A reduction of the last dimension becomes [R, D] -> [R]. One that also reduces others is split: the last dimension
/// first, whose rows can run in parallel, then the rest. Other reductions merge adjacent dimensions of one kind.
void flattenReduce(ReductionLike op) {
  OpBuilder builder(op);
  ArrayRef<int64_t> shape = shapeOf(op.getInput());
  SmallVector<int64_t> axes(op.getAxes());
  if (axes.empty()) {
    op->getResult(0).replaceAllUsesWith(op.getInput());
    op->erase();
    return;
  }
  int64_t last = shape.size() - 1;
  if (axes.size() > 1 && axes.back() == last) {
    Operation *rows = op.reduceInstead(builder, op.getInput(), last);
    axes.pop_back();
    Operation *rest = op.reduceInstead(builder, rows->getResult(0), axes);
    op->getResult(0).replaceAllUsesWith(rest->getResult(0));
    op->erase();
    flattenReduce(cast<ReductionLike>(rows));
    flattenReduce(cast<ReductionLike>(rest));
    return;
  }
  // Merge runs of kept and of reduced dimensions.
  SmallVector<int64_t> merged, mergedAxes, kept;
  bool previous = false;
  for (auto [d, size] : llvm::enumerate(shape)) {
    bool reduced = llvm::is_contained(axes, static_cast<int64_t>(d));
    if (d > 0 && reduced == previous) {
      merged.back() *= size;
    } else {
      if (reduced)
        mergedAxes.push_back(merged.size());
      merged.push_back(size);
    }
    previous = reduced;
  }
  if (merged.size() == 1) { // everything: one row
    merged.insert(merged.begin(), 1);
    mergedAxes[0] = 1;
  }
  for (auto [d, size] : llvm::enumerate(merged))
    if (!llvm::is_contained(mergedAxes, static_cast<int64_t>(d)))
      kept.push_back(size);
  if (ArrayRef(merged) == shape)
    return;
  Value input = reshapeTo(builder, op.getLoc(), op.getInput(), merged);
  Value result = op.reduceInstead(builder, input, mergedAxes)->getResult(0), old = op->getResult(0);
  old.replaceAllUsesWith(reshapeTo(builder, op.getLoc(), result, shapeOf(old)));
  op->erase();
}

/// Whether a path that is not elementwise leads from `product` to `value`: who reads both cannot be computed while the
/// product's tile is in registers.
bool escapes(Value value, Operation *product, const Reachability &paths) {
  Operation *end = behindReshapes(value).getDefiningOp();
  if (!end || end == product || paths.rankOf(end) < paths.rankOf(product))
    return false;
  return paths.leadsTo(product, end, [](Operation *op) { return !isa<MapOp>(op) && !isFreeView(op); });
}

/// The reduction or row-wise op that reads `map`, seen through views, if nothing else does.
Operation *onlyAnchor(MapOp map) {
  Operation *op = map;
  do {
    if (op->getNumResults() != 1 || !op->hasOneUse())
      return nullptr;
    op = *op->getUsers().begin();
  } while (isFreeView(op));
  return takesMapsIn(op) ? op : nullptr;
}

/// Whether `map` adds something to what is scattered into a table: it can be part of that kernel, which walks along
/// rows of the table, if it keeps their shape.
bool addsToScattered(MapOp map) {
  return map.getInputs().size() == 2 && map.getNumResults() == 1 && llvm::any_of(map.getInputs(), [&](Value input) {
           return input.getDefiningOp<ScatterAddOp>() && input.hasOneUse() && shapeOf(input) == map.getShape();
         });
}

/// Tries the shapes of the anchors around `map`, nearest first: products it follows, rows it follows, rows and
/// reductions it feeds, maps it follows; then merges what dimensions it can. Returns what the map has become.
MapOp shapeMap(MapOp map, const Reachability &paths) {
  if (addsToScattered(map))
    return map;
  bool withReader = belongsToReader(map);
  SmallVector<SmallVector<int64_t>> candidates;
  auto addProducers = [&](auto accepts) {
    for (Value input : map.getInputs()) {
      Value source = behindReshapes(input);
      if (source.getDefiningOp() && accepts(source.getDefiningOp()) &&
          product(shapeOf(source)) == product(map.getShape()))
        candidates.emplace_back(shapeOf(source));
    }
  };
  addProducers([&](Operation *op) {
    return isa<ProductLike>(op) && !withReader &&
           llvm::none_of(map.getInputs(), [&](Value input) { return escapes(input, op, paths); });
  });
  addProducers([](Operation *op) { // nothing joins a reduction of columns
    auto reduce = dyn_cast<ReductionLike>(op);
    return takesMapsIn(op) &&
           (!reduce || reduce.getAxes().back() + 1 == static_cast<int64_t>(shapeOf(reduce.getInput()).size()));
  });
  // What a reduction of rows leaves is spread over rows of that length again.
  for (Value input : map.getInputs())
    if (auto reduce = behindReshapes(input).getDefiningOp<ReductionLike>();
        reduce && product(shapeOf(reduce.getInput())) == product(map.getShape()))
      candidates.emplace_back(shapeOf(reduce.getInput()));
  for (Operation *user : map->getUsers()) {
    while (isFreeView(user) && user->hasOneUse())
      user = *user->getUsers().begin();
    if (takesMapsIn(user) && product(shapeOf(user->getOperand(0))) == product(map.getShape()))
      candidates.emplace_back(shapeOf(user->getOperand(0)));
  }
  addProducers([](Operation *op) { return isa<MapOp>(op); });
  for (ArrayRef<int64_t> shape : candidates)
    if (std::optional<MapOp> shaped = reshapeMap(map, shape))
      return *shaped;
  return collapseMap(map).value_or(map);
}

/// Gives a map that one product reads the shape of its operand. Returns what the map has become.
MapOp shapeAsOperand(MapOp map) {
  MLIRContext *context = map.getContext();
  Operation *reshape = *map->getUsers().begin();
  if (map->hasOneUse() && isFreeView(reshape))
    if (std::optional<MapOp> shaped = reshapeMap(map, shapeOf(reshape->getResult(0)))) {
      (*shaped)->setAttr(kPrologueAttr, UnitAttr::get(context));
      return *shaped;
    }
  return map;
}

/// Gives every map its shape.
void shapeMaps(Block &block) {
  Reachability paths(block);
  for (MapOp map : llvm::to_vector(block.getOps<MapOp>())) {
    bool isPrologue = map->hasAttr(kPrologueAttr);
    if (!isPrologue && map->hasAttr(kAttentionAttr))
      continue;
    unsigned rank = paths.rankOf(map);
    MapOp shaped = isPrologue ? shapeAsOperand(map) : shapeMap(map, paths);
    if (shaped == map)
      continue;
    paths.remove(map);
    paths.add(shaped, rank);
    auto addView = [&](Operation *op) {
      if (isFreeView(op) && !paths.contains(op))
        paths.add(op, rank);
    };
    for (Value input : shaped.getInputs())
      addView(input.getDefiningOp());
    for (Operation *reader : shaped->getUsers())
      addView(reader);
  }
}

} // namespace

bool belongsToReader(MapOp map) {
  bool readsTile = false;
  for (Value input : map.getInputs()) {
    Value source = behindReshapes(input);
    if (product(shapeOf(source)) != product(map.getShape()) ||
        !isa_and_nonnull<ProductLike, MapOp>(source.getDefiningOp()))
      continue;
    readsTile = true;
    if (!hasOtherReader(source, map))
      return false;
  }
  return readsTile && onlyAnchor(map);
}

/// Gives every product a view of its own to walk through, and every such view the part of a tensor that it is of.
static void repeatViewsOfProducts(Block &block) {
  DenseSet<Operation *> views;
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (!isReadByProducts(&op) &&
        !((isPart(&op) || (isFreeView(&op) && isPart(op.getOperand(0).getDefiningOp()))) && !op.use_empty() &&
          llvm::all_of(op.getUsers(), [&](Operation *user) { return views.contains(user); })))
      continue;
    views.insert(&op);
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : llvm::drop_begin(op.getUses()))
      uses.push_back(&use);
    for (OpOperand *use : uses) {
      Operation *own = OpBuilder(&op).clone(op);
      use->set(own->getResult(0));
      views.insert(own);
    }
  }
}

void canonicalizeShapes(func::FuncOp function) {
  Block &block = function.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (op.hasAttr(kAttentionAttr))
      continue; // stays in the shape of its group
    if (op.hasTrait<Rowwise>())
      flattenRows(&op);
    else if (auto product = dyn_cast<ProductLike>(op))
      flattenBatch(product);
    else if (auto reduce = dyn_cast<ReductionLike>(op))
      flattenReduce(reduce);
  }
  shapeMaps(block);
  // Reshapes of reshapes, and those that ended up as identities: the last first, so that what it looked through is dead
  // when its turn comes (a dead view would count as a reader).
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isFreeView(&op)) {
      OpBuilder builder(&op);
      Value view = op.getResult(0);
      if (!view.use_empty())
        view.replaceAllUsesWith(reshapeTo(builder, op.getLoc(), op.getOperand(0), shapeOf(view)));
      op.erase();
    }
  // Equal views are one: a kernel that reads two of them reads one tensor.
  DenseMap<std::pair<Value, Type>, Value> views;
  for (Operation &op : llvm::make_early_inc_range(block))
    if (isFreeView(&op)) {
      Value view = op.getResult(0);
      auto [known, isNew] = views.try_emplace({op.getOperand(0), view.getType()}, view);
      if (!isNew) {
        view.replaceAllUsesWith(known->second);
        op.erase();
      }
    }
  repeatViewsOfProducts(block);
}

} // namespace sinter
