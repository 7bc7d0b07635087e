// sinter-tile-columns: another way to compute an entry whose loss head is large: what is summed over tokens is computed
// later, some columns of the vocabulary at a time.
//
//   %l, %dx, %de = attention over [1024, 50257] (%x rows, %e columns, %t rows) { logits; losses; gradients }
//   =>
//   %l, %dx, %max, %sum = attention over [1024, 50257] (%x, %e, %t) { logits; losses; the gradient of x; statistics }
//   ... everything up to the first reader of %de ...
//   %tiles = loop @train.tiled.columns 29 over(%e : 29 x 1733 rows) with(%x, %t, %max, %sum)
//              { logits of 1733 columns; their gradient, by the statistics; its product with x }
//   %de = reshape %tiles
//
// The logits are computed a second time, and neither a block of rows x vocabulary nor %de waits while the rest of the
// gradient is computed. A tile is of whole columns, and what a row adds up to is known by then: every sum has the order
// that it has without tiles, and every result the same bits. Which of the two ways is taken, meet-budget decides: the
// function `train.tiled`, marked `sinter.alternative = "train"`, stands beside the entry until then.
#include "compiler/codegen/products/ProductOrder.h"
#include "compiler/passes/Debug.h"
#include "compiler/passes/attention/RowBlocks.h"
#include "compiler/passes/loops/LoopPasses.h"
#include "dialects/sinter/Attributes.h"
#include "dialects/sinter/Axes.h"
#include "dialects/sinter/RowStatistics.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "sinter-tile-columns"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_TILECOLUMNS
#include "compiler/passes/loops/Passes.h.inc"

namespace {

/// Fewer columns would make slow products.
constexpr int64_t kFewestColumns = 256;

/// The largest divisor of `columns` that is `most` or less, if it makes good products; 0 if there is none.
int64_t largestTile(int64_t columns, int64_t most) {
  for (int64_t tile = std::min(most, columns / 2); tile >= kFewestColumns; --tile)
    if (columns % tile == 0)
      return tile;
  return 0;
}

/// Columns of a tile; 0 if no number of them divides all. All rows of a tile are computed together, if they are less
/// than would be split in blocks, and at most half of a block of the head that is not in tiles; else its blocks of rows
/// are no more than that.
int64_t columnsOfTile(int64_t rows, int64_t columns) {
  constexpr int64_t most = kWorthBlocks / static_cast<int64_t>(sizeof(float)) - 1;
  int64_t unit = codegen::unitOf(rows);
  int64_t whole = largestTile(columns, std::min(most / rows, unit * columns / (2 * rows)));
  return whole ? whole : largestTile(columns, most / unit);
}

/// One attention in two: what has rows, and what has columns.
class Tiler {
public:
  Tiler(AttentionOp attention, SymbolTable &symbols, const KernelAbilities &abilities)
      : attention(attention), body(attention.getBody().front()), symbols(symbols), abilities(abilities),
        loc(attention.getLoc()), rows(attention.getOver()[0]), columns(attention.getOver()[1]),
        tile(columnsOfTile(rows, columns)) {}

  /// Why it stays as it is; empty if it has been rewritten. (Softmaxes may be in parts either way, which is the same.)
  std::string run() {
    if (!tile)
      return "no number of columns for a tile divides " + std::to_string(columns);
    expandSoftmaxes();
    axes.emplace(attention);
    if (std::string why = find(); !why.empty())
      return why;
    createTiles();
    createRows();
    return "";
  }

private:
  void expandSoftmaxes() {
    for (auto softmax : llvm::make_early_inc_range(body.getOps<SoftmaxOp>())) {
      OpBuilder builder(softmax);
      softmax.getResult().replaceAllUsesWith(softmaxInParts(builder, softmax));
      softmax.erase();
    }
  }

  bool hasColumns(Value value) const { return axes->of(value).column >= 0; }
  bool isOfRows(Value value) const { return axes->of(value).row >= 0 && !hasColumns(value); }

