// The functions of ops.h that are made of others, where nothing is lost by that: maps, views and reductions that fuse
// with what stands around them.
#include "sinter/ops.h"
#include "sinter/program.h"

#include <cmath>

namespace sinter {

static std::string text(const Shape &shape) {
  std::string result = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    result += (d ? ", " : "") + std::to_string(shape[d]);
  return result + "]";
}

/// `axis` counted from the front.
static int64_t axisOf(Tensor x, int64_t axis, const char *what) {
  const int64_t rank = x.rank();
  check(axis >= -rank && axis < rank, std::string(what) + ": axis " + std::to_string(axis) +
                                          " is out of range for a tensor of shape " + text(x.shape()) + " (rank " +
                                          std::to_string(rank) + ")");
  return axis < 0 ? axis + rank : axis;
}

static void checkIndices(Tensor indices, const char *what) {
  check(indices.dtype() == i32, std::string(what) + ": indices must be i32");
}

static int64_t product(const Shape &shape, int64_t from, int64_t to) {
  int64_t result = 1;
  for (int64_t d = from; d < to; ++d)
    result *= shape[d];
  return result;
}

//===--- arithmetic ----------------------------------------------------------------------------------===//

Tensor &operator+=(Tensor &a, Operand b) { return a = Operand(a, b.loc) + b; }
Tensor &operator-=(Tensor &a, Operand b) { return a = Operand(a, b.loc) - b; }
Tensor &operator*=(Tensor &a, Operand b) { return a = Operand(a, b.loc) * b; }
Tensor &operator/=(Tensor &a, Operand b) { return a = Operand(a, b.loc) / b; }

Tensor clamp(Tensor x, Operand low, Operand high, Location loc) {
  CallSite here(loc);
  check(!(low.isNumber && high.isNumber && low.number > high.number), "clamp: the lower end is above the upper one");
  return where(x < low, low, where(x > high, high, x));
}

Tensor sign(Tensor x, Location loc) {
  CallSite here(loc);
  return stop_gradient(where(x > 0.0, 1.0, where(x < 0.0, -1.0, x)));
}

Tensor one_hot(Tensor indices, int64_t classes, Location loc) {
  CallSite here(loc);
  checkIndices(indices, "one_hot");
  Shape shape = indices.shape();
  shape.push_back(1);
  indices = reshape(indices, shape);
  shape.back() = classes;
  return cast(indices == iota(shape, -1), f32);
}

//===--- shape ---------------------------------------------------------------------------------------===//

Tensor stack(const std::vector<Tensor> &tensors, int64_t axis, Location loc) {
  CallSite here(loc);
  check(!tensors.empty(), "stack: there is nothing to join");
  Shape shape = tensors[0].shape(), wide = shape;
  const auto rank = static_cast<int64_t>(shape.size());
  check(axis >= -rank - 1 && axis <= rank,
        "stack: the result has rank " + std::to_string(rank + 1) + ", and no axis " + std::to_string(axis));
  axis = axis < 0 ? axis + rank + 1 : axis;
  wide.insert(wide.begin() + axis, 1);
  std::vector<Tensor> parts;
  for (const Tensor &tensor : tensors) {
    check(tensor.shape() == shape && tensor.dtype() == tensors[0].dtype(),
          "stack: shapes and types must agree, but are " + text(shape) + " and " + text(tensor.shape()));
    parts.push_back(reshape(tensor, wide));
  }
  return concat(parts, axis);
}

Tensor pad(Tensor x, int64_t axis, int64_t low, int64_t high, double value, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "pad");
  check(low >= 0 && high >= 0, "pad: there are fewer than no elements to add: " + std::to_string(low) + " and " +
                                   std::to_string(high) + "; slice takes some away");
  std::vector<Tensor> parts{x};
  Shape shape = x.shape();
  auto more = [&](int64_t size) {
    shape[axis] = size;
    return full(shape, value, x.dtype());
  };
  if (low > 0)
    parts.insert(parts.begin(), more(low));
  if (high > 0)
    parts.push_back(more(high));
  return concat(parts, axis);
}

Tensor roll(Tensor x, int64_t shift, int64_t axis, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "roll");
  const int64_t size = x.dim(axis), split = ((-shift) % size + size) % size;
  if (split == 0)
    return reshape(x, x.shape());
  return concat({slice(x, axis, split, size), slice(x, axis, 0, split)}, axis);
}

Tensor flip(Tensor x, int64_t axis, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "flip");
  return take(x, static_cast<double>(x.dim(axis) - 1) - arange(x.dim(axis)), axis);
}

/// Zeros where the column is on the wrong side of the diagonal.
static Tensor triangle(Tensor x, int64_t diagonal, bool lower, const char *what) {
  check(x.rank() >= 2,
        std::string(what) + ": needs at least 2 dimensions, but the operand has shape " + text(x.shape()));
  Shape shape{x.dim(-2), x.dim(-1)};
  Tensor rows = iota(shape, 0) + static_cast<double>(diagonal), columns = iota(shape, 1);
  return where(lower ? columns <= rows : columns >= rows, x, 0.0);
}

