// sinter.conv: the three products of a convolution's tensors.
#include "dialects/sinter/ops/windows/WindowRules.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace sinter;
using namespace sinter::rules;

RankedTensorType ConvOp::getInputType() {
  return cast<RankedTensorType>((getPart() == ConvPart::input ? getResult() : getLhs()).getType());
}
RankedTensorType ConvOp::getKernelType() {
  return cast<RankedTensorType>((getPart() == ConvPart::kernel ? getResult() : getRhs()).getType());
}
RankedTensorType ConvOp::getOutputType() {
  Value output = getPart() == ConvPart::output ? getResult() : getPart() == ConvPart::input ? getLhs() : getRhs();
  return cast<RankedTensorType>(output.getType());
}

int64_t ConvOp::getMultiplications() {
  return getOutputType().getNumElements() * countOf(getKernelType().getShape().drop_back());
}

LogicalResult ConvOp::verify() {
  RankedTensorType x = getInputType(), w = getKernelType(), y = getOutputType();
  const std::pair<StringRef, RankedTensorType> tensors[] = {{"input", x}, {"kernel", w}, {"output", y}};
  // C1
  for (auto [name, type] : tensors)
    if (!type.getElementType().isF32())
      return emitError() << "conv: the " << name << " has elements of " << text(type.getElementType()) << ", not f32";
  // C2
  size_t rank = getStrides().size();
  if (rank < 1 || rank > 3 || getLow().size() != rank || getDilations().size() != rank)
    return emitError() << "conv: strides [" << getStrides() << "], low [" << getLow() << "] and dilations ["
                       << getDilations() << "] must have one length, from 1 to 3";
  for (auto [name, type] : tensors)
    if (type.getRank() != static_cast<int64_t>(rank) + 2)
      return emitError() << "conv: the " << name << " has shape " << shapeText(type) << ", but with " << rank
                         << " strides it has " << rank + 2 << " dimensions";
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (getStrides()[d] < 1 || getDilations()[d] < 1)
      return emitError() << "conv: stride " << getStrides()[d] << " and dilation " << getDilations()[d]
                         << " of dimension " << d << " must be at least 1";
  // C4
  if (x.getDimSize(0) != y.getDimSize(0))
    return emitError() << "conv: " << x.getDimSize(0) << " images in, but " << y.getDimSize(0) << " out (shapes "
                       << shapeText(x) << " and " << shapeText(y) << ")";
  // C5
  auto groups = static_cast<int64_t>(getGroups());
  int64_t channels = x.getShape().back(), filters = y.getShape().back();
  if (groups < 1 || channels % groups != 0 || filters % groups != 0)
    return emitError() << "conv: " << groups << " groups do not divide " << channels << " channels in and " << filters
                       << " out";
  if (w.getDimSize(rank) != channels / groups || w.getDimSize(rank + 1) != filters)
    return emitError() << "conv: the kernel has shape " << shapeText(w) << ", but with " << channels << " channels in, "
                       << filters << " out and " << groups << " groups its last two dimensions are "
                       << channels / groups << " and " << filters;
  // C6
  for (auto [name, type] : tensors)
    if (type.getNumElements() == 0)
      return emitError() << "conv: the " << name << ", of shape " << shapeText(type) << ", is empty";
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  for (size_t d = 0; d < rank; ++d) {
    // Products of two numbers of 31 bits.
    auto far = [&](int64_t count, int64_t step) { return step > kMost || count > kMost / step; };
    int64_t low = getLow()[d];
    if (far(y.getDimSize(d + 1), 2 * getStrides()[d]) || far(w.getDimSize(d), 2 * getDilations()[d]) ||
        far(x.getDimSize(d + 1), 2 * getStrides()[d]) || low > kMost / 4 || low < -kMost / 4)
      return emitError() << "conv: positions of dimension " << d << " exceed an i32";
  }
  for (auto [name, type] : tensors)
    if (type.getNumElements() > kMost)
      return emitError() << "conv: the " << name << ", of shape " << shapeText(type)
                         << ", has more elements than an i32 counts";
  return success();
}

