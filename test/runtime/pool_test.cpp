// The thread pool: every tile once, whatever the number of threads and however fast jobs follow each other.
#include "program/device.h"
#include "program/pool.h"
#include "program/program.h"
#include "support.h"

#include <algorithm>
#include <array>
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

// One job that is worth sharing.
static void run(ThreadPool &pool, sinter_cpu_function function, void *const *operands, int64_t tiles) {
  const Job job{function, operands, tiles, false};
  pool.run(&job, 1);
}

TEST(Pool, EveryTileOnce) {
  for (int threads : {1, 2, 3, 4, 8}) {
    std::vector<std::byte> scratch(size_t(threads) * 64);
    ThreadPool pool(threads, scratch.data(), 64);
    for (int64_t tiles : {1, 2, 3, 15, 16, 17, 100, 1001}) {
      std::vector<int> counts(size_t(tiles), 0);
      void *operands[] = {counts.data()};
      for (int repeat = 0; repeat < 50; ++repeat)
        run(pool, count, operands, tiles);
      for (int value : counts)
        ASSERT_EQ(value, 50) << threads << " threads, " << tiles << " tiles";
    }
  }
}

// Each element becomes what the first job made of it, plus one: wrong if a piece runs before the first job has done it.
static void addToFirst(void *const *operands, int64_t begin, int64_t end, void *scratch) {
  auto *first = static_cast<int *>(operands[0]), *second = static_cast<int *>(operands[1]);
  if (*static_cast<int64_t *>(scratch) != 0)
    std::abort(); // of another job
  for (int64_t i = begin; i < end; ++i)
    second[i] = first[2 * i] + first[2 * i + 1] + 1;
}

TEST(Pool, ChainsRunPieceByPiece) {
  for (int threads : {1, 2, 3, 8}) {
    std::vector<std::byte> scratch(size_t(threads) * 64);
    ThreadPool pool(threads, scratch.data(), 64);
    for (uint32_t pieces : {2u, 12u, 100u}) {
      std::vector<int> first(pieces * 10), second(pieces * 5), after(7);
      void *operands[] = {first.data(), second.data()}, *operandsAfter[] = {after.data()};
      Job chain[] = {{count, operands, int64_t(first.size()), false, 1, pieces},
                     {addToFirst, operands, int64_t(second.size()), false},
                     {count, operandsAfter, int64_t(after.size()), false}};
      chain[0].operandCount = chain[1].operandCount = 2;
      for (int repeat = 1; repeat <= 200; ++repeat) {
        double seconds[3] = {};
        pool.run(chain, 3, repeat % 2 ? seconds : nullptr);
        for (int value : second)
          ASSERT_EQ(value, 2 * repeat + 1) << threads << " threads, " << pieces << " pieces";
        if (repeat % 2) {
          EXPECT_GT(seconds[0] + seconds[1], 0);
          EXPECT_GT(seconds[2], 0);
        }
      }
      for (int value : first)
        EXPECT_EQ(value, 200);
      for (int value : after)
        EXPECT_EQ(value, 200);
    }
  }
}

// The first job's result is the thread's own: a piece of it is all that exists.
static void writeIndex(void *const *operands, int64_t begin, int64_t end, void *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<int *>(operands[0])[i] = int(i);
}
static void copyDoubled(void *const *operands, int64_t begin, int64_t end, void *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<int *>(operands[1])[i] = 2 * static_cast<int *>(operands[0])[i];
}

