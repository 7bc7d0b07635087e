#include "compiler/codegen/cpu/MatmulEmit.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter::cpu {

void MatmulEmitter::placeScratch(Value scratch) {
  auto place = [&](int64_t floats) -> Value {
    int64_t offset = scratchSize;
    scratchSize = llvm::alignTo(scratchSize + floats * 4, 64);
    return scratchView(b, loc, scratch, offset, b.getF32Type(), floats);
  };
  if (plan.stream) {
    sumsBuffer = place(kernel.m.size * plan.nPanels() * kLanes);
    return;
  }
  if (plan.rhs != RhsForm::Direct)
    packedRhs = place((plan.keepRhs ? plan.kBlocks : 1) * plan.nPanels() * plan.kc * plan.nr());
  if (plan.lhs == LhsForm::Rows)
    packedLhs = place(plan.mc * (plan.kc + kLanes) + kLanes);
  else if (plan.lhs == LhsForm::Panels)
    packedLhs = place(plan.mPanels() * lhsPanelSize());
  if (plan.kBlocks > 1)
    partials = place(plan.mPanels() * plan.nPanels() * plan.mr * plan.nr());
  if (!kernel.epilogue.empty())
    sumsBuffer = place(plan.mr * plan.nr());
}

Value MatmulEmitter::origin(const MatmulAccess &access) {
  LinearIndex index{access.offset, {}};
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batchIndices))
    index.add(at, loop.stride(access));
  return index.add(firstRow, kernel.m.stride(access)).add(firstColumn, kernel.n.stride(access)).materialize(b, loc);
}

/// Tiles run through m fastest, then n, then the batches.
void MatmulEmitter::locateTile(Value tile) {
  firstRow = multiply(remainder(tile, plan.mTiles), plan.mc);
  tileKey = divide(tile, plan.mTiles);
  firstColumn = multiply(remainder(tileKey, plan.nTiles), plan.nc);
  Value rest = divide(tileKey, plan.nTiles);
  batchIndices.assign(kernel.batch.size(), Value());
  for (int64_t i = static_cast<int64_t>(kernel.batch.size()) - 1; i >= 0; --i) {
    batchIndices[i] = i == 0 ? rest : remainder(rest, kernel.batch[i].size);
    rest = divide(rest, kernel.batch[i].size);
  }
  rows = extent(firstRow, plan.mc, kernel.m.size);
  columns = extent(firstColumn, plan.nc, kernel.n.size);
  lhsOrigin = origin(kernel.lhs);
  rhsOrigin = origin(kernel.rhs);
}

/// Returns which part of the right operand is packed now.
Value MatmulEmitter::emitTile(Value tile, Value packedBefore) {
  locateTile(tile);
  if (plan.stream) {
    emitStream();
    return packedBefore;
  }
  // Batches that share a right operand have the same origin in it.
  bool keep = plan.rhs != RhsForm::Direct && plan.keepRhs;
  if (keep) {
    Value column = remainder(tileKey, plan.nTiles);
    Value key = LinearIndex().add(rhsOrigin, plan.nTiles).add(column, 1).materialize(b, loc);
    Value other = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, key, packedBefore);
    auto unless = scf::IfOp::create(b, loc, other, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(unless.thenBlock());
    loop(constant(plan.kBlocks), 1, [&](Value kBlock) { packRhs(kBlock); });
    packedBefore = key;
  }
  loop(constant(plan.kBlocks), 1, [&](Value kBlock) { emitBlock(kBlock); });
  return packedBefore;
}

void MatmulEmitter::emitBlock(Value kBlock) {
  if (plan.rhs != RhsForm::Direct && !plan.keepRhs)
    packRhs(kBlock);
  if (plan.lhs == LhsForm::Rows)
    packLhsRows(kBlock);
  else if (plan.lhs == LhsForm::Panels)
    packLhsPanels(kBlock);
  Value last = plan.kBlocks == 1
                   ? Value()
                   : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, kBlock, constant(plan.kBlocks - 1));
  loop(columns, plan.nr(), [&](Value columnAt) {
    Value column = whole(columnAt, columns, plan.nr(), kernel.n.size), columnPanel = divide(columnAt, plan.nr());
    loop(rows, plan.mr, [&](Value rowAt) {
      Value row = whole(rowAt, rows, plan.mr, kernel.m.size), rowPanel = divide(rowAt, plan.mr);
      Sums sums = multiplyPanels(kBlock, row, rowPanel, column, columnPanel);
      auto store = [&] { finish(sums, add(firstRow, row), add(firstColumn, column)); };
      if (!last)
        return store();
      choose(last, store, [&] {
        for (auto [i, sum] : llvm::enumerate(sums))
          storeLanes(b, loc, sum, partials, partialOffset(rowPanel, columnPanel, i));
      });
    });
  });
}

Value MatmulEmitter::partialOffset(Value rowPanel, Value columnPanel, int64_t sum) {
  int64_t size = plan.mr * plan.nr();
  return LinearIndex{sum * kLanes, {}}
      .add(columnPanel, plan.mPanels() * size)
      .add(rowPanel, size)
      .materialize(b, loc);
}

