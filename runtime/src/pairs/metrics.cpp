#include "pairs/metrics.h"

#include "base/utf8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <unordered_map>

namespace sinter {

namespace {

/// Words by number, or characters.
using Symbols = std::u32string;
/// All n-grams of a line for one n, sorted, each as often as it is there.
using Grams = std::vector<std::u32string_view>;

// What Python takes for white space, as sacrebleu does.
bool isSpace(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// A byte that is not UTF-8 stands for itself: the caller has checked texts.
CodePoint characterAt(std::string_view text, size_t at) {
  const CodePoint point = decodeUtf8(text, at);
  return point.length ? point : CodePoint{static_cast<unsigned char>(text[at]), 1};
}

Grams gramsOf(const Symbols &symbols, size_t n) {
  Grams grams;
  for (size_t i = 0; i + n <= symbols.size(); ++i)
    grams.push_back(std::u32string_view(symbols).substr(i, n));
  std::sort(grams.begin(), grams.end());
  return grams;
}

int64_t countIn(const Grams &grams, std::u32string_view gram) {
  const auto [begin, end] = std::equal_range(grams.begin(), grams.end(), gram);
  return end - begin;
}

// How many n-grams of a line are in the references, each at most as often as in the one that has it most.
int64_t rightOf(const Grams &grams, std::span<const Grams> references) {
  int64_t right = 0;
  for (auto at = grams.begin(); at != grams.end();) {
    const auto end = std::upper_bound(at, grams.end(), *at);
    int64_t most = 0;
    for (const Grams &reference : references)
      most = std::max(most, countIn(reference, *at));
    right += std::min<int64_t>(end - at, most);
    at = end;
  }
  return right;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// What stands for one mark.
void resolve(std::string &text, std::string_view entity, char mark) {
  for (size_t at = text.find(entity); at != text.npos; at = text.find(entity, at + 1))
    text.replace(at, entity.size(), 1, mark);
}

// Marks that always are words.
bool isMark(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c > ' ' && c <= '&') || (c >= '(' && c <= '+') ||
         (c >= ':' && c <= '@') || c == '/';
}

// Spaces around the second of two characters, or behind it, where `applies` to both. Each pair begins behind the last.
template <typename Applies>
std::string parted(const std::string &text, const char *first, const char *between, const char *last, Applies applies) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !applies(text[i], text[i + 1])) {
      result += text[i];
      continue;
    }
    ((((result += first) += text[i]) += between) += text[i + 1]) += last;
    ++i;
  }
  return result;
}

std::vector<std::string> wordsOf(std::string_view text) {
  std::vector<std::string> words(1);
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = characterAt(text, at);
    if (!isSpace(point.value))
      words.back() += text.substr(at, point.length);
    else if (!words.back().empty())
      words.emplace_back();
    at += point.length;
  }
  if (words.back().empty())
    words.pop_back();
  return words;
}

} // namespace

std::vector<std::string> tokenize13a(std::string_view line) {
  std::string text(line);
  for (size_t at = text.find("<skipped>"); at != text.npos; at = text.find("<skipped>", at))
    text.erase(at, 9);
  resolve(text, "&quot;", '"');
  resolve(text, "&amp;", '&');
  resolve(text, "&lt;", '<');
  resolve(text, "&gt;", '>');
  std::string spaced = " ";
  for (const char c : text)
    isMark(c) ? ((spaced += ' ') += c) += ' ' : spaced += c;
  spaced += ' ';
  const auto isPoint = [](char c) { return c == '.' || c == ','; };
  spaced = parted(spaced, "", " ", " ", [&](char a, char b) { return !isDigit(a) && isPoint(b); });
  spaced = parted(spaced, " ", " ", "", [&](char a, char b) { return isPoint(a) && !isDigit(b); });
  spaced = parted(spaced, "", " ", " ", [](char a, char b) { return isDigit(a) && b == '-'; });
  return wordsOf(spaced);
}

// The one with the least difference, of two the shorter.
static int64_t nearestLength(int64_t length, const std::vector<Symbols> &references) {
  int64_t nearest = std::numeric_limits<int64_t>::max() / 2;
  for (const Symbols &reference : references) {
    const auto other = int64_t(reference.size());
    const int64_t difference = std::abs(other - length), least = std::abs(nearest - length);
    if (difference < least || (difference == least && other < nearest))
      nearest = other;
  }
  return nearest;
}

