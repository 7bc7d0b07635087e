// tensor.h - the values that a model is written with. Includes nothing of the compiler.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <string>
#include <type_traits>
#include <vector>

namespace sinter {

/// Where a call stands in the model; every function takes it last and nobody passes it by hand.
using Location = std::source_location;

/// While it lives, every call counts as made at `loc`: for functions that are made of others, so that messages point at
/// their callers. The outermost one wins.
class CallSite {
public:
  [[nodiscard("a call site lasts as long as its variable")]] explicit CallSite(Location loc);
  ~CallSite();
  CallSite(const CallSite &) = delete;
  CallSite &operator=(const CallSite &) = delete;

private:
  bool outermost_;
};

/// Sizes, outermost first. All shapes are known when the model is compiled.
using Shape = std::vector<int64_t>;

/// Element types. All functions take f32, those that say so i32 and booleans. The others are for some tasks:
///   bf16, f16  to store in half the memory: cast to f32 to compute. Inputs, states and outputs may be of them, and
///   what
///              only moves elements (reshape, slice, where, ...) takes them. Gradients flow through, as f32.
///   i64        counts beyond 2^31: arithmetic and comparisons
///   f64        to check f32 with, on the CPU only: arithmetic, functions of one element, sums, matmul, gradients
enum class DType { F32, I32, Bool, BF16, F16, I64, F64 };
inline constexpr DType f32 = DType::F32;
inline constexpr DType i32 = DType::I32;
inline constexpr DType boolean = DType::Bool;
inline constexpr DType bf16 = DType::BF16;
inline constexpr DType f16 = DType::F16;
inline constexpr DType i64 = DType::I64;
inline constexpr DType f64 = DType::F64;

/// Names a value inside an entry. Copying it copies the name, not the value; a default-constructed one names nothing.
class Tensor {
public:
  Tensor() = default;

  int64_t rank(Location loc = Location::current()) const;
  /// The size of one dimension; negative axes count from the end.
  int64_t dim(int64_t axis, Location loc = Location::current()) const;
  Shape shape(Location loc = Location::current()) const;
  DType dtype(Location loc = Location::current()) const;

  /// The compiler's own handle: null for a tensor that names nothing.
  const void *handle() const { return handle_; }
  explicit Tensor(const void *handle) : handle_(handle) {}

private:
  const void *handle_ = nullptr;
};

/// What binary operators and functions take: a tensor, or a number that takes the other operand's type. It also notes
/// where an operator was written.
struct Operand {
  Tensor tensor;
  double number = 0;
  bool isNumber = false;
  Location loc;

  Operand(const Tensor &tensor, Location loc = Location::current()) : tensor(tensor), loc(loc) {}
  Operand(double number, Location loc = Location::current()) : number(number), isNumber(true), loc(loc) {}
};

/// Which dimensions a reduction removes: one, several, or (by default) all.
struct Axes {
  std::vector<int64_t> axes;
  bool all = false;

  Axes() : all(true) {}
  template <typename T>
    requires(std::is_integral_v<T>)
  Axes(T axis) : axes{static_cast<int64_t>(axis)} {}
  Axes(bool) = delete; ///< no axis: keepDims comes after the axes, mean(x, {}, true)
  Axes(std::initializer_list<int64_t> axes) : axes(axes) {}
};

} // namespace sinter
