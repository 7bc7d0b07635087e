#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter::cpu {

void MatmulEmitter::placeScratch(Value scratch) {
  this->scratch = scratch;
  auto placeAs = [&](Type type, int64_t words) -> Value {
    int64_t offset = scratchSize;
    scratchSize = llvm::alignTo(scratchSize + words * 4, 64);
    return scratchView(b, loc, scratch, offset, type, words);
  };
  auto place = [&](int64_t floats) { return placeAs(b.getF32Type(), floats); };
  if (plan.stream && plan.rhs == RhsForm::Transposed)
    return;
  if (plan.stream) {
    sumsBuffer = place((1 + levelsOf(kernel.k.size)) * kernel.m.size * plan.nPanels() * kLanes);
    return;
  }
  packedKey = scratchView(b, loc, scratch, scratchStart, b.getI64Type(), 1);
  if (plan.rhs != RhsForm::Direct)
    packedRhs =
        placeAs(packedType(), (plan.keepsPackedRhs() ? plan.kBlocks * plan.nPanels() : 1) * packedDepth() * plan.nr());
  if (plan.lhs != LhsForm::Direct)
    packedLhs = placeAs(packedType(), (plan.keepsPackedLhs() ? plan.kBlocks
                                       : plan.packsAhead     ? 2
                                                             : 1) *
                                          lhsBlockSize());
  if (kernel.lhs.windows && plan.lhs == LhsForm::Panels)
    windowRow = place(std::max(plan.mc, plan.kc) + kLanes);
  if (plan.kBlocks > 1)
    partials = place(waitingTileParts() * plan.mPanels() * plan.nPanels() * plan.mr * plan.nr());
  if (kernel.columnSums)
    columnSums = place(3 * plan.nPanels() * plan.nr());
  if (plan.finishesLater)
    keptPlace = scratchView(b, loc, scratch, scratchStart + 16, b.getI64Type(), kernel.inPlace ? 3 : 2);
  if (!kernel.epilogue.empty() || plan.finishesLater)
    sumsBuffer = place(plan.mr * plan.nr());
}

Value MatmulEmitter::origin(const MatmulAccess &access) {
  LinearIndex index{access.offset, {}};
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    index.add(at, loop.stride(access));
  countFromLocalStart(index, access);
  return index.add(firstRow, kernel.m.stride(access)).add(firstColumn, kernel.n.stride(access)).materialize(b, loc);
}

void MatmulEmitter::countFromLocalStart(LinearIndex &index, const MatmulAccess &access) const {
  if (auto local = locals.find(access.operand); local != locals.end())
    index.add(localStart, -local->second);
}

void MatmulEmitter::locateTile(Value tile) {
  Value row, column, rest;
  if (plan.keeps != Keeps::Lhs) {
    row = remainder(tile, plan.mTiles), rest = divide(tile, plan.mTiles);
    // What is kept for one batch is of use to the next.
    bool shared = kernel.sharesRhs() && plan.keepsPackedRhs();
    column = shared ? divide(rest, kernel.batchSize()) : remainder(rest, plan.nTiles);
    rest = shared ? remainder(rest, kernel.batchSize()) : divide(rest, plan.nTiles);
  } else {
    column = remainder(tile, plan.nTiles), rest = divide(tile, plan.nTiles);
    row = remainder(rest, plan.mTiles), rest = divide(rest, plan.mTiles);
  }
  locate(rest, multiply(row, plan.mc), multiply(column, plan.nc));
}

/// Sets the current tile: it begins at `row` and `column` of a batch.
void MatmulEmitter::locate(Value batch, Value row, Value column) {
  Value rest = batch;
  firstRow = row, firstColumn = column;
  batchIndices.assign(kernel.batch.size(), Value());
  for (int64_t i = static_cast<int64_t>(kernel.batch.size()) - 1; i >= 0; --i) {
    batchIndices[i] = i == 0 ? rest : remainder(rest, kernel.batch[i].size);
    rest = divide(rest, kernel.batch[i].size);
  }
  rows = extent(firstRow, plan.mc, kernel.m.size);
  columns = extent(firstColumn, plan.nc, kernel.n.size);
  lhsOrigin = origin(kernel.lhs);
  rhsOrigin = origin(kernel.rhs);
  if (kernel.skipsTaps())
    locateTaps();
  locateBound();
}

