#include "compiler/passes/memory/Recomputation.h"

#include "dialects/sinter/MinimumCut.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace sinter {
namespace {

constexpr size_t kNone = SIZE_MAX;
/// Of what may be done at one price, so large a part is done at a time.
constexpr size_t kParts = 12;
constexpr size_t kMostSteps = 160, kMostIdleSteps = 24;
/// Seconds for a byte, between which the price is looked for.
constexpr double kLeastPrice = 1e-17, kMostPrice = 1e-2;
constexpr int kPriceRounds = 18;

/// An order in which some works run again, and what is known of it.
class State {
public:
  explicit State(const WorkGraph &graph) : graph(&graph), bytes(graph.bytes), kept(graph.kept), origin(bytes.size()) {
    std::iota(origin.begin(), origin.end(), 0);
    banned.resize(graph.works.size());
    for (size_t work = 0; work < graph.works.size(); ++work)
      first.push_back({work, graph.works[work].reads, graph.works[work].writes});
    refresh();
  }

  /// Runs more works again; false if there is nothing that would help. Should more be alive then (somebody reads it too
  /// soon), nothing has changed but that these works will not be tried again.
  bool step();

  Recomputation snapshot() const { return {order, mostLive, extraSeconds}; }
  int64_t live() const { return mostLive; }

private:
  struct Life {
    int64_t written = -1, lastRead = -1;
    size_t writer = kNone; // place in `order`
  };

  void refresh();
  void emit(const Run &run);
  std::vector<size_t> findRepeats(double price) const;
  std::vector<std::vector<size_t>> independentParts(const std::vector<size_t> &places) const;
  bool mayRepeat(size_t place) const {
    const size_t work = order[place].work;
    return graph->works[work].mayRepeat && !banned[work];
  }
  void repeat(const std::vector<size_t> &places);
  /// A copy that nobody reads is not made.
  bool isUnused(size_t tensor) const {
    return tensor < againOf.size() && againOf[tensor] != kNone && !emitted[againOf[tensor]];
  }
  bool isFree(size_t tensor) const;
  size_t lateCopyOf(size_t tensor) const;

  const WorkGraph *graph; ///< (a pointer, so that states can be assigned)
  std::vector<int64_t> bytes;
  std::vector<bool> kept;
  std::vector<size_t> origin;  // of a tensor: which of the graph's it is
  std::vector<Run> first;      // what runs in any case, in order
  std::vector<Run> again;      // what runs again: right before somebody needs it
  std::vector<size_t> againOf; // of a tensor that is computed again: the number in `again`

  std::vector<bool> banned; // of the works