TEST(Pool, ThreadsOwnTheirPieces) {
  constexpr uint32_t pieces = 24;
  constexpr int64_t tiles = pieces * 6;
  for (int threads : {1, 2, 3, 8}) {
    std::vector<std::byte> scratch(size_t(threads) * 128);
    ThreadPool pool(threads, scratch.data(), 128);
    std::vector<int> untouched(tiles, -1), result(tiles, -1);
    void *operands[] = {untouched.data(), result.data()};
    const OwnOperand own{0, 64, 6 * sizeof(int)};
    Job chain[] = {{writeIndex, operands, tiles, false, 1, pieces}, {copyDoubled, operands, tiles, false}};
    for (Job &job : chain)
      job.operandCount = 2, job.ownCount = 1, job.own = &own;
    for (int repeat = 0; repeat < 100; ++repeat)
      pool.run(chain, 2);
    for (int64_t i = 0; i < tiles; ++i) {
      EXPECT_EQ(untouched[size_t(i)], -1);
      ASSERT_EQ(result[size_t(i)], 2 * i);
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
    run(pool, count, operandsOfFirst, 64);
    run(pool, count, operandsOfSecond, 3);
    if (repeat % 500 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (int value : first)
    EXPECT_EQ(value, repeats);
  for (int value : second)
    EXPECT_EQ(value, repeats);
}

// operands: the number of this job. The first word of the scratch is zero when a thread first works for it, and then
// its own.
static void keepMark(void *const *operands, int64_t, int64_t, void *scratch) {
  auto *word = static_cast<int64_t *>(scratch);
  const int64_t job = *static_cast<const int64_t *>(operands[0]);
  if (*word != 0 && *word != job)
    std::abort();
  *word = job;
}

TEST(Pool, ScratchForgetsBetweenJobs) {
  for (int threads : {1, 2, 4}) {
    std::vector<std::byte> scratch(size_t(threads) * 64, std::byte(0xff));
    ThreadPool pool(threads, scratch.data(), 64);
    constexpr size_t jobs = 200;
    std::vector<int64_t> numbers(jobs);
    std::vector<void *> operands(jobs);
    std::vector<Job> list;
    for (size_t i = 0; i < jobs; ++i) {
      numbers[i] = int64_t(i + 1);
      operands[i] = &numbers[i];
      list.push_back({keepMark, &operands[i], int64_t(1 + i % 40), i % 3 == 0});
    }
    for (int repeat = 0; repeat < 100; ++repeat)
      pool.run(list.data(), list.size());
  }
}

// operands: two rows of numbers, and the number of this job: what the job before left in one row, it raises in the
// other.
static void countInOrder(void *const *operands, int64_t begin, int64_t end, void *) {
  auto *counts = static_cast<int *>(operands[0]);
  const int before = *static_cast<const int *>(operands[1]);
  for (int64_t i = begin; i < end; ++i) {
    if (counts[(i + 31) % 96 + 96 * (before % 2)] != before) // most likely written by another thread
      std::abort();
    counts[i + 96 * ((before + 1) % 2)] = before + 1;
  }
}

// Whichever thread ends a job begins the next: each sees all that the job before has written, shared or not.
TEST(Pool, JobsOfAListRunInOrder) {
  constexpr int length = 60;
  std::vector<int> numbers(length);
  std::vector<std::array<void *, 2>> operands(length);
  for (int threads : {1, 2, 4}) {
    std::vector<int> counts(2 * 96, 0);
    std::vector<Job> jobs;
    for (int j = 0; j < length; ++j) {
      numbers[size_t(j)] = j;
      operands[size_t(j)] = {counts.data(), &numbers[size_t(j)]};
      jobs.push_back({countInOrder, operands[size_t(j)].data(), 96, j % 5 == 3});
    }
    std::vector<std::byte> scratch(size_t(threads) * 64);
    ThreadPool pool(threads, scratch.data(), 64);
    std::vector<double> seconds(length, 0);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::fill(counts.begin(), counts.end(), 0);
      pool.run(jobs.data(), jobs.size(), seconds.data());
      for (int i = 0; i < 96; ++i)
        ASSERT_EQ(counts[size_t(i)], length) << threads << " threads, tile " << i;
      if (repeat % 20 == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    for (double time : seconds)
      EXPECT_GT(time, 0);
    pool.run(jobs.data(), 0);
  }
}

// More threads than cores, and long jobs: nobody is missed when it comes back late.
TEST(Pool, ManyThreadsThatGiveWay) {
  constexpr int threads = 12;
  std::vector<std::byte> scratch(threads * 64);
  ThreadPool pool(threads, scratch.data(), 64);
  std::vector<int64_t> sums(200, 0);
  void *operands[] = {sums.data()};
  const auto work = [](void *const *o, int64_t begin, int64_t end, void *) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t n = 0; n < 4000; ++n)
        static_cast<volatile int64_t *>(o[0])[i] += 1;
  };
  for (int repeat = 0; repeat < 30; ++repeat)
    run(pool, work, operands, 200);
  for (int64_t sum : sums)
    EXPECT_EQ(sum, 30 * 4000);
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
