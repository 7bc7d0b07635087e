// sinter-multiply-windows: a convolution is a product of matrices, one of which is read through windows.
//
//   %y = conv output %x, %w      =>   %m = windows %x {sinter.prologue}     [N Y, K, C]
//                                     %y = matmul %m as [N Y, K C], %w as [K C, F]
//   %x = conv input %y, %w       =>   %x = matmul (windows %y), %w with its last two dimensions swapped
//   %w = conv kernel %x, %y      =>   %w = matmul (windows %x), %y {transpose_lhs}
//
// The product's kernel computes the windows' elements while it packs them, so that no matrix of them is ever stored.
//
// Convolutions of 3 x 3 taps with many channels become products for each of 16 elements of tiles instead, which take
// 16 multiplications where these take 36:
//
//   %y = conv output %x, %w       =>   %y = winograd_output (matmul (winograd_input %x), (winograd_kernel %w))
#include "compiler/passes/Debug.h"
#include "compiler/passes/convolution/Passes.h"
#include "compiler/passes/kernels/KernelAbilities.h"

#define DEBUG_TYPE "sinter-multiply-windows"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MULTIPLYWINDOWS
#include "compiler/passes/convolution/Passes.h.inc"

namespace {

constexpr int64_t kVectorOfChannels = 16;
// So few do not fill the rows of a register tile.
constexpr int64_t kFewChannels = 8, kLeastRows = 5;

class ConvToProduct {
public:
  explicit ConvToProduct(ConvOp op) : op(op), builder(op), loc(op.getLoc()) {}

  /// Whether tiles of 2 x 2 positions are computed with 16 multiplications for 36 (Winograd.cpp): of 3 x 3 taps, where
  /// channels and filters are so many that this saves more time than the tiles' way through memory takes. (How many
  /// images there are does not count: the bits of one are those of many.)
  bool paysInTiles() {
    constexpr int64_t kLeastChannels = 64, kLeastProduct = 64 * 128;
    WindowShape shape = windowsOf(op);
    auto are = [](ArrayRef<int64_t> numbers, int64_t value) {
      return llvm::all_of(numbers, [&](int64_t number) { return number == value; });
    };
    int64_t channels = op.getInputType().getShape().back(), filters = op.getOutputType().getShape().back();
    return shape.rank() == 2 && are(shape.taps, 3) && are(shape.strides, 1) && are(shape.divisors, 1) &&
           (are(shape.steps, 1) || are(shape.steps, -1)) &&
           llvm::all_of(shape.positions, [](int64_t size) { return size % 2 == 0; }) &&
           std::min(channels, filters) >= kLeastChannels && channels * filters >= kLeastProduct;
  }

  Value buildInTiles() {
    WindowShape shape = windowsOf(op);
    auto read = cast<RankedTensorType>(op.getLhs().getType()), w = op.getKernelType(),
         result = cast<RankedTensorType>(op.getType());
    bool turned = op.getPart() == ConvPart::input;
    SmallVector<int64_t> tiles, low;
    for (size_t d = 0; d < 2; ++d) {
      tiles.push_back(shape.positions[d] / 2);
      low.push_back(turned ? shape.low[d] + 2 : shape.low[d]); // of the turned kernel's first tap
    }
    int64_t rows = read.getDimSize(0) * tiles[0] * tiles[1], elements = 16;
    Value input = WinogradInputOp::create(builder, loc, read.clone({elements, rows, read.getShape().back()}),
                                          op.getLhs(), low, tiles);
    if (op.getPart() == ConvPart::kernel) {
      auto y = op.getOutputType();
      Value cotangent =
          WinogradCotangentOp::create(builder, loc, y.clone({elements, rows, y.getShape().back()}), op.getRhs());
      return WinogradTapsOp::create(builder, loc, result,
                                    MatmulOp::create(builder, loc, input, cotangent, true, false));
    }
    Value kernel = WinogradKernelOp::create(builder, loc, w.clone({elements, w.getDimSize(2), w.getDimSize(3)}),
                                            op.getRhs(), turned);
    return WinogradOutputOp::create(builder, loc, result, MatmulOp::create(builder, loc, input, kernel, false, turned));
  }

  Value build() {
    if (paysInTiles())
      return buildInTiles();
    WindowShape shape = windowsOf(op);
    Value input = op.getLhs();
    if (op.getPart() == ConvPart::kernel && cast<RankedTensorType>(input.getType()).getShape().back() < kFewChannels)
      input = padLines(input, shape);
    auto read = cast<RankedTensorType>(input.getType());
    int64_t rows = read.getDimSize(0) * llvm::product_of(shape.positions), taps = llvm::product_of(shape.taps),
            channels = read.getShape().back();
    Value windows = WindowsOp::create(builder, loc, read.clone({rows, taps, channels}), input, shape.positions,
                                      shape.taps, shape.strides, shape.steps, shape.low, shape.divisors);
    windows.getDefiningOp()->setAttr(kPrologueAttr, builder.getUnitAttr());
    Value matrix = reshape(windows, {rows, taps * channels});
    auto result = cast<RankedTensorType>(op.getType());
    int64_t columns = result.getShape().back();
    bool ofKernel = op.getPart() == ConvPart::kernel;
    Value other = op.getRhs();
    if (op.getPart() == ConvPart::input && taps > 1) { // [K, C, F] as [K, F, C]
      other = TransposeOp::create(builder, loc, reshape(other, {taps, columns, channels}), ArrayRef<int64_t>{0, 2, 1});
      // Whole vectors of channels are transposed while the product packs them.
      if (channels % kVectorOfChannels == 0)
        other.getDefiningOp()->setAttr(kPrologueAttr, builder.getUnitAttr());
    }
    bool turned = op.getPart() == ConvPart::input && taps == 1;
    other = turned     ? reshape(other, {columns, channels})
            : ofKernel ? reshape(other, {rows, columns})
                       : reshape(other, {taps * channels, columns});
    Value product = MatmulOp::create(builder, loc, matrix, other, ofKernel, turned);
    return reshape(product, result.getShape());
  }

private:
  /// Zeros around the last dimension of positions, so that lines of taps stay within: all of their channels are
  /// neighbours then in every window, and few channels become enough for a register tile.
  Value padLines(Value input, WindowShape &shape) {
    auto type = cast<RankedTensorType>(input.getType());
    int64_t last = shape.rank() - 1, axis = type.getRank() - 2;
    int64_t low = shape.low[last],
            high = (shape.positions[last] - 1) * shape.strides[last] + shape.taps[last] - low - shape.sizes[last];
    if (shape.steps[last] != 1 || shape.divisors[last] != 1 || low < 0 || (low == 0 && high <= 0) ||
        shape.taps[last] * type.getShape().back() < kLeastRows)
      return input;
    SmallVector<int64_t> none(type.getRank()), before(none), behind(none), padded(type.getShape());
    before[axis] = low, behind[axis] = std::max<int64_t>(high, 0);
    padded[axis] += before[axis] + behind[axis];
    shape.low[last] = 0, shape.sizes[last] = padded[axis];
    return PadOp::create(builder, loc, type.clone(padded), input, before, behind, none);
  }

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
