// sinter-split-rows: a sinter.attention that the target has no kernel for is computed a block of rows after the other.
//
//   %l, %dx, %de = attention over [1024, 50257] (%x rows, %e columns, %t rows) { logits; losses; gradients }
//   =>
//   for each block of 384 rows:  %x_i, %t_i = slice of %x, %t
//                                %l_i, %dx_i = the region's ops on 384 x 50257
//                                %de = %de + the block's sum
//   %l, %dx = concat of the blocks'
//
// The memory of one block's rows x columns then serves the next. A block is a unit of a product over rows
// (codegen/products/ProductOrder.h), and blocks add up as units do: such sums have the bits that one product gives.
#include "compiler/codegen/products/ProductOrder.h"
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/attention/RowBlocks.h"
#include "dialects/sinter/Axes.h"

#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "sinter-split-rows"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_SPLITROWS
#include "compiler/passes/Passes.h.inc"

namespace {

/// Sums of blocks, added in groups of 16 and groups of groups.
class BlockSums {
public:
  void add(OpBuilder &builder, Location loc, Value sum) {
    addTo(builder, loc, 0, sum);
    // A full group is one sum of the next level.
    for (size_t level = 0; counts[level] == codegen::kUnitsPerGroup; ++level) {
      Value group = std::exchange(sums[level], Value());
      counts[level] = 0;
      addTo(builder, loc, level + 1, group);
    }
  }

  /// The sum of all. Groups that are not full are the last of their level.
  Value total(OpBuilder &builder, Location loc) {
    for (size_t level = 0; level + 1 < sums.size(); ++level)
      if (sums[level])
        addTo(builder, loc, level + 1, sums[level]);
    return sums.back();
  }

private:
  void addTo(OpBuilder &builder, Location loc, size_t level, Value sum) {
    if (level >= sums.size())
      sums.resize(level + 1), counts.resize(level + 1);
    sums[level] = sums[level] ? addElements(builder, loc, sums[level], sum) : sum;
    ++counts[level];
  }

  static Value addElements(OpBuilder &builder, Location loc, Value a, Value b) {
    auto type = cast<RankedTensorType>(a.getType());
    AffineMap each = builder.getMultiDimIdentityMap(type.getRank());
    auto map = MapOp::create(builder, loc, type, ValueRange{a, b}, builder.getAffineMapArrayAttr({each, each}));
    OpBuilder::InsertionGuard guard(builder);
    Block *body = builder.createBlock(&map.getBody());
    body->addArguments({type.getElementType(), type.getElementType()}, {loc, loc});
    YieldOp::create(builder, loc,
                    arith::AddFOp::create(builder, loc, body->getArgument(0), body->getArgument(1)).getResult());
    return map.getResult(0);
  }

  SmallVector<Value> sums; ///< by level
  SmallVector<int64_t> counts;
};

/// Takes one attention apart.
class Splitter {
public:
  Splitter(AttentionOp attention, int64_t rowsOfBlock)
      : attention(attention), body(attention.getBody().front()), axes(attention), builder(attention),
        loc(attention.getLoc()), rowsOfBlock(rowsOfBlock), whole(attention.getOver().size()) {}

  void run() {
    int64_t rows = attention.getOver()[whole - 2];
    ValueRange yielded = body.getTerminator()->getOperands();
    SmallVector<SmallVector<Value>> parts(yielded.size());
    SmallVector<BlockSums> sums(yielded.size());
    for (int64_t first = 0; first < rows; first += rowsOfBlock) {
      IRMapping mapping = computeBlock(first, std::min(first + rowsOfBlock, rows));
      for (auto [i, value] : llvm::enumerate(yielded)) {
        Value own = mapping.lookup(value);
        if (axes.of(value).row >= 0)
          parts[i].push_back(own);
        else
          sums[i].add(builder, loc, own);
      }
    }
    for (auto [i, value] : llvm::enumerate(yielded)) {
      int64_t row = axes.of(value).row;
      Value all = row >= 0 ? ConcatOp::create(builder, loc, value.getType(), parts[i], row).getResult()
                           : sums[i].total(builder, loc);
      attention.getResult(i).replaceAllUsesWith(all);
    }
    attention.erase();
  }

private:
  /// The region's ops on rows [first, end).
  IRMapping computeBlock(int64_t first, int64_t end) {
    IRMapping mapping;
    for (auto [argument, input, row] :
         llvm::zip_equal(body.getArguments(), attention.getInputs(), attention.getRowDims()))
      mapping.map(argument, row >= 0 ? sliceRows(input, row, first, end) : input);
    for (Operation &op : body.without_terminator()) {
      Operation *clone = builder.clone(op, mapping);
      for (auto [result, old] : llvm::zip_equal(clone->getResults(), op.getResults()))
        if (int64_t row = axes.of(old).row; row >= 0)
          result.setType(withRows(cast<RankedTensorType>(old.getType()), row, end - first));
      if (auto map = dyn_cast<MapOp>(clone))
        startRowsAt(map, axes.of(op.getResult(0)).row, first);
    }
    return mapping;
  }

  static RankedTensorType withRows(RankedTensorType type, int64_t row, int64_t rows) {
    SmallVector<int64_t> shape(type.getShape());
    shape[row] = rows;
    return type.clone(shape);
  }

  Value sliceRows(Value input, int64_t row, int64_t first, int64_t end) {
    auto type = cast<RankedTensorType>(input.getType());
    SmallVector<int64_t> starts(type.getRank(), 0), limits(type.getShape()), strides(type.getRank(), 1);
    starts[row] = first, limits[row] = end;
    return SliceOp::create(builder, loc, withRows(type, row, end - first), input, starts, limits, strides);
  }

  /// Row 0 of the block is number `first`.
  static void startRowsAt(MapOp map, int64_t row, int64_t first) {
    for (auto index : llvm::make_early_inc_range(map.getBody().front().getOps<IndexOp>())) {
      if (static_cast<int64_t>(index.getDim()) != row || first == 0)
        continue;
      OpBuilder inner = OpBuilder::atBlockBegin(index->getBlock());
      inner.setInsertionPointAfter(index);
      auto offset = arith::ConstantOp::create(inner, index.getLoc(), inner.getI32IntegerAttr(first));
      auto shifted = arith::AddIOp::create(inner, index.getLoc(), index, offset);
      index.getResult().replaceAllUsesExcept(shifted, shifted);
    }
  }

  AttentionOp attention;
  Block &body;
  AxisAnalysis axes;
  OpBuilder builder;
  Location loc;
  int64_t rowsOfBlock, whole;
};

struct SplitRowsPass : impl::SplitRowsBase<SplitRowsPass> {
  using SplitRowsBase::SplitRowsBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    int64_t count = 0;
    for (auto attention : llvm::make_early_inc_range(getOperation().getOps<AttentionOp>()))
      if (int64_t rows = rowsOfBlock(attention, *abilities)) {
        DEBUG_AT(attention) << "is computed in blocks of " << rows << " rows";
        Splitter(attention, rows).run();
        ++count;
      }
    counted(getOperation(), DEBUG_TYPE, "attentions computed in blocks of rows", count);
    if (count == 0)
      markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace sinter