WindowShape sinter::windowsOf(ConvOp op) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  auto opposite = [](ArrayRef<int64_t> numbers) {
    return SmallVector<int64_t>(llvm::map_range(numbers, [](int64_t number) { return -number; }));
  };
  SmallVector<int64_t> x = copy(positionsOf(op.getInputType())), y = copy(positionsOf(op.getOutputType())),
                       taps = copy(op.getKernelType().getShape().drop_back(2)), ones(x.size(), 1);
  if (op.getPart() == ConvPart::input) // i = o * strides + k * dilations - low, for o
    return {x, taps, ones, opposite(op.getDilations()), opposite(op.getLow()), copy(op.getStrides()), y};
  return {y, taps, copy(op.getStrides()), copy(op.getDilations()), copy(op.getLow()), ones, x};
}

/// The factor of each tensor in the sum of products of all three.
LogicalResult ConvOp::vjp(OpBuilder &builder, ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                          MutableArrayRef<Value> operandCotangents) {
  // Each part with its operands, in their order: input and kernel, output and kernel, input and output.
  auto part = [&](ConvPart which, Value a, Value b, Value like) -> Value {
    return ConvOp::create(builder, getLoc(), like.getType(), which, a, b, getStrides(), getLow(), getDilations(),
                          getGroups());
  };
  Value a = getLhs(), b = getRhs(), g = cotangents[0];
  switch (getPart()) {
  case ConvPart::output:
    if (needed[0])
      operandCotangents[0] = part(ConvPart::input, g, b, a);
    if (needed[1])
      operandCotangents[1] = part(ConvPart::kernel, a, g, b);
    break;
  case ConvPart::input:
    if (needed[0])
      operandCotangents[0] = part(ConvPart::output, g, b, a);
    if (needed[1])
      operandCotangents[1] = part(ConvPart::kernel, g, a, b);
    break;
  case ConvPart::kernel:
    if (needed[0])
      operandCotangents[0] = part(ConvPart::input, b, g, a);
    if (needed[1])
      operandCotangents[1] = part(ConvPart::output, a, g, b);
    break;
  }
  return success();
}

/// Blocks of images whose sums threads compute apart.
static constexpr int64_t kMostBlocks = 16;

/// The gradient of a kernel whose channels know nothing of each other: a sum over blocks of images.
static Value sumOverBlocks(ConvOp op, OpBuilder &builder) {
  RankedTensorType x = op.getInputType(), w = op.getKernelType();
  int64_t blocks = kMostBlocks, taps = countOf(w.getShape().drop_back(2));
  while (x.getDimSize(0) % blocks != 0)
    --blocks;
  Value parts =
      TapSumsOp::create(builder, op.getLoc(), x.clone({blocks, taps, x.getShape().back()}), op.getLhs(), op.getRhs(),
                        w.getShape().drop_back(2), op.getStrides(), op.getLow(), op.getDilations());
  if (blocks > 1)
    parts = ReduceOp::create(builder, op.getLoc(), ReduceKind::sum, parts, ArrayRef<int64_t>{0});
  return reshaped(builder, op.getLoc(), parts, w.getShape());
}

/// An input in phases of the strides: those positions meet the same taps, and windows that lie side by side.
static Value inPhases(ConvOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  auto x = cast<RankedTensorType>(op.getType());
  ArrayRef<int64_t> strides = op.getStrides(), kernel = op.getKernelType().getShape();
  size_t rank = strides.size();
  SmallVector<int64_t> shape(x.getShape()), phases;
  for (size_t d = 0; d < rank; ++d)
    shape[d + 1] = llvm::divideCeil(shape[d + 1], strides[d]);
  SmallVector<Value> inputs;
  int64_t number = -1;
  reference::forEachIndex({strides.begin(), strides.end()}, [&](const std::vector<int64_t> &phase) {
    ++number;
    SmallVector<int64_t> first(rank + 2, 0), limits(kernel), steps(rank + 2, 1), low, dilations;
    for (size_t d = 0; d < rank; ++d) {
      // Of position i * stride + phase, tap k is that of window i + (phase + low - k * dilation) / stride, if that is a
      // whole number: of each step-th tap.
      int64_t stride = strides[d], dilation = op.getDilations()[d], start = phase[d] + op.getLow()[d];
      while (first[d] < kernel[d] && (start - first[d] * dilation) % stride != 0)
        ++first[d];
      if (first[d] == kernel[d])
        return;
      steps[d] = stride / std::gcd(stride, dilation);
      low.push_back((start - first[d] * dilation) / stride);
      dilations.push_back(steps[d] * dilation / stride);
    }
    Value taps = SliceOp::create(builder, loc, op.getRhs(), first, limits, steps);
    phases.push_back(number);
    inputs.push_back(ConvOp::create(builder, loc, x.clone(shape), ConvPart::input, op.getLhs(), taps,
                                    SmallVector<int64_t>(rank, 1), low, dilations, op.getGroups()));
  });
  return InterleaveOp::create(builder, loc, x, inputs, strides, phases);
}