Tensor tril(Tensor x, int64_t diagonal, Location loc) {
  CallSite here(loc);
  return triangle(x, diagonal, true, "tril");
}
Tensor triu(Tensor x, int64_t diagonal, Location loc) {
  CallSite here(loc);
  return triangle(x, diagonal, false, "triu");
}

//===--- places that are computed --------------------------------------------------------------------===//

/// Indices are i32, and so must be the number of each element that they count to.
static void checkCount(int64_t count, const char *what) {
  check(count <= int64_t{1} << 31,
        std::string(what) + ": " + std::to_string(count) + " elements are more than an i32 can count");
}

Tensor take(Tensor x, Tensor indices, int64_t axis, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "take");
  checkIndices(indices, "take");
  if (axis == 0)
    return gather(x, indices);
  // The leading dimensions and the axis make one: nothing moves.
  const Shape shape = x.shape();
  const int64_t outer = product(shape, 0, axis), size = shape[axis];
  checkCount(outer * size, "take");
  Shape table{outer * size}, rows{outer}, result(shape.begin(), shape.begin() + axis);
  table.insert(table.end(), shape.begin() + axis + 1, shape.end());
  for (int64_t d : indices.shape()) {
    rows.push_back(d);
    result.push_back(d);
  }
  result.insert(result.end(), shape.begin() + axis + 1, shape.end());
  Tensor inRow = broadcast(indices, rows);
  Tensor isThere = inRow >= 0.0 && inRow < static_cast<double>(size);
  Tensor place = where(isThere, iota(rows, 0) * static_cast<double>(size) + inRow, -1.0);
  return reshape(gather(reshape(x, table), place), result);
}

Tensor take_along(Tensor x, Tensor indices, int64_t axis, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "take_along");
  checkIndices(indices, "take_along");
  const Shape shape = x.shape(), given = indices.shape();
  Shape wide = given;
  if (given.size() + 1 == shape.size())
    wide.insert(wide.begin() + axis, 1);
  Shape others = shape;
  if (wide.size() == shape.size())
    others[axis] = wide[axis];
  check(wide == others, "take_along: along axis " + std::to_string(axis) + " of a tensor of shape " + text(shape) +
                            ", indices of shape " + text(given) + " do not fit");
  checkCount(product(shape, 0, static_cast<int64_t>(shape.size())), "take_along");
  Tensor inRow = reshape(indices, wide);
  Tensor isThere = inRow >= 0.0 && inRow < static_cast<double>(shape[axis]);
  Tensor place = full(wide, 0, i32);
  for (size_t d = 0; d < shape.size(); ++d)
    place = place * static_cast<double>(shape[d]) +
            (static_cast<int64_t>(d) == axis ? inRow : iota(wide, static_cast<int64_t>(d)));
  return reshape(gather(reshape(x, {-1}), where(isThere, place, -1.0)), given);
}

/// `start`, moved so that `size` elements from there on are within those of the axis.
static Tensor within(Tensor x, int64_t axis, Tensor start, int64_t size, const char *what) {
  checkIndices(start, what);
  check(start.rank() == 0, std::string(what) + ": the start must be a scalar, but has shape " + text(start.shape()));
  check(size >= 1 && size <= x.dim(axis), std::string(what) + ": there are no " + std::to_string(size) +
                                              " elements along axis " + std::to_string(axis) +
                                              " of a tensor of shape " + text(x.shape()));
  return clamp(start, 0.0, static_cast<double>(x.dim(axis) - size));
}

Tensor slice_at(Tensor x, int64_t axis, Tensor start, int64_t size, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "slice_at");
  return take(x, within(x, axis, start, size, "slice_at") + arange(size), axis);
}

Tensor update_at(Tensor x, int64_t axis, Tensor start, Tensor value, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "update_at");
  Shape shape = x.shape(), fits = shape;
  if (value.rank() == x.rank())
    fits[axis] = value.dim(axis);
  check(value.shape() == fits && value.dtype() == x.dtype(),
        "update_at: along axis " + std::to_string(axis) + " of a tensor of shape " + text(shape) +
            ", a value of shape " + text(value.shape()) + " (or of its type) has no place");
  const int64_t size = value.dim(axis);
  Tensor place = arange(shape[axis]) - within(x, axis, start, size, "update_at"); // in the value
  Shape alongAxis(shape.size(), 1);
  alongAxis[axis] = shape[axis];
  Tensor isThere = reshape(place >= 0.0 && place < static_cast<double>(size), alongAxis);
  return where(isThere, take(value, place, axis), x);
}

/// `x` with `axis` and the last dimension swapped.
static Tensor swapLast(Tensor x, int64_t axis) {
  Shape permutation;
  for (int64_t d = 0; d < x.rank(); ++d)
    permutation.push_back(d);
  std::swap(permutation[axis], permutation.back());
  return transpose(x, permutation);
}

