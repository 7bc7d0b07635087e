#include "training/progress.h"

#include "base/format.h"

#include <algorithm>

namespace sinter {

namespace {

struct Part {
  char text[48];
  size_t size = 0;
};

template <typename... Values> Part makePart(fmt::format_string<Values...> format, Values &&...values) {
  Part part;
  part.size =
      std::min(sizeof part.text,
               size_t(fmt::format_to_n(part.text, sizeof part.text, format, std::forward<Values>(values)...).size));
  return part;
}

} // namespace

// "4:05", "1:02:03".
static Part duration(const char *label, double seconds) {
  const auto whole = int64_t(std::clamp(seconds, 0.0, 1e9) + 0.5);
  if (whole < 3600)
    return makePart("{} {}:{:02}", label, whole / 60, whole % 60);
  return makePart("{} {}:{:02}:{:02}", label, whole / 3600, whole / 60 % 60, whole % 60);
}

size_t progressLine(const Progress &p, int64_t columns, char *out, size_t size) {
  const size_t most = std::min(size, size_t(std::max<int64_t>(columns - 1, 1)));
  const bool thousands = p.perSecond >= 1e4;
  // In the order of the line; `importance` in that of leaving out, the last one first.
  const Part parts[] = {makePart("{}/{}", p.step, p.steps),
                        makePart("loss {:.4f}", p.loss),
                        std::isnan(p.heldOut) ? Part() : makePart("held out {:.4f}", p.heldOut),
                        makePart("{:.{}f}{} {}/s", thousands ? p.perSecond / 1e3 : p.perSecond, thousands ? 1 : 0,
                                 thousands ? "k" : "", p.unit),
                        duration("in", p.elapsed),
                        duration("ETA", p.left)};
  constexpr size_t importance[] = {0, 1, 2, 5, 4, 3};
  bool shown[std::size(parts)] = {};
  size_t used = 0;
  for (const size_t i : importance)
    if (const size_t needed = parts[i].size + (used ? 2 : 0); parts[i].size && used + needed <= most) {
      shown[i] = true;
      used += needed;
    }
  char *end = out;
  constexpr size_t smallestBar = 7, largestBar = 42, gap = 1; // with its brackets
  if (shown[3] && used + gap + smallestBar <= most) {
    const size_t room = std::min(most - used - gap, largestBar) - 2;
    const size_t filled =
        p.steps > 0 ? size_t(double(room) * double(std::min(p.step, p.steps)) / double(p.steps)) : room;
    *end++ = '[';
    end = std::fill_n(std::fill_n(end, filled, '='), room - filled, ' ');
    *end++ = ']';
    *end++ = ' ';
  }
  bool first = true;
  for (size_t i = 0; i < std::size(parts); ++i)
    if (shown[i]) {
      end = std::fill_n(end, first ? 0 : 2, ' ');
      end = std::copy_n(parts[i].text, parts[i].size, end);
      first = false;
    }
  if (first) // not even the step and its end: the step alone
    end = std::copy_n(
        parts[0].text,
        std::min(most, size_t(std::find(parts[0].text, parts[0].text + parts[0].size, '/') - parts[0].text)), end);
  return size_t(end - out);
}

} // namespace sinter
