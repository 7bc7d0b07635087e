// Bytes of the arena that are needed, against a byte by byte account.
#include "commands/report/arena_use.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace sinter::test {

namespace {

constexpr uint64_t kArena = 48;

/// An entry of launches by hand, in memory that lives as long.
struct Made {
  std::vector<std::vector<sinter_operand>> operands;
  std::vector<sinter_launch> launches;
  std::vector<sinter_loop> loops;
  std::vector<std::vector<sinter_move>> moves;
  std::vector<sinter_input> inputs;
  std::vector<sinter_tensor> outputs;
  sinter_entry entry{};

  void launch(std::vector<sinter_operand> of) { operands.push_back(std::move(of)); }
  const sinter_entry &finish() {
    for (const auto &of : operands) {
      sinter_launch launch{};
      launch.operand_count = uint32_t(of.size());
      launch.operands = of.data();
      launches.push_back(launch);
    }
    entry.launch_count = uint32_t(launches.size());
    entry.launches = launches.data();
    entry.input_count = uint32_t(inputs.size());
    entry.inputs = inputs.data();
    entry.output_count = uint32_t(outputs.size());
    entry.outputs = outputs.data();
    entry.loop_count = uint32_t(loops.size());
    entry.loops = loops.data();
    return entry;
  }
};

sinter_operand at(uint64_t offset, uint64_t bytes, uint32_t access, uint32_t space = SINTER_ARENA) {
  return {space, access, offset, bytes, SINTER_SHARED};
}
sinter_tensor tensorAt(uint64_t offset, uint64_t bytes) {
  sinter_tensor tensor{};
  tensor.offset = offset;
  tensor.bytes = bytes;
  return tensor;
}

bool touches(const sinter_launch &launch, uint64_t byte, uint32_t access) {
  for (uint32_t o = 0; o < launch.operand_count; ++o)
    if (const sinter_operand &of = launch.operands[o];
        of.space == SINTER_ARENA && (of.access & access) && byte >= of.offset && byte < of.offset + of.bytes)
      return true;
  return false;
}

// Whether a byte has to keep what it holds in front of launch `l`.
bool isNeeded(const Made &made, uint64_t byte, size_t l) {
  for (; l < made.launches.size(); ++l) {
    if (touches(made.launches[l], byte, SINTER_READ))
      return true;
    if (touches(made.launches[l], byte, SINTER_WRITE))
      return false;
  }
  return std::any_of(made.outputs.begin(), made.outputs.end(),
                     [&](const sinter_tensor &of) { return byte >= of.offset && byte < of.offset + of.bytes; });
}

} // namespace

TEST(ArenaUse, ByteByByte) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](uint64_t count) { return random() % count; };
    const auto range = [&](uint32_t access, uint32_t space) {
      const uint64_t offset = below(kArena - 8);
      return at(offset, 1 + below(8), access, space);
    };
    Made made;
    for (uint64_t n = 1 + below(12); n > 0; --n) {
      std::vector<sinter_operand> of;
      for (uint64_t o = 1 + below(4); o > 0; --o)
        of.push_back(range(1 + uint32_t(below(3)), below(5) ? SINTER_ARENA : SINTER_STATE));
      made.launch(of);
    }
    made.outputs.push_back(tensorAt(below(40), 1 + below(8)));
    const ArenaUse use = arenaUse(made.finish());
    ASSERT_EQ(use.live.size(), made.launches.size() + 2);
    for (size_t moment = 0; moment < use.live.size(); ++moment) {
      uint64_t bytes = 0;
      for (uint64_t byte = 0; byte < kArena; ++byte) {
        const bool during = moment > 0 && moment <= made.launches.size() &&
                            touches(made.launches[moment - 1], byte, SINTER_READ | SINTER_WRITE);
        bytes += during || isNeeded(made, byte, moment == 0 ? 0 : std::min(moment, made.launches.size()));
      }
      EXPECT_EQ(use.live[moment], bytes) << "seed " << seed << ", moment " << moment;
    }
    const uint64_t parts = std::accumulate(use.atPeak.begin(), use.atPeak.end(), uint64_t(0),
                                           [](uint64_t sum, const ArenaPart &part) { return sum + part.bytes; });
    EXPECT_LE(parts, use.live[use.peak()]); // what nobody wrote, as only this test reads it, is nobody's part
  }
}

TEST(ArenaUse, WhoWroteIt) {
  Made made;
  made.inputs.push_back({tensorAt(0, 8), 0, 0, 0});
  made.launch({at(0, 8, SINTER_READ), at(8, 16, SINTER_WRITE)});
  made.launch({at(8, 16, SINTER_READ), at(0, 4, SINTER_READ), at(24, 4, SINTER_WRITE)});
  made.outputs.push_back(tensorAt(24, 4));
  const ArenaUse use = arenaUse(made.finish());
  EXPECT_EQ(use.live, (std::vector<uint64_t>{8, 24, 24, 4}));
  EXPECT_EQ(use.peak(), 1u);
  ASSERT_EQ(use.atPeak.size(), 2u);
  EXPECT_EQ(use.atPeak[0].writer, 0);
  EXPECT_EQ(use.atPeak[0].bytes, 16u);
  EXPECT_EQ(use.atPeak[1].writer, -1);
  EXPECT_EQ(use.atPeak[1].bytes, 8u);
}

// A loop is one moment: what it writes row by row, and what a step takes from the one before.
TEST(ArenaUse, Loops) {
  Made made;
  made.launch({at(0, 4, SINTER_WRITE)});                                                // the carry
  made.launch({at(0, 4, SINTER_READ), at(4, 4, SINTER_WRITE)});                         // in the loop
  made.launch({at(4, 4, SINTER_READ), at(0, 4, SINTER_WRITE), at(8, 4, SINTER_WRITE)}); // in the loop, a row a step
  made.launch({at(8, 24, SINTER_READ), at(40, 4, SINTER_WRITE)});
  made.moves.push_back({{2, 2, 4}});
  made.loops.push_back({1, 2, 6, made.moves[0].data(), 1, SINTER_ALWAYS});
  made.outputs.push_back(tensorAt(40, 4));
  const ArenaUse use = arenaUse(made.finish());
  // Before: nothing; the carry; the loop with carry, temporary and six rows, twice; the rows and the sum; the sum.
  EXPECT_EQ(use.live, (std::vector<uint64_t>{0, 4, 32, 32, 28, 4}));
}

} // namespace sinter::test
