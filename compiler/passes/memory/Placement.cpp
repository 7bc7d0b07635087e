// Greedy placement by best fit: buffers in a fixed order (largest first, ...), each into the tightest gap that is free
// during its whole life, or above all that live with it. Several orders are tried, since none is always the best
// (the problem is NP-hard), until one reaches the lower bound.
// The idea is that of Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020.
#include "compiler/passes/memory/Placement.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace sinter {
namespace {

bool meet(const Interval &a, const Interval &b) { return a.first <= b.last && b.first <= a.last; }

/// Places intervals in the given order.
Placement placeInOrder(const std::vector<Interval> &intervals, const std::vector<size_t> &order) {
  Placement result;
  result.offsets.assign(intervals.size(), 0);
  std::vector<size_t> placed; // by offset
  for (size_t index : order) {
    const Interval &interval = intervals[index];
    int64_t best = -1, bestGap = INT64_MAX, top = 0; // top: end of what was seen so far, from below
    for (size_t other : placed) {
      if (!meet(interval, intervals[other]))
        continue;
      int64_t gap = result.offsets[other] - top;
      if (gap >= interval.bytes && gap < bestGap) {
        best = top;
        bestGap = gap;
      }
      top = std::max(top, result.offsets[other] + intervals[other].bytes);
    }
    int64_t offset = best < 0 ? top : best;
    result.offsets[index] = offset;
    result.bytes = std::max(result.bytes, offset + interval.bytes);
    auto position = std::upper_bound(placed.begin(), placed.end(), offset,
                                     [&](int64_t value, size_t other) { return value < result.offsets[other]; });
    placed.insert(position, index);
  }
  return result;
}

} // namespace

int64_t mostLiveBytes(const std::vector<Interval> &intervals, int64_t *launch) {
  std::map<int64_t, int64_t> change; // of the live bytes, at a launch
  for (const Interval &interval : intervals) {
    change[interval.first] += interval.bytes;
    change[interval.last + 1] -= interval.bytes;
  }
  int64_t live = 0, most = 0;
  for (auto [time, bytes] : change) {
    live += bytes;
    if (live <= most)
      continue;
    most = live;
    if (launch)
      *launch = time;
  }
  return most;
}

Placement place(const std::vector<Interval> &intervals) {
  int64_t bound = mostLiveBytes(intervals);
  auto life = [&](size_t i) { return intervals[i].last - intervals[i].first + 1; };
  auto bytes = [&](size_t i) { return intervals[i].bytes; };
  auto area = [&](size_t i) { return static_cast<double>(bytes(i)) * static_cast<double>(life(i)); };

  std::vector<size_t> order(intervals.size());
  Placement best;
  best.bytes = INT64_MAX;
  auto attempt = [&](auto before) {
    if (best.bytes == bound)
      return;
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return before(a, b) || (!before(b, a) && a < b); // ties keep the program's order
    });
    Placement placement = placeInOrder(intervals, order);
    if (placement.bytes < best.bytes)
      best = std::move(placement);
  };
  attempt([&](size_t a, size_t b) { return bytes(a) > bytes(b); });
  attempt([&](size_t a, size_t b) { return life(a) > life(b); });
  attempt([&](size_t a, size_t b) { return area(a) > area(b); });
  attempt([&](size_t a, size_t b) { return intervals[a].first < intervals[b].first; });
  attempt([&](size_t a, size_t b) { return intervals[a].last > intervals[b].last; });
  return best;
}

} // namespace sinter
