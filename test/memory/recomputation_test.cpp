// What is computed again: minimum cuts against all cuts, ways against all subsets of small graphs.
#include "compiler/passes/memory/Recomputation.h"
#include "dialects/sinter/MinimumCut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <random>

namespace sinter {
namespace {

//===--- minimum cuts ---===//

TEST(MinimumCut, IsTheCheapestOfAllCuts) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    MinimumCut cut;
    const size_t nodes = 2 + random() % 7;
    for (size_t i = 2; i < nodes; ++i)
      cut.addNode();
    struct Edge {
      size_t from, to;
      int64_t capacity;
    };
    std::vector<Edge> edges;
    for (size_t i = 0; i < 3 * nodes; ++i) {
      Edge edge{random() % nodes, random() % nodes, static_cast<int64_t>(random() % 20)};
      if (edge.from == edge.to)
        continue;
      edges.push_back(edge);
      cut.addEdge(edge.from, edge.to, edge.capacity);
    }
    auto cost = [&](auto isWithSink) {
      int64_t total = 0;
      for (const Edge &edge : edges)
        if (!isWithSink(edge.from) && isWithSink(edge.to))
          total += edge.capacity;
      return total;
    };
    int64_t least = INT64_MAX;
    size_t fewest = 0;
    for (size_t set = 0; set < size_t(1) << (nodes - 2); ++set) {
      auto isWithSink = [&](size_t node) { return node == 1 || (node > 1 && set >> (node - 2) & 1); };
      const auto size = static_cast<size_t>(std::popcount(set));
      const int64_t total = cost(isWithSink);
      if (total < least || (total == least && size < fewest))
        least = total, fewest = size;
    }
    std::vector<bool> found = cut.withSink();
    EXPECT_EQ(cost([&](size_t node) { return found[node]; }), least);
    EXPECT_EQ(static_cast<size_t>(std::count(found.begin() + 2, found.end(), true)), fewest);
    EXPECT_FALSE(found[0]);
    EXPECT_TRUE(found[1]);
  }
}

TEST(MinimumCut, TakesLongChains) {
  MinimumCut cut;
  size_t before = cut.source();
  for (int i = 0; i < 200'000; ++i) {
    size_t node = cut.addNode();
    cut.addEdge(before, node, i == 77 ? 1 : MinimumCut::kNever);
    before = node;
  }
  cut.addEdge(before, cut.sink(), MinimumCut::kNever);
  std::vector<bool> found = cut.withSink();
  EXPECT_FALSE(found[2 + 76]);
  EXPECT_TRUE(found[2 + 77]);
}

//===--- ways ---===//

/// The most that is alive in an order, by definition: a tensor from its writer to its last reader.
int64_t liveBytes(const WorkGraph &graph, const std::vector<Run> &order, const std::map<size_t, size_t> &origin) {
  std::map<size_t, std::pair<int64_t, int64_t>> lives;
  for (size_t time = 0; time < order.size(); ++time) {
    for (size_t tensor : order[time].reads)
      lives.try_emplace(tensor, -1, 0).first->second.second = static_cast<int64_t>(time);
    for (size_t tensor : order[time].writes)
      lives[tensor] = {static_cast<int64_t>(time), static_cast<int64_t>(time)};
  }
  int64_t most = 0;
  for (int64_t time = -1; time <= static_cast<int64_t>(order.size()); ++time) {
    int64_t sum = 0;
    for (auto &[tensor, life] : lives) {
      const size_t root = origin.at(tensor);
      const bool isKept = tensor == root && graph.kept[root];
      if (life.first <= time && (isKept || time <= life.second))
        sum += graph.bytes[root];
    }
    most = std::max(most, sum);
  }
  return most;
}

