// The order in which a matrix product adds up: fixed by the length of k alone, on the CPU whatever its vectors, caches
// and forms of a kernel.
//
// k is cut into units of about 384 steps. Each unit is a chain of fused multiply-adds over ascending k from zero. Units
// add up in groups of 16, in ascending order from zero; so do groups, in groups of 16 again, until there is one. Each
// product then goes through a unit's roundings and 16 for each level of groups: a length of 20 million has four. For
// sums that do not cancel, that is about 1e-6 of the result at any length.
//
// A unit is as long as a block of k that caches want: fewer steps would make sums come and go more often.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sinter::codegen {

inline constexpr int64_t kUnitSteps = 384, kUnitsPerGroup = 16;
/// A unit of several is a multiple of so many steps: whole vectors, and blocks of queries in attention.
inline constexpr int64_t kUnitGrain = 64;
/// The last unit has no fewer steps: packing copies whole vectors of k.
inline constexpr int64_t kLeastLastUnit = 16;

constexpr int64_t divideUp(int64_t size, int64_t part) { return (size + part - 1) / part; }

/// Steps of a unit: of all but the last one, if there are several.
constexpr int64_t unitOf(int64_t length) {
  int64_t units = (length + kUnitSteps / 2) / kUnitSteps;
  if (units <= 1)
    return std::max<int64_t>(length, 1);
  int64_t unit = divideUp(divideUp(length, units), kUnitGrain) * kUnitGrain;
  while (length % unit != 0 && length % unit < kLeastLastUnit)
    unit += kUnitGrain;
  return unit;
}

constexpr int64_t unitsOf(int64_t length) { return std::max<int64_t>(divideUp(length, unitOf(length)), 1); }

/// Levels of groups above the units: none for a single unit.
constexpr int64_t levelsOf(int64_t length) {
  int64_t levels = 0;
  for (int64_t sums = unitsOf(length); sums > 1; sums = divideUp(sums, kUnitsPerGroup))
    ++levels;
  return levels;
}

/// The most roundings that a product goes through: with u = 2^-24, a sum is off by this * u * sum(|a| |b|) at most (and
/// squares of u).
constexpr int64_t roundingsOf(int64_t length) { return unitOf(length) + kUnitsPerGroup * levelsOf(length); }

} // namespace sinter::codegen