/// Which part of the operand that is kept the current tile needs. Batches that share an operand have the same origin in
/// it. Zero means that nothing is packed.
Value MatmulEmitter::packingKey() {
  bool left = plan.keepsPackedLhs();
  return LinearIndex{1, {}}
      .add(left ? lhsOrigin : rhsOrigin, left ? kernel.m.size : kernel.n.size)
      .add(left ? firstRow : firstColumn, 1)
      .materialize(b, loc);
}

/// Returns which part of the kept operand is packed now.
Value MatmulEmitter::emitTile(Value tile, Value packedBefore) {
  locateTile(tile);
  if (plan.stream) {
    if (plan.rhs == RhsForm::Direct)
      emitStream();
    else
      emitTransposedStream();
    return packedBefore;
  }
  Value packs;
  if (plan.keepsPackedLhs() || plan.keepsPackedRhs()) {
    Value key = packingKey();
    packs = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, key, packedBefore);
    packedBefore = key;
  } else {
    packs = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  }
  loop(constant(plan.kBlocks), 1, [&](Value kBlock) { emitBlock(kBlock, packs); });
  if (kernel.columnSums)
    writeColumnSums();
  return packedBefore;
}

/// `packs`: whether this tile has to pack the operand that is kept.
void MatmulEmitter::emitBlock(Value kBlock, Value packs) {
  auto both = [&](Value x, Value y) { return arith::AndIOp::create(b, loc, x, y).getResult(); };
  auto isBlock = [&](arith::CmpIPredicate relation, int64_t block) {
    return arith::CmpIOp::create(b, loc, relation, kBlock, constant(block)).getResult();
  };
  Value always = arith::ConstantOp::create(b, loc, b.getBoolAttr(true)),
        packsLhs = plan.keeps == Keeps::Lhs ? packs : always;
  Value packsAhead;
  if (plan.packsAhead) {
    packsAhead = both(packsLhs, isBlock(arith::CmpIPredicate::ult, plan.kBlocks - 1));
    packsLhs = both(packsLhs, isBlock(arith::CmpIPredicate::eq, 0));
  }
  if (plan.lhs != LhsForm::Direct)
    onlyIf(packsLhs, [&] { packLhs(kBlock); });
  if (plan.keeps != Keeps::Rhs)
    packs = always;
  loop(columnStart ? columnStart : constant(0), columns, plan.nr(), {}, [&](Value at, ValueRange) {
    if (plan.rhs == RhsForm::Transposed)
      onlyIf(isNeeded(packs, at), [&] { packRhs(kBlock, at); });
    emitPanel(kBlock, at, packs, packsAhead);
    if (packsAhead)
      onlyIf(packsAhead, [&] { packAhead(kBlock, at); });
    return SmallVector<Value>();
  });
}

/// All rows of the tile by one panel of columns.
void MatmulEmitter::emitPanel(Value kBlock, Value columnAt, Value packs, Value packsAhead) {
  Value column = whole(columnAt, columns, plan.nr(), kernel.n.size), columnPanel = divide(columnAt, plan.nr());
  auto [from, to] = emitsDepth ? rowsOf(kBlock) : std::pair(constant(0), rows);
  loop(from, to, plan.mr, {}, [&, from = from](Value rowAt, ValueRange) {
    if (kernel.inPlace && rowsInAll() % plan.mr != 0)
      unfinished = add(firstRow, rowAt);
    Value row = whole(rowAt, rows, plan.mr, rowsInAll()), rowPanel = divide(rowAt, plan.mr);
    Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rowAt, from);
    Besides besides{arith::AndIOp::create(b, loc, packs, first), packsAhead};
    auto multiply = [&] {
      Waiting waiting = waitingTile(rowPanel, columnPanel);
      Sums before = beginBlock(kBlock, waiting);
      Sums sums = unless(isPastBound(column), before,
                         [&] { return multiplyPanels(kBlock, row, rowPanel, column, columnPanel, besides, before); });
      endBlock(kBlock, waiting, sums,
               [&](const Sums &done) { finish(done, add(firstRow, row), add(firstColumn, column)); });
    };
    if (!emitsDepth || kernel.ordered.empty()) {
      multiply();
      return SmallVector<Value>();
    }
    // A tile that has not begun, or is finished, is left alone. (The first of the loop is neither.)
    blocks = blocksOf(spanOf(add(firstRow, row), constant(plan.mr)));
    auto isAtMost = [&](Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, x, y); };
    onlyIf(arith::AndIOp::create(b, loc, isAtMost(blocks.first, kBlock), isAtMost(kBlock, blocks.last)), multiply);
    return SmallVector<Value>();
  });
}

