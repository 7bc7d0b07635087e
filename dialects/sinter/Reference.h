// The value type of the reference interpreter: a dense row-major tensor of doubles. It includes nothing of MLIR.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace sinter::reference {

/// A dense row-major tensor. f32, i32 and i1 elements are all held as doubles.
struct Tensor {
  std::vector<int64_t> shape; ///< empty for a scalar
  std::vector<double> data;   ///< product(shape) elements

  Tensor() = default;
  explicit Tensor(std::vector<int64_t> dims, double fill = 0)
      : shape(std::move(dims)), data(static_cast<size_t>(count(shape)), fill) {}

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t size() const { return static_cast<int64_t>(data.size()); }
  double &operator[](int64_t i) { return data[static_cast<size_t>(i)]; }
  double operator[](int64_t i) const { return data[static_cast<size_t>(i)]; }

  static int64_t count(const std::vector<int64_t> &dims) {
    return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
  }
  /// Row-major strides, in elements.
  std::vector<int64_t> strides() const {
    std::vector<int64_t> result(shape.size(), 1);
    for (int64_t d = rank() - 2; d >= 0; --d)
      result[d] = result[d + 1] * shape[d + 1];
    return result;
  }
};

/// Calls `body(index)` for every multi-index of `shape`, in row-major order.
template <typename Body> void forEachIndex(const std::vector<int64_t> &shape, Body body) {
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t n = Tensor::count(shape); n > 0; --n) {
    body(index);
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
}

} // namespace sinter::reference
