// windows.h - convolution and pooling, over 1, 2 or 3 dimensions of positions. Tensors are [N, positions..., C]: images
// are [N, height, width, C], with channels last, which is what kernels read fastest and what `+ bias`, `matmul` and
// norms of the last dimension take (PyTorch's own order is [N, C, height, width]; `transpose` makes one from the
// other). Everything is f32; another type, or shapes that do not fit, are errors at the call's line.
// `dialects/sinter/Windows.td` has the order of sums.
#pragma once

#include "sinter/tensor.h"

namespace sinter {

/// One number for all dimensions of positions, or one for each.
struct PerDim {
  Shape sizes;

  template <typename T>
    requires(std::is_integral_v<T>)
  PerDim(T all) : sizes{static_cast<int64_t>(all)} {}
  PerDim(std::initializer_list<int64_t> each) : sizes(each) {}
  PerDim(Shape each) : sizes(std::move(each)) {}
};

struct Conv {
  PerDim stride = 1;   ///< from one window to the next
  PerDim padding = 0;  ///< zeros on both sides
  PerDim dilation = 1; ///< from one tap to the next
  int64_t groups = 1;  ///< of channels that know nothing of each other; as many as channels: depthwise
};
/// y[n, o, f] = sum over taps k and channels c of x[n, o * stride + k * dilation - padding, c] kernel[k, c, f], of as
/// many windows as fit: (X + 2 padding - dilation (K - 1) - 1) / stride + 1, rounded down. x is [N, X..., C], the
/// kernel [K..., C / groups, F] (a weight of PyTorch's conv2d, [F, C / groups, height, width], transposed by {2, 3, 1,
/// 0}). Output channel f sees the channels of group f / (F / groups). Gradients are convolutions again. Errors: groups
/// do not divide the channels; no window fits.
Tensor conv(Tensor x, Tensor kernel, const Conv &options = {}, Location loc = Location::current());

struct Local {
  PerDim stride = 1;
  PerDim padding = 0;
  PerDim dilation = 1;
};
/// A convolution whose positions do not share weights: y[n, o, f] = sum over k and c of x[n, o * stride + k * dilation
/// - padding, c] weight[o, k, c, f]. x is [N, X..., C], the weight [Y..., K..., C, F] with as many positions Y as
/// `conv` would have windows, the result [N, Y..., F]. It is made of slices, side by side, and a product for each
/// position, whose gradients are again such. Errors: as for `conv`; other positions than that.
Tensor locally_connected(Tensor x, Tensor weight, const Local &options = {}, Location loc = Location::current());

struct ConvTranspose {
  PerDim stride = 1;
  PerDim padding = 0; ///< what is left out of the result on both sides
  PerDim dilation = 1;
  PerDim output_padding = 0; ///< more positions at the end; less than stride or dilation
  int64_t groups = 1;
};
/// The transpose of `conv` as a linear map, its gradient: x is [N, Y..., F], the kernel that of the convolution,
/// [K..., C / groups, F] (a weight of PyTorch's conv_transpose2d, [F, C / groups, height, width], transposed by {2, 3,
/// 1, 0}), the result [N, X..., C] with X = (Y - 1) stride - 2 padding + dilation (K - 1) + 1 + output_padding.
Tensor conv_transpose(Tensor x, Tensor kernel, const ConvTranspose &options = {}, Location loc = Location::current());

struct Pool {
  PerDim stride = 0; ///< 0: the window's size, so that windows lie side by side
  PerDim padding = 0;
  PerDim dilation = 1;
};
/// The largest element of each window of each channel; padding is -inf, and a NaN larger than all. The gradient goes to
/// the first of the largest elements in row-major order, as PyTorch's. Errors: padding is more than half of the window;
/// no window fits; a window has more than 256 elements (`max` and `mean` take all of an axis).
Tensor max_pool(Tensor x, PerDim window, const Pool &options = {}, Location loc = Location::current());
/// The mean of each window of each channel, zeros of the padding included, as PyTorch's. Errors: likewise.
Tensor avg_pool(Tensor x, PerDim window, const Pool &options = {}, Location loc = Location::current());

} // namespace sinter
