// Greedy placement by best fit: buffers in a fixed order (largest first, ...), each into the tightest gap that is free
// during its whole life, or above all that live with it. Several orders are tried, since none is always the best
// (the problem is NP-hard), until one reaches the lower bound. The idea is that of Pisarchyk and Lee, "Efficient memory
// management for deep neural net inference", 2020.
//
// What is left above the bound, `improve` takes away by changing the order: whoever ended up highest goes earlier the
// next time, as somebody who complained. That is squeaky wheel optimisation (Joslin and Clements, "Squeaky Wheel
// Optimization", 1999).
#include "compiler/passes/memory/Placement.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace sinter {
namespace {

bool meet(const Interval &a, const Interval &b) { return a.first <= b.last && b.first <= a.last; }

/// Places intervals in the given order; gives up, with bytes beyond `most`, once they need more than that.
Placement placeInOrder(const std::vector<Interval> &intervals, const std::vector<size_t> &order,
                       int64_t most = INT64_MAX) {
  Placement result;
  result.offsets.assign(intervals.size(), 0);
  result.order = order;
  struct Placed {
    Interval interval;
    int64_t offset;
  };
  std::vector<Placed> placed; // by offset
  placed.reserve(intervals.size());
  for (size_t index : order) {
    const Interval &interval = intervals[index];
    int64_t best = -1, bestGap = INT64_MAX, top = 0; // top: end of what was seen so far, from below
    for (const Placed &other : placed) {
      if (!meet(interval, other.interval))
        continue;
      int64_t gap = other.offset - top;
      if (gap >= interval.bytes && gap < bestGap) {
        best = top;
        bestGap = gap;
      }
      top = std::max(top, other.offset + other.interval.bytes);
    }
    int64_t offset = best < 0 ? top : best;
    result.offsets[index] = offset;
    result.bytes = std::max(result.bytes, offset + interval.bytes);
    if (result.bytes > most)
      return result;
    auto position = std::upper_bound(placed.begin(), placed.end(), offset,
                                     [](int64_t value, const Placed &other) { return value < other.offset; });
    placed.insert(position, {interval, offset});
  }
  return result;
}

/// Searches orders near one that is known, for a number of rounds that depends on the number of intervals alone.
class Search {
public:
  Search(const std::vector<Interval> &intervals, int64_t bound) : intervals(intervals), bound(bound) {}

  void run(Placement &best) {
    const size_t count = intervals.size();
    const int64_t rounds = std::min<int64_t>(kMostRounds, kMostWork / static_cast<int64_t>(count * count + 1));
    std::vector<size_t> order = best.order;
    Placement current = best;
    for (int64_t round = 0, idle = 0; round < rounds && best.bytes > bound; ++round, ++idle) {
      if (idle == kPatience) { // back to the best one, and shaken
        order = best.order;
        for (size_t i = 0; i < count / 16 + 1; ++i)
          std::swap(order[below(count)], order[below(count)]);
        idle = 0;
      } else {
        raiseOne(order, current);
      }
      current = placeInOrder(intervals, order);
      if (current.bytes > best.bytes)
        continue;
      if (current.bytes < best.bytes)
        idle = 0;
      best = current;
    }
  }

private:
  /// One of those that reach into the upper half of what is above the bound is placed earlier.
  void raiseOne(std::vector<size_t> &order, const Placement &placement) {
    const int64_t limit = placement.bytes - (placement.bytes - bound) / 2 - 1;
    std::vector<size_t> highest;
    for (size_t i = 0; i < intervals.size(); ++i)
      if (placement.offsets[i] + intervals[i].bytes > limit)
        highest.push_back(i);
    auto chosen = std::find(order.begin(), order.end(), highest[below(highest.size())]);
    if (chosen != order.begin())
      std::rotate(order.begin() + static_cast<ptrdiff_t>(below(chosen - order.begin())), chosen, chosen + 1);
  }

  /// A number in [0, limit): Marsaglia's xorshift64, "Xorshift RNGs", 2003.
  size_t below(size_t limit) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % limit;
  }

  static constexpr int64_t kMostRounds = 20'000, kMostWork = 100'000'000, kPatience = 200;
  const std::vector<Interval> &intervals;
  int64_t bound;
  uint64_t state = 0x9e3779b97f4a7c15;
};

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

Placement place(const std::vector<Interval> &intervals, int64_t most) {
  int64_t bound = mostLiveBytes(intervals);
  auto life = [&](size_t i) { return intervals[i].last - intervals[i].first + 1; };
  auto bytes = [&](size_t i) { return intervals[i].bytes; };
  auto area = [&](size_t i) { return static_cast<double>(bytes(i)) * static_cast<double>(life(i)); };

  std::vector<size_t> order(intervals.size());
  Placement best;
  best.bytes = INT64_MAX;
  auto attempt = [&](auto before) {
    if (best.bytes == bound || bound > most)
      return;
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return before(a, b) || (!before(b, a) && a < b); // ties keep the program's order
    });
    int64_t wanted = std::min(most, best.bytes - 1);
    Placement placement = placeInOrder(intervals, order, wanted);
    if (placement.bytes <= wanted)
      best = std::move(placement);
  };
  attempt([&](size_t a, size_t b) { return bytes(a) > bytes(b); });
  attempt([&](size_t a, size_t b) { return life(a) > life(b); });
  attempt([&](size_t a, size_t b) { return area(a) > area(b); });
  attempt([&](size_t a, size_t b) { return intervals[a].first < intervals[b].first; });
  attempt([&](size_t a, size_t b) { return intervals[a].last > intervals[b].last; });
  return best;
}

void improve(Placement &placement, const std::vector<Interval> &intervals) {
  if (!intervals.empty())
    Search(intervals, mostLiveBytes(intervals)).run(placement);
}

} // namespace sinter
