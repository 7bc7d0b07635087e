// A few rows times a matrix: bound by reading the matrix, which is therefore read once, front to back.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// Rows of the right operand that a step adds.
static constexpr int64_t kRowsPerStep = 8;

/// The sums stay in memory (they fit the first-level cache); every step adds rows of the right operand, in order, to
/// all of them.
void MatmulEmitter::emitStream() {
  int64_t k = kernel.k.size, unit = unitOf(k), m = kernel.m.size, whole = k / kRowsPerStep * kRowsPerStep;
  static_assert(kUnitGrain % kRowsPerStep == 0);
  loop(constant(plan.units()), 1, [&](Value number) {
    Value from = multiply(number, unit), to = minimum(add(from, unit), constant(whole));
    if (bound && kernel.boundDim == kernel.k.dim)
      to = arith::MaxUIOp::create(b, loc, minimum(to, boundedSteps(constant(0), constant(whole), kRowsPerStep)), from);
    loop(columns, kLanes, [&](Value at) { storeWaiting(Sums(m, zeros()), waitingColumns(at), levelsOf(k)); });
    loop(from, to, kRowsPerStep, {}, [&](Value row, ValueRange) {
      addRows(row, kRowsPerStep);
      return SmallVector<Value>();
    });
    if (whole < k)
      onlyIf(equals(number, plan.units() - 1), [&] { addRows(constant(whole), k - whole); });
    loop(columns, kLanes, [&](Value at) {
      Waiting waiting = waitingColumns(at);
      endUnit(number, waiting, loadWaiting(waiting, levelsOf(k)), [&](const Sums &sums) {
        Value column = add(firstColumn, MatmulBuilder::whole(at, columns, kLanes, kernel.n.size));
        for (auto [row, sum] : llvm::enumerate(sums))
          finishVector(sum, constant(row), column, kLanes);
      });
    });
  });
}

/// Where a vector of columns has its sums, row by row. They stand by panel, so that the last panel, which moves back to
/// be whole, does not add to a column twice.
MatmulEmitter::Waiting MatmulEmitter::waitingColumns(Value columnAt) {
  int64_t rowLength = plan.nPanels() * kLanes;
  Waiting waiting{sumsBuffer, kernel.m.size * rowLength, {}};
  for (int64_t row = 0; row < kernel.m.size; ++row)
    waiting.offsets.push_back(add(columnAt, row * rowLength));
  return waiting;
}

/// Adds `count` rows from `first` on to the unit's sums.
void MatmulEmitter::addRows(Value first, int64_t count) {
  constexpr int64_t ahead = 256;
  int64_t mStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  int64_t rhsK = kernel.k.stride(kernel.rhs), m = kernel.m.size, part = levelsOf(kernel.k.size);
  SmallVector<Value> scalars;
  for (int64_t r = 0; r < m; ++r)
    for (int64_t u = 0; u < count; ++u) {
      Value from = LinearIndex{r * mStride + u * lhsK, {}}.add(lhsOrigin, 1).add(first, lhsK).materialize(b, loc);
      Value scalar = memref::LoadOp::create(b, loc, flat[kernel.lhs.operand], from);
      scalars.push_back(vector::BroadcastOp::create(b, loc, lanesOf(b.getF32Type()), rounded(scalar)));
    }
  loop(columns, kLanes, [&](Value at) {
    Value column = whole(at, columns, kLanes, kernel.n.size);
    SmallVector<Value> right;
    for (int64_t u = 0; u < count; ++u) {
      Value from = LinearIndex{u * rhsK, {}}.add(rhsOrigin, 1).add(first, rhsK).add(column, 1).materialize(b, loc);
      if (plan.fromMemory) // (behind the operand, that does no harm)
        memref::PrefetchOp::create(b, loc, flat[kernel.rhs.operand], add(from, ahead), /*isWrite=*/false,
                                   /*localityHint=*/2, /*isDataCache=*/true);
      right.push_back(rounded(loadLanes(b, loc, flat[kernel.rhs.operand], from)));
    }
    Waiting waiting = waitingColumns(at);
    Sums sums = loadWaiting(waiting, part);
    for (int64_t r = 0; r < m; ++r)
      for (int64_t u = 0; u < count; ++u)
        sums[r] = math::FmaOp::create(b, loc, scalars[r * count + u], right[u], sums[r]);
    storeWaiting(sums, waiting, part);
  });
}

/// Columns that are taken together are two blocks, since each waits for its own sums; more would be more streams from
/// memory than processors follow.
static constexpr int64_t kStreamedBlocks = 2;

/// The same for a matrix that is contiguous along k: blocks of it are transposed in registers, so that every lane adds
/// its column's products in order.
void MatmulEmitter::emitTransposedStream() {
  constexpr int64_t side = kBlockSide, width = side * kStreamedBlocks;
  static_assert(width == kLanes && kUnitGrain % side == 0);
  int64_t k = kernel.k.size;
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(VectorType::get({side}, b.getF32Type())));
  SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(0, width));
  loop(columns, width, [&](Value at) {
    Value column = whole(at, columns, width, kernel.n.size);
    Value start = LinearIndex().add(rhsOrigin, 1).add(column, kernel.n.stride(kernel.rhs)).materialize(b, loc);
    Value ahead = columnsAhead(column);
    Sums none(kernel.m.size * kStreamedBlocks, zero);
    Sums sums = unless(isPastBound(column), none, [&] {
      return sumInGroups(levelsOf(k), constant(0), constant(k), none,
                         [&](Value from, Value to) { return sumStreamedUnit(from, to, start, ahead); });
    });
    for (int64_t r = 0; r < kernel.m.size; ++r) {
      Value pair = vector::ShuffleOp::create(b, loc, sums[r * kStreamedBlocks], sums[r * kStreamedBlocks + 1], both);
      finishVector(pair, constant(r), add(firstColumn, column), kLanes);
    }
  });
}

