#include "tokenizers/unicode.h"

#include "base/utf8.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

namespace sinter {

#include "tokenizers/unicode_tables.inc"

static constexpr char names[] = "LuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCoCn";

CategorySet categoriesNamed(std::string_view name) {
  CategorySet set = 0;
  if (name.empty() || name.size() > 2)
    return 0;
  for (unsigned category = 0; category <= Cn; ++category)
    if (std::string_view(names + 2 * category, 2).starts_with(name))
      set |= CategorySet(1) << category;
  return set;
}

static bool isWhiteSpace(char32_t point, unsigned category) {
  return (category >= Zs && category <= Zp) || (point >= 9 && point <= 13) || point == 0x85;
}

// Blocks of 128 that are alike are kept once.
CategoryTable::CategoryTable() {
  size_t run = 0, blocks = 0;
  for (char32_t start = 0; start < 0x110000; start += 128) {
    sets_.resize((blocks + 1) * 128);
    CategorySet *block = sets_.data() + blocks * 128;
    for (char32_t point = start; point < start + 128; ++point) {
      while (run + 1 < std::size(categoryRuns) && categoryRuns[run + 1] >> 5 <= point)
        ++run;
      const unsigned category = categoryRuns[run] & 31;
      block[point - start] = CategorySet(1) << category | (isWhiteSpace(point, category) ? whiteSpace : 0);
    }
    const size_t same = blocks >= 1 && std::equal(block, block + 128, block - 128) ? blocks - 1 : blocks;
    index_[start >> 7] = uint16_t(same);
    blocks = std::max(blocks, same + 1);
  }
}

const CategoryTable &CategoryTable::get() {
  static const std::unique_ptr<const CategoryTable> table(new CategoryTable);
  return *table;
}

namespace {

struct Decomposition {
  char32_t point, first, second; // second 0: there is one only
  bool composes;
};

Decomposition decompositionAt(size_t i) {
  const uint32_t *entry = decompositions + 3 * i;
  return {entry[0] & 0x7fffffff, entry[1], entry[2], entry[0] >> 31 != 0};
}

constexpr size_t decompositionCount = std::size(decompositions) / 3;
constexpr char32_t hangulBase = 0xac00, leadBase = 0x1100, vowelBase = 0x1161, tailBase = 0x11a7;
constexpr char32_t leads = 19, vowels = 21, tails = 28;

/// The tables of compositions, by their two parts.
struct Compositions {
  struct Pair {
    uint64_t parts;
    char32_t whole;
  };
  std::vector<Pair> pairs;

  Compositions() {
    for (size_t i = 0; i < decompositionCount; ++i)
      if (const Decomposition d = decompositionAt(i); d.composes)
        pairs.push_back({uint64_t(d.first) << 32 | d.second, d.point});
    std::sort(pairs.begin(), pairs.end(), [](const Pair &a, const Pair &b) { return a.parts < b.parts; });
  }

  /// 0: the two do not compose.
  char32_t of(char32_t first, char32_t second) const {
    if (first - leadBase < leads && second - vowelBase < vowels)
      return hangulBase + ((first - leadBase) * vowels + (second - vowelBase)) * tails;
    if (first - hangulBase < leads * vowels * tails && (first - hangulBase) % tails == 0 && second > tailBase &&
        second < tailBase + tails)
      return first + (second - tailBase);
    const uint64_t parts = uint64_t(first) << 32 | second;
    const auto found = std::lower_bound(pairs.begin(), pairs.end(), parts,
                                        [](const Pair &pair, uint64_t value) { return pair.parts < value; });
    return found != pairs.end() && found->parts == parts ? found->whole : 0;
  }
};

const Compositions &compositions() {
  static const Compositions all;
  return all;
}

unsigned combiningClass(char32_t point) {
  const auto *found = std::lower_bound(std::begin(combiningClasses), std::end(combiningClasses), point << 8);
  return found != std::end(combiningClasses) && *found >> 8 == point ? *found & 255 : 0;
}

void decompose(char32_t point, std::u32string &out) {
  if (point - hangulBase < leads * vowels * tails) {
    const char32_t index = point - hangulBase;
    out += leadBase + index / (vowels * tails);
    out += vowelBase + index / tails % vowels;
    if (index % tails)
      out += tailBase + index % tails;
    return;
  }
  size_t low = 0, high = decompositionCount;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    (decompositionAt(middle).point < point ? low : high) = decompositionAt(middle).point < point ? middle + 1 : middle;
  }
  if (low == decompositionCount || decompositionAt(low).point != point) {
    out += point;
    return;
  }
  const Decomposition d = decompositionAt(low);
  decompose(d.first, out);
  if (d.second)
    decompose(d.second, out);
}

// A starter and what combines with it.
void composeRun(std::u32string &run, std::string &out) {
  // By class, and those of one class as they are.
  std::vector<uint64_t> order;
  for (size_t i = combiningClass(run[0]) == 0 ? 1 : 0; i < run.size(); ++i)
    order.push_back(uint64_t(combiningClass(run[i])) << 56 | uint64_t(i) << 21 | run[i]);
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < order.size(); ++i)
    run[run.size() - order.size() + i] = char32_t(order[i] & 0x1fffff);
  size_t kept = 1;
  unsigned last = 0;
  for (size_t i = 1; i < run.size(); ++i) {
    const unsigned now = combiningClass(run[i]);
    // Nothing of the same class, and no starter, stands between the two.
    const bool open = kept == 1 || last < now;
    if (const char32_t whole = open && combiningClass(run[0]) == 0 ? compositions().of(run[0], run[i]) : 0) {
      run[0] = whole;
      continue;
    }
    run[kept++] = run[i];
    last = now;
  }
  for (size_t i = 0; i < kept; ++i)
    appendUtf8(out, run[i]);
}

} // namespace

std::string composed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::u32string run, point;
  const auto flush = [&] {
    if (!run.empty())
      composeRun(run, out);
    run.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const CodePoint next = decodeUtf8(text, at);
    if (!next.length) {
      flush();
      out += text[at++];
      continue;
    }
    at += next.length;
    if (next.value < 0x300) { // a starter; it composes with nothing before it
      flush();
      if (next.value < 0x80 && at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) {
        out += char(next.value);
        continue;
      }
    }
    point.clear();
    decompose(next.value, point);
    for (const char32_t part : point) {
      // Starters that compose with the one before: of Hangul, and a few of Indic scripts.
      if (combiningClass(part) == 0 && !run.empty()) {
        const bool joins = run.size() == 1 && compositions().of(run[0], part);
        if (joins) {
          run[0] = compositions().of(run[0], part);
          continue;
        }
        // What was composed so far may still take it, when nothing is left between them.
        std::string whole;
        composeRun(run, whole);
        const CodePoint first = decodeUtf8(whole, 0);
        if (first.length == whole.size() && compositions().of(first.value, part)) {
          run.assign(1, compositions().of(first.value, part));
          continue;
        }
        out += whole;
        run.clear();
      }
      run += part;
    }
  }
  flush();
  return out;
}

} // namespace sinter