static void finish(Bleu &bleu) {
  bleu.brevity = bleu.words >= bleu.referenceWords ? 1
                 : bleu.words                      ? std::exp(1 - double(bleu.referenceWords) / double(bleu.words))
                                                   : 0;
  if (!*std::max_element(bleu.right.begin(), bleu.right.end()))
    return;
  double logs = 0, smoothing = 1;
  for (size_t n = 0; n < Bleu::orders; ++n) {
    if (!bleu.of[n]) // all lines are too short: there is no geometric mean
      return;
    const double right = bleu.right[n] ? double(bleu.right[n]) : 1 / (smoothing *= 2);
    bleu.precisions[n] = 100 * right / double(bleu.of[n]);
    logs += std::log(bleu.precisions[n]);
  }
  bleu.score = bleu.brevity * std::exp(logs / Bleu::orders);
}

Bleu bleuOf(const Lines &lines, const std::vector<Lines> &references) {
  std::unordered_map<std::string, char32_t> numbers;
  const auto numbered = [&](std::string_view line) {
    Symbols symbols;
    for (const std::string &word : tokenize13a(line))
      symbols += numbers.emplace(word, char32_t(numbers.size())).first->second;
    return symbols;
  };
  Bleu bleu;
  for (size_t line = 0; line < lines.size(); ++line) {
    const Symbols words = numbered(lines[line]);
    std::vector<Symbols> others;
    for (const Lines &reference : references)
      others.push_back(numbered(reference[line]));
    bleu.words += int64_t(words.size());
    bleu.referenceWords += nearestLength(int64_t(words.size()), others);
    for (size_t n = 1; n <= Bleu::orders; ++n) {
      std::vector<Grams> grams;
      for (const Symbols &other : others)
        grams.push_back(gramsOf(other, n));
      const Grams own = gramsOf(words, n);
      bleu.right[n - 1] += rightOf(own, grams);
      bleu.of[n - 1] += int64_t(own.size());
    }
  }
  finish(bleu);
  return bleu;
}

namespace {

/// Of characters, for each n: how many a line has, how many its reference, how many of these are the same.
struct CharacterCounts {
  static constexpr size_t orders = 6;
  std::array<int64_t, orders> own = {}, reference = {}, right = {};

  void add(const CharacterCounts &other) {
    for (size_t n = 0; n < orders; ++n) {
      own[n] += other.own[n];
      reference[n] += other.reference[n];
      right[n] += other.right[n];
    }
  }
  double score() const {
    double precision = 0, recall = 0;
    int there = 0;
    for (size_t n = 0; n < orders; ++n) {
      if (!own[n] || !reference[n])
        continue;
      precision += double(right[n]) / double(own[n]);
      recall += double(right[n]) / double(reference[n]);
      ++there;
    }
    constexpr double beta2 = 2 * 2;
    const double weighed = beta2 * precision + recall;
    return weighed > 0 ? 100 * (1 + beta2) * precision * recall / weighed / there : 0;
  }
};

Symbols charactersOf(std::string_view line) {
  Symbols symbols;
  for (size_t at = 0; at < line.size();) {
    const CodePoint point = characterAt(line, at);
    if (!isSpace(point.value))
      symbols += point.value;
    at += point.length;
  }
  return symbols;
}

CharacterCounts compare(const Symbols &own, const Symbols &reference) {
  CharacterCounts counts;
  for (size_t n = 0; n < CharacterCounts::orders; ++n) {
    const Grams of = gramsOf(own, n + 1), other = gramsOf(reference, n + 1);
    counts.own[n] = other.empty() ? 0 : int64_t(of.size()); // nothing to be right or wrong about
    counts.reference[n] = int64_t(other.size());
    counts.right[n] = rightOf(of, {&other, 1});
  }
  return counts;
}

} // namespace

double chrfOf(const Lines &lines, const std::vector<Lines> &references) {
  CharacterCounts all;
  for (size_t line = 0; line < lines.size(); ++line) {
    const Symbols own = charactersOf(lines[line]);
    CharacterCounts best;
    double highest = -1;
    for (const Lines &reference : references) {
      const CharacterCounts counts = compare(own, charactersOf(reference[line]));
      if (const double score = counts.score(); score > highest) {
        highest = score;
        best = counts;
      }
    }
    all.add(best);
  }
  return all.score();
}

} // namespace sinter