/// With one tap that never leaves the input, it is a product of matrices.
SmallVector<Value> ConvOp::expand(OpBuilder &builder) {
  RankedTensorType x = getInputType(), w = getKernelType(), y = getOutputType();
  auto groups = static_cast<int64_t>(getGroups());
  if (getPart() == ConvPart::kernel && groups > 1 && groups == x.getShape().back() && groups == y.getShape().back() &&
      countOf(w.getShape().drop_back(2)) <= kUnrolledTaps)
    return {sumOverBlocks(*this, builder)};
  auto isOne = [](int64_t size) { return size == 1; };
  if (getPart() == ConvPart::input && groups == 1 && !llvm::all_of(getStrides(), isOne))
    return {inPhases(*this, builder)};
  if (getGroups() != 1 || !llvm::all_of(w.getShape().drop_back(2), isOne) || !llvm::all_of(getStrides(), isOne) ||
      !llvm::all_of(getLow(), [](int64_t low) { return low == 0; }) || positionsOf(x) != positionsOf(y))
    return {};
  int64_t rows = countOf(y.getShape().drop_back()), channels = x.getShape().back(), filters = y.getShape().back();
  auto matrix = [&](Value value, int64_t m, int64_t n) { return reshaped(builder, getLoc(), value, {m, n}); };
  Value product;
  if (getPart() == ConvPart::output)
    product = MatmulOp::create(builder, getLoc(), matrix(getLhs(), rows, channels), matrix(getRhs(), channels, filters),
                               false, false);
  else if (getPart() == ConvPart::input)
    product = MatmulOp::create(builder, getLoc(), matrix(getLhs(), rows, filters), matrix(getRhs(), channels, filters),
                               false, true);
  else
    product = MatmulOp::create(builder, getLoc(), matrix(getLhs(), rows, channels), matrix(getRhs(), rows, filters),
                               true, false);
  return {reshaped(builder, getLoc(), product, cast<RankedTensorType>(getType()).getShape())};
}

LogicalResult ConvOp::evaluate(ArrayRef<const reference::Tensor *> inputs, MutableArrayRef<reference::Tensor> outputs) {
  auto sizes = [](RankedTensorType type) { return std::vector<int64_t>(type.getShape()); };
  std::vector<int64_t> x = sizes(getInputType()), w = sizes(getKernelType()), y = sizes(getOutputType());
  size_t rank = getStrides().size();
  auto inner = [&](const std::vector<int64_t> &all) { return std::vector<int64_t>(all.begin() + 1, all.end() - 1); };
  std::vector<int64_t> taps(w.begin(), w.begin() + rank), windows = inner(y), positions = inner(x);
  auto groups = static_cast<int64_t>(getGroups());
  int64_t channels = w[rank], filters = w[rank + 1], perGroup = filters / groups;
  const reference::Tensor &a = *inputs[0], &b = *inputs[1];
  reference::Tensor &result = outputs[0];
  for (int64_t n = 0; n < x[0]; ++n) {
    int64_t window = 0; // of image n
    reference::forEachIndex(windows, [&](const std::vector<int64_t> &o) {
      int64_t tap = 0;
      reference::forEachIndex(taps, [&](const std::vector<int64_t> &k) {
        int64_t position = 0;
        bool inside = true;
        for (size_t d = 0; d < rank; ++d) {
          int64_t i = o[d] * getStrides()[d] + k[d] * getDilations()[d] - getLow()[d];
          inside = inside && i >= 0 && i < positions[d];
          position = position * positions[d] + i;
        }
        for (int64_t f = 0; inside && f < filters; ++f)
          for (int64_t c = 0; c < channels; ++c) {
            int64_t atX = (n * reference::Tensor::count(positions) + position) * x.back() + f / perGroup * channels + c;
            int64_t atW = (tap * channels + c) * filters + f;
            int64_t atY = (n * reference::Tensor::count(windows) + window) * filters + f;
            if (getPart() == ConvPart::output)
              result[atY] += a[atX] * b[atW];
            else if (getPart() == ConvPart::input)
              result[atX] += a[atY] * b[atW];
            else
              result[atW] += a[atX] * b[atY];
          }
        ++tap;
      });
      ++window;
    });
  }
  return success();
}