  /// Results of each kind, and what those with columns are computed from.
  std::string find() {
    for (auto [number, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
      Axes own = axes->of(value);
      if (own.row >= 0 && own.column < 0)
        rowResults.push_back(number);
      else if (own.row < 0 && own.column == 0)
        columnResults.push_back(number);
      else
        return "a result has neither rows nor columns in front";
    }
    if (columnResults.empty())
      return "nothing is summed over rows";
    SmallVector<Value> open;
    for (size_t number : columnResults)
      open.push_back(body.getTerminator()->getOperand(number));
    while (!open.empty()) {
      Value value = open.pop_back_val();
      Operation *op = value.getDefiningOp();
      if (!op || isOfRows(value)) {
        known.insert(value);
        continue;
      }
      if (!needed.insert(op))
        continue;
      if (std::string why = ask(*op); !why.empty())
        return why;
      open.append(op->operand_begin(), op->operand_end());
    }
    return askKnown();
  }

  /// What an op cannot do for some columns only.
  std::string ask(Operation &op) {
    std::string name = op.getName().getStringRef().str();
    bool isKnown = isa<MapOp, ReduceOp, TransposeOp, BroadcastOp, arith::ConstantOp>(op) || isa<ProductLike>(op) ||
                   OpTrait::hasElementwiseMappableTraits(&op);
    if (!isKnown)
      return name + " reads whole rows";
    if (auto product = dyn_cast<ProductLike>(op); product && !product.isWhole())
      return "a product leaves something out";
    if (llvm::any_of(op.getOperands(), [&](Value v) { return hasColumns(v); }) &&
        !llvm::all_of(op.getResults(), [&](Value v) { return hasColumns(v); }))
      return name + " sums over columns";
    for (Value value : op.getResults()) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
      if (!hasColumns(value) && llvm::is_contained(shape, columns))
        return name + " makes something of as many numbers as there are columns";
    }
    return "";
  }

  /// What a step of the loop reads.
  std::string askKnown() {
    for (Value value : known) {
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getElementType().isInteger(1))
        return "a loop reads no booleans";
      if (hasColumns(value) && (axes->of(value).column != 0 || axes->of(value).row >= 0))
        return "columns of an operand do not follow each other in memory";
    }
    return "";
  }

  /// `type` with a tile's columns in place of all.
  RankedTensorType ofTile(Value value) const {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    if (int64_t dim = axes->of(value).column; dim >= 0)
      shape[dim] = tile;
    return type.clone(shape);
  }

  /// Its value in front of the attention; statistics have one once createRows has run.
  void createTiles() {
    for (Value value : known)
      (hasColumns(value) ? sequences : invariants).push_back(value);
    auto parent = attention->getParentOfType<func::FuncOp>();
    OpBuilder builder(attention);
    SmallVector<Type> takes{RankedTensorType::get({}, builder.getI32Type())}, gives;
    for (Value value : llvm::concat<Value>(sequences, invariants))
      takes.push_back(ofTile(value));
    for (size_t number : columnResults)
      gives.push_back(ofTile(body.getTerminator()->getOperand(number)));
    function = func::FuncOp::create(loc, (parent.getName() + ".columns").str(), builder.getFunctionType(takes, gives));
    function.setPrivate();
    function->setAttr(kEntryAttr, builder.getUnitAttr());
    function->setAttr(kLoopBodyAttr, builder.getI64IntegerAttr(0));
    symbols.insert(function, std::next(parent->getIterator()));
    Block *block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
    AttentionOp part = createTile(builder, block->getArguments(), gives);
    auto end = func::ReturnOp::create(builder, loc, part.getResults());
    if (rowsOfBlock(part, abilities))
      return;
    // All rows together: the ops themselves.
    Block &inner = part.getBody().front();
    for (auto [argument, value] : llvm::zip_equal(inner.getArguments(), block->getArguments()))
      argument.replaceAllUsesWith(value);
    end->setOperands(inner.getTerminator()->getOperands());
    inner.getTerminator()->erase();
    block->getOperations().splice(part->getIterator(), inner.getOperations());
    part.erase();
  }

