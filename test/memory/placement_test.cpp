// Buffers in one block of memory (compiler/passes/memory/Placement.h), on instances of the size and shape of the eleven
// that Moffitt calls challenging ("MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine
// Learning", 2023): 154 to 454 buffers of random lives, sizes that are powers of two or multiples of the alignment. In
// each, first fit in the order of time takes at least a tenth more than what is live at once.
#include "compiler/passes/memory/Placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace sinter {
namespace {

constexpr int64_t kAlignment = 256;

enum class Lives { Short, FewLong, Powers };

std::vector<Interval> randomInstance(uint64_t seed, int64_t count, Lives lives, bool powers) {
  std::mt19937_64 random(seed);
  auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
  int64_t times = count / 2 + 20;
  std::vector<Interval> instance;
  for (int64_t i = 0; i < count; ++i) {
    int64_t life = lives == Lives::Short     ? 1 + below(8)
                   : lives == Lives::FewLong ? 1 + below(below(4) ? 6 : times / 2)
                                             : int64_t(1) << below(7);
    int64_t first = below(times);
    int64_t bytes = kAlignment * (powers ? int64_t(1) << below(9) : 1 + below(1 + (int64_t(1) << below(10))));
    instance.push_back({first, std::min(times - 1, first + life - 1), bytes});
  }
  return instance;
}

bool meet(const Interval &a, const Interval &b) { return a.first <= b.last && b.first <= a.last; }

/// Each where it fits first, those that live earlier first.
int64_t firstFit(const std::vector<Interval> &intervals) {
  std::vector<size_t> order(intervals.size()), placed;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return intervals[a].first < intervals[b].first; });
  std::vector<int64_t> offsets(intervals.size());
  int64_t bytes = 0;
  for (size_t i : order) {
    std::sort(placed.begin(), placed.end(), [&](size_t a, size_t b) { return offsets[a] < offsets[b]; });
    for (size_t other : placed)
      if (meet(intervals[i], intervals[other])) {
        if (offsets[other] - offsets[i] >= intervals[i].bytes)
          break;
        offsets[i] = std::max(offsets[i], offsets[other] + intervals[other].bytes);
      }
    placed.push_back(i);
    bytes = std::max(bytes, offsets[i] + intervals[i].bytes);
  }
  return bytes;
}

/// The most that is live at one time, time by time.
int64_t liveBytes(const std::vector<Interval> &intervals) {
  int64_t most = 0;
  for (const Interval &at : intervals) {
    int64_t live = 0;
    for (const Interval &other : intervals)
      live += other.first <= at.first && at.first <= other.last ? other.bytes : 0;
    most = std::max(most, live);
  }
  return most;
}

void expectNoOverlap(const std::vector<Interval> &intervals, const Placement &placement) {
  ASSERT_EQ(placement.offsets.size(), intervals.size());
  int64_t end = 0;
  for (size_t i = 0; i < intervals.size(); ++i) {
    EXPECT_GE(placement.offsets[i], 0);
    end = std::max(end, placement.offsets[i] + intervals[i].bytes);
    for (size_t j = 0; j < i; ++j)
      EXPECT_FALSE(meet(intervals[i], intervals[j]) &&
                   placement.offsets[i] < placement.offsets[j] + intervals[j].bytes &&
                   placement.offsets[j] < placement.offsets[i] + intervals[i].bytes)
          << i << " and " << j;
  }
  EXPECT_EQ(placement.bytes, end);
}

TEST(Placement, ChallengingInstances) {
  constexpr int64_t kCounts[] = {154, 170, 199, 234, 260, 288, 308, 340, 379, 400, 454};
  for (size_t number = 0; number < std::size(kCounts); ++number) {
    std::vector<Interval> instance;
    uint64_t seed = 1000 * number;
    do
      instance = randomInstance(++seed, kCounts[number], static_cast<Lives>(number % 3), number / 3 % 2 == 0);
    while (firstFit(instance) * 10 < liveBytes(instance) * 11);
    SCOPED_TRACE(kCounts[number]);
    Placement placement = place(instance);
    expectNoOverlap(instance, placement);
    int64_t greedy = placement.bytes;
    improve(placement, instance);
    expectNoOverlap(instance, placement);
    EXPECT_LE(placement.bytes, greedy);
    EXPECT_GE(placement.bytes, liveBytes(instance));
    EXPECT_LE(static_cast<double>(placement.bytes), 1.02 * static_cast<double>(liveBytes(instance)));
    Placement again = place(instance);
    improve(again, instance);
    EXPECT_EQ(again.offsets, placement.offsets);
  }
}

TEST(Placement, Bound) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::vector<Interval> instance = randomInstance(seed, 40, static_cast<Lives>(seed % 3), seed % 2 == 0);
    int64_t time = -1;
    ASSERT_EQ(mostLiveBytes(instance, &time), liveBytes(instance));
    int64_t live = 0;
    for (const Interval &interval : instance)
      live += interval.first <= time && time <= interval.last ? interval.bytes : 0;
    EXPECT_EQ(live, liveBytes(instance));
  }
}

TEST(Placement, NothingAndOne) {
  Placement none = place({});
  improve(none, {});
  EXPECT_TRUE(none.offsets.empty());
  Placement one = place({{3, 5, 512}});
  improve(one, {{3, 5, 512}});
  EXPECT_EQ(one.offsets, std::vector<int64_t>{0});
  EXPECT_EQ(one.bytes, 512);
}

} // namespace
} // namespace sinter
