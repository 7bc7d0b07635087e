// sinter.conv: the three products of a convolution's tensors.
#include "dialects/sinter/ops/WindowRules.h"

#include <limits>

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

/// With one tap that never leaves the input, it is a product of matrices.
SmallVector<Value> ConvOp::expand(OpBuilder &builder) {
  RankedTensorType x = getInputType(), w = getKernelType(), y = getOutputType();
  auto groups = static_cast<int64_t>(getGroups());
  if (getPart() == ConvPart::kernel && groups > 1 && groups == x.getShape().back() && groups == y.getShape().back() &&
      countOf(w.getShape().drop_back(2)) <= kUnrolledTaps)
    return {sumOverBlocks(*this, builder)};
  auto isOne = [](int64_t size) { return size == 1; };
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

namespace {

/// Loops over rows of the result, what is summed, and the result's last dimension, along which vectors go.
struct ConvLoops {
  ConvOp op;
  OpBuilder &builder;
  WindowShape shape;
  RankedTensorType x, w, y, result;
  int64_t groups, batch, channels, filters; ///< of a group
  bool apart;                               ///< a channel in and one out a group: columns are channels of both

  ConvLoops(ConvOp op, OpBuilder &builder)
      : op(op), builder(builder), shape(windowsOf(op)), x(op.getInputType()), w(op.getKernelType()),
        y(op.getOutputType()), result(cast<RankedTensorType>(op.getType())),
        groups(static_cast<int64_t>(op.getGroups())), batch(x.getDimSize(0)), channels(x.getShape().back() / groups),
        filters(y.getShape().back() / groups), apart(groups > 1 && channels == 1 && filters == 1) {}

  int64_t columns() const { return result.getShape().back(); }
  int64_t rows() const { return result.getNumElements() / columns(); }

  Value build() {
    bool ofKernel = op.getPart() == ConvPart::kernel;
    if (apart && !ofKernel && countOf(shape.taps) <= kUnrolledTaps)
      return buildUnrolled();
    int64_t terms = ofKernel                           ? batch * countOf(shape.positions)
                    : op.getPart() == ConvPart::output ? countOf(shape.taps) * channels
                                                       : countOf(shape.taps) * filters;
    AffineExpr row = builder.getAffineDimExpr(0), term = builder.getAffineDimExpr(1),
               column = builder.getAffineDimExpr(2);
    SmallVector<Mapped> inputs;
    // The other operand stands as a matrix of terms and columns, but for the kernel read from its other side.
    if (op.getPart() != ConvPart::input || apart)
      inputs.push_back({reshaped(builder, op.getLoc(), op.getRhs(), {terms, columns()}),
                        AffineMap::get(3, 0, {term, column}, builder.getContext())});
    else // a loop has its size from something that is read or written
      inputs.push_back({empty(builder, op.getLoc(), RankedTensorType::get({terms}, result.getElementType())),
                        AffineMap::get(3, 0, term, builder.getContext())});
    Value zeros = filled(builder, op.getLoc(), result.clone({rows(), columns()}), 0);
    Value sums = generic(
        builder, op.getLoc(), 3, 1, inputs, {{zeros, AffineMap::get(3, 0, {row, column}, builder.getContext())}},
        [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
          IndexMath index(*scalars[0].builder, scalars[0].loc);
          return {scalars.back() + (ofKernel ? kernelTerm(index, scalars) : positionTerm(index, scalars))};
        })[0];
    return reshaped(builder, op.getLoc(), sums, result.getShape());
  }

  /// The channel of the tensor read in windows: `inGroup` of the group that a column belongs to.
  Value channelOf(IndexMath &index, Value inGroup, int64_t ownPerGroup, int64_t perGroup) {
    if (apart)
      return index.loop(2);
    if (groups == 1)
      return inGroup;
    return index.add(index.multiply(index.divide(index.loop(2), ownPerGroup), perGroup), inGroup);
  }

  /// Of `output` and `input`: a row is a position, terms are taps and channels of what is read in windows.
  Expr positionTerm(IndexMath &index, ArrayRef<Expr> scalars) {
    bool forward = op.getPart() == ConvPart::output;
    int64_t summed = forward ? channels : filters, own = forward ? filters : channels;
    SmallVector<Value> place = index.split(index.loop(0), joined(batch, shape.positions));
    SmallVector<int64_t> sizes(shape.taps);
    sizes.push_back(apart ? 1 : summed);
    SmallVector<Value> term = index.split(index.loop(1), sizes);
    Value channel = channelOf(index, term.back(), own, summed);
    auto tap = ValueRange(term).drop_back();
    Expr read = scalars[0].with(
        index.read(op.getLhs(), place[0], index.position(shape, ValueRange(place).drop_front(), tap), channel, 0));
    if (forward || apart)
      return read * scalars[0];
    SmallVector<Value> places;
    for (Value t : tap)
      places.push_back(index.place(t));
    Value column = index.loop(2);
    places.push_back(index.place(groups == 1 ? column : index.remainder(column, channels)));
    places.push_back(index.place(channel));
    return read * read.with(tensor::ExtractOp::create(*read.builder, read.loc, op.getRhs(), places));
  }

  /// Of `kernel`: a row is a tap and a channel, terms are windows.
  Expr kernelTerm(IndexMath &index, ArrayRef<Expr> scalars) {
    SmallVector<int64_t> sizes(shape.taps);
    sizes.push_back(channels);
    SmallVector<Value> row = index.split(index.loop(0), sizes);
    SmallVector<Value> window = index.split(index.loop(1), joined(batch, shape.positions));
    Value channel = channelOf(index, row.back(), filters, channels);
    IndexMath::Position position = index.position(shape, ValueRange(window).drop_front(), ValueRange(row).drop_back());
    return scalars[0].with(index.read(op.getLhs(), window[0], position, channel, 0)) * scalars[0];
  }

  /// Of channels on their own: all taps in ascending order.
  Value buildUnrolled() {
    AffineMap all = builder.getMultiDimIdentityMap(2);
    Value sums = generic(
        builder, op.getLoc(), 2, {}, {}, {{empty(builder, op.getLoc(), result.clone({rows(), columns()})), all}},
        [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
          OpBuilder &inner = *scalars[0].builder;
          IndexMath index(inner, scalars[0].loc);
          SmallVector<Value> place = index.split(index.loop(0), joined(batch, shape.positions));
          Expr sum = scalars[0].constant(0);
          for (const std::vector<int64_t> &k : tapsOf(shape)) {
            IndexMath::Position position = index.position(shape, ValueRange(place).drop_front(), ArrayRef<int64_t>(k));
            Expr read = sum.with(index.read(op.getLhs(), place[0], position, index.loop(1), 0));
            SmallVector<Value> weight;
            for (int64_t tap : k)
              weight.push_back(index.place(index.constant(tap)));
            weight.append({index.place(index.constant(0)), index.place(index.loop(1))});
            Expr factor = sum.with(tensor::ExtractOp::create(inner, sum.loc, op.getRhs(), weight));
            sum = sum.with(math::FmaOp::create(inner, sum.loc, read, factor, sum));
          }
          return {sum};
        })[0];
    return reshaped(builder, op.getLoc(), sums, result.getShape());
  }
};

} // namespace

FailureOr<SmallVector<Value>> ConvOp::lowerToLinalg(OpBuilder &builder) {
  return SmallVector<Value>{ConvLoops(*this, builder).build()};
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

//===--- tap_sums ----------------------------------------------------------------------------------===//

static WindowShape windowsOfSums(TapSumsOp op) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  return {copy(positionsOf(op.getWindows().getType())),
          copy(op.getTaps()),
          copy(op.getStrides()),
          copy(op.getDilations()),
          copy(op.getLow()),
          SmallVector<int64_t>(op.getTaps().size(), 1),
          copy(positionsOf(op.getInput().getType()))};
}

LogicalResult TapSumsOp::verify() {
  auto x = cast<RankedTensorType>(getInput().getType()), y = cast<RankedTensorType>(getWindows().getType()),
       type = cast<RankedTensorType>(getType());
  // C1
  for (RankedTensorType each : {x, y, type})
    if (!each.getElementType().isF32())
      return emitError() << "tap_sums: elements are of " << text(each.getElementType()) << ", not f32";
  // C2
  size_t rank = getTaps().size();
  for (ArrayRef<int64_t> numbers : {getStrides(), getLow(), getDilations()})
    if (numbers.size() != rank)
      return emitError() << "tap_sums: attributes have " << rank << " and " << numbers.size() << " numbers";
  if (rank < 1 || rank > 3 || x.getRank() != static_cast<int64_t>(rank) + 2 || y.getRank() != x.getRank() ||
      x.getDimSize(0) != y.getDimSize(0) || x.getShape().back() != y.getShape().back())
    return emitError() << "tap_sums: the operands have shapes " << shapeText(x) << " and " << shapeText(y)
                       << ", but with " << rank << " numbers, from 1 to 3, in each attribute they have two dimensions "
                       << "more, the first and the last the same";
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (getTaps()[d] < 1 || getStrides()[d] < 1 || getDilations()[d] < 1)
      return emitError() << "tap_sums: taps " << getTaps()[d] << ", stride " << getStrides()[d] << " and dilation "
                         << getDilations()[d] << " of dimension " << d << " must be at least 1";
  // C4
  if (type.getRank() != 3 || type.getDimSize(1) != countOf(getTaps()) || type.getDimSize(2) != x.getShape().back() ||
      type.getDimSize(0) < 1 || x.getDimSize(0) % type.getDimSize(0) != 0)
    return emitError() << "tap_sums: the result has shape " << shapeText(type) << ", not blocks that divide "
                       << x.getDimSize(0) << ", " << countOf(getTaps()) << " and " << x.getShape().back();
  return success();
}

FailureOr<SmallVector<Value>> TapSumsOp::lowerToLinalg(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType()), y = cast<RankedTensorType>(getWindows().getType());
  WindowShape shape = windowsOfSums(*this);
  int64_t blocks = type.getDimSize(0), channels = type.getDimSize(2), images = y.getDimSize(0) / blocks;
  Location loc = getLoc();
  AffineMap all = builder.getMultiDimIdentityMap(3), sums = all.dropResult(1);
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  Value windows = reshaped(builder, loc, getWindows(), {blocks, images * countOf(shape.positions), channels});
  SmallVector<Mapped> results(taps.size(), {filled(builder, loc, type.clone({blocks, channels}), 0), sums});
  SmallVector<Value> parts =
      generic(builder, loc, 3, 1, Mapped{windows, all}, results, [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
        IndexMath index(*scalars[0].builder, scalars[0].loc);
        SmallVector<Value> place = index.split(index.loop(1), joined(images, shape.positions));
        Value image = index.add(index.multiply(index.loop(0), images), place[0]);
        SmallVector<Expr> after;
        for (auto [number, k] : llvm::enumerate(taps)) {
          IndexMath::Position position = index.position(shape, ValueRange(place).drop_front(), ArrayRef<int64_t>(k));
          Expr read = scalars[0].with(index.read(getInput(), image, position, index.loop(2), 0));
          after.push_back(scalars[number + 1] + read * scalars[0]);
        }
        return after;
      });
  Value result = empty(builder, loc, type);
  SmallVector<OpFoldResult> offsets(3, builder.getIndexAttr(0)), strides(3, builder.getIndexAttr(1)),
      sizes{builder.getIndexAttr(blocks), builder.getIndexAttr(1), builder.getIndexAttr(channels)};
  for (auto [number, part] : llvm::enumerate(parts)) {
    offsets[1] = builder.getIndexAttr(static_cast<int64_t>(number));
    result = tensor::InsertSliceOp::create(builder, loc, part, result, offsets, sizes, strides);
  }
  return SmallVector<Value>{result};
}

