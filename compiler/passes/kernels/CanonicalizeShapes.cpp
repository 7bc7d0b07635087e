// sinter-canonicalize-shapes: what one kernel could compute has one shape, with free views around it.
//
//   %y = sinter.softmax %x : tensor<3x4x5xf32>
//     =>
//   %0 = sinter.reshape %x : tensor<3x4x5xf32> -> tensor<12x5xf32>
//   %1 = sinter.softmax %0 : tensor<12x5xf32>
//   %y = sinter.reshape %1 : tensor<12x5xf32> -> tensor<3x4x5xf32>
//
// KernelShapes.h says which shape, BooleanStorage.cpp how booleans are stored.
#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelGroups.h"
#include "compiler/passes/kernels/KernelShapes.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_CANONICALIZESHAPES
#include "compiler/passes/Passes.h.inc"

namespace {

/// Gives splats that an op reads in memory a map that writes them there: one, which all such readers share. (Two would
/// be equal members of a kernel.)
void storeSplats(Block &block) {
  DenseMap<Operation *, Value> stored;
  for (Operation &op : block)
    if (op.hasTrait<ReadsInMemory>())
      for (OpOperand &operand : op.getOpOperands()) {
        Operation *splat = operand.get().getDefiningOp();
        if (!isSplatConstant(splat))
          continue;
        if (Value known = stored.lookup(splat)) {
          operand.set(known);
          continue;
        }
        OpBuilder builder(&op);
        auto map = MapOp::create(builder, splat->getLoc(), operand.get().getType(), ValueRange{},
                                 builder.getAffineMapArrayAttr({}));
        OpBuilder inner = OpBuilder::atBlockEnd(&map.getBody().emplaceBlock());
        auto value = cast<SplatElementsAttr>(cast<arith::ConstantOp>(splat).getValue());
        Value scalar = arith::ConstantOp::create(inner, splat->getLoc(), value.getSplatValue<TypedAttr>());
        YieldOp::create(inner, splat->getLoc(), scalar);
        stored[splat] = map.getResult(0);
        operand.set(map.getResult(0));
      }
}

struct CanonicalizeShapesPass : impl::CanonicalizeShapesBase<CanonicalizeShapesPass> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kEntryAttr))
      return;
    storeSplats(getOperation().getBody().front());
    storeBooleansAsBytes(getOperation());
    canonicalizeShapes(getOperation());
  }
};

} // namespace
} // namespace sinter
