// Copies of the operands in the order in which the register tile reads them.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter::cpu {

/// Steps of k that are packed for one panel of rows after the other.
static constexpr int64_t kRun = 8;

int64_t MatmulEmitter::sliceDepth() const { return llvm::alignTo(llvm::divideCeil(plan.kc, plan.nPanels()), kRun); }

/// Where a packed panel of the right operand starts: [k block][panel][kc][nr], or [kc][nr] if it is not kept.
Value MatmulEmitter::rhsPanel(Value kBlock, Value columnAt) {
  if (!plan.keepsPackedRhs())
    return constant(0);
  int64_t size = packedDepth() * plan.nr();
  return LinearIndex().add(kBlock, plan.nPanels() * size).add(divide(columnAt, plan.nr()), size).materialize(b, loc);
}

Value MatmulEmitter::lhsBlock(Value kBlock) {
  if (plan.keepsPackedLhs())
    return multiply(kBlock, lhsBlockSize());
  return plan.packsAhead ? multiply(remainder(kBlock, 2), lhsBlockSize()) : constant(0);
}

/// Where a packed panel of rows starts.
Value MatmulEmitter::lhsPanel(Value kBlock, Value rowPanel) {
  return LinearIndex().add(lhsBlock(kBlock), 1).add(rowPanel, packedDepth() * plan.mr).materialize(b, loc);
}

/// Transposes a block of 8x8 floats in registers.
SmallVector<Value> MatmulEmitter::transposeBlock(ArrayRef<Value> in) {
  constexpr int64_t side = kBlockSide;
  // Interleaves pairs, then pairs of pairs, within halves of four; then joins the halves.
  const int64_t low[] = {0, 8, 1, 9, 4, 12, 5, 13}, high[] = {2, 10, 3, 11, 6, 14, 7, 15};
  const int64_t lowPairs[] = {0, 1, 8, 9, 4, 5, 12, 13}, highPairs[] = {2, 3, 10, 11, 6, 7, 14, 15};
  const int64_t lowHalves[] = {0, 1, 2, 3, 8, 9, 10, 11}, highHalves[] = {4, 5, 6, 7, 12, 13, 14, 15};
  auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  };
  SmallVector<Value> pairs(side), quads(side), out(side);
  for (int64_t r = 0; r < side; r += 2) {
    pairs[r] = shuffle(in[r], in[r + 1], low);
    pairs[r + 1] = shuffle(in[r], in[r + 1], high);
  }
  for (int64_t half = 0; half < side; half += 4)
    for (int64_t r = 0; r < 2; ++r) {
      quads[half + 2 * r] = shuffle(pairs[half + r], pairs[half + 2 + r], lowPairs);
      quads[half + 2 * r + 1] = shuffle(pairs[half + r], pairs[half + 2 + r], highPairs);
    }
  for (int64_t r = 0; r < 4; ++r) {
    out[r] = shuffle(quads[r], quads[r + 4], lowHalves);
    out[r + 4] = shuffle(quads[r], quads[r + 4], highHalves);
  }
  return out;
}

/// Where a panel of columns starts in a right operand that is contiguous along k.
Value MatmulEmitter::rhsStart(Value kBlock, Value columnAt) {
  LinearIndex index;
  index.add(rhsOrigin, 1).add(whole(columnAt, columns, plan.nr(), kernel.n.size), kernel.n.stride(kernel.rhs));
  if (!kernel.hasRhsInParts())
    index.add(kBlock, plan.kc);
  return index.materialize(b, loc);
}

/// `start`, `k` steps of a block further: contiguous, or in parts of k that are.
Value MatmulEmitter::rhsAt(Value start, Value kBlock, Value k) {
  if (!kernel.hasRhsInParts())
    return add(start, k);
  Value depth = LinearIndex().add(kBlock, plan.kc).add(k, 1).materialize(b, loc);
  LinearIndex index;
  index.add(start, 1);
  for (auto [part, loop] : llvm::enumerate(kernel.kParts))
    index.add(partOfDepth(depth, part), loop.stride(kernel.rhs));
  return index.materialize(b, loc);
}

/// `from`, `column` + `next` columns further: the last column instead of those that a tile wider than the matrix has.
Value MatmulEmitter::inColumn(Value from, Value column, int64_t next) {
  Value at = add(column, next);
  if (plan.nr() > kernel.n.size)
    at = minimum(at, constant(kernel.n.size - 1));
  return LinearIndex().add(from, 1).add(at, kernel.n.stride(kernel.rhs)).materialize(b, loc);
}