LogicalResult TapSumsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0], &y = *inputs[1];
  reference::Tensor &result = outputs[0]; // [B, taps, C], holds zeros
  WindowShape shape = windowsOfSums(*this);
  std::vector<std::vector<int64_t>> taps = tapsOf(shape);
  int64_t channels = x.shape.back(), window = 0;
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    int64_t block = n / (x.shape[0] / result.shape[0]);
    reference::forEachIndex({shape.positions.begin(), shape.positions.end()}, [&](const std::vector<int64_t> &o) {
      for (size_t k = 0; k < taps.size(); ++k) {
        int64_t from = elementAt(shape, n, o, taps[k], channels);
        for (int64_t c = 0; c < channels && from >= 0; ++c)
          result[(block * static_cast<int64_t>(taps.size()) + static_cast<int64_t>(k)) * channels + c] +=
              x[from + c] * y[window * channels + c];
      }
      ++window;
    });
  }
  return success();
}

//===--- windows -----------------------------------------------------------------------------------===//

WindowShape sinter::windowsOf(WindowsOp op) {
  auto copy = [](ArrayRef<int64_t> sizes) { return SmallVector<int64_t>(sizes); };
  return {copy(op.getPositions()),
          copy(op.getTaps()),
          copy(op.getStrides()),
          copy(op.getSteps()),
          copy(op.getLow()),
          copy(op.getDivisors()),
          copy(positionsOf(op.getInput().getType()))};
}