/// The register tile: lhs[row.., k] * rhs[k, column..] are added to `sums` for ascending k. Where `besides` says so, a
/// right operand that is to be copied is read in place, and its panel written on the way: the multiplications hide the
/// copying.
MatmulEmitter::Sums MatmulEmitter::multiplyPanels(Value kBlock, Value row, Value rowPanel, Value column,
                                                  Value columnPanel, const Besides &besides, Sums sums) {
  constexpr int64_t unroll = 2;
  // Rows of an operand lie too far apart for the processor to foresee them.
  constexpr int64_t ahead = 16;
  constexpr int64_t kFarApart = 8192;
  Value left, leftStart;
  int64_t leftRow, leftK;
  if (readsWindows(plan, kernel)) { // each run has its own start
    left = flat[kernel.lhs.windows->operand];
    leftRow = 1, leftK = runStride();
  } else if (plan.lhs == LhsForm::Direct) {
    left = flat[kernel.lhs.operand];
    leftRow = kernel.m.stride(kernel.lhs), leftK = kernel.k.stride(kernel.lhs);
    leftStart = LinearIndex().add(lhsOrigin, 1).add(row, leftRow).add(kBlock, plan.kc * leftK).materialize(b, loc);
  } else if (plan.lhs == LhsForm::Rows) {
    left = packedLhs;
    leftRow = lhsRowLength(), leftK = 1;
    leftStart = LinearIndex().add(lhsBlock(kBlock), 1).add(row, leftRow).materialize(b, loc);
  } else {
    left = packedLhs;
    leftRow = 1, leftK = plan.mr;
    leftStart = lhsPanel(kBlock, rowPanel);
  }
  bool indirect = kernel.mustBePacked(kernel.rhs);
  Value source = indirect ? Value() : flat[kernel.rhs.operand];
  int64_t sourceK = kernel.k.stride(kernel.rhs), sourceN = kernel.n.stride(kernel.rhs);
  Value sourceStart =
      LinearIndex().add(rhsOrigin, 1).add(column, sourceN).add(kBlock, plan.kc * sourceK).materialize(b, loc);
  Value panel = plan.rhs == RhsForm::Direct ? Value() : rhsPanel(kBlock, multiply(columnPanel, plan.nr()));

  enum class Reads { Source, SourceAndCopies, SourceOnlyToCopy, Panel };
  // Steps are of `plan.depth` products; of the last pair, there may be only half.
  // Only in the last block of k is the epilogue near.
  Value isLast =
      plan.kBlocks == 1
          ? Value()
          : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, kBlock, constant(plan.kBlocks - 1)).getResult();
  // Behind the sums of the tile come, while the right operand is copied, those of its columns, if they are asked for.
  auto step = [&](Reads reads, Value k, int64_t unrolled, bool half, Sums sums) {
    for (int64_t u = 0; u < unrolled; ++u) {
      SmallVector<Value> columns;
      if (reads == Reads::Panel) {
        if (u == 0)
          fetchNextPanel(kBlock, rowPanel, columnPanel, k);
        if (u == 0 && besides.packsAhead)
          fetchNextBlock(kBlock, rowPanel, columnPanel, k, besides.packsAhead);
        Value from = LinearIndex{u * plan.nr(), {}}.add(panel, 1).add(k, plan.nr()).materialize(b, loc);
        for (int64_t v = 0; v < plan.vectors; ++v)
          columns.push_back(loadLanes(b, loc, packedRhs, add(from, v * kLanes)));
      } else {
        int64_t stepK = plan.depth * sourceK;
        Value from = LinearIndex{u * stepK, {}}.add(sourceStart, 1).add(k, stepK).materialize(b, loc);
        auto load = [&](int64_t v, int64_t next) {
          if (indirect) {
            Value depth =
                LinearIndex{u * plan.depth + next, {}}.add(kBlock, plan.kc).add(k, plan.depth).materialize(b, loc);
            return operandAt(kernel.rhs,
                             {{}, add(add(firstColumn, column), v * kLanes), depth, &kernel.n, columnsIn(v)});
          }
          return loadLanes(b, loc, source, add(from, v * kLanes * sourceN + next * sourceK), sourceN, columnsIn(v));
        };
        for (int64_t v = 0; v < plan.vectors; ++v)
          columns.push_back(plan.depth == 2 ? pairOf(load(v, 0), half ? zeros() : load(v, 1)) : rounded(load(v, 0)));
        if (reads != Reads::Source && columnSums)
          for (int64_t v = 0; v < plan.vectors; ++v) {
            Value &sum = sums[sums.size() - plan.vectors + v];
            sum = arith::AddFOp::create(b, loc, sum, columns[v]);
          }
        if (reads != Reads::Source) {
          Value to = LinearIndex{u * plan.nr(), {}}.add(panel, 1).add(k, plan.nr()).materialize(b, loc);
          for (int64_t v = 0; v < plan.vectors; ++v) {
            for (int64_t next = 0; sourceN == 1 && !indirect && next < plan.depth; ++next)
              memref::PrefetchOp::create(b, loc, source, add(from, (ahead + next) * sourceK + v * kLanes),
                                         /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
            storeLanes(b, loc, columns[v], packedRhs, add(to, v * kLanes));
          }
        }
      }
      if (reads == Reads::SourceOnlyToCopy)
        continue;
      if (u == 0)
        prefetchEpilogue(add(firstRow, row), add(firstColumn, column),
                         isLast ? arith::SelectOp::create(b, loc, isLast, k, constant(0)).getResult() : k);
      Value at = LinearIndex{u * leftK, {}}.add(leftStart, 1).add(k, leftK).materialize(b, loc);
      // Where steps of k are far apart, every one of the next rows would miss.
      if (plan.lhs == LhsForm::Direct && leftRow == 1 && leftK > kFarApart && !readsWindows(plan, kernel))
        memref::PrefetchOp::create(b, loc, left, add(at, 2 * plan.mr - 1), /*isWrite=*/false, /*localityHint=*/3,
                                   /*isDataCache=*/true);
      for (int64_t r = 0; r < plan.mr; ++r) {
        Value scalar = memref::LoadOp::create(b, loc, left, add(at, r * leftRow));
        Value factor = vector::BroadcastOp::create(b, loc, lanesOf(scalar.getType()), scalar);
        for (int64_t v = 0; v < plan.vectors; ++v) {
          Value &sum = sums[r * plan.vectors + v];
          sum = multiplyAdd(factor, columns[v], sum);
        }
      }
    }
    return sums;
  };
  Span across = spanOf(add(firstColumn, column), constant(plan.nr()));
  Span own = spanOf(add(firstRow, row), constant(plan.mr)),
       everyone = plan.keepsPackedRhs() ? Span() : spanOf(firstRow, rows);
  auto sweep = [&](Reads reads, int64_t unrolled, Sums sums) {
    // What is copied here is for all rows that will read it.
    auto [from, depth] =
        depthsOf(kBlock, reads == Reads::SourceAndCopies ? everyone : own, across, unroll * plan.depth);
    if (skipsLines(kernel, plan.mr) && reads != Reads::SourceAndCopies)
      std::tie(from, depth) = depthsInLine(kBlock, row, from, depth);
    // Panels hold whole pairs; rows of the operand are read one by one.
    bool halves = plan.depth == 2 && kernel.k.size % 2 != 0;
    Value whole = plan.depth == 1 ? depth : divide(depth, 2), all = halves ? divide(add(depth, 1), 2) : whole;
    if (halves && reads == Reads::Panel)
      whole = all;
    bool divides = kernel.k.size % (plan.depth * unrolled) == 0 && plan.kc % (plan.depth * unrolled) == 0;
    Value most = divides ? whole : multiply(divide(whole, unrolled), unrolled);
    auto steps = [&](Value first, Value bound, ValueRange before) {
      return loop(first, bound, unrolled, before,
                  [&](Value k, ValueRange carried) { return step(reads, k, unrolled, false, Sums(carried)); });
    };
    auto run = [&](Value first, Value bound, const Sums &before) {
      Value whole = LinearIndex().add(bound, 1).add(first, -1).materialize(b, loc);
      Value paired = add(first, multiply(divide(whole, unrolled), unrolled));
      Sums after = steps(first, paired, before);
      return unrolled == 1 ? after : Sums(loop(paired, bound, 1, after, [&](Value k, ValueRange carried) {
        return step(reads, k, 1, false, Sums(carried));
      }));
    };
    if (readsWindows(plan, kernel))
      return eachRunOfWindows(kBlock, row, sums, [&](Value first, Value bound, Value element, const Sums &before) {
        leftStart = element;
        return run(first, bound, before);
      });
    if (kernel.skipsTaps() && reads != Reads::SourceAndCopies) // what is copied is for others, too
      return eachRunOfTaps(kBlock, sums, run);
    Value start = divide(from, plan.depth);
    if (plan.finishesLater && reads != Reads::SourceAndCopies) {
      // So many steps for each row that was left: the processor does both at once.
      Value all = LinearIndex().add(most, 1).add(start, -1).materialize(b, loc);
      Value length = multiply(divide(all, plan.mr * unrolled), unrolled), first = start;
      Kept kept = readKept();
      sums = loop(constant(0), constant(plan.mr), 1, sums, [&](Value r, ValueRange carried) {
        Value at = add(first, arith::MulIOp::create(b, loc, r, length));
        Sums next = steps(at, add(at, length), carried);
        finishKeptRow(kept, r);
        return next;
      });
      keepNothing();
      start = add(first, multiply(length, plan.mr));
    }
    sums = steps(start, most, sums);
    if (!divides && unrolled > 1)
      sums = loop(most, whole, 1, sums,
                  [&](Value k, ValueRange carried) { return step(reads, k, 1, false, Sums(carried)); });
    if (halves && reads != Reads::Panel)
      sums = loop(whole, all, 1, sums,
                  [&](Value k, ValueRange carried) { return step(reads, k, 1, true, Sums(carried)); });
    return sums;
  };
  if (plan.rhs != RhsForm::Copied)
    return sweep(plan.rhs == RhsForm::Direct ? Reads::Source : Reads::Panel, unroll, sums);
  if (readsWindows(plan, kernel)) { // not all steps are multiplied, but all are copied
    onlyIf(besides.copies, [&] {
      auto copy = [&](Value from, Value to, const Sums &before) -> Sums {
        return loop(from, to, 1, before, [&](Value k, ValueRange carried) {
          return step(Reads::SourceOnlyToCopy, k, 1, false, Sums(carried));
        });
      };
      columnSums ? multiplyInRuns(kBlock, columnPanel, {}, copy) : copy(constant(0), depthOf(kBlock), {});
    });
    return sweep(Reads::Panel, unroll, sums);
  }
  auto chosen = scf::IfOp::create(b, loc, ValueRange(sums).getTypes(), besides.copies, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(chosen.thenBlock());
  if (plan.finishesLater)
    finishKept();
  auto copyingSteps = [&](Value from, Value to, const Sums &before) -> Sums {
    return loop(from, to, 1, before,
                [&](Value k, ValueRange carried) { return step(Reads::SourceAndCopies, k, 1, false, Sums(carried)); });
  };
  scf::YieldOp::create(b, loc,
                       columnSums ? multiplyInRuns(kBlock, columnPanel, sums, copyingSteps)
                                  : sweep(Reads::SourceAndCopies, 1, sums));
  b.setInsertionPointToEnd(chosen.elseBlock());
  scf::YieldOp::create(b, loc, sweep(Reads::Panel, unroll, sums));
  return Sums(chosen.getResults());
}

void MatmulEmitter::emitTiles(Value begin, Value end) {
  bool remembers = !plan.stream && (plan.keepsPackedLhs() || plan.keepsPackedRhs());
  Value before = constant(0), first = constant(0);
  if (remembers)
    before = arith::IndexCastOp::create(b, loc, b.getIndexType(), memref::LoadOp::create(b, loc, packedKey, first));
  if (plan.finishesLater)
    keepNothing();
  auto tiles = scf::ForOp::create(b, loc, begin, end, constant(1), ValueRange{before});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(tiles.getBody());
    Value packed = emitTile(tiles.getInductionVar(), tiles.getRegionIterArg(0));
    scf::YieldOp::create(b, loc, packed);
  }
  if (plan.finishesLater)
    finishKept();
  if (remembers) {
    Value after = arith::IndexCastOp::create(b, loc, b.getI64Type(), tiles.getResult(0));
    memref::StoreOp::create(b, loc, after, packedKey, first);
  }
}

LogicalResult MatmulEmitter::emit(Block &body) {
  unsigned operands = body.getNumArguments() - 3;
  Value begin = body.getArgument(operands), end = body.getArgument(operands + 1);
  for (unsigned i = 0; i < operands; ++i)
    flat.push_back(flatten(b, loc, body.getArgument(i)));
  placeScratch(body.getArgument(operands + 2));
  inItsMode([&] { emitTiles(begin, end); });
  orderStores();
  return outcome;
}

} // namespace sinter::cpu
