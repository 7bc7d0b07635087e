// The only place with threads: runs a kernel's tiles as chunks that whoever is free takes next.
#pragma once

#include "sinter/abi.h"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace sinter {

/// `threads` threads, the caller included. Not reentrant; run() allocates nothing.
class ThreadPool {
public:
  /// Thread i gets scratch + i * scratchStride.
  ThreadPool(int threads, std::byte *scratch, size_t scratchStride);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Calls `function` on ranges that cover [0, tiles) and returns when all are done.
  void run(sinter_cpu_function function, void *const *operands, int64_t tiles);

  /// The same on the calling thread only, in one range.
  void runHere(sinter_cpu_function function, void *const *operands, int64_t tiles) {
    forget(scratch_);
    function(operands, 0, tiles, scratch_);
  }

  int threads() const { return int(workers_.size()) + 1; }

  /// How many threads the process may use.
  static int hardwareThreads();

private:
  void work(int index);
  /// What kernels may rely on when they start (abi.h).
  static void forget(std::byte *scratch) {
    if (scratch)
      std::memset(scratch, 0, 8);
  }
  bool takeChunks(uint32_t generation, std::byte *scratch);

  std::byte *scratch_;
  size_t scratchStride_;
  std::vector<std::thread> workers_;

  // The running job. `next_` holds its generation (high word) and the next chunk (low word); a chunk is taken by
  // compare-and-swap, which fails if the job has changed since its fields were read.
  alignas(64) std::atomic<uint64_t> next_{closed};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<sinter_cpu_function> function_{nullptr};
  std::atomic<void *const *> operands_{nullptr};
  std::atomic<int64_t> tiles_{0};
  std::atomic<uint32_t> chunks_{0};

  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<int> wakeups_{0};
  std::atomic<bool> stopping_{false};

  static constexpr uint32_t closed = 0xffffffffu; // a low word that is never below chunks_
};

} // namespace sinter
