// Numbers of every element type (sinter_dtype) in memory. What is done for each of them is written once, as a template,
// and called through withDtype.
#pragma once

#include "sinter/abi.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace sinter {

/// 16-bit floats: the bits of IEEE's binary16, and the upper half of an f32.
struct Half {
  uint16_t bits;
};
struct Bfloat {
  uint16_t bits;
};

inline double valueOf(Half half) {
  const int exponent = half.bits >> 10 & 31, fraction = half.bits & 1023;
  const double size = exponent == 31 ? (fraction ? std::nan("") : INFINITY)
                      : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                     : std::ldexp(fraction, -24);
  return half.bits >> 15 ? -size : size;
}
inline double valueOf(Bfloat number) { return std::bit_cast<float>(uint32_t(number.bits) << 16); }
template <typename T>
  requires std::is_arithmetic_v<T>
T valueOf(T number) {
  return number;
}

template <typename T>
inline constexpr bool isFloatType = std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, Bfloat>;

/// The nearest number of type T, ties to even; integers towards zero, and within their range.
template <typename T> T rounded(double value) {
  if constexpr (std::is_same_v<T, Half>) {
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    const double size = std::fabs(value);
    if (!(size < 65520)) // halfway between the largest number and what would follow
      return {uint16_t(sign | (std::isnan(value) ? 0x7e00 : 0x7c00))};
    int exponent = 0;
    std::frexp(size, &exponent);
    exponent = size == 0 ? -14 : std::max(exponent - 1, -14);
    return {uint16_t(sign | (((exponent + 14) << 10) + int(std::nearbyint(std::ldexp(size, 10 - exponent)))))};
  } else if constexpr (std::is_same_v<T, Bfloat>) {
    const auto bits = std::bit_cast<uint32_t>(float(value));
    if (std::isnan(value))
      return {uint16_t(bits >> 16 | 0x40)};
    return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
  } else if constexpr (std::is_floating_point_v<T>) {
    return T(value);
  } else {
    constexpr double limit = double(uint64_t{1} << (8 * sizeof(T) - std::is_signed_v<T> - 1)) * 2;
    if (std::isnan(value) || (!std::is_signed_v<T> && value < 0))
      return 0;
    return value >= limit ? std::numeric_limits<T>::max() : value <= -limit ? std::numeric_limits<T>::min() : T(value);
  }
}

/// Calls `body` with a number of the type that elements have in memory.
template <typename Body> auto withDtype(uint32_t dtype, Body body) {
  switch (dtype) {
  case SINTER_I32:
    return body(int32_t{});
  case SINTER_I8:
    return body(int8_t{});
  case SINTER_U16:
    return body(uint16_t{});
  case SINTER_BF16:
    return body(Bfloat{});
  case SINTER_F16:
    return body(Half{});
  case SINTER_I64:
    return body(int64_t{});
  case SINTER_F64:
    return body(double{});
  default:
    return body(float{});
  }
}

inline bool isFloat(uint32_t dtype) {
  return withDtype(dtype, []<typename T>(T) { return isFloatType<T>; });
}

/// Element `i` of an array, as a double.
inline double numberAt(uint32_t dtype, const void *data, int64_t i) {
  return withDtype(dtype, [&]<typename T>(T element) {
    std::memcpy(&element, static_cast<const T *>(data) + i, sizeof element);
    return double(valueOf(element));
  });
}

/// Stores a number as an element of this type, rounded or within its range.
inline void storeScalar(uint32_t dtype, void *target, double value) {
  withDtype(dtype, [&]<typename T>(T) {
    const T element = rounded<T>(value);
    std::memcpy(target, &element, sizeof element);
  });
}

/// The number that a scalar input of this type holds when it is set to `value`.
inline double scalarOf(uint32_t dtype, double value) {
  double memory = 0;
  storeScalar(dtype, &memory, value);
  return numberAt(dtype, &memory, 0);
}

/// For example "f32", and what safetensors and NumPy call it. NumPy has no bf16: what is written for it is f32.
const char *dtypeName(uint32_t dtype);
const char *dtypeInSafetensors(uint32_t dtype);
const char *dtypeInNumpy(uint32_t dtype);

} // namespace sinter
