// ops.h - the operations on tensors. Shapes broadcast as in numpy; negative axes count from the end; a tensor and a
// number combine in the tensor's type; two tensors must have one type (see `cast`). What is asked of shapes and types
// is an error at the call's line where it does not hold: shapes that do not broadcast, an axis that is not there, a
// type other than what is named. "f32" says that a function takes and gives that type alone; without it, it takes any.
// `dialects/sinter/Ops.td` has the order and the error of sums, and what happens at NaN, zeros and infinities.
#pragma once

#include "sinter/tensor.h"

#include <array>

namespace sinter {

//===--- arithmetic ----------------------------------------------------------------------------------===//

// f32 and i32, which wraps around. Booleans are refused.

Tensor operator+(Operand a, Operand b);
Tensor operator-(Operand a, Operand b);
Tensor operator*(Operand a, Operand b);
Tensor operator/(Operand a, Operand b); ///< integers round towards zero; by 0 they give 0; the number 0 is an error
Tensor operator-(Operand a);
/// `a += b` names `a + b` by `a` from here on: of the common shape.
Tensor &operator+=(Tensor &a, Operand b);
Tensor &operator-=(Tensor &a, Operand b);
Tensor &operator*=(Tensor &a, Operand b);
Tensor &operator/=(Tensor &a, Operand b);
Tensor maximum(Operand a, Operand b,
               Location loc = Location::current()); ///< NaN if either is; equal ones share the gradient
Tensor minimum(Operand a, Operand b,
               Location loc = Location::current()); ///< NaN if either is; equal ones share the gradient
/// x within [low, high]: minimum(maximum(x, low), high), but at an end the whole gradient passes, beyond it none. NaN
/// stays. f32 and i32.
Tensor clamp(Tensor x, Operand low, Operand high, Location loc = Location::current());
Tensor remainder(Operand a, Operand b,
                 Location loc = Location::current()); ///< has the sign of `a`; integers by 0 give 0
/// f32, as C has it. Exponents 1, 2, 3 and 0.5, as numbers, are products and a square root.
Tensor pow(Operand base, Operand exponent, Location loc = Location::current());
Tensor fma(Operand a, Operand b, Operand c, Location loc = Location::current()); ///< a * b + c, rounded once; f32 only

//===--- comparisons and choices ---------------------------------------------------------------------===//

// Of f32 and i32, == and != of booleans, too; they give booleans. With NaN all but != are false.

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
/// `a` where `condition`, a boolean tensor, holds, else `b`; all three broadcast. What is not chosen gets a gradient of
/// zero, and stops infinite slopes behind it (Ops.td).
Tensor where(Operand condition, Operand a, Operand b, Location loc = Location::current());

//===--- elementwise functions of f32 ----------------------------------------------------------------===//

// Within 4 units in the last place; erfc within 8 (test/codegen/math-accuracy.mlir).

Tensor exp(Tensor x, Location loc = Location::current());
Tensor expm1(Tensor x, Location loc = Location::current()); ///< exp(x) - 1, exact to the last digits near 0 as well
Tensor log1p(Tensor x, Location loc = Location::current()); ///< log(1 + x), likewise
Tensor log(Tensor x, Location loc = Location::current());   ///< NaN below 0, -inf at 0
Tensor sqrt(Tensor x, Location loc = Location::current());
Tensor rsqrt(Tensor x, Location loc = Location::current()); ///< 1 / sqrt(x)
Tensor tanh(Tensor x, Location loc = Location::current());
Tensor erf(Tensor x, Location loc = Location::current());
Tensor erfc(Tensor x, Location loc = Location::current()); ///< 1 - erf(x), which keeps its digits on the right
Tensor sin(Tensor x, Location loc = Location::current());
Tensor cos(Tensor x, Location loc = Location::current());
Tensor abs(Tensor x, Location loc = Location::current());    ///< slope 0 at 0
Tensor sign(Tensor x, Location loc = Location::current());   ///< 1, -1, or x itself if that is 0 or NaN; no gradient
Tensor square(Tensor x, Location loc = Location::current()); ///< i32, too
/// To another element type. Floats to integers round towards zero, NaN becomes 0, and what is beyond the range its
/// nearest end; i64 to i32 keeps the lower bits; to a narrower float rounds to nearest, ties to even (f64 by way of f32
/// where that is 16-bit); to boolean means "is not zero"; booleans become 0 and 1. Through integers and booleans no
/// gradient flows, through other floats it does, unrounded.
Tensor cast(Tensor x, DType dtype, Location loc = Location::current());

//===--- making tensors ------------------------------------------------------------------------------===//

// Sizes are positive, at most 8 of them, and 2^40 elements in all. A value that the type does not hold is an error, an
// f32 beyond the largest a warning.

/// Each element's index along `axis`, as i32.
Tensor iota(Shape shape, int64_t axis, Location loc = Location::current());
/// 0, 1, ... n - 1, as i32.
Tensor arange(int64_t n, Location loc = Location::current());
Tensor full(Shape shape, double value, DType dtype = f32, Location loc = Location::current());
/// Literal elements in row-major order, as many as the shape holds. They become part of the program.
Tensor constant(std::vector<double> values, Shape shape, DType dtype = f32, Location loc = Location::current());
/// f32 [indices..., classes]: 1 where the last index is that of `indices`, i32, else 0. One outside of the classes has
/// a row of zeros.
Tensor one_hot(Tensor indices, int64_t classes, Location loc = Location::current());

//===--- shape ---------------------------------------------------------------------------------------===//

/// The same elements in row-major order; one size may be -1 and follows from the others.
Tensor reshape(Tensor x, Shape shape, Location loc = Location::current());
/// Swaps the last two dimensions.
Tensor transpose(Tensor x, Location loc = Location::current());
/// Result dimension d is dimension permutation[d]; each dimension stands there once.
Tensor transpose(Tensor x, Shape permutation, Location loc = Location::current());
/// Repeats along new and size-1 dimensions, as numpy's broadcasting does.
Tensor broadcast(Tensor x, Shape shape, Location loc = Location::current());
/// Elements start, start + stride, ... below `limit` along one axis; negative positions count from the end. Errors: it
/// is empty, or goes past the end.
Tensor slice(Tensor x, int64_t axis, int64_t start, int64_t limit, int64_t stride = 1,
             Location loc = Location::current());
/// One behind the other along `axis`; all other sizes agree, and so do the types.
Tensor concat(std::vector<Tensor> tensors, int64_t axis, Location loc = Location::current());
/// Along a new axis, which is `axis` of the result; shapes and types agree.
Tensor stack(const std::vector<Tensor> &tensors, int64_t axis = 0, Location loc = Location::current());
/// `low` and `high` more elements of `value` before and behind those along `axis`. Error: one is negative.
Tensor pad(Tensor x, int64_t axis, int64_t low, int64_t high, double value = 0, Location loc = Location::current());
/// Elements move `shift` places up along `axis`; those that leave come in at the other end.
Tensor roll(Tensor x, int64_t shift, int64_t axis, Location loc = Location::current());
/// The other way round along `axis`.
Tensor flip(Tensor x, int64_t axis, Location loc = Location::current());
/// Zeros above the diagonal of the last two dimensions, or below it, moved `diagonal` places to the right. f32 or i32.
Tensor tril(Tensor x, int64_t diagonal = 0, Location loc = Location::current());
Tensor triu(Tensor x, int64_t diagonal = 0, Location loc = Location::current());
/// Equal parts along one axis. Error: its size is no multiple of `parts`.
std::vector<Tensor> split(Tensor x, int64_t parts, int64_t axis, Location loc = Location::current());
/// Equal parts for a structured binding: `auto [q, k, v] = split<3>(qkv, -1);`
template <size_t parts> std::array<Tensor, parts> split(Tensor x, int64_t axis, Location loc = Location::current()) {
  std::vector<Tensor> all = split(x, static_cast<int64_t>(parts), axis, loc);
  std::array<Tensor, parts> result;
  for (size_t i = 0; i < parts; ++i)
    result[i] = all[i];
  return result;
}

//===--- places that are computed --------------------------------------------------------------------===//

// Indices are i32. The table gets a gradient: what was read is added up, in the order of the indices.

/// result[i..., d...] = table[indices[i...], d...]: an embedding. An index outside the table gives zeros.
Tensor gather(Tensor table, Tensor indices, Location loc = Location::current());
/// The same along any axis, which the indices' dimensions replace.
Tensor take(Tensor x, Tensor indices, int64_t axis, Location loc = Location::current());
/// One element of each row along `axis`: result[i...] = x[i..., indices[i...], ...]; the indices have the shape of x
/// without `axis`, or with another size there for as many of each row.
Tensor take_along(Tensor x, Tensor indices, int64_t axis, Location loc = Location::current());
/// `size` elements along `axis` from `start` on, a scalar i32, which is moved so that all of them are there.
Tensor slice_at(Tensor x, int64_t axis, Tensor start, int64_t size, Location loc = Location::current());
/// x with `value` in the place of what slice_at reads; `value` has x's type and shape but for its size along `axis`.
Tensor update_at(Tensor x, int64_t axis, Tensor start, Tensor value, Location loc = Location::current());
/// result[..., i, j] = table[..., j - i + rows - 1], a matrix by the distance of its columns from its rows, of as many
/// columns as the table has diagonals for: a learned bias for relative positions. Nothing is copied where it is read.
/// Error: more rows than the table has diagonals.
Tensor diagonals(Tensor table, int64_t rows, Location loc = Location::current());

/// Elements along an axis in order, and where they were: i32.
struct Sorted {
  Tensor values, indices;
};
/// Smallest first; equal ones keep their order, NaN comes last. With `descending`, the largest first, NaN before them.
/// Every element is compared with every other one of its row: at most 4096 of them. f32; gradients go where values came
/// from.
Sorted sort(Tensor x, int64_t axis = -1, bool descending = false, Location loc = Location::current());
/// The first k of sort(x, axis, true).
Sorted top_k(Tensor x, int64_t k, int64_t axis = -1, Location loc = Location::current());

//===--- reductions and products ---------------------------------------------------------------------===//

// `axes` disappear, or stay with size 1 (`keepDims`); by default all disappear. Error: an axis is given twice.

/// f32, or i32, which wraps around (of at most 65536 into one).
Tensor sum(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
Tensor mean(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current()); ///< f32
/// Mean square distance from the mean; `correction` is taken off the count: 1 for an estimate from a sample. Two
/// passes, so that nothing cancels. f32. Error: the count is not larger than the correction.
Tensor var(Tensor x, Axes axes = {}, bool keepDims = false, double correction = 0, Location loc = Location::current());
Tensor max(Tensor x, Axes axes = {}, bool keepDims = false,
           Location loc = Location::current()); ///< f32 or i32; NaN if one is; equal ones share the gradient
Tensor min(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current()); ///< likewise
/// Whether one, or every one, of these booleans holds.
Tensor any(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
Tensor all(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
/// log(sum(exp(x))), of any x: the largest is taken out. -inf if all are. f32; the gradient is softmax.
Tensor logsumexp(Tensor x, Axes axes = {}, bool keepDims = false, Location loc = Location::current());
/// Sums of each element and those before it along `axis`; `exclusive`: of those before it alone; `reverse`: behind it.
/// f32.
Tensor cumsum(Tensor x, int64_t axis = -1, bool exclusive = false, bool reverse = false,
              Location loc = Location::current());
/// Products of each element and those before it along `axis`, by doubling: ceil(log2 n) multiplications deep. f32;
/// gradients are those of the products, also at zeros.
Tensor cumprod(Tensor x, int64_t axis = -1, Location loc = Location::current());
/// Index of the first largest (smallest) element along `axis`, or of the first NaN if there is one, as i32. f32, at
/// most 2^24 along the axis.
Tensor argmax(Tensor x, int64_t axis = -1, Location loc = Location::current());
Tensor argmin(Tensor x, int64_t axis = -1, Location loc = Location::current());
/// Product of the last two dimensions; the leading ones broadcast. f32.
Tensor matmul(Tensor a, Tensor b, Location loc = Location::current());
/// Sum of the products of all elements. f32; shapes broadcast.
Tensor dot(Tensor a, Tensor b, Location loc = Location::current());
/// Einstein's sums: `einsum("bqhd,bkhd->bhqk", {q, k})`. A letter for each dimension; what does not stand behind the
/// arrow is summed over; without an arrow the result has what stands once, in the order of the alphabet. Operands join
/// from the left, two at a time, as matrix products where they share a sum. f32. Errors: a letter with two sizes, twice
/// in one operand (take its diagonal first), or only in the result.
Tensor einsum(const std::string &subscripts, const std::vector<Tensor> &operands, Location loc = Location::current());

//===--- gradients -----------------------------------------------------------------------------------===//

/// The gradients of a scalar; they are tensors like any other, so gradients nest. Each counts what was computed from
/// its own tensor: `reshape(x, x.shape())`, or `x * 2` written a second time, is another tensor. What the loss does not
/// depend on has gradient zero, and is a warning. f32, of the shapes of `wrt`. Errors: the loss is no scalar; it
/// depends on one of them through something that has no gradient.
std::vector<Tensor> grad(Tensor loss, const std::vector<Tensor> &wrt, Location loc = Location::current());
Tensor grad(Tensor loss, Tensor wrt, Location loc = Location::current());
/// The tensor itself, which gradients take for a number: what it was computed from gets none through it, at any order.
/// Of any type.
Tensor stop_gradient(Tensor x, Location loc = Location::current());

} // namespace sinter
