// What is known of a tensor [..., i, j] above (j > i) and below (j < i) the diagonal of its last two dimensions, and
// what those who read it ask of it there. The diagonal itself belongs to neither. Below may also mean far below, at a
// distance of at least `reach` (j <= i - reach): outside of a window.
#pragma once

#include "dialects/Precompiled.h"

#include <array>

namespace sinter {

enum Triangle : unsigned { kAbove, kBelow };

/// The scalar that every element of a triangle equals, or null. It holds for finite inputs: zero times anything is
/// known as zero, infinity plus anything as infinity.
using Known = std::array<mlir::Attribute, 2>;

/// Ordered: a reader that asks for more decides.
enum class Demand {
  Nothing, ///< any value will do
  Finite,  ///< any finite value: it is multiplied by zero, or added to infinity
  Value,
};
using Demanded = std::array<Demand, 2>;
inline constexpr Demanded kDemandAll = {Demand::Value, Demand::Value};

/// How the last two dimensions of one tensor lie in another: as they are, swapped, or otherwise.
enum class Alignment { Same, Swapped, Other };

/// A triangle of one tensor as seen from another.
inline unsigned seen(unsigned triangle, Alignment alignment) {
  return alignment == Alignment::Swapped ? 1 - triangle : triangle;
}

bool isZero(mlir::Attribute scalar);
bool isInfinite(mlir::Attribute scalar);

} // namespace sinter
