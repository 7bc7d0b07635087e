// Products that are parts of a kernel: the caller says which rows, or which block of k, comes next.
#include "compiler/codegen/cpu/products/MatmulEmit.h"

using namespace mlir;

namespace sinter::cpu {

void MatmulEmitter::place(ArrayRef<Value> operands, Value scratch, int64_t start) {
  flat.assign(operands.begin(), operands.end());
  scratchStart = start;
  scratchSize += start;
  placeScratch(scratch);
}

void MatmulEmitter::forget() {
  Value nothing = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  memref::StoreOp::create(b, loc, nothing, packedKey, constant(0));
}

void MatmulEmitter::emitRows(Value batch, Value firstRow, Value columnStart, Value columnBound) {
  emitsRows = true;
  localStart = firstRow;
  locate(batch, firstRow, constant(0));
  rows = constant(plan.mc);
  inItsMode([&] {
    Value packs = arith::ConstantOp::create(b, loc, b.getBoolAttr(!plan.keepsPackedRhs()));
    if (plan.keepsPackedRhs())
      packAllOfRhs();
    if (columnBound)
      columns = columnBound;
    this->columnStart = columnStart;
    if (plan.kBlocks > 1 && !plan.packsAhead)
      blocks = blocksOf(spanOf(firstRow, rows));
    Value from = blocks.first ? blocks.first : constant(0);
    Value to = blocks.last ? add(blocks.last, 1) : constant(plan.kBlocks);
    loop(from, to, 1, {}, [&](Value kBlock, ValueRange) {
      emitBlock(kBlock, packs);
      return SmallVector<Value>();
    });
  });
}

void MatmulEmitter::emitDepth(Value batch, Value kBlock, Value localStart) {
  this->localStart = localStart;
  locate(batch, constant(0), constant(0));
  if (plan.kBlocks == 1)
    kBlock = constant(0);
  emitsDepth = plan.kBlocks > 1;
  inItsMode([&] { emitBlock(kBlock, arith::ConstantOp::create(b, loc, b.getBoolAttr(true))); });
}

/// Unless it is there: later rows may need more of it than these.
void MatmulEmitter::packAllOfRhs() {
  Value key = arith::IndexCastOp::create(b, loc, b.getI64Type(), packingKey());
  Value before = memref::LoadOp::create(b, loc, packedKey, constant(0));
  memref::StoreOp::create(b, loc, key, packedKey, constant(0));
  onlyIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, key, before), [&] {
    loop(constant(plan.kBlocks), 1, [&](Value kBlock) {
      loop(columns, plan.nr(),
           [&](Value at) { plan.rhs == RhsForm::Transposed ? packRhs(kBlock, at) : copyRhs(kBlock, at); });
    });
  });
}

/// The panel of columns from `columnAt` on, from an operand that is contiguous along n.
void MatmulEmitter::copyRhs(Value kBlock, Value columnAt) {
  int64_t kStride = kernel.k.stride(kernel.rhs), nStride = kernel.n.stride(kernel.rhs);
  Value buffer = flat[kernel.rhs.operand], target = rhsPanel(kBlock, columnAt), depth = depthOf(kBlock);
  Value source = LinearIndex()
                     .add(rhsOrigin, 1)
                     .add(whole(columnAt, columns, plan.nr(), kernel.n.size), nStride)
                     .add(kBlock, plan.kc * kStride)
                     .materialize(b, loc);
  auto copySteps = [&](Value first, Value last, bool half) {
    loop(first, last, 1, {}, [&](Value step, ValueRange) {
      for (int64_t v = 0; v < plan.vectors; ++v) {
        auto load = [&](int64_t next) {
          Value from = LinearIndex{v * kLanes * nStride + next * kStride, {}}
                           .add(source, 1)
                           .add(step, plan.depth * kStride)
                           .materialize(b, loc);
          return loadLanes(b, loc, buffer, from, nStride, columnsIn(v));
        };
        Value lanes = plan.depth == 1 ? rounded(load(0)) : pairOf(load(0), half ? zeros() : load(1));
        Value to = LinearIndex{v * kLanes, {}}.add(target, 1).add(step, plan.nr()).materialize(b, loc);
        storeLanes(b, loc, lanes, packedRhs, to);
      }
      return SmallVector<Value>();
    });
  };
  Value steps = divide(depth, plan.depth);
  copySteps(constant(0), steps, false);
  if (plan.depth == 2 && kernel.k.size % 2)
    copySteps(steps, divide(add(depth, 1), 2), true);
}

} // namespace sinter::cpu
