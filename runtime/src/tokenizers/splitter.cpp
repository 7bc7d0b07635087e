#include "tokenizers/splitter.h"

#include "base/utf8.h"

#include <algorithm>
#include <iterator>

namespace sinter {

namespace {

struct KnownPattern {
  Splitter::Known known;
  const char *source;
};

// The first of each kind is the one that is written; the others say the same.
constexpr KnownPattern patterns[] = {
    {Splitter::Known::Gpt2, R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {Splitter::Known::Gpt2, R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {Splitter::Known::Gpt2, R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)"},
    {Splitter::Known::Cl100k,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
     R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {Splitter::Known::Qwen2, R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
                             R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {Splitter::Known::O200k,
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
     R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
     R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
};

constexpr CategorySet upper = setOf(Lu) | setOf(Lt) | setOf(Lm) | setOf(Lo) | marks;
constexpr CategorySet lower = setOf(Ll) | setOf(Lm) | setOf(Lo) | marks;
constexpr CategorySet words = letters | numbers | whiteSpace;

/// A place in a text, and the sets that the character there is in.
struct Cursor {
  std::string_view text;
  size_t at;
  const CategoryTable &table = CategoryTable::get();

  bool done() const { return at >= text.size(); }
  /// `length` becomes that of the character. What is not UTF-8 is a byte of no set.
  CategorySet here(size_t &length) const {
    const auto byte = static_cast<unsigned char>(text[at]);
    length = 1;
    if (byte < 0x80)
      return table.of(byte);
    const CodePoint point = decodeUtf8(text, at);
    if (!point.length)
      return 0;
    length = point.length;
    return table.of(point.value);
  }
  void skip(CategorySet set) {
    for (size_t length; !done() && here(length) & set;)
      at += length;
  }
  void skipOthers(CategorySet set) {
    for (size_t length; !done() && !(here(length) & set);)
      at += length;
  }
  void skipNumbers(int most) {
    for (size_t length; !done() && most > 0 && here(length) & numbers; --most)
      at += length;
  }
  void skipLineEnds(bool slash) {
    while (!done() && (text[at] == '\r' || text[at] == '\n' || (slash && text[at] == '/')))
      ++at;
  }
};

/// The length of 's, 't, 're, 've, 'm, 'll or 'd at a place; 0: none is there.
size_t contraction(std::string_view text, size_t at, bool anyCase) {
  if (at + 1 >= text.size() || text[at] != '\'')
    return 0;
  const auto letter = [&](size_t i) {
    const char c = i < text.size() ? text[i] : '\0';
    return anyCase && c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  };
  const char first = letter(at + 1), second = letter(at + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return 2;
  return (second == 'e' && (first == 'r' || first == 'v')) || (first == 'l' && second == 'l') ? 3 : 0;
}

// `\s+(?!\S)|\s+`: all but the last, unless the text ends or that is the only one.
size_t spaces(Cursor cursor) {
  const size_t start = cursor.at;
  size_t last = start, length;
  while (!cursor.done() && cursor.here(length) & whiteSpace) {
    last = cursor.at;
    cursor.at += length;
  }
  return cursor.done() || last == start ? cursor.at : last;
}

size_t nextOfGpt2(std::string_view text, size_t at) {
  if (const size_t length = contraction(text, at, false))
    return at + length;
  Cursor cursor{text, at};
  if (text[at] == ' ' && at + 1 < text.size())
    ++cursor.at;
  size_t length;
  const CategorySet set = cursor.here(length);
  if (set & letters)
    cursor.skip(letters);
  else if (set & numbers)
    cursor.skip(numbers);
  else if (!(set & whiteSpace))
    cursor.skipOthers(words);
  else
    return spaces({text, at});
  return cursor.at;
}

// `\s*[\r\n]+`: up to the last line end among white space; 0: there is none.
size_t throughLineEnds(Cursor cursor) {
  size_t end = 0, length;
  while (!cursor.done() && cursor.here(length) & whiteSpace) {
    const char c = cursor.text[cursor.at];
    cursor.at += length;
    if (c == '\r' || c == '\n')
      end = cursor.at;
  }
  return end;
}

// What follows words and numbers in the later patterns: punctuation, line ends, spaces.
size_t nextOfOthers(std::string_view text, size_t at, bool slash) {
  Cursor cursor{text, at};
  if (text[at] == ' ' && at + 1 < text.size())
    ++cursor.at;
  size_t length;
  if (!(cursor.here(length) & words)) {
    cursor.skipOthers(words);
    cursor.skipLineEnds(slash);
    return cursor.at;
  }
  const size_t end = throughLineEnds({text, at});
  return end ? end : spaces({text, at});
}

size_t nextOfCl100k(std::string_view text, size_t at, int digits) {
  if (const size_t length = contraction(text, at, true))
    return at + length;
  Cursor cursor{text, at};
  size_t length;
  const CategorySet set = cursor.here(length);
  if (set & numbers) {
    cursor.skipNumbers(digits);
    return cursor.at;
  }
  if (!(set & letters) && text[at] != '\r' && text[at] != '\n')
    cursor.at += length;
  if (size_t ignored; !cursor.done() && cursor.here(ignored) & letters) {
    cursor.skip(letters);
    return cursor.at;
  }
  return nextOfOthers(text, at, false);
}

// Words of o200k: capitals, then small letters; letters of neither case and marks are both. 0: none is at the cursor.
// The first kind has a small one at its end, if need be the last that capitals begin with.
size_t wordWithSmallEnd(Cursor cursor) {
  const size_t start = cursor.at;
  cursor.skip(upper);
  const size_t capitals = cursor.at;
  cursor.skip(lower);
  size_t end = cursor.at > capitals ? cursor.at : 0, length;
  if (!end)
    for (cursor.at = start; cursor.at < capitals;) {
      const bool small = cursor.here(length) & lower;
      cursor.at += length;
      end = small ? cursor.at : end;
    }
  return end ? end + contraction(cursor.text, end, true) : 0;
}

// The second is of capitals alone.
size_t wordOfCapitals(Cursor cursor) {
  const size_t start = cursor.at;
  cursor.skip(upper);
  return cursor.at > start ? cursor.at + contraction(cursor.text, cursor.at, true) : 0;
}

size_t nextOfO200k(std::string_view text, size_t at) {
  const Cursor cursor{text, at};
  size_t length;
  const CategorySet set = cursor.here(length);
  // A character that is neither belongs to the word behind it; a mark may be the first of the word itself.
  const bool joins = !(set & (letters | numbers)) && text[at] != '\r' && text[at] != '\n';
  for (const auto word : {wordWithSmallEnd, wordOfCapitals}) {
    size_t end = joins ? word({text, at + length}) : 0;
    if (!end)
      end = word(cursor);
    if (end)
      return end;
  }
  if (!(set & numbers))
    return nextOfOthers(text, at, true);
  Cursor digits{text, at};
  digits.skipNumbers(3);
  return digits.at;
}

} // namespace

const char *Splitter::patternOf(Known known) {
  return std::find_if(std::begin(patterns), std::end(patterns),
                      [&](const KnownPattern &pattern) { return pattern.known == known; })
      ->source;
}

// The alternatives in question are known to mean the same; `$` is in none of those that are matched.
static Splitter::Known knownAs(std::string_view source) {
  for (const KnownPattern &pattern : patterns)
    if (source == pattern.source)
      return pattern.known;
  return Splitter::Known::None;
}

Splitter::Splitter(std::string_view pattern, const std::string &what, bool byHand)
    : pattern_(knownAs(pattern) == Known::None ? pattern : patternOf(knownAs(pattern)), what),
      known_(byHand ? knownAs(pattern) : Known::None) {}

size_t Splitter::next(std::string_view text, size_t at) const {
  return known_ == Known::Gpt2    ? nextOfGpt2(text, at)
         : known_ == Known::O200k ? nextOfO200k(text, at)
                                  : nextOfCl100k(text, at, known_ == Known::Cl100k ? 3 : 1);
}

} // namespace sinter