  /// What is needed, over the columns of a tile.
  AttentionOp createTile(OpBuilder &builder, ValueRange inputs, TypeRange results) {
    SmallVector<int64_t> rowDims{-1}, columnDims{-1};
    for (Value value : llvm::concat<Value>(sequences, invariants)) {
      rowDims.push_back(axes->of(value).row);
      columnDims.push_back(axes->of(value).column);
    }
    auto part = AttentionOp::create(builder, loc, results, inputs, ArrayRef<int64_t>{rows, tile}, rowDims, columnDims);
    Block &inner = part.getBody().emplaceBlock();
    IRMapping mapping;
    for (Value input : inputs)
      inner.addArgument(input.getType(), loc);
    for (auto [value, argument] :
         llvm::zip_equal(llvm::concat<Value>(sequences, invariants), inner.getArguments().drop_front()))
      mapping.map(value, argument);
    OpBuilder ops = OpBuilder::atBlockEnd(&inner);
    for (Operation &op : body.without_terminator()) {
      if (!needed.contains(&op))
        continue;
      Operation *clone = ops.clone(op, mapping);
      for (auto [result, old] : llvm::zip_equal(clone->getResults(), op.getResults()))
        result.setType(ofTile(old));
      if (auto map = dyn_cast<MapOp>(clone))
        for (auto [result, old] :
             llvm::zip_equal(countColumnsOn(map, axes->of(op.getResult(0)).column)->getResults(), op.getResults()))
          mapping.map(old, result);
    }
    SmallVector<Value> given;
    for (size_t number : columnResults)
      given.push_back(mapping.lookup(body.getTerminator()->getOperand(number)));
    YieldOp::create(ops, loc, given);
    return part;
  }

  /// Column 0 of the tile is the number that the step begins with. Returns the map, or the one that takes its place.
  static MapOp countColumnsOn(MapOp map, int64_t column) {
    SmallVector<IndexOp> indices;
    for (auto index : map.getBody().front().getOps<IndexOp>())
      if (static_cast<int64_t>(index.getDim()) == column)
        indices.push_back(index);
    if (indices.empty())
      return map;
    OpBuilder builder(map);
    SmallVector<Value> inputs(map.getInputs());
    inputs.push_back(map->getBlock()->getArgument(0));
    SmallVector<Attribute> maps(map.getIndexingMaps().getValue());
    maps.push_back(AffineMapAttr::get(AffineMap::get(map.getShape().size(), 0, builder.getContext())));
    auto shifted = MapOp::create(builder, map.getLoc(), map.getResultTypes(), inputs, builder.getArrayAttr(maps));
    shifted.getBody().takeBody(map.getBody());
    Value first = shifted.getBody().front().addArgument(builder.getI32Type(), map.getLoc());
    for (IndexOp index : indices) {
      builder.setInsertionPointAfter(index);
      auto sum = arith::AddIOp::create(builder, index.getLoc(), index, first);
      index.getResult().replaceAllUsesExcept(sum, sum);
    }
    map.erase();
    return shifted;
  }

  /// An attention with the results that have rows, and the statistics; the loop, in front of its first reader.
  void createRows() {
    OpBuilder builder(attention);
    SmallVector<Value> yielded, statistics;
    SmallVector<Type> types;
    Operation *end = body.getTerminator();
    for (size_t number : rowResults)
      yielded.push_back(end->getOperand(number));
    for (Value value : invariants)
      if (value.getDefiningOp()) {
        statistics.push_back(value);
        yielded.push_back(value);
      }
    for (Value value : yielded)
      types.push_back(value.getType());
    auto apart = AttentionOp::create(builder, loc, types, attention.getInputs(), attention.getOver(),
                                     attention.getRowDims(), attention.getColumnDims());
    end->setOperands(yielded);
    apart.getBody().takeBody(attention.getBody());
    for (auto [i, number] : llvm::enumerate(rowResults))
      attention.getResult(number).replaceAllUsesWith(apart.getResult(i));
    DenseMap<Value, Value> valueOf;
    for (auto [value, result] : llvm::zip_equal(statistics, apart.getResults().drop_front(rowResults.size())))
      valueOf[value] = result;
    createLoop([&](Value value) {
      auto argument = dyn_cast<BlockArgument>(value);
      return argument ? apart.getInputs()[argument.getArgNumber()] : valueOf.lookup(value);
    });
    attention.erase();
    if (apart.getNumResults() == 0) {
      apart.erase();
      return;
    }
    SmallVector<Operation *> ops =
        llvm::map_to_vector(apart.getBody().front().without_terminator(), [](Operation &op) { return &op; });
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        op->erase();
  }

