// The order of an entry's launches. Knows nothing of MLIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

namespace sinter {

/// A launch reads and writes tensors, by number; it runs after the launches that write what it reads.
struct Task {
  std::vector<size_t> reads, writes;
};

/// Which tasks run before which: because of what they read, and because somebody asks for it.
class TaskGraph {
public:
  explicit TaskGraph(const std::vector<Task> &tasks);

  const std::vector<Task> &tasks;
  std::vector<std::vector<size_t>> successors; ///< of each task, the tasks that wait for it (each as often as it waits)

  void addEdge(size_t earlier, size_t later) { successors[earlier].push_back(later); }
  /// The tasks that read a tensor, each once.
  std::vector<size_t> readersOf(size_t tensor) const;
  /// All tasks that, directly or not, run after `first`.
  std::unordered_set<size_t> reachableFrom(size_t first) const;

private:
  std::vector<std::vector<size_t>> readers; ///< of each tensor; a task as often as it reads it
};

/// What a task gets for bringing a tensor nearer to its end.
enum class Credit {
  LastReader, ///< its bytes, if the task is the last to read it
  EachReader  ///< its bytes divided by the readers that are left: several together free what none does alone
};

/// An order that keeps little memory alive: a task that frees more than it needs runs as soon as it can, the others as
/// they stand. `bytes` of a tensor: what it takes while it lives; tensors of which `kept` is true are never freed.
/// Every order gives the same results; which one takes the least memory is for the caller to try.
std::vector<size_t> scheduleToFree(const TaskGraph &graph, const std::vector<int64_t> &bytes,
                                   const std::vector<bool> &kept, Credit credit);

} // namespace sinter
