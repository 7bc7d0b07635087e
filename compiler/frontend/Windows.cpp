// The DSL's convolution and pooling.
#include "compiler/include/sinter/windows.h"
#include "compiler/frontend/Builder.h"
#include "compiler/include/sinter/ops.h"
#include "dialects/sinter/Windows.h"

#include <limits>

using namespace mlir;
using namespace sinter::frontend;
using Loc = sinter::Location;

namespace sinter {
namespace {

/// The sizes that no product or sum of two may exceed.
constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / 4;

/// What a call says about its windows, one number a dimension.
struct Geometry {
  const char *what;
  const Loc &loc;
  size_t rank;
  Shape taps, strides, padding, dilations;

  /// `given` for each dimension, from `least` on.
  Shape each(const PerDim &given, const char *name, int64_t least) const {
    Shape result = given.sizes;
    if (result.size() == 1)
      result.assign(rank, given.sizes[0]);
    if (result.size() != rank)
      fail(loc, Twine(what) + ": " + name + " " + text(given.sizes) + " has " + Twine(given.sizes.size()) +
                    " numbers, but there are " + Twine(rank) + " dimensions of positions");
    for (int64_t number : result)
      if (number < least || number > kMost)
        fail(loc, Twine(what) + ": " + name + " " + text(result) + " must be at least " + Twine(least) +
                      (number > kMost ? ", and no position may exceed an i32" : ""));
    return result;
  }

  /// How many windows there are over `sizes` positions.
  Shape count(ArrayRef<int64_t> sizes, Value operand) const {
    Shape result;
    for (size_t d = 0; d < rank; ++d) {
      int64_t span = dilations[d] > kMost / taps[d] ? kMost : dilations[d] * (taps[d] - 1) + 1,
              room = sizes[d] + 2 * padding[d] - span;
      if (room < 0)
        fail(loc,
             Twine(what) + ": a window of " + Twine(taps[d]) + " with dilation " + Twine(dilations[d]) +
                 " does not fit into " + Twine(sizes[d]) + " positions with padding " + Twine(padding[d]) +
                 " (dimension " + Twine(d + 1) + ")",
             {{"the operand", operand}});
      result.push_back(room / strides[d] + 1);
    }
    return result;
  }
};

/// The number of dimensions of positions of [N, positions..., C].
size_t positionRank(Value x, const char *what, const Loc &loc) {
  size_t rank = shapeOf(x).size();
  if (rank < 3 || rank > 5)
    fail(loc,
         Twine(what) +
             ": works on [N, positions..., C] with 1 to 3 dimensions of positions, but the operand has shape " +
             text(shapeOf(x)),
         {{"the operand", x}});
  return rank - 2;
}

Shape inner(Value x) { return shapeOf(x).drop_front().drop_back().vec(); }

RankedTensorType typeWith(Value x, ArrayRef<int64_t> positions, int64_t channels) {
  Shape shape{shapeOf(x)[0]};
  llvm::append_range(shape, positions);
  shape.push_back(channels);
  return typeOf(x).clone(shape);
}

/// Checks that the kernel is of `x`'s channels: its last but one dimension has those of a group; `transposed`, its last
/// one has all.
void checkKernel(Value x, Value kernel, int64_t groups, bool transposed, const char *what, const Loc &loc) {
  ArrayRef<int64_t> shape = shapeOf(kernel);
  if (shape.size() != shapeOf(x).size())
    fail(loc,
         Twine(what) + ": the kernel " + text(shape) + " must have as many dimensions as the operand " +
             text(shapeOf(x)) + ": taps, then the channels in and out",
         {{"the operand", x}, {"the kernel", kernel}});
  int64_t perGroup = shape[shape.size() - 2], filters = shape.back(), channels = shapeOf(x).back();
  if (groups < 1 || channels % groups != 0 || filters % groups != 0)
    fail(loc,
         Twine(what) + ": " + Twine(groups) + " groups do not divide the operand's " + Twine(channels) +
             " channels and the kernel's " + Twine(filters),
         {{"the operand", x}, {"the kernel", kernel}});
  if (transposed ? filters != channels : perGroup != channels / groups)
    fail(loc,
         Twine(what) + ": the operand has " + Twine(channels) + " channels" +
             (groups > 1 && !transposed ? " in " + Twine(groups) + " groups" : Twine("")) + ", but the kernel " +
             text(shape) + " is of " + Twine(transposed ? filters : perGroup),
         {{"the operand", x}, {"the kernel", kernel}});
}

} // namespace

Tensor conv(Tensor x, Tensor kernel, const Conv &options, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, "conv", loc), weights = builder.useFloat(kernel, "conv", loc);
  size_t rank = positionRank(value, "conv", loc);
  checkKernel(value, weights, options.groups, /*transposed=*/false, "conv", loc);
  Geometry geometry{"conv", loc, rank, shapeOf(weights).drop_back(2).vec(), {}, {}, {}};
  geometry.strides = geometry.each(options.stride, "stride", 1);
  geometry.padding = geometry.each(options.padding, "padding", 0);
  geometry.dilations = geometry.each(options.dilation, "dilation", 1);
  RankedTensorType type = typeWith(value, geometry.count(inner(value), value), shapeOf(weights).back());
  checkShape(type.getShape(), "conv", loc);
  return wrap(ConvOp::create(builder.ops, builder.at(loc), type, ConvPart::output, value, weights, geometry.strides,
                             geometry.padding, geometry.dilations, options.groups));
}

