#include "compiler/view/Text.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace sinter::view {

size_t Places::of(Location location) {
  auto [known, isNew] = byLocation.try_emplace(location, 0);
  if (!isNew)
    return known->second;
  std::pair<std::string, std::vector<std::string>> place{modelLine(location), ModelScopes(location).list()};
  if (place.first.empty() && place.second.empty())
    return 0;
  auto [found, isNewPlace] = byPlace.try_emplace(place, all.size());
  if (isNewPlace)
    all.push_back(place);
  return known->second = found->second;
}

std::string nameOf(Operation *op) {
  if (auto name = op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()))
    return "@" + name.str();
  return op->getName().getStringRef().str();
}

Section print(Operation *op, Places &places) {
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16);
  flags.elideLargeResourceString(64);
  AsmState::LocationMap lines;
  AsmState state(op, flags, &lines);
  std::string text;
  llvm::raw_string_ostream os(text);
  op->print(os, state);
  Section section{nameOf(op), {}, {}};
  SmallVector<StringRef> parts;
  StringRef(text).rtrim('\n').split(parts, '\n');
  for (StringRef part : parts)
    section.lines.push_back(part.str());
  section.places.assign(section.lines.size(), 0);
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    auto found = lines.find(inner);
    if (found == lines.end() || found->second.first == 0 || found->second.first > section.places.size())
      return;
    if (size_t &place = section.places[found->second.first - 1]; place == 0)
      place = places.of(inner->getLoc());
  });
  return section;
}

std::vector<Section> printAll(ModuleOp module, Places &places) {
  std::vector<Section> sections{{"module", {}, {}}};
  for (Operation &op : *module.getBody()) {
    Section section = print(&op, places);
    if (section.lines.size() > 1) {
      sections.push_back(std::move(section));
      continue;
    }
    sections.front().lines.push_back(section.lines.front());
    sections.front().places.push_back(section.places.front());
  }
  if (sections.front().lines.empty())
    sections.erase(sections.begin());
  return sections;
}

namespace {

constexpr size_t kContext = 3;
constexpr size_t kMostPairs = 4'000'000; ///< of lines that are compared one by one

/// What makes two lines equal: the text without the numbers of values, and the place.
uint64_t keyOf(StringRef line, size_t place) {
  std::string masked;
  for (size_t i = 0; i < line.size(); ++i) {
    masked += line[i];
    if (line[i] == '%')
      while (i + 1 < line.size() && llvm::isDigit(line[i + 1]))
        ++i;
  }
  return llvm::hash_combine(llvm::hash_value(StringRef(masked)), place);
}

/// Finds which lines stay: by those that are unique on both sides, in the longest order that both share, and between
/// them again; what is left is compared line by line where that is little.
class Matcher {
public:
  Matcher(const Section &before, const Section &after) : match(before.lines.size(), SIZE_MAX) {
    for (auto [line, place] : llvm::zip(before.lines, before.places))
      a.push_back(keyOf(line, place));
    for (auto [line, place] : llvm::zip(after.lines, after.places))
      b.push_back(keyOf(line, place));
    visit(0, a.size(), 0, b.size());
  }

  std::vector<size_t> match; ///< of each line before, the line after; SIZE_MAX for none

private:
  void visit(size_t a0, size_t a1, size_t b0, size_t b1) {
    for (; a0 < a1 && b0 < b1 && a[a0] == b[b0]; ++a0, ++b0)
      match[a0] = b0;
    for (; a0 < a1 && b0 < b1 && a[a1 - 1] == b[b1 - 1]; --a1, --b1)
      match[a1 - 1] = b1 - 1;
    if (a0 == a1 || b0 == b1)
      return;
    std::vector<std::pair<size_t, size_t>> anchors = longestOrder(uniquePairs(a0, a1, b0, b1));
    if (anchors.empty())
      return compareAll(a0, a1, b0, b1);
    for (auto [i, j] : anchors) {
      visit(a0, i, b0, j);
      match[i] = j;
      a0 = i + 1, b0 = j + 1;
    }
    visit(a0, a1, b0, b1);
  }