LogicalResult WindowsOp::verify() {
  auto x = cast<RankedTensorType>(getInput().getType()), type = cast<RankedTensorType>(getType());
  // C1
  if (!x.getElementType().isF32() || !type.getElementType().isF32())
    return emitError() << "windows: elements are of " << text(x.getElementType()) << ", not f32";
  // C2
  size_t rank = getPositions().size();
  for (ArrayRef<int64_t> numbers : {getTaps(), getStrides(), getSteps(), getLow(), getDivisors()})
    if (numbers.size() != rank)
      return emitError() << "windows: attributes have " << rank << " and " << numbers.size() << " numbers";
  if (rank < 1 || rank > 3 || x.getRank() != static_cast<int64_t>(rank) + 2)
    return emitError() << "windows: the input has shape " << shapeText(x) << ", but with " << rank
                       << " numbers, from 1 to 3, in each attribute it has two dimensions more";
  // C3
  for (size_t d = 0; d < rank; ++d)
    if (getPositions()[d] < 1 || getTaps()[d] < 1 || getDivisors()[d] < 1)
      return emitError() << "windows: positions " << getPositions()[d] << ", taps " << getTaps()[d] << " and divisor "
                         << getDivisors()[d] << " of dimension " << d << " must be at least 1";
  // C4
  SmallVector<int64_t> shape{x.getDimSize(0) * countOf(getPositions()), countOf(getTaps()), x.getShape().back()};
  if (type.getShape() != ArrayRef<int64_t>(shape))
    return emitError() << "windows: the result has shape " << shapeText(type) << ", but [" << ArrayRef<int64_t>(shape)
                       << "] is what there is";
  return success();
}

