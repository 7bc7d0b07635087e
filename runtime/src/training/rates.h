// What the optimizer's rates may be, on the command line and in a checkpoint. What training computes with is an f32: a
// rate that is not 0 must not become 0, nor one below 1 become 1.
#pragma once

#include <limits>

namespace sinter {

inline bool isRate(double value) { return value == 0 || (value > 0 && float(value) > 0); }
inline bool isDecay(double value) { return value >= 0 && float(value) < 1; }
inline bool isNormal(double value) { return value > 0 && float(value) >= std::numeric_limits<float>::min(); }

} // namespace sinter
