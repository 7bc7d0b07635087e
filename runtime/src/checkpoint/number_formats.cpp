#include "checkpoint/number_formats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

namespace sinter {

float halfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16, magnitude = half & 0x7fff;
  // The exponent is moved by a product, which makes normal numbers of those that are not.
  const float moved = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  const uint32_t bits = magnitude >= 0x7c00 ? 0x7f800000 | (magnitude & 0x3ff) << 13 : std::bit_cast<uint32_t>(moved);
  return std::bit_cast<float>(sign | bits);
}

uint16_t floatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = uint16_t(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x477ff000) // rounds to infinity
    return uint16_t(sign | 0x7c00);
  if (magnitude < 0x38800000) // not normal as a half: a sum with a number whose last place is the half's
    return uint16_t(sign | (std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000));
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return uint16_t(sign | (rounded - 0x38000000) >> 13);
}

namespace {

template <typename T> T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

void copyFloats(const char *from, int64_t count, float *to) { std::memcpy(to, from, size_t(count) * 4); }
void storeFloats(const float *from, int64_t count, char *to) { std::memcpy(to, from, size_t(count) * 4); }
void fromHalves(const char *from, int64_t count, float *to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = halfToFloat(load<uint16_t>(from + 2 * i));
}
void toHalves(const float *from, int64_t count, char *to) {
  for (int64_t i = 0; i < count; ++i) {
    const uint16_t half = floatToHalf(from[i]);
    std::memcpy(to + 2 * i, &half, 2);
  }
}
void fromBrain(const char *from, int64_t count, float *to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = std::bit_cast<float>(uint32_t(load<uint16_t>(from + 2 * i)) << 16);
}
void toBrain(const float *from, int64_t count, char *to) {
  for (int64_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<uint32_t>(from[i]);
    const uint32_t rounded = std::isnan(from[i]) ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
    const auto half = uint16_t(rounded >> 16);
    std::memcpy(to + 2 * i, &half, 2);
  }
}
void fromDoubles(const char *from, int64_t count, float *to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = float(load<double>(from + 8 * i));
}
void toDoubles(const float *from, int64_t count, char *to) {
  for (int64_t i = 0; i < count; ++i) {
    const double value = from[i];
    std::memcpy(to + 8 * i, &value, 8);
  }
}

constexpr int64_t block = 32;

// A half that scales, then 32 signed bytes.
void fromQ8(const char *from, int64_t count, float *to) {
  for (int64_t b = 0; b < count / block; ++b, from += 34)
    for (int64_t i = 0; i < block; ++i)
      *to++ = halfToFloat(load<uint16_t>(from)) * float(static_cast<signed char>(from[2 + i]));
}
void toQ8(const float *from, int64_t count, char *to) {
  for (int64_t b = 0; b < count / block; ++b, from += block, to += 34) {
    float greatest = 0;
    for (int64_t i = 0; i < block; ++i)
      greatest = std::max(greatest, std::fabs(from[i]));
    const float scale = greatest / 127, inverse = scale ? 1 / scale : 0;
    const uint16_t half = floatToHalf(scale);
    std::memcpy(to, &half, 2);
    for (int64_t i = 0; i < block; ++i)
      to[2 + i] = char(std::clamp(int(std::round(from[i] * inverse)), -127, 127));
  }
}

// A half that scales, then 16 bytes: element i in the low four bits of byte i, element i + 16 in the high ones, plus 8.
void fromQ4(const char *from, int64_t count, float *to) {
  for (int64_t b = 0; b < count / block; ++b, from += 18, to += block)
    for (int64_t i = 0; i < block / 2; ++i) {
      const float scale = halfToFloat(load<uint16_t>(from));
      const auto byte = static_cast<unsigned char>(from[2 + i]);
      to[i] = scale * float(int(byte & 15) - 8);
      to[i + block / 2] = scale * float(int(byte >> 4) - 8);
    }
}
void toQ4(const float *from, int64_t count, char *to) {
  for (int64_t b = 0; b < count / block; ++b, from += block, to += 18) {
    const float *extreme =
        std::max_element(from, from + block, [](float x, float y) { return std::fabs(x) < std::fabs(y); });
    const float scale = *extreme / -8, inverse = scale ? 1 / scale : 0; // the extreme one becomes -8
    const uint16_t half = floatToHalf(scale);
    std::memcpy(to, &half, 2);
    const auto quantized = [&](float value) { return std::clamp(int(value * inverse + 8.5f), 0, 15); };
    for (int64_t i = 0; i < block / 2; ++i)
      to[2 + i] = char(quantized(from[i]) | quantized(from[i + block / 2]) << 4);
  }
}

constexpr NumberFormat formats[] = {
    {"F32", 1, 4, copyFloats, storeFloats}, {"F16", 1, 2, fromHalves, toHalves}, {"BF16", 1, 2, fromBrain, toBrain},
    {"F64", 1, 8, fromDoubles, toDoubles},  {"Q8_0", block, 34, fromQ8, toQ8},   {"Q4_0", block, 18, fromQ4, toQ4},
};

} // namespace

const NumberFormat *findNumberFormat(std::string_view name) {
  for (const NumberFormat &format : formats)
    if (name == format.name)
      return &format;
  return nullptr;
}

} // namespace sinter