Tensor locally_connected(Tensor x, Tensor weight, const Local &options, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  const char *what = "locally_connected";
  Value value = builder.useFloat(x, what, loc), weights = builder.useFloat(weight, what, loc);
  size_t rank = positionRank(value, what, loc);
  ArrayRef<int64_t> shape = shapeOf(weights);
  int64_t channels = shapeOf(value).back();
  if (shape.size() != 2 * rank + 2 || shape[2 * rank] != channels)
    fail(loc,
         Twine(what) + ": the weight " + text(shape) + " must be [positions..., taps..., channels, filters] with " +
             Twine(rank) + " dimensions of each kind and the operand's " + Twine(channels) + " channels",
         {{"the operand", value}, {"the weight", weights}});
  Geometry geometry{what, loc, rank, shape.slice(rank, rank).vec(), {}, {}, {}};
  geometry.strides = geometry.each(options.stride, "stride", 1);
  geometry.padding = geometry.each(options.padding, "padding", 0);
  geometry.dilations = geometry.each(options.dilation, "dilation", 1);
  Shape windows = geometry.count(inner(value), value);
  if (ArrayRef<int64_t>(windows) != shape.take_front(rank))
    fail(loc,
         Twine(what) + ": there are " + text(windows) + " windows, but weights for " + text(shape.take_front(rank)),
         {{"the operand", value}, {"the weight", weights}});

  CallSite here(loc);
  Tensor padded = x;
  for (size_t d = 0; d < rank; ++d)
    if (geometry.padding[d])
      padded = pad(padded, static_cast<int64_t>(d) + 1, geometry.padding[d], geometry.padding[d]);
  // For each tap what all windows have there, side by side: [N, positions..., taps * channels].
  int64_t taps = 1, positions = 1, images = shapeOf(value)[0], filters = shape.back();
  for (size_t d = 0; d < rank; ++d) {
    taps *= geometry.taps[d];
    positions *= windows[d];
  }
  std::vector<Tensor> parts;
  for (int64_t tap = 0; tap < taps; ++tap) {
    Tensor part = padded;
    int64_t left = tap;
    for (size_t d = rank; d-- > 0; left /= geometry.taps[d]) {
      int64_t first = left % geometry.taps[d] * geometry.dilations[d];
      part = slice(part, static_cast<int64_t>(d) + 1, first, first + (windows[d] - 1) * geometry.strides[d] + 1,
                   geometry.strides[d]);
    }
    parts.push_back(part);
  }
  Tensor rows = transpose(reshape(concat(parts, -1), {images, positions, taps * channels}), {1, 0, 2});
  Tensor y = matmul(rows, reshape(weight, {positions, taps * channels, filters}));
  Shape result = {images};
  result.insert(result.end(), windows.begin(), windows.end());
  result.push_back(filters);
  return reshape(transpose(y, {1, 0, 2}), result);
}