/// Checks that every run computes what its work does of what its work reads, from what is there. Returns of each tensor
/// which of the graph's it holds.
std::map<size_t, size_t> check(const WorkGraph &graph, const Recomputation &way) {
  std::map<size_t, size_t> holds;
  std::vector<bool> written(graph.bytes.size());
  for (const Work &work : graph.works)
    for (size_t tensor : work.writes)
      written[tensor] = true;
  for (size_t tensor = 0; tensor < graph.bytes.size(); ++tensor)
    if (!written[tensor])
      holds[tensor] = tensor; // an input
  std::vector<size_t> times(graph.works.size());
  double extra = 0;
  for (const Run &run : way.order) {
    const Work &work = graph.works[run.work];
    EXPECT_EQ(run.isAgain, times[run.work]++ > 0);
    EXPECT_TRUE(!run.isAgain || work.mayRepeat);
    extra += run.isAgain ? work.seconds : 0;
    EXPECT_EQ(run.reads.size(), work.reads.size());
    for (size_t i = 0; i < work.reads.size(); ++i) {
      EXPECT_TRUE(holds.count(run.reads[i])) << "read before it is written";
      EXPECT_EQ(holds[run.reads[i]], work.reads[i]);
    }
    for (size_t i = 0; i < work.writes.size(); ++i) {
      EXPECT_FALSE(holds.count(run.writes[i])) << "written twice";
      EXPECT_TRUE(run.isAgain || run.writes[i] == work.writes[i]);
      holds[run.writes[i]] = work.writes[i];
    }
  }
  for (size_t count : times)
    EXPECT_GE(count, 1u);
  EXPECT_NEAR(extra, way.extraSeconds, 1e-9);
  EXPECT_EQ(liveBytes(graph, way.order, holds), way.liveBytes);
  return holds;
}

/// A chain of layers and its gradient: layer i reads the values before it, gradient i what layer i read.
struct Net {
  WorkGraph graph;
  std::vector<size_t> layers; // works

  size_t tensor(int64_t bytes) {
    graph.bytes.push_back(bytes);
    graph.kept.push_back(false);
    return graph.bytes.size() - 1;
  }
  size_t work(std::vector<size_t> reads, std::vector<size_t> writes, double seconds) {
    graph.works.push_back({std::move(reads), std::move(writes), {}, seconds, true});
    return graph.works.size() - 1;
  }
};

Net randomNet(std::mt19937 &random, size_t depth) {
  Net net;
  auto bytes = [&] { return static_cast<int64_t>(1 + random() % 64); };
  auto seconds = [&] { return 1e-3 * static_cast<double>(1 + random() % 50); };
  std::vector<size_t> values{net.tensor(bytes())};
  for (size_t i = 0; i < depth; ++i) {
    std::vector<size_t> reads{values.back()};
    if (random() % 3 == 0)
      reads.push_back(values[random() % values.size()]);
    values.push_back(net.tensor(bytes()));
    net.layers.push_back(net.work(reads, {values.back()}, seconds()));
  }
  size_t gradient = net.tensor(bytes());
  net.work({values.back()}, {gradient}, seconds());
  for (size_t i = depth; i-- > 0;) {
    size_t next = net.tensor(bytes());
    std::vector<size_t> reads{gradient, values[i]};
    if (random() % 2)
      reads.push_back(values[i + 1]);
    net.work(reads, {next}, seconds());
    gradient = next;
  }
  net.graph.kept[gradient] = true;
  return net;
}

/// The order in which the layers of `set` run again, each right before its first reader among the gradients.
std::vector<Run> repeatAll(const Net &net, size_t set, double &extra, std::map<size_t, size_t> &origin) {
  const WorkGraph &graph = net.graph;
  std::map<size_t, size_t> copyOf, producer;
  for (size_t tensor = 0; tensor < graph.bytes.size(); ++tensor)
    origin[tensor] = tensor;
  for (size_t i = 0; i < net.layers.size(); ++i)
    if (set >> i & 1) {
      size_t tensor = graph.works[net.layers[i]].writes[0], copy = origin.size();
      producer[tensor] = net.layers[i];
      copyOf[tensor] = copy;
      origin[copy] = tensor;
    }
  std::vector<Run> order;
  std::map<size_t, bool> done;
  extra = 0;
  std::function<void(size_t &)> late = [&](size_t &tensor) {
    auto copy = copyOf.find(tensor);
    if (copy == copyOf.end())
      return;
    if (!done[tensor]) {
      done[tensor] = true;
      const Work &work = graph.works[producer[tensor]];
      Run run{producer[tensor], work.reads, {copy->second}, true};
      for (size_t &read : run.reads)
        late(read);
      extra += work.seconds;
      order.push_back(run);
    }
    tensor = copy->second;
  };
  for (size_t work = 0; work < graph.works.size(); ++work) {
    Run run{work, graph.works[work].reads, graph.works[work].writes};
    if (work > net.layers.size()) // a gradient
      for (size_t &read : run.reads)
        late(read);
    order.push_back(run);
  }
  return order;
}

