// Patterns that split text for tokenizers, as their files write them: a part of the usual syntax of regular
// expressions, matched by backtracking with a limit on its steps. What is not of that part is refused by name.
#pragma once

#include "tokenizers/unicode.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sinter {

/// A class of code points: any of some ranges and categories, or none of them.
struct CharacterClass {
  struct Item {
    char32_t first = 1, last = 0; ///< a range, which may be empty
    CategorySet in = 0;           ///< or any of these
    CategorySet notIn = 0;        ///< or, if there are some here, none of these
  };
  std::vector<Item> items;
  bool negated = false;
  bool ascii[128] = {}; ///< what holds of each, computed once

  bool holds(char32_t point) const { return point < 128 ? ascii[point] : compute(point); }
  bool compute(char32_t point) const;
  void finish();
};

/// Alternatives, groups (also `(?i:` of ASCII letters, `(?=`, `(?!`, `(?>`), classes with \p{L}, \s, \d and their
/// opposites, `.`, and repetitions, also lazy and possessive ones. White space and digits are Unicode's.
class Pattern {
public:
  /// Failure (input) that names `what` and the place of what is not supported.
  Pattern(std::string_view source, const std::string &what);

  /// The first match at or behind `at`, of one byte at least: its begin and end; both are the text's size if there is
  /// none. Failure (input) that names `what` if it takes more steps than are left in `budget`.
  std::pair<size_t, size_t> find(std::string_view text, size_t at, uint64_t &budget) const;
  /// What all matches in a text may take together: far more than any that a tokenizer means, and about a second for a
  /// megabyte.
  static uint64_t budgetFor(size_t bytes);
  const std::string &source() const { return source_; }

private:
  friend class PatternParser;
  enum class Op : uint8_t { Class, Repeat, Split, Jump, Ahead, NotAhead, Atomic, End, Match };
  enum class Greed : uint8_t { Greedy, Lazy, Possessive };
  /// Class: one of `set`. Repeat: between `least` and `most` of `set`. Split: first `a`, then `b`. Ahead and Atomic:
  /// what follows up to its End, whose successor is `b`.
  struct Instruction {
    Op op;
    Greed greed = Greed::Greedy;
    uint32_t a = 0, b = 0, least = 0, most = 0;
  };
  static constexpr size_t noMatch = size_t(-1);

  struct Waiting;

  size_t match(std::string_view text, size_t at, uint32_t instruction, uint64_t &budget) const;
  bool resume(std::string_view text, std::vector<Waiting> &waiting, uint32_t &instruction, size_t &at) const;
  bool repeat(std::string_view text, uint32_t instruction, size_t &at, std::vector<Waiting> &waiting,
              uint64_t &budget) const;

  std::string source_, what_;
  std::vector<CharacterClass> classes_;
  std::vector<Instruction> code_;
};

} // namespace sinter
