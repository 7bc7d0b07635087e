// A few rows times a matrix: bound by reading the matrix, which is therefore read once, front to back.
#include "compiler/codegen/cpu/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// The sums stay in memory (they fit the first-level cache); every step adds `unroll` rows of the right operand, in
/// order, to all of them.
void MatmulEmitter::emitStream() {
  constexpr int64_t unroll = 8, ahead = 256;
  int64_t mStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  int64_t rhsK = kernel.k.stride(kernel.rhs), k = kernel.k.size, m = kernel.m.size;
  VectorType type = lanesOf(b.getF32Type());
  loop(columns, kLanes, [&](Value at) {
    for (int64_t r = 0; r < m; ++r)
      storeLanes(b, loc, zeros(), sumsBuffer, add(at, r * plan.nPanels() * kLanes));
  });
  auto addRows = [&](Value first, int64_t count) {
    SmallVector<Value> scalars;
    for (int64_t r = 0; r < m; ++r)
      for (int64_t u = 0; u < count; ++u) {
        Value from = LinearIndex{r * mStride + u * lhsK, {}}.add(lhsOrigin, 1).add(first, lhsK).materialize(b, loc);
        Value scalar = memref::LoadOp::create(b, loc, flat[kernel.lhs.operand], from);
        scalars.push_back(vector::BroadcastOp::create(b, loc, type, rounded(scalar)));
      }
    // Sums stand by panel, so that the last panel, which moves back to be whole, does not add to a column twice.
    loop(columns, kLanes, [&](Value at) {
      Value column = whole(at, columns, kLanes, kernel.n.size);
      SmallVector<Value> right;
      for (int64_t u = 0; u < count; ++u) {
        Value from = LinearIndex{u * rhsK, {}}
                         .add(rhsOrigin, 1)
                         .add(first, rhsK)
                         .add(column, 1)
                         .materialize(b, loc);
        if (plan.fromMemory) // (behind the operand, that does no harm)
          memref::PrefetchOp::create(b, loc, flat[kernel.rhs.operand], add(from, ahead), /*isWrite=*/false,
                                     /*localityHint=*/2, /*isDataCache=*/true);
        right.push_back(rounded(loadLanes(b, loc, flat[kernel.rhs.operand], from)));
      }
      for (int64_t r = 0; r < m; ++r) {
        Value place = add(at, r * plan.nPanels() * kLanes), sum = loadLanes(b, loc, sumsBuffer, place);
        for (int64_t u = 0; u < count; ++u)
          sum = math::FmaOp::create(b, loc, scalars[r * count + u], right[u], sum);
        storeLanes(b, loc, sum, sumsBuffer, place);
      }
    });
  };
  int64_t most = k / unroll * unroll;
  loop(constant(most), unroll, [&](Value first) { addRows(first, unroll); });
  if (k % unroll)
    addRows(constant(most), k % unroll);
  loop(columns, kLanes, [&](Value at) {
    Value column = add(firstColumn, whole(at, columns, kLanes, kernel.n.size));
    for (int64_t r = 0; r < m; ++r)
      finishVector(loadLanes(b, loc, sumsBuffer, add(at, r * plan.nPanels() * kLanes)), constant(r), column, kLanes);
  });
}

/// The same for a matrix that is contiguous along k: blocks of it are transposed in registers, so that every lane adds
/// its column's products in order. Columns are taken two blocks at a time, since each block waits for its own
/// sums; more would be more streams from memory than processors follow.
void MatmulEmitter::emitTransposedStream() {
  constexpr int64_t side = kBlockSide, blocks = 2;
  int64_t mStride = kernel.m.stride(kernel.lhs), lhsK = kernel.k.stride(kernel.lhs);
  int64_t nStride = kernel.n.stride(kernel.rhs), k = kernel.k.size, m = kernel.m.size, whole8 = k / side * side;
  // While 16 columns are read 8 floats a step, so many lines a step are half of 16 others.
  constexpr int64_t lines = side * side * blocks / kLanes / 2;
  int64_t stepsPerColumn = std::max<int64_t>(1, whole8 / side / (side * blocks));
  VectorType type = VectorType::get({side}, b.getF32Type());
  Value left = flat[kernel.lhs.operand], right = flat[kernel.rhs.operand];
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  loop(columns, side * blocks, [&](Value at) {
    Value column = whole(at, columns, side * blocks, kernel.n.size);
    Value start = LinearIndex().add(rhsOrigin, 1).add(column, nStride).materialize(b, loc);
    auto multiply = [&](Value first, int64_t row, Value columnAtK, Value sum) -> Value {
      Value from = LinearIndex{row * mStride, {}}.add(lhsOrigin, 1).add(first, lhsK).materialize(b, loc);
      Value scalar = rounded(memref::LoadOp::create(b, loc, left, from));
      Value factor = vector::BroadcastOp::create(b, loc, type, scalar);
      return math::FmaOp::create(b, loc, factor, columnAtK, sum);
    };
    Sums sums(m * blocks, zero);
    sums = loop(constant(0), constant(whole8), side, sums, [&](Value first, ValueRange carried) {
      Sums added(carried);
      // The first half of each of the next columns, one after the other: the processor foresees the rest by itself, and
      // does that faster. (Behind the operand, it does no harm.)
      Value step = divide(first, side), next = minimum(divide(step, stepsPerColumn), constant(side * blocks - 1));
      Value ahead = LinearIndex{side * blocks * nStride, {}}
                        .add(start, 1)
                        .add(next, nStride)
                        .add(remainder(step, stepsPerColumn), lines * kLanes)
                        .materialize(b, loc);
      for (int64_t line = 0; line < lines; ++line)
        memref::PrefetchOp::create(b, loc, right, add(ahead, line * kLanes), /*isWrite=*/false, /*localityHint=*/2,
                                   /*isDataCache=*/true);
      for (int64_t block = 0; block < blocks; ++block) {
        SmallVector<Value> rows;
        Value from = LinearIndex().add(start, 1).add(first, 1).materialize(b, loc);
        for (int64_t r = 0; r < side; ++r)
          rows.push_back(rounded(vector::LoadOp::create(b, loc, type, right, add(from, (block * side + r) * nStride))));
        SmallVector<Value> byK = transposeBlock(rows);
        for (int64_t u = 0; u < side; ++u)
          for (int64_t r = 0; r < m; ++r)
            added[r * blocks + block] = multiply(add(first, u), r, byK[u], added[r * blocks + block]);
      }
      return added;
    });
    for (int64_t last = whole8; last < k; ++last)
      for (int64_t block = 0; block < blocks; ++block) {
        SmallVector<Value> lanes;
        for (int64_t r = 0; r < side; ++r)
          lanes.push_back(rounded(memref::LoadOp::create(b, loc, right, add(start, (block * side + r) * nStride + last))));
        Value byK = vector::FromElementsOp::create(b, loc, type, lanes);
        for (int64_t r = 0; r < m; ++r)
          sums[r * blocks + block] = multiply(constant(last), r, byK, sums[r * blocks + block]);
      }
    SmallVector<int64_t> both = llvm::to_vector(llvm::seq<int64_t>(0, 2 * side));
    for (int64_t r = 0; r < m; ++r)
      for (int64_t block = 0; block < blocks; block += 2) {
        Value pair = vector::ShuffleOp::create(b, loc, sums[r * blocks + block], sums[r * blocks + block + 1], both);
        finishVector(pair, constant(r), add(add(firstColumn, column), block * side), kLanes);
      }
  });
}

} // namespace sinter::cpu
