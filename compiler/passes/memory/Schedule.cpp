// List scheduling. In a training step it is the weight gradients that matter: as differentiation writes them they all
// stand at the end, and every activation waits for them; run early, each frees the activation that it alone still
// needs.
#include "compiler/passes/memory/Schedule.h"

#include <algorithm>
#include <set>

namespace sinter {

TaskGraph::TaskGraph(const std::vector<Task> &tasks) : tasks(tasks), successors(tasks.size()) {
  for (size_t task = 0; task < tasks.size(); ++task)
    for (size_t tensor : tasks[task].reads) {
      if (tensor >= readers.size())
        readers.resize(tensor + 1);
      readers[tensor].push_back(task);
    }
  for (size_t task = 0; task < tasks.size(); ++task)
    for (size_t tensor : tasks[task].writes)
      if (tensor < readers.size())
        successors[task].insert(successors[task].end(), readers[tensor].begin(), readers[tensor].end());
}

std::vector<size_t> TaskGraph::readersOf(size_t tensor) const {
  if (tensor >= readers.size())
    return {};
  std::vector<size_t> result = readers[tensor]; // in ascending order
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::unordered_set<size_t> TaskGraph::reachableFrom(size_t first) const {
  std::unordered_set<size_t> reached;
  std::vector<size_t> stack{first};
  while (!stack.empty()) {
    size_t task = stack.back();
    stack.pop_back();
    for (size_t next : successors[task])
      if (reached.insert(next).second)
        stack.push_back(next);
  }
  return reached;
}

std::vector<size_t> scheduleToFree(const TaskGraph &graph, const std::vector<int64_t> &bytes,
                                   const std::vector<bool> &kept, Credit credit) {
  const std::vector<Task> &tasks = graph.tasks;
  const std::vector<std::vector<size_t>> &successors = graph.successors;
  std::vector<size_t> waiting(tasks.size()), readsLeft(bytes.size());
  for (size_t task = 0; task < tasks.size(); ++task) {
    for (size_t next : successors[task])
      ++waiting[next];
    for (size_t tensor : tasks[task].reads)
      ++readsLeft[tensor];
  }
  std::set<size_t> ready; // in the program's order
  for (size_t task = 0; task < tasks.size(); ++task)
    if (!waiting[task])
      ready.insert(task);

  // By how much less is alive after the task than before.
  auto freed = [&](size_t task) {
    int64_t total = 0;
    const std::vector<size_t> &reads = tasks[task].reads;
    for (auto tensor = reads.begin(); tensor != reads.end(); ++tensor) {
      bool seen = std::find(reads.begin(), tensor, *tensor) != tensor;
      size_t here = static_cast<size_t>(std::count(reads.begin(), reads.end(), *tensor));
      if (seen || kept[*tensor])
        continue;
      if (credit == Credit::EachReader)
        total += bytes[*tensor] / static_cast<int64_t>(readsLeft[*tensor] / here);
      else if (readsLeft[*tensor] == here)
        total += bytes[*tensor];
    }
    for (size_t tensor : tasks[task].writes)
      if (readsLeft[tensor] || kept[tensor]) // what nobody reads is gone at once
        total -= bytes[tensor];
    return total;
  };

  std::vector<size_t> order;
  while (!ready.empty()) {
    size_t chosen = *ready.begin();
    int64_t most = 0;
    for (size_t task : ready)
      if (int64_t gain = freed(task); gain > most) {
        most = gain;
        chosen = task;
      }
    ready.erase(chosen);
    order.push_back(chosen);
    for (size_t tensor : tasks[chosen].reads)
      --readsLeft[tensor];
    for (size_t next : successors[chosen])
      if (!--waiting[next])
        ready.insert(next);
  }
  return order;
}

} // namespace sinter
