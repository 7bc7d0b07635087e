// The thread pool: every tile once, whatever the number of threads and however fast jobs follow each other.
#include "device.h"
#include "pool.h"
#include "program.h"
#include "support.h"

#include <vector>

namespace sinter::test {

static void count(void *const *operands, int64_t begin, int64_t end, void *scratch) {
  auto *counts = static_cast<int *>(operands[0]);
  auto *own = static_cast<int64_t *>(scratch);
  *own = begin; // no other thread may write here meanwhile
  for (int64_t i = begin; i < end; ++i)
    ++counts[i];
  if (*own != begin)
    std::abort();
}

TEST(Pool, EveryTileOnce) {
  for (int threads : {1, 2, 3, 4, 8}) {
    std::vector<std::byte> scratch(size_t(threads) * 64);
    ThreadPool pool(threads, scratch.data(), 64);
    for (int64_t tiles : {1, 2, 3, 15, 16, 17, 100, 1001}) {
      std::vector<int> counts(size_t(tiles), 0);
      void *operands[] = {counts.data()};
      for (int repeat = 0; repeat < 50; ++repeat)
        pool.run(count, operands, tiles);
      for (int value : counts)
        ASSERT_EQ(value, 50) << threads << " threads, " << tiles << " tiles";
    }
  }
}

// Jobs of different sizes back to back, with pauses in which the workers fall asleep.
TEST(Pool, LateWorkersDoNotTouchTheNextJob) {
  constexpr int threads = 4;
  std::vector<std::byte> scratch(threads * 64);
  ThreadPool pool(threads, scratch.data(), 64);
  std::vector<int> first(64, 0), second(3, 0);
  void *operandsOfFirst[] = {first.data()}, *operandsOfSecond[] = {second.data()};
  constexpr int repeats = 3000;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    pool.run(count, operandsOfFirst, 64);
    pool.run(count, operandsOfSecond, 3);
    if (repeat % 500 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (int value : first)
    EXPECT_EQ(value, repeats);
  for (int value : second)
    EXPECT_EQ(value, repeats);
}

TEST(Pool, StartsAndStopsAtOnce) {
  for (int i = 0; i < 50; ++i) {
    std::vector<std::byte> scratch(8 * 64);
    ThreadPool pool(8, scratch.data(), 64);
  }
}

// All of an entry, on several threads, under the thread sanitizer.
TEST(Pool, StepOfAProgram) {
  std::string states[2];
  for (int i = 0; i < 2; ++i) {
    Program program(sinter_program_v1, i == 0 ? 1 : 4);
    program.initialize(5);
    const sinter_entry &train = *program.findEntry("train");
    for (int step = 1; step <= 20; ++step) {
      program.setDefaults(train);
      program.setScalar(train, "step", step);
      for (const char *name : {"tokens", "targets"}) {
        const sinter_input *input = Program::findInput(train, name);
        std::memset(program.data(*input), 0, input->tensor.bytes);
      }
      program.run(train);
    }
    states[i] = stateOf(program);
  }
  EXPECT_EQ(states[0], states[1]);
}

} // namespace sinter::test