/// Zeros in the first block of k, else what the block before left.
MatmulEmitter::Sums MatmulEmitter::loadPartials(Value kBlock, Value rowPanel, Value columnPanel) {
  Sums none(plan.mr * plan.vectors, zeros());
  if (plan.kBlocks == 1)
    return none;
  Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, kBlock, constant(0));
  SmallVector<Type> types(none.size(), none.front().getType());
  auto sums = scf::IfOp::create(b, loc, types, first, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(sums.thenBlock());
  scf::YieldOp::create(b, loc, none);
  b.setInsertionPointToEnd(sums.elseBlock());
  SmallVector<Value> loaded;
  for (size_t i = 0; i < none.size(); ++i)
    loaded.push_back(loadLanes(b, loc, partials, partialOffset(rowPanel, columnPanel, i)));
  scf::YieldOp::create(b, loc, loaded);
  return Sums(sums.getResults());
}

/// The register tile: sums += lhs[row.., k] * rhs[k, column..] for ascending k.
MatmulEmitter::Sums MatmulEmitter::multiplyPanels(Value kBlock, Value row, Value rowPanel, Value column,
                                                  Value columnPanel) {
  constexpr int64_t unroll = 4;
  VectorType type = lanesOf(b.getF32Type());
  Value left, leftStart, right, rightStart;
  int64_t leftRow, leftK, rightK;
  switch (plan.lhs) {
  case LhsForm::Direct:
    left = flat[kernel.lhs.operand];
    leftRow = kernel.m.stride(kernel.lhs), leftK = kernel.k.stride(kernel.lhs);
    leftStart = LinearIndex()
                    .add(lhsOrigin, 1)
                    .add(row, leftRow)
                    .add(kBlock, plan.kc * leftK)
                    .materialize(b, loc);
    break;
  case LhsForm::Rows:
    left = packedLhs, leftRow = plan.kc + kLanes, leftK = 1;
    leftStart = multiply(row, leftRow);
    break;
  case LhsForm::Panels:
    left = packedLhs, leftRow = 1, leftK = plan.mr;
    leftStart = multiply(rowPanel, lhsPanelSize());
    break;
  }
  int64_t count = kLanes;
  if (plan.rhs == RhsForm::Direct) {
    right = flat[kernel.rhs.operand], rightK = kernel.k.stride(kernel.rhs);
    rightStart = LinearIndex().add(rhsOrigin, 1).add(column, 1).add(kBlock, plan.kc * rightK).materialize(b, loc);
    count = std::min(count, kernel.n.size);
  } else {
    right = packedRhs, rightK = plan.nr();
    rightStart = rhsPanel(kBlock, columnPanel);
  }
  auto step = [&](Value k, int64_t unrolled, Sums sums) {
    for (int64_t u = 0; u < unrolled; ++u) {
      SmallVector<Value> columns;
      Value from = LinearIndex{u * rightK, {}}.add(rightStart, 1).add(k, rightK).materialize(b, loc);
      for (int64_t v = 0; v < plan.vectors; ++v)
        columns.push_back(loadLanes(b, loc, right, add(from, v * kLanes), 1, count));
      Value at = LinearIndex{u * leftK, {}}.add(leftStart, 1).add(k, leftK).materialize(b, loc);
      for (int64_t r = 0; r < plan.mr; ++r) {
        Value scalar = memref::LoadOp::create(b, loc, left, add(at, r * leftRow));
        Value factor = vector::BroadcastOp::create(b, loc, type, scalar);
        for (int64_t v = 0; v < plan.vectors; ++v) {
          Value &sum = sums[r * plan.vectors + v];
          sum = math::FmaOp::create(b, loc, factor, columns[v], sum);
        }
      }
    }
    return sums;
  };
  Value depth = depthOf(kBlock);
  bool divides = kernel.k.size % unroll == 0 && plan.kc % unroll == 0;
  Value most = divides ? depth : multiply(divide(depth, unroll), unroll);
  Sums sums = loadPartials(kBlock, rowPanel, columnPanel);
  sums = loop(constant(0), most, unroll, sums,
              [&](Value k, ValueRange carried) { return step(k, unroll, Sums(carried)); });
  if (!divides)
    sums = loop(most, depth, 1, sums, [&](Value k, ValueRange carried) { return step(k, 1, Sums(carried)); });
  return sums;
}

LogicalResult MatmulEmitter::emit(Block &body) {
  unsigned operands = body.getNumArguments() - 3;
  Value begin = body.getArgument(operands), end = body.getArgument(operands + 1);
  for (unsigned i = 0; i < operands; ++i)
    flat.push_back(flatten(b, loc, body.getArgument(i)));
  placeScratch(body.getArgument(operands + 2));
  // No tile has this key.
  Value none = constant(-1);
  auto tiles = scf::ForOp::create(b, loc, begin, end, constant(1), ValueRange{none});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(tiles.getBody());
  Value packed = emitTile(tiles.getInductionVar(), tiles.getRegionIterArg(0));
  scf::YieldOp::create(b, loc, packed);
  return outcome;
}

} // namespace sinter::cpu
