// Where a text is split before its parts become tokens: at the matches of a pattern. Those of GPT-2, cl100k (also Llama
// 3's), Qwen and o200k are known and matched by hand, with the same result.
#pragma once

#include "tokenizers/pattern.h"

#include <functional>
#include <string>
#include <string_view>

namespace sinter {

class Splitter {
public:
  enum class Known { None, Gpt2, Cl100k, Qwen2, O200k };

  /// The patterns as their files have them, by which they are known.
  static const char *patternOf(Known known);

  /// Failure (input) as Pattern says. `byHand` false: by the pattern, even of those that are known.
  Splitter(std::string_view pattern, const std::string &what, bool byHand = true);
  explicit Splitter(Known known) : Splitter(patternOf(known), "") {}

  Known known() const { return known_; }
  const std::string &source() const { return pattern_.source(); }

  /// Calls `piece` for the matches in their order and, unless `onlyMatches`, for what lies between them.
  template <typename Function> void split(std::string_view text, bool onlyMatches, Function piece) const {
    size_t at = 0;
    uint64_t budget = Pattern::budgetFor(text.size());
    while (at < text.size()) {
      if (known_ != Known::None) {
        const size_t end = next(text, at);
        piece(text.substr(at, end - at));
        at = end;
        continue;
      }
      const auto [begin, end] = pattern_.find(text, at, budget);
      if (begin > at && !onlyMatches)
        piece(text.substr(at, begin - at));
      if (end > begin)
        piece(text.substr(begin, end - begin));
      at = end;
    }
  }

  /// Whether what is on both sides of a space, which stands between two letters of ASCII, is split as if it stood
  /// alone.
  bool spacesPart() const { return known_ != Known::None; }

private:
  size_t next(std::string_view text, size_t at) const;

  Pattern pattern_;
  Known known_ = Known::None;
};

} // namespace sinter