TEST(Recomputation, WaysAreRightAndFall) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 200; ++trial) {
    Net net = randomNet(random, 2 + random() % 30);
    for (Work &work : net.graph.works)
      work.mayRepeat = random() % 5 != 0;
    std::vector<Recomputation> ways = recompute(net.graph);
    ASSERT_FALSE(ways.empty());
    EXPECT_EQ(ways[0].extraSeconds, 0);
    EXPECT_EQ(ways[0].order.size(), net.graph.works.size());
    for (size_t i = 0; i < ways.size(); ++i) {
      check(net.graph, ways[i]);
      if (i > 0) {
        EXPECT_LT(ways[i].liveBytes, ways[i - 1].liveBytes);
        EXPECT_GE(ways[i].extraSeconds, ways[i - 1].extraSeconds);
      }
    }
  }
}

// The cheapest value to drop at the peak would take more where it is computed again, right behind it: another one goes.
TEST(Recomputation, LeavesAloneWhatIsReadTooSoon) {
  Net net;
  size_t x = net.tensor(50), v = net.tensor(60), side = net.tensor(90), w = net.tensor(50), big = net.tensor(100),
         c = net.tensor(90), end = net.tensor(1);
  net.work({}, {x}, 1e-3);
  net.work({x}, {v, side}, 1e-3); // x + v + side = 200, and w when it runs again
  net.work({}, {w}, 0.1);
  net.work({}, {big}, 1e-3); // v + w + big = 210
  net.work({v}, {c}, 1e-3);
  net.work({w}, {end}, 1e-3);
  net.graph.kept[end] = true;
  std::vector<Recomputation> ways = recompute(net.graph);
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_EQ(ways[0].liveBytes, 210);
  EXPECT_EQ(ways[1].liveBytes, 200);
  EXPECT_DOUBLE_EQ(ways[1].extraSeconds, 0.1);
  check(net.graph, ways[1]);
}

// What a value is computed from is as gone as the value: it is computed again, too, and read from there.
TEST(Recomputation, ReadsWhatIsComputedAgain) {
  Net net;
  size_t x = net.tensor(1), p = net.tensor(30), q = net.tensor(60), big = net.tensor(100), s = net.tensor(1),
         end = net.tensor(1);
  net.work({x}, {p}, 0.1);
  net.work({p}, {q}, 0.1);
  net.work({x}, {big}, 10); // x + q + big = 161, and with p in q's place 131
  net.work({big}, {s}, 10);
  net.work({s, q}, {end}, 10);
  net.graph.kept[end] = true;
  std::vector<Recomputation> ways = recompute(net.graph);
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_EQ(ways[0].liveBytes, 161);
  EXPECT_EQ(ways[1].liveBytes, 102); // x + big + s
  EXPECT_DOUBLE_EQ(ways[1].extraSeconds, 0.2);
  check(net.graph, ways[1]);
}

TEST(Recomputation, IsNearTheBestSubset) {
  std::mt19937 random(3);
  double found = 0, possible = 0;
  for (int trial = 0; trial < 60; ++trial) {
    Net net = randomNet(random, 10);
    std::vector<Recomputation> ways = recompute(net.graph);
    // The least memory for at most half of the layers' time again.
    double all = 0;
    for (size_t layer : net.layers)
      all += net.graph.works[layer].seconds;
    int64_t best = INT64_MAX, ours = INT64_MAX;
    for (size_t set = 0; set < size_t(1) << net.layers.size(); ++set) {
      double extra;
      std::map<size_t, size_t> origin;
      const auto order = repeatAll(net, set, extra, origin);
      if (extra <= all / 2)
        best = std::min(best, liveBytes(net.graph, order, origin));
    }
    for (const Recomputation &way : ways)
      if (way.extraSeconds <= all / 2)
        ours = std::min(ours, way.liveBytes);
    const int64_t plain = ways[0].liveBytes;
    found += static_cast<double>(plain - ours) / static_cast<double>(plain);
    possible += static_cast<double>(plain - best) / static_cast<double>(plain);
  }
  EXPECT_GE(found, 0.9 * possible);
}

} // namespace
} // namespace sinter
