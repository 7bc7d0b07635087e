// Copies of the operands in the order in which the register tile reads them.
#include "compiler/codegen/cpu/MatmulEmit.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace sinter::cpu {

/// Where a packed panel of the right operand starts: [k block][panel][kc][nr], or [panel][kc][nr] if only one is kept.
Value MatmulEmitter::rhsPanel(Value kBlock, Value panel) {
  int64_t size = plan.kc * plan.nr();
  LinearIndex index;
  index.add(panel, size);
  if (plan.keepRhs)
    index.add(kBlock, plan.nPanels() * size);
  return index.materialize(b, loc);
}

void MatmulEmitter::packRhs(Value kBlock) {
  int64_t nStride = kernel.n.stride(kernel.rhs), kStride = kernel.k.stride(kernel.rhs);
  Value depth = depthOf(kBlock);
  loop(columns, plan.nr(), [&](Value at) {
    Value column = whole(at, columns, plan.nr(), kernel.n.size);
    Value source = LinearIndex()
                       .add(rhsOrigin, 1)
                       .add(column, nStride)
                       .add(kBlock, plan.kc * kStride)
                       .materialize(b, loc);
    Value target = rhsPanel(kBlock, divide(at, plan.nr()));
    if (plan.rhs == RhsForm::Transposed)
      return packTransposed(source, target, depth);
    loop(depth, 1, [&](Value k) {
      Value from = LinearIndex().add(source, 1).add(k, kStride).materialize(b, loc);
      Value to = LinearIndex().add(target, 1).add(k, plan.nr()).materialize(b, loc);
      for (int64_t v = 0; v < plan.vectors; ++v) {
        Value lanes = loadLanes(b, loc, flat[kernel.rhs.operand], add(from, v * kLanes * nStride), nStride,
                                std::min(kLanes, kernel.n.size));
        storeLanes(b, loc, lanes, packedRhs, add(to, v * kLanes));
      }
    });
  });
}

/// Transposes blocks of 8x8 floats in registers: eight columns that are contiguous along k become rows of a panel.
void MatmulEmitter::packTransposed(Value source, Value target, Value depth) {
  constexpr int64_t side = 8;
  int64_t nStride = kernel.n.stride(kernel.rhs);
  VectorType type = VectorType::get({side}, b.getF32Type());
  // Interleaves pairs, then pairs of pairs, within halves of four; then joins the halves.
  const int64_t low[] = {0, 8, 1, 9, 4, 12, 5, 13}, high[] = {2, 10, 3, 11, 6, 14, 7, 15};
  const int64_t lowPairs[] = {0, 1, 8, 9, 4, 5, 12, 13}, highPairs[] = {2, 3, 10, 11, 6, 7, 14, 15};
  const int64_t lowHalves[] = {0, 1, 2, 3, 8, 9, 10, 11}, highHalves[] = {4, 5, 6, 7, 12, 13, 14, 15};
  auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  };
  loop(depth, side, [&](Value at) {
    Value k = whole(at, depth, side, kernel.k.size);
    loop(constant(plan.nr()), side, [&](Value column) {
      Value from = LinearIndex().add(source, 1).add(k, 1).add(column, nStride).materialize(b, loc);
      SmallVector<Value, side> in(side), pairs(side), quads(side), out(side);
      for (int64_t r = 0; r < side; ++r)
        in[r] = vector::LoadOp::create(b, loc, type, flat[kernel.rhs.operand], add(from, r * nStride));
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
      Value to = LinearIndex().add(target, 1).add(k, plan.nr()).add(column, 1).materialize(b, loc);
      for (int64_t r = 0; r < side; ++r)
        vector::StoreOp::create(b, loc, out[r], packedRhs, add(to, r * plan.nr()));
    });
  });
}

/// Rows stay rows: the register tile broadcasts single elements, so all that matters is that rows are close together.
void MatmulEmitter::packLhsRows(Value kBlock) {
  int64_t mStride = kernel.m.stride(kernel.lhs), length = plan.kc + kLanes, total = kernel.k.size;
  Value depth = depthOf(kBlock), source = flat[kernel.lhs.operand];
  Value start = LinearIndex().add(lhsOrigin, 1).add(kBlock, plan.kc).materialize(b, loc);
  loop(rows, 1, [&](Value row) {
    Value from = LinearIndex().add(start, 1).add(row, mStride).materialize(b, loc);
    Value to = multiply(row, length);
    loop(depth, kLanes, [&](Value at) {
      Value k = whole(at, depth, kLanes, total);
      Value lanes = loadLanes(b, loc, source, add(from, k), 1, std::min(kLanes, total));
      storeLanes(b, loc, lanes, packedLhs, add(to, k));
    });
  });
}

/// Panels [kc][mr], filled row of k by row of k so that the operand is read along its contiguous dimension. Stores may
/// be wider than mr: the next row overwrites the excess, and each panel has room at its end.
void MatmulEmitter::packLhsPanels(Value kBlock) {
  int64_t mStride = kernel.m.stride(kernel.lhs), kStride = kernel.k.stride(kernel.lhs), mr = plan.mr;
  int64_t width = static_cast<int64_t>(llvm::PowerOf2Ceil(mr));
  VectorType type = VectorType::get({width}, b.getF32Type());
  Value depth = depthOf(kBlock), buffer = flat[kernel.lhs.operand], mask, padding;
  if (width != mr) {
    mask = vector::ConstantMaskOp::create(b, loc, VectorType::get({width}, b.getI1Type()), ArrayRef<int64_t>{mr});
    padding = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  Value start = LinearIndex().add(lhsOrigin, 1).add(kBlock, plan.kc * kStride).materialize(b, loc);
  loop(depth, 1, [&](Value k) {
    Value source = LinearIndex().add(start, 1).add(k, kStride).materialize(b, loc);
    loop(rows, mr, [&](Value at) {
      Value row = whole(at, rows, mr, kernel.m.size);
      Value from = LinearIndex().add(source, 1).add(row, mStride).materialize(b, loc);
      Value to = LinearIndex().add(divide(at, mr), lhsPanelSize()).add(k, mr).materialize(b, loc);
      if (mStride != 1) {
        for (int64_t r = 0; r < mr; ++r)
          memref::StoreOp::create(b, loc, memref::LoadOp::create(b, loc, buffer, add(from, r * mStride)).getResult(),
                                  packedLhs, add(to, r));
        return;
      }
      Value column = mask ? vector::MaskedLoadOp::create(b, loc, type, buffer, ValueRange{from}, mask, padding)
                          : vector::LoadOp::create(b, loc, type, buffer, from).getResult();
      vector::StoreOp::create(b, loc, column, packedLhs, to);
    });
  });
}

} // namespace sinter::cpu
