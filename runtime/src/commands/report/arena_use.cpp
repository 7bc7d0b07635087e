#include "commands/report/arena_use.h"

#include <algorithm>
#include <map>
#include <span>

namespace sinter {

namespace {

struct Range {
  uint64_t begin, end;
};

/// Bytes, as ranges that do not touch each other, each with who wrote it where that is asked for.
class ByteSet {
public:
  void add(Range range, int64_t writer = 0) {
    remove(range);
    if (range.begin < range.end)
      ranges_[range.begin] = {range.end, writer};
  }
  void remove(Range range) {
    auto at = ranges_.lower_bound(range.begin);
    if (at != ranges_.begin())
      --at;
    while (at != ranges_.end() && at->first < range.end) {
      const auto [begin, rest] = *at;
      if (rest.end <= range.begin) {
        ++at;
        continue;
      }
      at = ranges_.erase(at);
      if (begin < range.begin)
        ranges_[begin] = {range.begin, rest.writer};
      if (rest.end > range.end)
        at = ranges_.emplace(range.end, rest).first;
    }
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const auto &[begin, rest] : ranges_)
      sum += rest.end - begin;
    return sum;
  }
  /// How much of a range is in it, by writer.
  void count(Range range, std::map<int64_t, uint64_t> &bytes) const {
    for (const auto &[begin, rest] : ranges_)
      if (const uint64_t from = std::max(begin, range.begin), to = std::min(rest.end, range.end); from < to)
        bytes[rest.writer] += to - from;
  }
  template <typename Function> void each(Function function) const {
    for (const auto &[begin, rest] : ranges_)
      function(Range{begin, rest.end});
  }

private:
  struct Rest {
    uint64_t end;
    int64_t writer;
  };
  std::map<uint64_t, Rest> ranges_;
};

/// A launch, or all of an outermost loop.
struct Moment {
  uint32_t first, count;
  std::vector<Range> reads, writes; ///< of all of it
  std::vector<Range> needs;         ///< what must be there before
};

class Reader {
public:
  explicit Reader(const sinter_entry &entry) : entry_(entry) {
    const std::span loops(entry.loops, entry.loop_count);
    for (uint32_t l = 0; l < entry.launch_count;) {
      const auto loop = std::find_if(loops.begin(), loops.end(), [&](const sinter_loop &of) { return of.first == l; });
      const uint32_t count = loop == loops.end() ? 1 : std::max(loop->count, 1u); // an outer one comes first
      addMoment(l, count);
      l += count;
    }
  }

  ArenaUse use() {
    ByteSet live;
    for (uint32_t o = 0; o < entry_.output_count; ++o)
      live.add(rangeOf(entry_.outputs[o]));
    std::vector<uint64_t> sizes = {live.bytes()}; // from behind
    ByteSet atPeak = live;
    uint64_t most = sizes[0];
    for (auto moment = moments_.rbegin(); moment != moments_.rend(); ++moment) {
      // Of a loop, what it reads need not be there before.
      ByteSet behind = moment->count > 1 ? live : ByteSet();
      for (const auto *ranges : {&moment->reads, &moment->writes})
        for (const Range &range : *ranges)
          live.add(range);
      const uint64_t bytes = live.bytes();
      sizes.insert(sizes.end(), moment->count, bytes);
      if (bytes >= most) { // of several, the first moment counts: it comes last here
        most = bytes;
        atPeak = live;
      }
      if (moment->count > 1)
        live = std::move(behind);
      for (const Range &range : moment->writes)
        live.remove(range);
      for (const Range &range : moment->needs)
        live.add(range);
    }
    sizes.push_back(live.bytes());
    ArenaUse result{{sizes.rbegin(), sizes.rend()}, {}};
    result.atPeak = partsOf(atPeak, result.peak());
    return result;
  }

private:
  static Range rangeOf(const sinter_tensor &tensor) { return {tensor.offset, tensor.offset + tensor.bytes}; }

  /// Where an operand lies in all steps of the loops around its launch; `*moves`: not always in the same place.
  Range rangeOf(uint32_t launch, uint32_t operand, bool *moves) const {
    const sinter_operand &of = entry_.launches[launch].operands[operand];
    int64_t low = 0, high = 0;
    for (uint32_t l = 0; l < entry_.loop_count; ++l)
      for (uint64_t m = 0; m < entry_.loops[l].move_count; ++m)
        if (const sinter_move &move = entry_.loops[l].moves[m]; move.launch == launch && move.operand == operand) {
          const int64_t way = move.by * int64_t(std::max<uint64_t>(entry_.loops[l].steps, 1) - 1);
          (way < 0 ? low : high) += way;
          *moves = *moves || move.by != 0;
        }
    return {of.offset + uint64_t(low), of.offset + uint64_t(high) + of.bytes};
  }

  void addMoment(uint32_t first, uint32_t count) {
    Moment moment{first, count, {}, {}, {}};
    ByteSet needs;
    // Within a loop, what is read before this step writes it comes from the step before, or from before the loop.
    for (uint32_t l = first + count; l-- > first;)
      for (const uint32_t access : {SINTER_WRITE, SINTER_READ})
        for (uint32_t o = 0; o < entry_.launches[l].operand_count; ++o) {
          const sinter_operand &operand = entry_.launches[l].operands[o];
          if (operand.space != SINTER_ARENA || !(operand.access & access))
            continue;
          bool moves = false;
          const Range range = rangeOf(l, o, &moves);
          if (access == SINTER_READ) {
            moment.reads.push_back(range);
            needs.add(range);
          } else {
            moment.writes.push_back(range);
            if (!moves)
              needs.remove(range);
          }
        }
    needs.each([&](Range range) { moment.needs.push_back(range); });
    moments_.push_back(std::move(moment));
  }

  /// Who has written what is there at a moment.
  std::vector<ArenaPart> partsOf(const ByteSet &bytes, size_t peak) const {
    ByteSet written;
    for (uint32_t i = 0; i < entry_.input_count; ++i)
      written.add(rangeOf(entry_.inputs[i].tensor), -1);
    for (const Moment &moment : moments_)
      if (moment.first < peak)
        for (const Range &range : moment.writes)
          written.add(range, moment.first);
    std::map<int64_t, uint64_t> sums;
    bytes.each([&](Range range) { written.count(range, sums); });
    std::vector<ArenaPart> parts;
    for (const auto &[writer, size] : sums)
      parts.push_back({writer, size});
    std::stable_sort(parts.begin(), parts.end(), [](const auto &a, const auto &b) { return a.bytes > b.bytes; });
    return parts;
  }

  const sinter_entry &entry_;
  std::vector<Moment> moments_;
};

} // namespace

size_t ArenaUse::peak() const { return size_t(std::max_element(live.begin(), live.end()) - live.begin()); }

ArenaUse arenaUse(const sinter_entry &entry) { return Reader(entry).use(); }

} // namespace sinter
