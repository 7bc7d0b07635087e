// The only place with threads: runs a list of jobs, each cut into chunks that whoever is free takes next.
#pragma once

#include "sinter/abi.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace sinter {

/// Jobs that may run as one chain.
inline constexpr uint32_t mostFollowers = 7;

/// An operand of a job in a chain of which every thread holds the part of its piece.
struct OwnOperand {
  uint32_t number;
  uint64_t offset; ///< from the thread's scratch on
  uint64_t part;   ///< bytes of a piece
};

/// A kernel with its operands, and its number of tiles.
struct Job {
  sinter_cpu_function function;
  void *const *operands;
  int64_t tiles;
  bool alone; ///< too little work to share: one thread runs it, in one range
  /// Of the first of a chain: how many jobs after it run with it piece by piece, and into how many pieces they fall.
  uint32_t followers = 0, pieces = 0;
  /// Of a job in a chain:
  uint32_t operandCount = 0, ownCount = 0; // at most SINTER_CHAIN_OPERANDS
  const OwnOperand *own = nullptr;
};

/// `threads` threads, the caller included. Not reentrant; run() allocates nothing.
class ThreadPool {
public:
  /// Thread i gets scratch + i * scratchStride.
  ThreadPool(int threads, std::byte *scratch, size_t scratchStride);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Runs jobs in order: each on ranges that cover its tiles, and begun when all of the one before is done, or, in a
  /// chain, when that has been done of the same piece. If `seconds` is not null, each job's time is added to its
  /// element.
  void run(const Job *jobs, size_t count, double *seconds = nullptr);

  int threads() const { return threads_; }

  /// What a thread did of a job without a pause.
  struct Share {
    const Job *job;
    std::chrono::steady_clock::time_point begin, end;
  };
  /// Between two runs: whether shares are kept of what comes, which costs two looks at the clock each.
  void record(bool whether);
  /// Those of a thread since record(), in order; whoever reads them may take them out between two runs.
  std::vector<Share> &shares(int thread) { return shares_[size_t(thread)]; }

  /// How many threads the process may use.
  static int hardwareThreads();

private:
  /// What kernels may rely on when a thread first runs a launch (abi.h).
  static void forget(std::byte *scratch) {
    if (scratch)
      std::memset(scratch, 0, 8);
  }
  void help(std::byte *scratch, const std::atomic<bool> &enough);
  bool takeChunk(std::byte *scratch, uint32_t &lastOffer);
  void advance(size_t job, std::byte *scratch);
  void offer(uint32_t units);
  void wake();
  void stop();
  void call(const Job &job, void *const *operands, int64_t begin, int64_t end, std::byte *scratch);
  void runPieces(const Job &first, int64_t begin, int64_t end, std::byte *scratch);
  void finishTiming(size_t job);

  const int threads_;
  std::byte *scratch_;
  size_t scratchStride_;
  std::vector<std::jthread> workers_;
  bool recording_ = false;
  std::vector<std::vector<Share>> shares_; ///< of each thread

  // What is left to take of the running job: how many offers there have been (high word), so that none is taken for
  // another, and units of work (low word). Nothing below changes while anyone holds units.
  alignas(64) std::atomic<uint64_t> next_{0};
  alignas(64) std::atomic<uint32_t> unfinished_{0}; // units of the running job, taken or not
  alignas(64) const Job *jobs_ = nullptr;
  size_t count_ = 0, current_ = 0;
  uint32_t units_ = 0; // of the running job
  double *seconds_ = nullptr;
  std::chrono::steady_clock::time_point begun_;
  std::atomic<int64_t> spent_[mostFollowers + 1] = {}; ///< nanoseconds of all threads in the jobs of a chain

  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<int> wakeups_{0};
  std::atomic<bool> finished_{true}, stopping_{false};
};

} // namespace sinter
