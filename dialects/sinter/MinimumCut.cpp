#include "dialects/sinter/MinimumCut.h"

#include <algorithm>

namespace sinter {

void MinimumCut::addEdge(size_t from, size_t to, int64_t capacity) {
  edges.push_back({to, first[from], capacity});
  first[from] = edges.size() - 1;
  edges.push_back({from, first[to], 0});
  first[to] = edges.size() - 1;
}

/// The distance of each node from the source, over edges that have something left. Whether the sink is reached.
bool MinimumCut::findLevels() {
  level.assign(first.size(), kNone);
  level[source()] = 0;
  std::vector<size_t> queue{source()};
  for (size_t next = 0; next < queue.size(); ++next)
    for (size_t edge = first[queue[next]]; edge != kNone; edge = edges[edge].next)
      if (edges[edge].left > 0 && level[edges[edge].to] == kNone) {
        level[edges[edge].to] = level[queue[next]] + 1;
        queue.push_back(edges[edge].to);
      }
  return level[sink()] != kNone;
}

/// Fills shortest paths until none is left. (No recursion: chains may be long.)
void MinimumCut::push() {
  current = first;
  std::vector<size_t> path; // edges from the source
  for (;;) {
    size_t node = path.empty() ? source() : edges[path.back()].to;
    if (node == sink()) {
      int64_t amount = INT64_MAX;
      for (size_t edge : path)
        amount = std::min(amount, edges[edge].left);
      for (size_t edge : path) {
        edges[edge].left -= amount;
        edges[edge ^ 1].left += amount;
      }
      // Back to the tail of the first edge that is full.
      auto full = std::find_if(path.begin(), path.end(), [&](size_t edge) { return edges[edge].left == 0; });
      path.erase(full, path.end());
      continue;
    }
    size_t &edge = current[node];
    while (edge != kNone && (edges[edge].left == 0 || level[edges[edge].to] != level[node] + 1))
      edge = edges[edge].next;
    if (edge != kNone) {
      path.push_back(edge);
    } else if (path.empty()) {
      return;
    } else {
      level[node] = kNone; // leads nowhere
      path.pop_back();
    }
  }
}

std::vector<bool> MinimumCut::withSink() {
  while (findLevels())
    push();
  // Those from which the sink can still be reached, against the edges.
  std::vector<bool> result(first.size(), false);
  result[sink()] = true;
  std::vector<size_t> queue{sink()};
  for (size_t next = 0; next < queue.size(); ++next)
    for (size_t edge = first[queue[next]]; edge != kNone; edge = edges[edge].next)
      if (size_t from = edges[edge].to; edges[edge ^ 1].left > 0 && !result[from]) {
        result[from] = true;
        queue.push_back(from);
      }
  return result;
}

} // namespace sinter