/// A panel of columns that are contiguous along k: eight of them at a time become rows, block by block.
void MatmulEmitter::packRhs(Value kBlock, Value columnAt) {
  if (plan.depth == 2)
    return packRhsPairs(kBlock, columnAt);
  constexpr int64_t side = kBlockSide;
  Value depth = depthOf(kBlock), target = rhsPanel(kBlock, columnAt);
  Value source = rhsStart(kBlock, columnAt);
  VectorType type = VectorType::get({side}, b.getF32Type());
  loop(depth, side, [&](Value at) {
    Value k = whole(at, depth, side, kernel.k.size), from = rhsAt(source, kBlock, k);
    loop(constant(plan.nr()), side, [&](Value column) {
      SmallVector<Value> in(side);
      for (int64_t r = 0; r < side; ++r)
        in[r] = rounded(vector::LoadOp::create(b, loc, type, flat[kernel.rhs.operand], inColumn(from, column, r)));
      SmallVector<Value> out = transposeBlock(in);
      Value to = LinearIndex().add(target, 1).add(k, plan.nr()).add(column, 1).materialize(b, loc);
      for (int64_t r = 0; r < side; ++r)
        vector::StoreOp::create(b, loc, out[r], packedRhs, add(to, r * plan.nr()));
    });
  });
}

/// At each step of k, asks for a little of the panel of columns that comes next, so that memory works while the
/// processor multiplies: each of the row panels brings its share of the steps. (An address behind the operand does no
/// harm.)
void MatmulEmitter::fetchNextPanel(Value kBlock, Value rowPanel, Value columnPanel, Value k) {
  int64_t kStride = kernel.k.stride(kernel.rhs);
  if (plan.mPanels() == 1)
    return;
  auto fetch = [&](Value buffer, Value next, int64_t stepSize, int hint) {
    Value step = divide(LinearIndex().add(rowPanel, packedDepth()).add(k, 1).materialize(b, loc), plan.mPanels());
    for (int64_t v = 0; v < plan.vectors; ++v)
      memref::PrefetchOp::create(b, loc, buffer,
                                 LinearIndex{v * kLanes, {}}.add(next, 1).add(step, stepSize).materialize(b, loc),
                                 /*isWrite=*/false, hint, /*isDataCache=*/true);
  };
  if (plan.keepsPackedRhs()) {
    // Panels follow each other, block after block, and often are more together than the second-level cache holds.
    // Narrow ones are bound by loads already.
    if (plan.vectors > 1)
      fetch(packedRhs, add(rhsPanel(kBlock, multiply(columnPanel, plan.nr())), packedDepth() * plan.nr()), plan.nr(),
            3);
    return;
  }
  if (plan.rhs != RhsForm::Copied || kernel.mustBePacked(kernel.rhs) || kernel.n.stride(kernel.rhs) != 1)
    return;
  // What will be copied: the next panel of this block of k, the first of the next block, or of the next tile.
  auto choose = [&](Value at, int64_t last, Value otherwise, Value ifLast) {
    Value is = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, at, constant(last));
    return arith::SelectOp::create(b, loc, is, ifLast, otherwise).getResult();
  };
  Value block = LinearIndex().add(rhsOrigin, 1).add(kBlock, plan.kc * kStride).materialize(b, loc);
  Value nextBlock = choose(kBlock, plan.kBlocks - 1, add(block, plan.kc * kStride), add(rhsOrigin, plan.nc));
  Value next = LinearIndex{plan.nr(), {}}.add(block, 1).add(columnPanel, plan.nr()).materialize(b, loc);
  fetch(flat[kernel.rhs.operand], choose(columnPanel, plan.nPanels() - 1, next, nextBlock), kStride * plan.depth, 2);
}

/// Rows stay rows: the register tile broadcasts single elements, so all that matters is that rows are close together.
void MatmulEmitter::packLhs(Value kBlock) {
  if (kernel.lhs.windows)
    return plan.lhs == LhsForm::Rows ? packWindowRows(kBlock) : packWindowPanels(kBlock);
  if (plan.lhs == LhsForm::Panels)
    return packLhsPanels(kBlock, constant(0), depthOf(kBlock));
  if (plan.depth == 2)
    return packLhsPairs(kBlock);
  int64_t length = lhsRowLength(), total = kernel.k.size;
  Value depth = depthOf(kBlock);
  loop(rows, 1, [&](Value row) {
    auto lanesAt = lhsRow(kBlock, row);
    Value to = LinearIndex().add(lhsBlock(kBlock), 1).add(row, length).materialize(b, loc);
    loop(depth, kLanes, [&](Value at) {
      Value k = whole(at, depth, kLanes, total);
      storeLanes(b, loc, rounded(lanesAt(k)), packedLhs, add(to, k));
    });
  });
}