/// The indices of the first k in order of the rows [..., n]: each element counts those that come before it.
static Tensor firstInOrder(Tensor x, int64_t k, bool descending) {
  Shape column = x.shape(), row = column;
  const int64_t n = column.back();
  column.push_back(1);
  row.insert(row.end() - 1, 1);
  Shape pairs = row;
  pairs[pairs.size() - 2] = n;
  Tensor mine = reshape(x, column), other = reshape(x, row);
  Tensor isNan = mine != mine, otherNan = other != other;
  Tensor isEqual = other == mine || (isNan && otherNan);
  Tensor isBefore = descending ? other > mine || (otherNan && !isNan) : other < mine || (isNan && !otherNan);
  isBefore = isBefore || (isEqual && iota(pairs, -1) < iota(pairs, -2));
  Tensor rank = sum(cast(isBefore, f32), -1);
  pairs[pairs.size() - 2] = k;
  Tensor isPlace = reshape(rank, row) == cast(iota(pairs, -2), f32);
  return cast(sum(where(isPlace, cast(iota(pairs, -1), f32), 0.0), -1), i32);
}

/// The same of the largest, one after the other: for a few of many.
static Tensor largestOneByOne(Tensor x, int64_t k) {
  const Shape shape = x.shape();
  Tensor place = cast(iota(shape, -1), f32), taken = full(shape, 0, boolean);
  std::vector<Tensor> found;
  for (int64_t i = 0; i < k; ++i) {
    Tensor rest = where(taken, -INFINITY, x);
    Tensor isLargest = !taken && (rest == max(rest, -1, true) || rest != rest);
    Tensor first = min(where(isLargest, place, static_cast<double>(shape.back())), -1, true);
    taken = taken || place == first;
    found.push_back(first);
  }
  return cast(concat(found, -1), i32);
}

static Sorted inOrder(Tensor x, int64_t k, int64_t axis, bool descending, const char *what) {
  axis = axisOf(x, axis, what);
  check(x.dtype() == f32, std::string(what) + ": needs f32; use cast(x, f32)");
  const int64_t n = x.dim(axis);
  check(k >= 1 && k <= n, std::string(what) + ": there are no " + std::to_string(k) + " elements along axis " +
                              std::to_string(axis) + " of a tensor of shape " + text(x.shape()));
  const bool few = descending && 8 * k < n && n > 128;
  check(few || n <= 4096, std::string(what) + ": compares every element with every other one of its row, of which " +
                              std::to_string(n) + " are too many: at most 4096");
  Tensor keys = stop_gradient(swapLast(x, axis));
  Tensor indices = swapLast(few ? largestOneByOne(keys, k) : firstInOrder(keys, k, descending), axis);
  return {take_along(x, indices, axis), indices};
}

Sorted sort(Tensor x, int64_t axis, bool descending, Location loc) {
  CallSite here(loc);
  return inOrder(x, x.dim(axis), axis, descending, "sort");
}

Sorted top_k(Tensor x, int64_t k, int64_t axis, Location loc) {
  CallSite here(loc);
  return inOrder(x, k, axis, true, "top_k");
}

//===--- reductions ----------------------------------------------------------------------------------===//

Tensor var(Tensor x, Axes axes, bool keepDims, double correction, Location loc) {
  CallSite here(loc);
  Tensor middle = mean(x, axes, true), squares = sum(square(x - middle), axes, keepDims);
  double count = 1;
  const Shape before = x.shape(), after = middle.shape();
  for (size_t d = 0; d < before.size(); ++d)
    count *= after[d] == before[d] ? 1 : static_cast<double>(before[d]);
  check(count > correction, "var: " + std::to_string(static_cast<int64_t>(count)) +
                                " elements are no more than the correction that is taken off");
  return squares / (count - correction);
}

static Tensor ofBooleans(Tensor x, const char *what) {
  check(x.dtype() == boolean, std::string(what) + ": needs booleans; use x != 0");
  return cast(x, f32);
}
Tensor any(Tensor x, Axes axes, bool keepDims, Location loc) {
  CallSite here(loc);
  return max(ofBooleans(x, "any"), axes, keepDims) != 0.0;
}
Tensor all(Tensor x, Axes axes, bool keepDims, Location loc) {
  CallSite here(loc);
  return min(ofBooleans(x, "all"), axes, keepDims) != 0.0;
}

Tensor logsumexp(Tensor x, Axes axes, bool keepDims, Location loc) {
  CallSite here(loc);
  Tensor largest = stop_gradient(max(x, axes, true));
  Tensor shift = where(abs(largest) == INFINITY, 0.0, largest); // x - shift is no difference of infinities
  Tensor logarithm = log(sum(exp(x - shift), axes, keepDims));
  return logarithm + reshape(shift, logarithm.shape());
}

Tensor cumprod(Tensor x, int64_t axis, Location loc) {
  CallSite here(loc);
  axis = axisOf(x, axis, "cumprod");
  const int64_t size = x.dim(axis);
  Tensor result = x * 1.0;
  for (int64_t distance = 1; distance < size; distance *= 2)
    result = result * pad(slice(result, axis, 0, size - distance), axis, distance, 0, 1);
  return result;
}

Tensor argmin(Tensor x, int64_t axis, Location loc) {
  CallSite here(loc);
  return argmax(-x, axis);
}

} // namespace sinter
