// ops.h - the operations on tensors. Shapes broadcast as in numpy; negative axes count from the end; a tensor and a
// number combine in the tensor's type; two tensors must have one type (see `cast`).
#pragma once

#include "sinter/tensor.h"

#include <array>

namespace sinter {

//===--- arithmetic ----------------------------------------------------------------------------------===//

Tensor operator+(Operand a, Operand b);
Tensor operator-(Operand a, Operand b);
Tensor operator*(Operand a, Operand b);
Tensor operator/(Operand a, Operand b); ///< integers round towards zero; by 0 they give 0
Tensor operator-(Operand a);
Tensor maximum(Operand a, Operand b,
               Location loc = Location::current()); ///< NaN if either is; equal ones share the gradient
Tensor minimum(Operand a, Operand b,
               Location loc = Location::current()); ///< NaN if either is; equal ones share the gradient
Tensor remainder(Operand a, Operand b,
                 Location loc = Location::current()); ///< has the sign of `a`; integers by 0 give 0
Tensor pow(Operand base, Operand exponent, Location loc = Location::current());
Tensor fma(Operand a, Operand b, Operand c, Location loc = Location::current()); ///< a * b + c, rounded once; f32 only

//===--- comparisons and choices ---------------------------------------------------------------------===//

Tensor operator<(Operand a, Operand b);
Tensor operator<=(Operand a, Operand b);
Tensor operator>(Operand a, Operand b);
Tensor operator>=(Operand a, Operand b);
Tensor operator==(Operand a, Operand b);
Tensor operator!=(Operand a, Operand b);
/// On booleans. Unlike C++'s own, both sides are always computed.
Tensor operator&&(Operand a, Operand b);
Tensor operator||(Operand a, Operand b);
Tensor operator!(Operand a);
/// `a` where `condition` holds, else `b`.
Tensor where(Operand condition, Operand a, Operand b, Location loc = Location::current());

//===--- elementwise functions of f32 ----------------------------------------------------------------===//

Tensor exp(Tensor x, Location loc = Location::current());
Tensor expm1(Tensor x, Location loc = Location::current()); ///< exp(x) - 1, exact to the last digits near 0 as well
Tensor log1p(Tensor x, Location loc = Location::current()); ///< log(1 + x), likewise
Tensor log(Tensor x, Location loc = Location::current());
Tensor sqrt(Tensor x, Location loc = Location::current());
Tensor rsqrt(Tensor x, Location loc = Location::current()); ///< 1 / sqrt(x)
Tensor tanh(Tensor x, Location loc = Location::current());
Tensor erf(Tensor x, Location loc = Location::current());
Tensor erfc(Tensor x, Location loc = Location::current()); ///< 1 - erf(x), which keeps its digits on the right
Tensor sin(Tensor x, Location loc = Location::current());
Tensor cos(Tensor x, Location loc = Location::current());
Tensor abs(Tensor x, Location loc = Location::current());
Tensor square(Tensor x, Location loc = Location::current());
/// To another element type. f32 to i32 rounds towards zero, NaN becomes 0, and what is beyond the range its nearest
/// end; to boolean means "is not zero".
Tensor cast(Tensor x, DType dtype, Location loc = Location::current());

//===--- making tensors ------------------------------------------------------------------------------===//

/// Each element's index along `axis`, as i32.
Tensor iota(Shape shape, int64_t axis, Location loc = Location::current());
/// 0, 1, ... n - 1, as i32.
Tensor arange(int64_t n, Location loc = Location::current());
Tensor full(Shape shape, double value, DType dtype = f32, Location loc = Location::current());
/// Literal elements in row-major order.
Tensor constant(std::vector<double> values, Shape shape, DType dtype = f32, Location loc = Location::current());

//===--- shape ---------------------------------------------------------------------------------------===//

/// The same elements in row-major order; one size may be -1 and follows from the others.
Tensor reshape(Tensor x, Shape shape, Location loc = Location::current());
/// Swaps the last two dimensions.
Tensor transpose(Tensor x, Location loc = Location::current());
/// Result dimension d is dimension permutation[d].
Tensor transpose(Tensor x, Shape permutation, Location loc = Location::current());
/// Repeats along new and size-1 dimensions, as numpy's broadcasting does.
Tensor broadcast(Tensor x, Shape shape, Location loc = Location::current());
/// Elements start, start + stride, ... below `limit` along one axis; negative positions count from the end.
Tensor slice(Tensor x, int64_t axis, int64_t start, int64_t limit, int64_t stride = 1,
             Location loc = Location::current());
Tensor concat(std::vector<Tensor> tensors, int64_t axis, Location loc = Location::current());
/// Equal parts along one axis.
std::vector<Tensor> split(Tensor x, int64_t parts, int64_t axis, Location loc = Location::current());
/// Equal parts for a structured binding: `auto [q, k, v] = split<3>(qkv, -1);`
template <size_t parts> std::array<Tensor, parts> split(Tensor x, int64_t axis, Location loc = Location::current()) {
  std::vector<Tensor> all = split(x, static_cast<int64_t>(parts), axis, loc);
  std::array<Tensor, parts> result;
  for (size_t i = 0; i < parts; ++i)
    result[i] = all[i];
  return result;
}
/// result[i..., d...] = table[indices[i...], d...]: an embedding. An index outside the table gives zeros.
Tensor gather(Tensor table, Tensor indices, Location loc = Location::current());
/// result[..., i, j] = table[..., j - i + rows - 1], a matrix by the distance of its columns from its rows, of as many
/// columns as the table has diagonals for: a learned bias for relative positions. Nothing is copied where it is read.
Tensor diagonals(Tensor table, int64_t rows, Location loc = Location::current());

//===--- reductions and products ---------------------------------------------------------------------===//

Tensor sum(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
Tensor mean(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
Tensor max(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
Tensor min(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
/// Sums of each element and those before it along `axis`; `exclusive`: of those before it alone; `reverse`: behind it.
Tensor cumsum(Tensor x, int64_t axis = -1, bool exclusive = false, bool reverse = false,
              Location loc = Location::current());
/// Index of the first largest element along `axis`, or of the first NaN if there is one, as i32.
Tensor argmax(Tensor x, int64_t axis = -1, Location loc = Location::current());
/// Product of the last two dimensions; the leading ones broadcast.
Tensor matmul(Tensor a, Tensor b, Location loc = Location::current());
/// Sum of the products of all elements.
Tensor dot(Tensor a, Tensor b, Location loc = Location::current());

//===--- gradients -----------------------------------------------------------------------------------===//

/// The gradients of a scalar; they are tensors like any other, so gradients nest. Each counts what was computed from
/// its own tensor: `reshape(x, x.shape())`, or `x * 2` written a second time, is another tensor.
std::vector<Tensor> grad(Tensor loss, const std::vector<Tensor> &wrt, Location loc = Location::current());
Tensor grad(Tensor loss, Tensor wrt, Location loc = Location::current());

} // namespace sinter