  std::vector<Run> order;
  std::vector<Life> lives;
  std::vector<bool> emitted;               // of `again`
  std::vector<std::vector<size_t>> copies; // of a tensor of the graph
  int64_t mostLive = 0;
  int64_t peak = 0;
  double extraSeconds = 0;
};

void State::emit(const Run &run) {
  for (size_t tensor : run.reads)
    if (size_t number = tensor < againOf.size() ? againOf[tensor] : kNone; number != kNone && !emitted[number]) {
      emitted[number] = true;
      emit(again[number]);
    }
  order.push_back(run);
}

/// The order, the lives in it, and where most is alive.
void State::refresh() {
  order.clear();
  emitted.assign(again.size(), false);
  for (const Run &run : first)
    emit(run);
  extraSeconds = 0;
  for (const Run &run : order)
    extraSeconds += run.isAgain ? graph->works[run.work].seconds : 0;
  lives.assign(bytes.size(), {});
  for (size_t place = 0; place < order.size(); ++place) {
    auto time = static_cast<int64_t>(place);
    for (size_t tensor : order[place].reads)
      lives[tensor].lastRead = time;
    for (size_t tensor : order[place].writes)
      lives[tensor] = {time, time, place};
  }
  std::vector<int64_t> change(order.size() + 3); // from launch -1 on
  auto add = [&](size_t tensor, int64_t last) {
    change[lives[tensor].written + 1] += bytes[tensor];
    change[last + 2] -= bytes[tensor];
  };
  auto end = static_cast<int64_t>(order.size());
  std::vector<bool> overwritten(bytes.size());
  for (size_t place = 0; place < order.size(); ++place)
    for (auto [write, read] : graph->works[order[place].work].inPlace) {
      size_t input = order[place].reads[read];
      if (!kept[input] && lives[input].lastRead == static_cast<int64_t>(place) && bytes[input] > 0)
        overwritten[input] = true;
    }
  for (size_t tensor = 0; tensor < bytes.size(); ++tensor)
    if (bytes[tensor] > 0 && !isUnused(tensor))
      add(tensor, kept[tensor] ? end : lives[tensor].lastRead - (overwritten[tensor] ? 1 : 0));
  int64_t alive = 0;
  mostLive = 0;
  for (int64_t time = -1; time <= end; ++time) {
    alive += change[time + 1];
    if (alive > mostLive)
      mostLive = alive, peak = time;
  }
  copies.assign(graph->bytes.size(), {});
  for (size_t tensor = graph->bytes.size(); tensor < bytes.size(); ++tensor)
    copies[origin[tensor]].push_back(tensor);
}

/// A copy that is written behind the peak: whoever needs the tensor there reads that.
size_t State::lateCopyOf(size_t tensor) const {
  for (size_t copy : copies[origin[tensor]])
    if (copy != tensor && lives[copy].written > peak)
      return copy;
  return kNone;
}

/// Whether reading `tensor` behind the peak makes nothing live longer over it.
bool State::isFree(size_t tensor) const {
  if (bytes[tensor] == 0 || kept[tensor] || lives[tensor].written >= peak || lateCopyOf(tensor) != kNone)
    return true;
  if (peak < 0)
    return false;
  const Run &run = order[static_cast<size_t>(std::min<int64_t>(peak, static_cast<int64_t>(order.size()) - 1))];
  return std::find(run.reads.begin(), run.reads.end(), tensor) != run.reads.end();
}

/// The places in `order` of what is computed again behind the peak, if each byte that is alive there costs `price`.
std::vector<size_t> State::findRepeats(double price) const {
  MinimumCut cut;
  std::vector<size_t> nodeOf(bytes.size(), kNone), nodeOfRun(order.size(), kNone), waiting, runs;
  auto capacity = [](double seconds) {
    return static_cast<int64_t>(std::min(std::max(seconds * 1e12, 1.0), double(MinimumCut::kNever) / 1024));
  };
  // Returns the tensor's node, or none if it is free.
  auto need = [&](size_t tensor) {
    if (nodeOf[tensor] == kNone && !isFree(tensor)) {
      nodeOf[tensor] = cut.addNode();
      waiting.push_back(tensor);
    }
    return nodeOf[tensor];
  };
  for (size_t place = static_cast<size_t>(peak + 1); place < order.size(); ++place)
    for (size_t tensor : order[place].reads)
      if (size_t known = nodeOf[tensor]; known == kNone)
        if (size_t node = need(tensor); node != kNone)
          cut.addEdge(node, cut.sink(), MinimumCut::kNever);
  for (size_t next = 0; next < waiting.size(); ++next) {
    size_t tensor = waiting[next], writer = lives[tensor].writer;
    bool repeats = writer != kNone && mayRepeat(writer);
    if (repeats && nodeOfRun[writer] == kNone) {
      nodeOfRun[writer] = cut.addNode();
      runs.push_back(writer);
      cut.addEdge(cut.source(), nodeOfRun[writer], capacity(graph->works[order[writer].work].seconds));
      for (size_t input : order[writer].reads)
        if (size_t node = need(input); node != kNone)
          cut.addEdge(node, nodeOfRun[writer], MinimumCut::kNever);
    }
    cut.addEdge(repeats ? nodeOfRun[writer] : cut.source(), nodeOf[tensor],
                capacity(price * static_cast<double>(bytes[tensor])));
  }
  std::vector<bool> late = cut.withSink();
  std::vector<size_t> result;
  for (size_t place : runs)
    if (late[nodeOfRun[place]])
      result.push_back(place);
  std::sort(result.begin(), result.end());
  return result;
}

/// Parts of `places` of which none reads what another writes, by their first.
std::vector<std::vector<size_t>> State::independentParts(const std::vector<size_t> &places) const {
  std::vector<size_t> parent(places.size());
  std::iota(parent.begin(), parent.end(), 0);
  std::function<size_t(size_t)> root = [&](size_t i) { return parent[i] == i ? i : parent[i] = root(parent[i]); };
  for (size_t i = 0; i < places.size(); ++i)
    for (size_t tensor : order[places[i]].reads) {
      auto writer = std::lower_bound(places.begin(), places.end(), lives[tensor].writer);
      if (lives[tensor].writer == kNone || writer == places.end() || *writer != lives[tensor].writer)
        continue;
      size_t a = root(static_cast<size_t>(writer - places.begin())), b = root(i);
      parent[std::max(a, b)] = std::min(a, b);
    }
  std::vector<std::vector<size_t>> parts;
  std::vector<size_t> partOf(places.size(), kNone);
  for (size_t i = 0; i < places.size(); ++i) {
    size_t &part = partOf[root(i)];
    if (part == kNone) {
      part = parts.size();
      parts.emplace_back();
    }
    parts[part].push_back(places[i]);
  }
  return parts;
}

void State::repeat(const std::vector<size_t> &places) {
  std::vector<size_t> copyOf(bytes.size(), kNone);
  std::vector<size_t> known(bytes.size());
  for (size_t tensor = 0; tensor < known.size(); ++tensor)
    known[tensor] = lateCopyOf(tensor);
  size_t before = again.size();
  for (size_t place : places) {
    Run run = order[place];
    run.isAgain = true;
    for (size_t &tensor : run.reads)
      if (copyOf[tensor] != kNone)
        tensor = copyOf[tensor];
      else if (lives[tensor].written < peak && known[tensor] != kNone)
        tensor = known[tensor];
    for (size_t &tensor : run.writes) {
      size_t copy = bytes.size();
      copyOf[tensor] = copy;
      bytes.push_back(bytes[tensor]);
      kept.push_back(false);
      origin.push_back(origin[tensor]);
      againOf.resize(bytes.size(), kNone);
      againOf[copy] = again.size();
      tensor = copy;
    }
    again.push_back(std::move(run));
  }
  // Whoever reads behind the peak reads the copies.
  std::vector<bool> isLateFirst(first.size()), isLateAgain(before);
  std::vector<size_t> placeOfFirst;
  size_t nextFirst = 0;
  for (size_t place = 0; place < order.size(); ++place) {
    bool late = static_cast<int64_t>(place) > peak;
    if (!order[place].isAgain) {
      isLateFirst[nextFirst++] = late;
      continue;
    }
    isLateAgain[againOf[order[place].writes.front()]] = late;
  }
  auto redirect = [&](Run &run) {
    for (size_t &tensor : run.reads)
      if (tensor < copyOf.size() && copyOf[tensor] != kNone)
        tensor = copyOf[tensor];
  };
  for (size_t i = 0; i < first.size(); ++i)
    if (isLateFirst[i])
      redirect(first[i]);
  for (size_t i = 0; i < before; ++i)
    if (isLateAgain[i])
      redirect(again[i]);
  refresh();
}

bool State::step() {
  if (findRepeats(kMostPrice).empty())
    return false;
  double low = std::log(kLeastPrice), high = std::log(kMostPrice);
  for (int round = 0; round < kPriceRounds; ++round) {
    double middle = (low + high) / 2;
    (findRepeats(std::exp(middle)).empty() ? low : high) = middle;
  }
  std::vector<std::vector<size_t>> parts = independentParts(findRepeats(std::exp(high)));
  std::vector<size_t> chosen;
  for (size_t part = 0; part < (parts.size() + kParts - 1) / kParts; ++part)
    chosen.insert(chosen.end(), parts[part].begin(), parts[part].end());
  std::sort(chosen.begin(), chosen.end());
  State before = *this;
  repeat(chosen);
  if (mostLive <= before.mostLive)
    return true;
  for (size_t place : chosen)
    before.banned[before.order[place].work] = true;
  *this = std::move(before);
  return true;
}

} // namespace

std::vector<Recomputation> recompute(const WorkGraph &graph) {
  State state(graph);
  std::vector<Recomputation> ways{state.snapshot()};
  size_t idle = 0;
  for (size_t step = 0; step < kMostSteps && idle < kMostIdleSteps && state.step(); ++step) {
    if (state.live() >= ways.back().liveBytes) {
      ++idle;
      continue;
    }
    idle = 0;
    Recomputation next = state.snapshot();
    // (What was computed again may not be needed any more.)
    while (ways.back().extraSeconds > next.extraSeconds)
      ways.pop_back();
    ways.push_back(std::move(next));
  }
  return ways;
}

} // namespace sinter