  std::vector<std::pair<size_t, size_t>> uniquePairs(size_t a0, size_t a1, size_t b0, size_t b1) const {
    struct Count {
      size_t before = 0, after = 0, at = 0;
    };
    llvm::DenseMap<uint64_t, Count> counts;
    auto safe = [](uint64_t key) { return key >> 1; }; // DenseMap keeps the two greatest for itself
    for (size_t i = a0; i < a1; ++i)
      ++counts[safe(a[i])].before;
    for (size_t j = b0; j < b1; ++j) {
      Count &count = counts[safe(b[j])];
      ++count.after, count.at = j;
    }
    std::vector<std::pair<size_t, size_t>> pairs;
    for (size_t i = a0; i < a1; ++i)
      if (Count count = counts[safe(a[i])]; count.before == 1 && count.after == 1)
        pairs.push_back({i, count.at});
    return pairs;
  }

  /// Of pairs in the order of their first, the longest choice that is also in the order of their second.
  static std::vector<std::pair<size_t, size_t>> longestOrder(std::vector<std::pair<size_t, size_t>> pairs) {
    std::vector<size_t> ends, previous(pairs.size(), SIZE_MAX); // ends[n]: the pair that ends the best choice of n + 1
    for (size_t i = 0; i < pairs.size(); ++i) {
      auto at = llvm::lower_bound(ends, i, [&](size_t x, size_t y) { return pairs[x].second < pairs[y].second; });
      if (at != ends.begin())
        previous[i] = *std::prev(at);
      if (at == ends.end())
        ends.push_back(i);
      else
        *at = i;
    }
    std::vector<std::pair<size_t, size_t>> chosen;
    for (size_t i = ends.empty() ? SIZE_MAX : ends.back(); i != SIZE_MAX; i = previous[i])
      chosen.push_back(pairs[i]);
    std::reverse(chosen.begin(), chosen.end());
    return chosen;
  }

  /// The longest common subsequence of a few lines.
  void compareAll(size_t a0, size_t a1, size_t b0, size_t b1) {
    size_t rows = a1 - a0, columns = b1 - b0;
    if (rows * columns > kMostPairs)
      return;
    std::vector<uint32_t> best((rows + 1) * (columns + 1), 0);
    auto at = [&](size_t i, size_t j) -> uint32_t & { return best[i * (columns + 1) + j]; };
    for (size_t i = rows; i-- > 0;)
      for (size_t j = columns; j-- > 0;)
        at(i, j) = a[a0 + i] == b[b0 + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
      if (a[a0 + i] == b[b0 + j]) {
        match[a0 + i] = b0 + j;
        ++i, ++j;
      } else {
        at(i + 1, j) >= at(i, j + 1) ? ++i : ++j;
      }
    }
  }

  std::vector<uint64_t> a, b;
};

} // namespace

std::vector<Hunk> compare(const Section &before, const Section &after) {
  Matcher matcher(before, after);
  struct Step {
    char sign;
    size_t before, after;
  };
  std::vector<Step> steps;
  for (size_t i = 0, j = 0; i < before.lines.size() || j < after.lines.size();) {
    if (i < before.lines.size() && matcher.match[i] == j)
      steps.push_back({' ', i++, j++});
    else if (i < before.lines.size() && matcher.match[i] == SIZE_MAX)
      steps.push_back({'-', i++, j});
    else
      steps.push_back({'+', i, j++});
  }
  std::vector<Hunk> hunks;
  size_t end = 0; // of what the hunks hold so far
  for (size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].sign == ' ')
      continue;
    size_t from = at - std::min(at, kContext), to = std::min(at + kContext + 1, steps.size());
    if (hunks.empty() || from > end)
      hunks.push_back({steps[from].before, steps[from].after, {}});
    else
      from = end;
    for (end = std::max(end, from); end < to; ++end)
      hunks.back().lines.push_back(
          steps[end].sign + (steps[end].sign == '-' ? before.lines[steps[end].before] : after.lines[steps[end].after]));
  }
  return hunks;
}

} // namespace sinter::view
