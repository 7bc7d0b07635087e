// Minimum cuts of directed graphs. Knows nothing of MLIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sinter {

/// A cut parts the nodes into those with the source and those with the sink, and costs the capacities of the edges
/// from the former to the latter. Dinic 1970, "Algorithm for solution of a problem of maximum flow in networks with
/// power estimation".
class MinimumCut {
public:
  /// An edge of this capacity is never cut, provided that some cut is cheaper.
  static constexpr int64_t kNever = int64_t(1) << 56;

  size_t addNode() {
    first.push_back(kNone);
    return first.size() - 1;
  }
  size_t source() const { return 0; }
  size_t sink() const { return 1; }
  void addEdge(size_t from, size_t to, int64_t capacity);

  /// Of each node: whether it is with the sink, in the cheapest cut that leaves most nodes with the source. Once.
  std::vector<bool> withSink();

private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Edge {
    size_t to, next; // next: of the same node
    int64_t left;
  };

  bool findLevels();
  void push();

  std::vector<Edge> edges; // each followed by its reverse
  std::vector<size_t> first{kNone, kNone}, level, current;
};

} // namespace sinter
