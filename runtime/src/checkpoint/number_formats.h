// Elements of tensors in files: from what they are kept in to f32, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sinter {

/// "F32", "F16", "BF16", "F64", and the blocks of 32 of GGUF: "Q8_0", "Q4_0".
struct NumberFormat {
  const char *name;
  int64_t block;                                               ///< elements that are kept together
  size_t bytes;                                                ///< of a block
  void (*toFloat)(const char *from, int64_t count, float *to); ///< whole blocks
  void (*fromFloat)(const float *from, int64_t count, char *to);
};

/// Null if there is none of this name.
const NumberFormat *findNumberFormat(std::string_view name);

float halfToFloat(uint16_t half);
/// To the nearest, ties to even.
uint16_t floatToHalf(float value);

} // namespace sinter