/// Lanes along k of a row of the tile, by their place in the block of k.
std::function<Value(Value)> MatmulEmitter::lhsRow(Value kBlock, Value row) {
  int64_t count = std::min(kLanes, kernel.k.size);
  if (kernel.mustBePacked(kernel.lhs))
    return [=, this](Value k) {
      Value depth = LinearIndex().add(kBlock, plan.kc).add(k, 1).materialize(b, loc);
      return operandAt(kernel.lhs, {add(firstRow, row), {}, depth, &kernel.k, count});
    };
  Value from =
      LinearIndex().add(lhsOrigin, 1).add(kBlock, plan.kc).add(row, kernel.m.stride(kernel.lhs)).materialize(b, loc);
  return [=, this](Value k) { return loadLanes(b, loc, flat[kernel.lhs.operand], add(from, k), 1, count); };
}

/// After a panel of columns: a slice of the next block of k of the left operand, which fetchNextBlock has asked for.
void MatmulEmitter::packAhead(Value kBlock, Value columnAt) {
  Value next = add(kBlock, 1), depth = depthOf(next);
  auto sliceStart = [&](Value panel) { return minimum(multiply(panel, sliceDepth()), depth); };
  Value panel = divide(columnAt, plan.nr());
  packLhsPanels(next, sliceStart(panel), sliceStart(add(panel, 1)));
}

/// At each step of k, asks for a little of the slice that packAhead will pack after this panel of columns: each panel
/// of rows brings one line of every row of the slice. (Few instructions: they take multiply-adds' places.)
void MatmulEmitter::fetchNextBlock(Value kBlock, Value rowPanel, Value columnPanel, Value k, Value packsAhead) {
  int64_t kStride = kernel.k.stride(kernel.lhs), lines = llvm::divideCeil(plan.mc, kLanes);
  int64_t stepsPerRow = llvm::bit_floor<uint64_t>(plan.kc / sliceDepth());
  Value line = minimum(rowPanel, constant(lines - 1));
  Value start = LinearIndex{plan.kc * kStride, {}}
                    .add(lhsOrigin, 1)
                    .add(kBlock, plan.kc * kStride)
                    .add(columnPanel, sliceDepth() * kStride)
                    .add(line, kLanes)
                    .materialize(b, loc);
  Value at = LinearIndex()
                 .add(arith::SelectOp::create(b, loc, packsAhead, start, lhsOrigin), 1)
                 .add(divide(k, stepsPerRow), kStride)
                 .materialize(b, loc);
  memref::PrefetchOp::create(b, loc, flat[kernel.lhs.operand], at, /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
}

/// [panel][k][mr], for an operand that is contiguous along m, or nowhere: from `from` to `to` in a block of k, in whole
/// steps. A few of them at a time go to all panels: both sides are then walked in runs of whole lines.
void MatmulEmitter::packLhsPanels(Value kBlock, Value from, Value to) {
  int64_t mStride = kernel.m.stride(kernel.lhs), kStride = kernel.k.stride(kernel.lhs);
  Value start = LinearIndex().add(lhsOrigin, 1).add(kBlock, plan.kc * kStride).materialize(b, loc);
  bool indirect = kernel.mustBePacked(kernel.lhs);
  auto packSteps = [&](Value first, Value last, bool half) {
    loop(rows, plan.mr, [&](Value rowAt) {
      Value row = whole(rowAt, rows, plan.mr, rowsInAll());
      loop(first, last, 1, {}, [&](Value k, ValueRange) {
        auto load = [&](int64_t next) {
          if (indirect) {
            Value at = LinearIndex{next, {}}.add(kBlock, plan.kc).add(k, plan.depth).materialize(b, loc);
            return operandAt(kernel.lhs, {add(firstRow, row), {}, at, &kernel.m, plan.mr});
          }
          Value place = LinearIndex{next * kStride, {}}
                            .add(start, 1)
                            .add(k, plan.depth * kStride)
                            .add(row, mStride)
                            .materialize(b, loc);
          return loadLanes(b, loc, flat[kernel.lhs.operand], place, mStride, plan.mr);
        };
        Value lanes = plan.depth == 1 ? rounded(load(0)) : pairOf(load(0), half ? zeros() : load(1));
        Value place =
            LinearIndex().add(lhsPanel(kBlock, divide(rowAt, plan.mr)), 1).add(k, plan.mr).materialize(b, loc);
        storeLanes(b, loc, lanes, packedLhs, place, 1, plan.mr);
        return SmallVector<Value>();
      });
    });
  };
  Value steps = divide(to, plan.depth);
  bool wholeRuns = plan.depth == 1 && kernel.k.size % kRun == 0 && plan.kc % kRun == 0;
  loop(divide(from, plan.depth), steps, kRun, {}, [&](Value at, ValueRange) {
    packSteps(at, wholeRuns ? add(at, kRun) : minimum(add(at, kRun), steps), false);
    return SmallVector<Value>();
  });
  if (plan.depth == 2 && kernel.k.size % 2)
    packSteps(steps, divide(add(to, 1), 2), true);
}

} // namespace sinter::cpu
