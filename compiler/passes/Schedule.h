// The order of an entry's launches. Knows nothing of MLIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sinter {

/// A launch reads and writes tensors, by number; it runs after the launches that write what it reads, and after those
/// in `after`.
struct Task {
  std::vector<size_t> reads, writes, after;
};

/// What a task gets for bringing a tensor nearer to its end.
enum class Credit {
  LastReader, ///< its bytes, if the task is the last to read it
  EachReader  ///< its bytes divided by the readers that are left: several together free what none does alone
};

/// An order that keeps little memory alive: a task that frees more than it needs runs as soon as it can, the others as
/// they stand. `bytes` of a tensor: what it takes while it lives; tensors of which `kept` is true are never freed.
/// Every order gives the same results; which one takes the least memory is for the caller to try.
std::vector<size_t> scheduleToFree(const std::vector<Task> &tasks, const std::vector<int64_t> &bytes,
                                   const std::vector<bool> &kept, Credit credit);

/// All tasks that, directly or not, run after `first`.
std::vector<bool> reachableFrom(size_t first, const std::vector<Task> &tasks);

} // namespace sinter
