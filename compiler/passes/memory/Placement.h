// Placing buffers of known lifetimes in one block of memory. Knows nothing of MLIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sinter {

/// Needs `bytes` (a multiple of the alignment) during launches first..last, both included.
struct Interval {
  int64_t first, last, bytes;
};

struct Placement {
  std::vector<int64_t> offsets; ///< one per interval
  int64_t bytes = 0;            ///< end of the highest interval
  std::vector<size_t> order;    ///< in which intervals were placed
};

/// Offsets such that no two intervals that meet in time meet in memory. Greedy, over several orders; deterministic. If
/// that takes more than `most` bytes, there is none, and its bytes are INT64_MAX.
Placement place(const std::vector<Interval> &intervals, int64_t most = INT64_MAX);

/// Brings a placement nearer to `mostLiveBytes`, by a search of a tenth of a second or so; deterministic.
void improve(Placement &placement, const std::vector<Interval> &intervals);

/// The most bytes needed at one launch, which no placement can undercut; `launch` tells where (the first such).
int64_t mostLiveBytes(const std::vector<Interval> &intervals, int64_t *launch = nullptr);

} // namespace sinter
