// Barriers and hazards, on lists made up here: no device takes part. Software devices run everything in order, and hide
// a missing barrier; the validation layer misses two of the kinds.
#include "vulkan/hazards.h"

#include "sinter/abi.h"

#include <gtest/gtest.h>

namespace sinter::vulkan {

constexpr uint32_t R = SINTER_READ, W = SINTER_WRITE, RW = SINTER_READ | SINTER_WRITE;

static std::vector<Step> listOf(std::vector<std::vector<Access>> accesses) {
  std::vector<Step> steps;
  for (std::vector<Access> &list : accesses)
    steps.push_back({"step" + std::to_string(steps.size()), std::move(list), false});
  return steps;
}

// The list without barriers has the hazard, with the barriers that placeBarriers finds it has none.
static void expectHazard(std::vector<Step> steps, const std::string &kind, size_t barriers) {
  const std::vector<std::string> hazards = findHazards(steps);
  ASSERT_FALSE(hazards.empty());
  EXPECT_NE(hazards.front().find(kind), std::string::npos) << hazards.front();
  EXPECT_EQ(placeBarriers(steps), barriers);
  EXPECT_TRUE(findHazards(steps).empty()) << findHazards(steps).front();
  // Every barrier is needed.
  for (Step &step : steps)
    if (step.waits) {
      step.waits = false;
      EXPECT_FALSE(findHazards(steps).empty());
      step.waits = true;
    }
}

TEST(Hazards, ReadAfterWrite) {
  expectHazard(listOf({{{0, W, 0, 100}}, {{0, R, 0, 100}, {0, W, 100, 200}}}),
               "step1 reads what is being written: bytes 0 to 100", 1);
}
TEST(Hazards, WriteAfterRead) {
  expectHazard(listOf({{{0, R, 0, 100}, {0, W, 100, 200}}, {{0, W, 0, 100}}}),
               "step1 writes what is being read: bytes 0 to 100", 1);
}
TEST(Hazards, WriteAfterWrite) {
  expectHazard(listOf({{{0, W, 0, 100}}, {{0, W, 0, 100}}}), "step1 writes what is being written: bytes 0 to 100", 1);
}
TEST(Hazards, InPlace) {
  expectHazard(listOf({{{1, RW, 0, 64}}, {{1, RW, 0, 64}}}),
               "step1 updates in place what is being updated: bytes 0 to 64", 1);
  // The same by two bindings: one reads, one writes.
  expectHazard(listOf({{{1, R, 0, 64}, {1, W, 0, 64}}, {{1, R, 0, 64}, {1, W, 0, 64}}}),
               "step1 updates in place what is being updated", 1);
}
TEST(Hazards, ByOneByte) {
  expectHazard(listOf({{{0, W, 0, 101}}, {{0, R, 100, 200}}}), "step1 reads what is being written: bytes 100 to 101",
               1);
}
TEST(Hazards, AcrossStepsThatDoNoHarm) {
  expectHazard(listOf({{{0, W, 0, 10}}, {{0, W, 10, 20}}, {{0, W, 20, 30}}, {{0, R, 0, 30}, {0, W, 30, 40}}}),
               "step3 reads", 1);
}

// In one step an operand may be read and written: it is the kernel's own matter.
TEST(Hazards, NoneWhereNoneAre) {
  std::vector<Step> steps = listOf({{{0, RW, 0, 10}, {0, R, 0, 10}},
                                    {{1, W, 0, 10}},  // another buffer
                                    {{0, W, 10, 20}}, // the bytes beside
                                    {{0, R, 20, 30}, {2, W, 0, 8}},
                                    {{0, R, 20, 30}, {2, W, 8, 16}}}); // reading together
  EXPECT_TRUE(findHazards(steps).empty());
  EXPECT_EQ(placeBarriers(steps), 0u);
}

// One barrier serves all that waits for something before it, and what comes before a barrier is forgotten.
TEST(Hazards, FewBarriers) {
  std::vector<Step> steps = listOf({{{0, W, 0, 10}},
                                    {{0, W, 10, 20}},
                                    {{0, R, 0, 10}, {0, W, 20, 30}},  // waits
                                    {{0, R, 10, 20}, {0, W, 30, 40}}, // the same barrier
                                    {{0, R, 20, 40}, {0, W, 0, 10}},  // waits
                                    {{0, R, 10, 20}}});
  EXPECT_EQ(placeBarriers(steps), 2u);
  EXPECT_TRUE(steps[2].waits && steps[4].waits);
  EXPECT_TRUE(findHazards(steps).empty());
}

// Random lists: what placeBarriers makes is never wrong, and no barrier can be left out.
TEST(Hazards, RandomLists) {
  uint32_t state = 1;
  const auto below = [&state](uint32_t limit) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % limit;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Step> steps;
    for (uint32_t s = 0; s < 12; ++s) {
      Step step{"step", {}, false};
      for (uint32_t a = 0; a < 1 + below(3); ++a) {
        const uint64_t begin = below(20);
        step.accesses.push_back({below(2), 1 + below(3), begin, begin + 1 + below(6)});
      }
      steps.push_back(step);
    }
    placeBarriers(steps);
    ASSERT_TRUE(findHazards(steps).empty());
    for (Step &step : steps)
      if (step.waits) {
        step.waits = false;
        EXPECT_FALSE(findHazards(steps).empty());
        step.waits = true;
      }
  }
}

} // namespace sinter::vulkan
