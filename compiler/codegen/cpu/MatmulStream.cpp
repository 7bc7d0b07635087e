// A few rows times a matrix: bound by reading the matrix, which is therefore read once, front to back.
#include "compiler/codegen/cpu/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// The sums stay in memory (they fit the first-level cache); every step adds `unroll` rows of the right operand, in
/// order, to all of them.
void MatmulEmitter::emitStream() {
  constexpr int64_t unroll = 8;
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
        scalars.push_back(vector::BroadcastOp::create(b, loc, type, scalar));
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
        right.push_back(loadLanes(b, loc, flat[kernel.rhs.operand], from));
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
      finishVector(loadLanes(b, loc, sumsBuffer, add(at, r * plan.nPanels() * kLanes)), constant(r), column);
  });
}

} // namespace sinter::cpu
