// Small damages to the text of a printed module.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::mutants {

/// What a piece of a module's text is.
enum class Kind { Space, Number, Operation, Operand, Symbol, Alias, Type, Attribute, String, Word, Mark };

struct Token {
  Kind kind;
  std::string text;
};

/// Takes text apart; the tokens put together are the text again.
std::vector<Token> tokenize(std::string_view text);

/// Makes mutants of one text: the same one for the same number, on every machine.
class Mutator {
public:
  /// `seed` tells apart the mutants of different texts.
  Mutator(std::string_view text, uint64_t seed);

  struct Mutant {
    std::string text;
    std::string what; ///< for a person: what was done, in order
  };
  Mutant make(uint64_t number) const;

private:
  using Lines = std::vector<std::vector<Token>>;
  using Random = std::mt19937_64;
  using Change = std::string (Mutator::*)(Lines &, Random &) const;

  std::string deleteLine(Lines &lines, Random &random) const;
  std::string duplicateLine(Lines &lines, Random &random) const;
  std::string swapLines(Lines &lines, Random &random) const;
  std::string changeToken(Lines &lines, Random &random) const;
  std::string changeEverywhere(Lines &lines, Random &random) const;
  std::string changeNumber(Lines &lines, Random &random) const;
  std::string swapOperands(Lines &lines, Random &random) const;
  std::string dropAttribute(Lines &lines, Random &random) const;
  std::string addAttribute(Lines &lines, Random &random) const;
  std::string changeAttribute(Lines &lines, Random &random) const;

  /// What `token` may become: another of its kind from the text, or a value at an edge.
  std::string substitute(const Token &token, Random &random) const;
  std::string otherNumber(std::string_view number, Random &random) const;

  Lines lines;
  std::vector<std::string> attributes;            ///< `name = value` of all attributes of the text
  std::vector<std::vector<std::string>> examples; ///< distinct texts of each kind of token
  uint64_t seed;
};

} // namespace sinter::mutants