Value WindowsOp::lowerToLoops(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  WindowShape shape = windowsOf(*this);
  int64_t batch = cast<RankedTensorType>(getInput().getType()).getDimSize(0);
  return generic(builder, getLoc(), 3, {}, {}, {{empty(builder, getLoc(), type), builder.getMultiDimIdentityMap(3)}},
                 [&](ArrayRef<Expr> scalars) -> SmallVector<Expr> {
                   IndexMath index(*scalars[0].builder, scalars[0].loc);
                   SmallVector<Value> window = index.split(index.loop(0), joined(batch, shape.positions));
                   SmallVector<Value> tap = index.split(index.loop(1), shape.taps);
                   return {scalars[0].with(index.read(
                       getInput(), window[0], index.position(shape, ValueRange(window).drop_front(), ValueRange(tap)),
                       index.loop(2), 0))};
                 })[0];
}

LogicalResult WindowsOp::evaluate(ArrayRef<const reference::Tensor *> inputs,
                                  MutableArrayRef<reference::Tensor> outputs) {
  const reference::Tensor &x = *inputs[0];
  reference::Tensor &y = outputs[0]; // holds zeros
  WindowShape shape = windowsOf(*this);
  int64_t channels = x.shape.back(), at = 0;
  std::vector<int64_t> windows(shape.positions.begin(), shape.positions.end()),
      taps(shape.taps.begin(), shape.taps.end());
  for (int64_t n = 0; n < x.shape[0]; ++n)
    reference::forEachIndex(windows, [&](const std::vector<int64_t> &o) {
      reference::forEachIndex(taps, [&](const std::vector<int64_t> &k) {
        int64_t from = elementAt(shape, n, o, k, channels);
        for (int64_t c = 0; c < channels; ++c, ++at)
          if (from >= 0)
            y[at] = x[from + c];
      });
    });
  return success();
}
