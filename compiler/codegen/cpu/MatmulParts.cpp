// Products that are parts of a kernel: the caller says which rows, or which block of k, comes next.
#include "compiler/codegen/cpu/MatmulEmit.h"

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

void MatmulEmitter::emitRows(Value batch, Value rowTile, Value localStart, Value columnBound) {
  this->localStart = localStart;
  locate(batch, rowTile, constant(0));
  Value packs = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  if (plan.keepsPackedRhs()) {
    Value key = arith::IndexCastOp::create(b, loc, b.getI64Type(), packingKey());
    Value before = memref::LoadOp::create(b, loc, packedKey, constant(0));
    packs = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, key, before);
    memref::StoreOp::create(b, loc, key, packedKey, constant(0));
  }
  // All of it is packed at once: later rows may need more of it than these.
  if (plan.keepsPackedRhs()) {
    onlyIf(packs, [&] {
      loop(columns, plan.nr(), [&](Value at) {
        plan.rhs == RhsForm::Transposed ? packRhs(constant(0), at) : copyRhs(at);
      });
    });
    packs = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
    if (columnBound)
      columns = columnBound;
  }
  emitBlock(constant(0), packs);
}

/// The panel of columns from `columnAt` on, from an operand that is contiguous along n.
void MatmulEmitter::copyRhs(Value columnAt) {
  int64_t kStride = kernel.k.stride(kernel.rhs), nStride = kernel.n.stride(kernel.rhs);
  Value source = rhsStart(constant(0), columnAt), target = rhsPanel(constant(0), columnAt);
  loop(depthOf(constant(0)), 1, [&](Value k) {
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value from = LinearIndex{v * kLanes * nStride, {}}.add(source, 1).add(k, kStride).materialize(b, loc);
      Value to = LinearIndex{v * kLanes, {}}.add(target, 1).add(k, plan.nr()).materialize(b, loc);
      storeLanes(b, loc, loadLanes(b, loc, flat[kernel.rhs.operand], from, nStride, std::min(kLanes, kernel.n.size)), packedRhs, to);
    }
  });
}

void MatmulEmitter::emitDepth(Value batch, Value kBlock, Value localStart) {
  this->localStart = localStart;
  locate(batch, constant(0), constant(0));
  emitBlock(kBlock, arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
}

} // namespace sinter::cpu