Tensor conv_transpose(Tensor x, Tensor kernel, const ConvTranspose &options, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  const char *what = "conv_transpose";
  Value value = builder.useFloat(x, what, loc), weights = builder.useFloat(kernel, what, loc);
  size_t rank = positionRank(value, what, loc);
  checkKernel(value, weights, options.groups, /*transposed=*/true, what, loc);
  Geometry geometry{what, loc, rank, shapeOf(weights).drop_back(2).vec(), {}, {}, {}};
  geometry.strides = geometry.each(options.stride, "stride", 1);
  geometry.padding = geometry.each(options.padding, "padding", 0);
  geometry.dilations = geometry.each(options.dilation, "dilation", 1);
  Shape more = geometry.each(options.output_padding, "output_padding", 0), positions = inner(value);
  for (size_t d = 0; d < rank; ++d) {
    if (more[d] >= std::max(geometry.strides[d], geometry.dilations[d]))
      fail(loc, "conv_transpose: output_padding " + Twine(more[d]) + " must be less than stride " +
                    Twine(geometry.strides[d]) + " or dilation " + Twine(geometry.dilations[d]));
    int64_t span = geometry.dilations[d] > kMost / geometry.taps[d] || geometry.strides[d] > kMost / positions[d]
                       ? 2 * kMost
                       : (positions[d] - 1) * geometry.strides[d] + geometry.dilations[d] * (geometry.taps[d] - 1) + 1;
    positions[d] = span - 2 * geometry.padding[d] + more[d];
    if (positions[d] < 1 || positions[d] > kMost)
      fail(loc, "conv_transpose: dimension " + Twine(d + 1) + " would have " + Twine(positions[d]) + " positions",
           {{"the operand", value}});
  }
  RankedTensorType type = typeWith(value, positions, shapeOf(weights)[rank] * options.groups);
  checkShape(type.getShape(), what, loc);
  return wrap(ConvOp::create(builder.ops, builder.at(loc), type, ConvPart::input, value, weights, geometry.strides,
                             geometry.padding, geometry.dilations, options.groups));
}

/// The windows of a pool over `value`.
static Geometry poolGeometry(Value value, const PerDim &window, const Pool &options, const char *what, const Loc &loc) {
  Geometry geometry{what, loc, positionRank(value, what, loc), {}, {}, {}, {}};
  geometry.taps = geometry.each(window, "window", 1);
  bool sideBySide = options.stride.sizes == Shape{0};
  geometry.strides = sideBySide ? geometry.taps : geometry.each(options.stride, "stride", 1);
  geometry.padding = geometry.each(options.padding, "padding", 0);
  geometry.dilations = geometry.each(options.dilation, "dilation", 1);
  for (size_t d = 0; d < geometry.rank; ++d)
    if (geometry.padding[d] > geometry.taps[d] / 2)
      fail(loc, Twine(what) + ": padding " + Twine(geometry.padding[d]) + " is more than half of a window of " +
                    Twine(geometry.taps[d]));
  return geometry;
}

Tensor max_pool(Tensor x, PerDim window, const Pool &options, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, "max_pool", loc);
  Geometry geometry = poolGeometry(value, window, options, "max_pool", loc);
  int64_t taps = 1;
  for (int64_t size : geometry.taps)
    taps = std::min<int64_t>(taps * size, kMost);
  if (taps > 256)
    fail(loc,
         "max_pool: a window of " + text(geometry.taps) + " has more than 256 elements; `max` takes all of an axis");
  RankedTensorType type = typeWith(value, geometry.count(inner(value), value), shapeOf(value).back());
  return wrap(MaxPoolOp::create(builder.ops, builder.at(loc), type, type.clone(builder.ops.getI32Type()), value,
                                geometry.taps, geometry.strides, geometry.padding, geometry.dilations)
                  .getValues());
}

Tensor avg_pool(Tensor x, PerDim window, const Pool &options, Loc loc) {
  ModelBuilder &builder = ModelBuilder::get();
  Value value = builder.useFloat(x, "avg_pool", loc);
  Geometry geometry = poolGeometry(value, window, options, "avg_pool", loc);
  int64_t channels = shapeOf(value).back(), taps = 1;
  for (int64_t size : geometry.taps)
    taps *= size;
  Shape shape = geometry.taps;
  shape.insert(shape.end(), {1, channels});
  checkShape(shape, "avg_pool", loc);
  // Each channel is convolved on its own.
  Value share = splat(builder.ops, builder.at(loc), typeOf(value).clone(shape), 1 / static_cast<double>(taps));
  RankedTensorType type = typeWith(value, geometry.count(inner(value), value), channels);
  return wrap(ConvOp::create(builder.ops, builder.at(loc), type, ConvPart::output, value, share, geometry.strides,
                             geometry.padding, geometry.dilations, channels));
}

} // namespace sinter