/// How much further the columns are that memory is asked for while those from `column` on are multiplied, if columns
/// end at a bound and stand densely: two blocks of columns, of which those behind the bound are the next matrix's first
/// ones, for no processor foresees where it goes on. Null elsewhere.
Value MatmulEmitter::columnsAhead(Value column) {
  constexpr int64_t width = kBlockSide * kStreamedBlocks;
  int64_t nStride = kernel.n.stride(kernel.rhs);
  if (!bound || kernel.boundDim != kernel.n.dim || kernel.batch.empty() || nStride != kernel.k.size ||
      nStride % kLanes != 0)
    return {};
  const int64_t ahead = 2 * width * nStride;
  Value end = multiply(divide(add(bound, width - 1), width), width);
  Value isPast =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, add(add(firstColumn, column), 2 * width), end);
  Value next = LinearIndex{kernel.batch.back().stride(kernel.rhs) + ahead, {}}.add(end, -nStride).materialize(b, loc);
  return arith::SelectOp::create(b, loc, isPast, next, constant(ahead));
}

/// Asks memory for what is read later, while 16 columns are read 8 floats a step. (Behind the operand, that does no
/// harm.)
void MatmulEmitter::prefetchStep(Value first, Value start, Value ahead) {
  constexpr int64_t side = kBlockSide, blocks = kStreamedBlocks;
  auto ask = [&](Value at, int64_t lines, int level) {
    for (int64_t line = 0; line < lines; ++line)
      memref::PrefetchOp::create(b, loc, flat[kernel.rhs.operand], add(at, line * kLanes), /*isWrite=*/false, level,
                                 /*isDataCache=*/true);
  };
  // In a step as many lines as it reads halves of.
  constexpr int64_t lines = side * side * blocks / kLanes;
  Value step = divide(first, side);
  if (ahead)
    return ask(LinearIndex().add(start, 1).add(ahead, 1).add(step, lines * kLanes).materialize(b, loc), lines, 3);
  // The first half of each of the next columns, one after the other: the processor foresees the rest by itself.
  int64_t nStride = kernel.n.stride(kernel.rhs);
  int64_t stepsPerColumn = std::max<int64_t>(1, kernel.k.size / side / (side * blocks));
  Value next = minimum(divide(step, stepsPerColumn), constant(side * blocks - 1));
  ask(LinearIndex{side * blocks * nStride, {}}
          .add(start, 1)
          .add(next, nStride)
          .add(remainder(step, stepsPerColumn), lines / 2 * kLanes)
          .materialize(b, loc),
      lines / 2, 2);
}

/// Steps `from` to `to` of k, for the columns from `start` on in the right operand.
MatmulEmitter::Sums MatmulEmitter::sumStreamedUnit(Value from, Value to, Value start, Value ahead) {
  constexpr int64_t side = kBlockSide, blocks = kStreamedBlocks;
  int64_t mStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  int64_t nStride = kernel.n.stride(kernel.rhs), m = kernel.m.size, whole = kernel.k.size / side * side;
  VectorType type = VectorType::get({side}, b.getF32Type());
  Value left = flat[kernel.lhs.operand], right = flat[kernel.rhs.operand];
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  auto addProducts = [&](Value depth, int64_t block, Value lanes, Sums &sums) {
    for (int64_t r = 0; r < m; ++r) {
      Value at = LinearIndex{r * mStride, {}}.add(lhsOrigin, 1).add(depth, lhsK).materialize(b, loc);
      Value factor = vector::BroadcastOp::create(b, loc, type, rounded(memref::LoadOp::create(b, loc, left, at)));
      Value &sum = sums[r * blocks + block];
      sum = math::FmaOp::create(b, loc, factor, lanes, sum);
    }
  };
  Value wholeEnd = minimum(to, constant(whole));
  Sums sums = loop(from, wholeEnd, side, Sums(m * blocks, zero), [&](Value first, ValueRange carried) {
    Sums added(carried);
    prefetchStep(first, start, ahead);
    for (int64_t block = 0; block < blocks; ++block) {
      SmallVector<Value> rows;
      Value place = LinearIndex().add(start, 1).add(first, 1).materialize(b, loc);
      for (int64_t r = 0; r < side; ++r)
        rows.push_back(rounded(vector::LoadOp::create(b, loc, type, right, add(place, (block * side + r) * nStride))));
      for (auto [u, lanes] : llvm::enumerate(transposeBlock(rows)))
        addProducts(add(first, u), block, lanes, added);
    }
    return added;
  });
  if (whole == kernel.k.size)
    return sums;
  // Only the last unit has steps that make no whole block.
  return loop(wholeEnd, to, 1, sums, [&](Value depth, ValueRange carried) {
    Sums added(carried);
    for (int64_t block = 0; block < blocks; ++block) {
      SmallVector<Value> lanes;
      for (int64_t r = 0; r < side; ++r)
        lanes.push_back(rounded(memref::LoadOp::create(
            b, loc, right,
            LinearIndex{(block * side + r) * nStride, {}}.add(start, 1).add(depth, 1).materialize(b, loc))));
      addProducts(depth, block, vector::FromElementsOp::create(b, loc, type, lanes), added);
    }
    return added;
  });
}

} // namespace sinter::cpu
