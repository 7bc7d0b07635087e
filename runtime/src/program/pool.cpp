#include "program/pool.h"

#include "base/threads.h"

#include <algorithm>
#include <sched.h>

namespace sinter {

using Clock = std::chrono::steady_clock;

// A job is cut into so many units at most, so that two threads take it in about sixteen chunks.
static constexpr int64_t mostUnits = 64;
// About 30 microseconds: longer than the gaps inside a step, short enough to leave an idle core to others.
static constexpr int spinsBeforeSleep = 1500;
// A thread that shares its core is going to lose it, and had better do so while it holds no chunk: others would wait
// for it. So it offers its core well before the system takes it, which is free if nobody wants it.
static constexpr Clock::duration givesWayAfter = std::chrono::milliseconds(1);

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
    : threads_(std::max(1, threads)), scratch_(scratch), scratchStride_(scratchStride) {
  workers_.reserve(size_t(threads_ - 1));
  try {
    for (int i = 1; i < threads_; ++i)
      startThread(workers_, threads_, [this, i] { help(scratch_ + size_t(i) * scratchStride_, stopping_); });
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_.store(true);
  wake();
  workers_.clear();
}

void ThreadPool::run(const Job *jobs, size_t count, double *seconds) {
  jobs_ = jobs;
  count_ = count;
  seconds_ = seconds;
  finished_.store(false, std::memory_order_relaxed);
  if (seconds)
    begun_ = Clock::now();
  advance(0, scratch_);
  help(scratch_, finished_);
}

// Whoever ends a job goes on to the next ones, so that no job waits for a thread that has lost its core: runs jobs from
// number `job` on, up to the first that is worth sharing, and offers this one to all.
void ThreadPool::advance(size_t job, std::byte *scratch) {
  for (; job < count_; job += 1 + jobs_[job].followers) {
    const Job &next = jobs_[job];
    const int64_t parts = next.followers ? next.pieces : next.tiles;
    if (!next.alone && parts > 1 && threads_ > 1) {
      current_ = job;
      return offer(uint32_t(std::min(parts, mostUnits)));
    }
    if (next.followers) {
      runPieces(next, 0, parts, scratch);
    } else {
      forget(scratch);
      call(next, next.operands, 0, next.tiles, scratch);
    }
    finishTiming(job);
  }
  finished_.store(true); // from here on the caller may have begun another list
  wake();
}

// Makes units of the current job free to take.
void ThreadPool::offer(uint32_t units) {
  units_ = units;
  unfinished_.store(units, std::memory_order_relaxed);
  const uint64_t offers = (next_.load(std::memory_order_relaxed) >> 32) + 1;
  next_.store(offers << 32 | units);
  wake();
}

// Wakes who sleeps. What they shall see is stored before, sequentially consistent as the look at sleepers_ is.
void ThreadPool::wake() {
  if (sleepers_.load() > 0) {
    wakeups_.fetch_add(1);
    wakeups_.notify_all();
  }
}

void ThreadPool::record(bool whether) {
  recording_ = whether;
  if (whether)
    shares_.resize(size_t(threads_));
}

// Chunks of one job that follow each other closely are one share.
void ThreadPool::call(const Job &job, void *const *operands, int64_t begin, int64_t end, std::byte *scratch) {
  if (!recording_)
    return job.function(operands, begin, end, scratch);
  constexpr auto pause = std::chrono::microseconds(5);
  std::vector<Share> &own = shares_[scratchStride_ ? size_t(scratch - scratch_) / scratchStride_ : 0];
  const Clock::time_point from = Clock::now();
  job.function(operands, begin, end, scratch);
  if (!own.empty() && own.back().job == &job && from - own.back().end < pause)
    own.back().end = Clock::now();
  else
    own.push_back({&job, from, Clock::now()});
}

// Pieces [begin, end) of a chain, each through all of its jobs.
void ThreadPool::runPieces(const Job &first, int64_t begin, int64_t end, std::byte *scratch) {
  Clock::time_point before = seconds_ ? Clock::now() : Clock::time_point();
  for (int64_t piece = begin; piece < end; ++piece)
    for (uint32_t j = 0; j <= first.followers; ++j) {
      const Job &job = (&first)[j];
      const int64_t size = job.tiles / first.pieces;
      void *operands[SINTER_CHAIN_OPERANDS];
      std::copy_n(job.operands, job.operandCount, operands);
      // A kernel finds its part at piece * part from the operand's address on.
      for (uint32_t o = 0; o < job.ownCount; ++o)
        operands[job.own[o].number] = reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(scratch) +
                                                               job.own[o].offset - uint64_t(piece) * job.own[o].part);
      forget(scratch);
      call(job, operands, piece * size, (piece + 1) * size, scratch);
      if (seconds_) {
        const Clock::time_point now = Clock::now();
        spent_[j].fetch_add(std::chrono::nanoseconds(now - before).count(), std::memory_order_relaxed);
        before = now;
      }
    }
}

// A chain's time is shared out by what threads have spent in each of its jobs.
void ThreadPool::finishTiming(size_t job) {
  if (!seconds_)
    return;
  const Clock::time_point now = Clock::now();
  const double passed = std::chrono::duration<double>(now - begun_).count();
  begun_ = now;
  const uint32_t followers = jobs_[job].followers;
  if (followers == 0) {
    seconds_[job] += passed;
    return;
  }
  int64_t all = 0;
  for (uint32_t j = 0; j <= followers; ++j)
    all += spent_[j].load(std::memory_order_relaxed);
  for (uint32_t j = 0; j <= followers; ++j)
    seconds_[job + j] +=
        passed * double(spent_[j].exchange(0, std::memory_order_relaxed)) / double(std::max<int64_t>(all, 1));
}

// Takes and runs one chunk; false if there is none. `lastOffer` is that of which this thread has taken some before.
bool ThreadPool::takeChunk(std::byte *scratch, uint32_t &lastOffer) {
  const uint32_t shares = 2 * uint32_t(threads());
  uint64_t next = next_.load(std::memory_order_acquire);
  uint32_t rest, count;
  do {
    rest = uint32_t(next);
    if (rest == 0)
      return false;
    // Half of a thread's share of what is left: a thread that loses its core late holds little.
    count = (rest + shares - 1) / shares;
  } while (!next_.compare_exchange_weak(next, next - count, std::memory_order_acq_rel, std::memory_order_acquire));
  if (const auto offer = uint32_t(next >> 32); offer != lastOffer) {
    forget(scratch);
    lastOffer = offer;
  }
  const size_t current = current_;
  const Job &job = jobs_[current];
  // The first `longer` units are one tile, or one piece of a chain, longer.
  const int64_t parts = job.followers ? job.pieces : job.tiles;
  const int64_t size = parts / units_, longer = parts % units_, first = units_ - rest, last = first + count;
  const int64_t begin = first * size + std::min(first, longer), end = last * size + std::min(last, longer);
  if (job.followers)
    runPieces(job, begin, end, scratch);
  else
    call(job, job.operands, begin, end, scratch);
  if (unfinished_.fetch_sub(count, std::memory_order_acq_rel) == count) {
    finishTiming(current);
    advance(current + 1 + jobs_[current].followers, scratch);
  }
  return true;
}

// Takes chunks, and sleeps when there are none for a while, until `enough`.
void ThreadPool::help(std::byte *scratch, const std::atomic<bool> &enough) {
  int spins = 0;
  uint32_t lastOffer = uint32_t(next_.load() >> 32) - 1;
  Clock::time_point resumed = Clock::now();
  while (!enough.load(std::memory_order_acquire)) {
    if (takeChunk(scratch, lastOffer)) {
      spins = 0;
      if (Clock::now() - resumed > givesWayAfter) {
        sched_yield();
        resumed = Clock::now();
      }
      continue;
    }
    if (++spins < spinsBeforeSleep) {
      pause();
      continue;
    }
    sleepers_.fetch_add(1);
    const int wakeups = wakeups_.load();
    if (uint32_t(next_.load()) == 0 && !enough.load())
      wakeups_.wait(wakeups);
    sleepers_.fetch_sub(1);
    resumed = Clock::now();
    spins = 0;
  }
}

} // namespace sinter
