// sinter-multiply-windows: a convolution is a product of matrices, one of which is read through windows.
//
//   %y = conv output %x, %w      =>   %m = windows %x {sinter.prologue}     [N Y, K, C]
//                                     %y = matmul %m as [N Y, K C], %w as [K C, F]
//   %x = conv input %y, %w       =>   %x = matmul (windows %y), %w with its last two dimensions swapped
//   %w = conv kernel %x, %y      =>   %w = matmul (windows %x), %y {transpose_lhs}
//
// The product's kernel computes the windows' elements while it packs them, so that no matrix of them is ever stored.
#include "compiler/passes/Debug.h"
#include "compiler/passes/convolution/Passes.h"
#include "compiler/passes/kernels/KernelAbilities.h"

#define DEBUG_TYPE "sinter-multiply-windows"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MULTIPLYWINDOWS
#include "compiler/passes/convolution/Passes.h.inc"

namespace {

class ConvToProduct {
public:
  explicit ConvToProduct(ConvOp op) : op(op), builder(op), loc(op.getLoc()) {}

  Value build() {
    WindowShape shape = windowsOf(op);
    auto read = cast<RankedTensorType>(op.getLhs().getType());
    int64_t rows = read.getDimSize(0) * llvm::product_of(shape.positions), taps = llvm::product_of(shape.taps),
            channels = read.getShape().back();
    Value windows = WindowsOp::create(builder, loc, read.clone({rows, taps, channels}), op.getLhs(), shape.positions,
                                      shape.taps, shape.strides, shape.steps, shape.low, shape.divisors);
    windows.getDefiningOp()->setAttr(kPrologueAttr, builder.getUnitAttr());
    Value matrix = reshape(windows, {rows, taps * channels});
    auto result = cast<RankedTensorType>(op.getType());
    int64_t columns = result.getShape().back();
    bool ofKernel = op.getPart() == ConvPart::kernel;
    Value other = op.getRhs();
    if (op.getPart() == ConvPart::input && taps > 1) // [K, C, F] as [K, F, C]
      other = TransposeOp::create(builder, loc, reshape(other, {taps, columns, channels}), ArrayRef<int64_t>{0, 2, 1});
    bool turned = op.getPart() == ConvPart::input && taps == 1;
    other = turned     ? reshape(other, {columns, channels})
            : ofKernel ? reshape(other, {rows, columns})
                       : reshape(other, {taps * channels, columns});
    Value product = MatmulOp::create(builder, loc, matrix, other, ofKernel, turned);
    return reshape(product, result.getShape());
  }

private:
  Value reshape(Value value, ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getShape() == shape ? value : ReshapeOp::create(builder, loc, type.clone(shape), value).getResult();
  }

  ConvOp op;
  OpBuilder builder;
  Location loc;
};

struct MultiplyWindowsPass : impl::MultiplyWindowsBase<MultiplyWindowsPass> {
  using MultiplyWindowsBase::MultiplyWindowsBase;

  void runOnOperation() override {
    FailureOr<KernelAbilities> abilities = kernelAbilities(target, getOperation());
    if (failed(abilities))
      return signalPassFailure();
    if (!abilities->prologues)
      return;
    int64_t made = 0;
    for (ConvOp op : llvm::to_vector(getOperation().getOps<ConvOp>())) {
      if (op.getGroups() != 1)
        continue;
      DEBUG_AT(op) << "multiplies windows";
      op.getResult().replaceAllUsesWith(ConvToProduct(op).build());
      op.erase();
      ++made;
    }
    counted(getOperation(), DEBUG_TYPE, "products of windows", made);
  }
};

} // namespace
} // namespace sinter
