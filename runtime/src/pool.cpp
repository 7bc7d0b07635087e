#include "pool.h"

#include <algorithm>
#include <sched.h>

namespace sinter {

// A busy machine must not halve the speed: with this many chunks a thread that is late costs one of them at most.
static constexpr int64_t minimumChunks = 16;
static constexpr int64_t chunksPerThread = 4;
// About 30 microseconds: longer than the gaps inside a step, short enough to leave an idle core to others.
static constexpr int spinsBeforeSleep = 1500;

static void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int ThreadPool::hardwareThreads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    return CPU_COUNT(&set);
  return std::max(1, int(std::thread::hardware_concurrency()));
}

ThreadPool::ThreadPool(int threads, std::byte *scratch, size_t scratchStride)
    : scratch_(scratch), scratchStride_(scratchStride) {
  workers_.reserve(size_t(std::max(0, threads - 1)));
  for (int i = 1; i < threads; ++i)
    workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  wakeups_.fetch_add(1);
  wakeups_.notify_all();
  for (std::thread &worker : workers_)
    worker.join();
}

void ThreadPool::run(sinter_cpu_function function, void *const *operands, int64_t tiles) {
  if (workers_.empty() || tiles < 2)
    return runHere(function, operands, tiles);
  const uint32_t chunks = uint32_t(std::min(tiles, std::max(minimumChunks, chunksPerThread * threads())));
  const uint32_t generation = uint32_t(next_.load(std::memory_order_relaxed) >> 32) + 1;
  // Closed first, so that a worker that reads any of the new fields cannot take a chunk of the old generation.
  next_.store(uint64_t(generation) << 32 | closed, std::memory_order_relaxed);
  function_.store(function, std::memory_order_release);
  operands_.store(operands, std::memory_order_release);
  tiles_.store(tiles, std::memory_order_release);
  chunks_.store(chunks, std::memory_order_release);
  done_.store(0, std::memory_order_release);
  next_.store(uint64_t(generation) << 32); // sequentially consistent, with the look at sleepers_ below
  if (sleepers_.load() > 0) {
    wakeups_.fetch_add(1);
    wakeups_.notify_all();
  }
  takeChunks(generation, scratch_);
  // Someone may hold a chunk and no core: give ours away before long.
  for (int spins = 0; done_.load(std::memory_order_acquire) != chunks; ++spins) {
    if (spins < spinsBeforeSleep)
      pause();
    else
      sched_yield();
  }
}

// Takes chunks of job `generation` until none is left; false if it took none.
bool ThreadPool::takeChunks(uint32_t generation, std::byte *scratch) {
  bool took = false;
  uint64_t next = next_.load(std::memory_order_acquire);
  while (uint32_t(next >> 32) == generation) {
    const sinter_cpu_function function = function_.load(std::memory_order_acquire);
    void *const *operands = operands_.load(std::memory_order_acquire);
    const int64_t tiles = tiles_.load(std::memory_order_acquire);
    const uint32_t chunks = chunks_.load(std::memory_order_acquire);
    const uint32_t chunk = uint32_t(next);
    if (chunk >= chunks)
      break;
    if (!next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    // The first `tiles % chunks` chunks are one tile longer.
    if (!took)
      forget(scratch);
    const int64_t size = tiles / chunks, longer = tiles % chunks;
    const int64_t begin = chunk * size + std::min<int64_t>(chunk, longer);
    function(operands, begin, begin + size + (chunk < longer ? 1 : 0), scratch);
    done_.fetch_add(1, std::memory_order_release);
    took = true;
    ++next;
  }
  return took;
}

void ThreadPool::work(int index) {
  std::byte *scratch = scratch_ + size_t(index) * scratchStride_;
  uint32_t seen = 0; // the last generation this thread has finished with
  int spins = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const uint64_t next = next_.load(std::memory_order_acquire);
    const uint32_t generation = uint32_t(next >> 32);
    if (generation != seen && uint32_t(next) != closed) {
      takeChunks(generation, scratch);
      seen = generation;
      spins = 0;
      continue;
    }
    if (++spins < spinsBeforeSleep) {
      pause();
      continue;
    }
    sleepers_.fetch_add(1);
    const int wakeups = wakeups_.load();
    if (uint32_t(next_.load() >> 32) == seen && !stopping_.load())
      wakeups_.wait(wakeups);
    sleepers_.fetch_sub(1);
    spins = 0;
  }
}

} // namespace sinter
