// The progress line of a training: what a terminal of any width shows of it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace sinter {

struct Progress {
  int64_t step = 0, steps = 0;
  double loss = 0;      ///< smoothed
  double heldOut = NAN; ///< the last one; NaN: there is none
  double perSecond = 0; ///< of `unit`
  const char *unit = "tok";
  double elapsed = 0, left = 0; ///< seconds
};

/// Writes the line for `columns` columns into `out`, one byte a column, and returns its length, which is below
/// `columns` (in the last one, terminals begin a new line) and at most `size`. What does not fit is left out: first the
/// bar, then speed, elapsed time, time left, held-out loss, loss. Allocates nothing.
size_t progressLine(const Progress &progress, int64_t columns, char *out, size_t size);

} // namespace sinter
