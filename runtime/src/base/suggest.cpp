#include "base/suggest.h"

#include <algorithm>

namespace sinter {

// Nobody means a name of many lines; the tables stay small.
static constexpr size_t longest = 64;

size_t editDistance(std::string_view a, std::string_view b) {
  // Rows i - 2, i - 1 and i of the table of distances between beginnings of both.
  std::vector<size_t> beforeLast(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    beforeLast.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string nearestName(std::string_view typed, const std::vector<std::string> &known) {
  if (typed.empty() || typed.size() > longest)
    return {};
  std::vector<std::string> begun;
  std::copy_if(known.begin(), known.end(), std::back_inserter(begun),
               [&](const std::string &name) { return name.starts_with(typed); });
  if (begun.size() == 1)
    return begun[0];
  std::string nearest;
  size_t least = 1 + std::max<size_t>(1, typed.size() / 3);
  for (const std::string &name : known) {
    const size_t distance = editDistance(typed, name);
    // People rarely miss the first letter.
    const bool likelier = !nearest.empty() && distance == least && name[0] == typed[0] && nearest[0] != typed[0];
    if (distance < name.size() && (distance < least || likelier)) {
      least = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string didYouMean(std::string_view typed, const std::vector<std::string> &known) {
  const std::string name = nearestName(typed, known);
  return name.empty() ? "" : "; did you mean " + name + "?";
}

} // namespace sinter