  void createLoop(llvm::function_ref<Value(Value)> outside) {
    Operation *reader = nullptr;
    for (size_t number : columnResults)
      for (Operation *user : attention.getResult(number).getUsers()) {
        Operation *at = attention->getBlock()->findAncestorOpInBlock(*user);
        reader = !reader || at->isBeforeInBlock(reader) ? at : reader;
      }
    if (!reader) // nobody needs them
      reader = attention;
    OpBuilder builder(reader);
    int64_t steps = columns / tile;
    SmallVector<int32_t> firsts;
    for (int64_t step = 0; step < steps; ++step)
      firsts.push_back(static_cast<int32_t>(step * tile));
    auto type = RankedTensorType::get({steps}, builder.getI32Type());
    SmallVector<Value> over{
        arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(firsts)))};
    for (Value value : sequences)
      over.push_back(ReshapeOp::create(builder, loc, stackedType(ofTile(value), steps), outside(value)));
    SmallVector<Value> with = llvm::map_to_vector(invariants, [&](Value value) { return outside(value); });
    SmallVector<Type> types;
    for (Type given : function.getResultTypes())
      types.push_back(stackedType(given, steps));
    auto loop =
        LoopOp::create(builder, loc, types, function.getName(), steps, /*reverse=*/false, ValueRange(), over, with);
    for (auto [number, stack] : llvm::zip_equal(columnResults, loop.getResults())) {
      Value result = attention.getResult(number);
      result.replaceAllUsesWith(ReshapeOp::create(builder, loc, result.getType(), stack));
    }
  }

  AttentionOp attention;
  Block &body;
  SymbolTable &symbols;
  const KernelAbilities &abilities;
  Location loc;
  int64_t rows, columns, tile;
  std::optional<AxisAnalysis> axes;
  SmallVector<size_t> rowResults, columnResults; ///< numbers
  llvm::SetVector<Operation *> needed;           ///< ops of a tile
  llvm::SetVector<Value> known;                  ///< what these read: operands, and statistics of rows
  SmallVector<Value> sequences, invariants;      ///< the same
  func::FuncOp function;
};

struct TileColumnsPass : impl::TileColumnsBase<TileColumnsPass> {
  using TileColumnsBase::TileColumnsBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    int64_t count = 0;
    if (!abilities->sumsInUnits) // sums over all rows would differ from those of blocks, which split-rows adds up
      return markAllAnalysesPreserved();
    for (auto entry : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (!entry->hasAttr(kEntryAttr) || entry->hasAttr(kLoopBodyAttr) || entry->hasAttr(kAlternativeAttr))
        continue;
      if (llvm::none_of(entry.getOps<AttentionOp>(), [&](AttentionOp a) { return rowsOfBlock(a, *abilities) > 0; }))
        continue;
      func::FuncOp other = entry.clone();
      other.setName((entry.getName() + ".tiled").str());
      other->setAttr(kAlternativeAttr, entry.getSymNameAttr());
      symbols.insert(other, std::next(entry->getIterator()));
      int64_t tiled = 0;
      for (auto attention : llvm::to_vector(other.getOps<AttentionOp>())) {
        if (!rowsOfBlock(attention, *abilities))
          continue;
        std::string why = Tiler(attention, symbols, *abilities).run();
        DEBUG_AT(other) << (why.empty() ? "has a head in tiles of columns" : why);
        tiled += why.empty();
      }
      if (!tiled)
        symbols.erase(other);
      count += tiled;
    }
    counted(getOperation(), DEBUG_TYPE, "heads in tiles of columns", count);
    if (count == 0)
      markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace sinter
