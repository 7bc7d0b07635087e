// Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011, "Parallel random
// numbers: as easy as 1, 2, 3"). Value i of a stream is a function of (seed, stream, i), so nothing has to be saved for
// a resume. The normal distribution uses only +, -, *, /, sqrt in double: the same bits on every machine, unlike libm's
// log and cos.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace sinter {

/// The two words of Threefry-2x32-20 for `counter` under `key`, low word first.
inline uint64_t threefry(uint64_t key, uint64_t counter) {
  constexpr int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  const uint32_t schedule[3] = {k0, k1, 0x1BD11BDAu ^ k0 ^ k1};
  uint32_t x0 = uint32_t(counter) + k0, x1 = uint32_t(counter >> 32) + k1;
  for (int round = 0; round < 20; ++round) {
    const int r = rotations[round % 8];
    x0 += x1;
    x1 = (x1 << r) | (x1 >> (32 - r));
    x1 ^= x0;
    if (round % 4 == 3) {
      const uint32_t injection = uint32_t(round / 4 + 1);
      x0 += schedule[injection % 3];
      x1 += schedule[(injection + 1) % 3] + injection;
    }
  }
  return uint64_t(x0) | uint64_t(x1) << 32;
}

/// A number for a name (FNV-1a), to key a stream: the order in which names are declared does not matter.
constexpr uint64_t streamOf(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : name)
    hash = (hash ^ uint8_t(c)) * 0x100000001b3u;
  return hash;
}

/// One stream of random numbers; every function is pure in `counter`.
class Random {
public:
  Random(uint64_t seed, uint64_t stream) : key_(threefry(seed, stream)) {}

  uint64_t bits(uint64_t counter) const { return threefry(key_, counter); }

  /// In [0, 1), 53 bits.
  double uniform(uint64_t counter) const { return double(bits(counter) >> 11) * 0x1p-53; }

  /// In [0, bound); `bound` is positive.
  uint64_t below(uint64_t counter, uint64_t bound) const {
    return uint64_t((static_cast<unsigned __int128>(bits(counter)) * bound) >> 64);
  }

  /// Standard normal by Box and Muller.
  [[gnu::noinline]] double normal(uint64_t counter) const {
    const uint64_t word = bits(counter);
    const double radius = (double(uint32_t(word)) + 0.5) * 0x1p-32;
    return std::sqrt(-2 * logarithm(radius)) * cosineOfTurns(double(word >> 32) * 0x1p-32);
  }

  /// The same, drawn again until it is within two deviations. (Counters beyond those of any tensor.)
  double truncatedNormal(uint64_t counter) const {
    double value = normal(counter);
    for (uint64_t again = 1; value < -2 || value > 2; ++again)
      value = normal(counter + (again << 48));
    return value;
  }

private:
  // For x in (0, 1): x = m * 2^e, log m by the series of 2 atanh((m-1)/(m+1)) with m in [sqrt(1/2), sqrt(2)).
  static double logarithm(double x) {
    int exponent;
    double m = std::frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
      m *= 2;
      --exponent;
    }
    const double s = (m - 1) / (m + 1), square = s * s;
    double sum = 0;
    for (int n = 23; n >= 1; n -= 2)
      sum = sum * square + 1.0 / n;
    return 2 * s * sum + exponent * 0.69314718055994530942;
  }

  // cos(2 pi t) for t in [0, 1): folded into the first quarter turn, then Taylor's series.
  static double cosineOfTurns(double t) {
    if (t > 0.5)
      t = 1 - t;
    const bool negative = t > 0.25;
    if (negative)
      t = 0.5 - t;
    const double angle = t * 6.28318530717958647693, square = angle * angle;
    double sum = 0;
    for (int n = 20; n >= 2; n -= 2)
      sum = (1 + sum) * (-square / (n * (n - 1)));
    return negative ? -(1 + sum) : 1 + sum;
  }

  uint64_t key_;
};

} // namespace sinter
