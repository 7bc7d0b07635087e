#include "Mutator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>

namespace sinter::mutants {
namespace {

constexpr size_t kKinds = static_cast<size_t>(Kind::Mark) + 1;

bool isWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$'; }

size_t endOfWord(std::string_view text, size_t at) {
  while (at < text.size() && isWordCharacter(text[at]))
    ++at;
  return at;
}

bool isElementType(std::string_view word) {
  constexpr std::array names = {"f32", "f64", "f16", "bf16", "i1", "i8", "i16", "i32", "i64", "index", "none"};
  return std::ranges::find(names, word) != names.end();
}

/// The kind of a word by what it looks like: `sinter.matmul` before anything that opens an operation's operands, `init`
/// in front of `=`, `tensor`.
Kind kindOfWord(std::string_view word, std::string_view rest) {
  if (isElementType(word))
    return Kind::Type;
  if (rest.starts_with(" = "))
    return Kind::Attribute;
  return word.find('.') != std::string_view::npos ? Kind::Operation : Kind::Word;
}

/// Sizes and element types of a shaped type stand without spaces: `4x8xf32`. One size, its `x`, or the element type.
size_t endOfNumber(std::string_view text, size_t at) {
  size_t start = at;
  if (text[at] == '-')
    ++at;
  if (text.substr(at).starts_with("0x") && at + 2 < text.size() &&
      std::isxdigit(static_cast<unsigned char>(text[at + 2])) && text.substr(at).size() > 6 &&
      std::isxdigit(static_cast<unsigned char>(text[at + 5]))) {
    at += 2;
    while (at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])))
      ++at;
    return at;
  }
  auto digits = [&] {
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])))
      ++at;
  };
  digits();
  if (at < text.size() && text[at] == '.' && at > start) {
    ++at;
    digits();
    if (at < text.size() && text[at] == 'e') {
      ++at;
      if (at < text.size() && (text[at] == '-' || text[at] == '+'))
        ++at;
      digits();
    }
  }
  return at;
}

Token next(std::string_view text) {
  auto token = [&](Kind kind, size_t length) { return Token{kind, std::string(text.substr(0, length))}; };
  char c = text[0];
  if (c == ' ')
    return token(Kind::Space, std::min(text.find_first_not_of(' '), text.size()));
  if (c == '"') {
    size_t end = text.find('"', 1);
    return token(Kind::String, end == std::string_view::npos ? text.size() : end + 1);
  }
  if ((c == '%' || c == '@' || c == '#' || c == '!') && text.size() > 1 && isWordCharacter(text[1]))
    return token(c == '%' ? Kind::Operand : c == '@' ? Kind::Symbol : Kind::Alias, endOfWord(text, 1));
  bool negative = c == '-' && text.size() > 1 && std::isdigit(static_cast<unsigned char>(text[1]));
  if (negative || std::isdigit(static_cast<unsigned char>(c)))
    return token(Kind::Number, endOfNumber(text, 0));
  if (c == 'x' && text.size() > 1 &&
      (std::isdigit(static_cast<unsigned char>(text[1])) || isElementType(text.substr(1, endOfWord(text, 1) - 1))))
    return token(Kind::Mark, 1);
  if (isWordCharacter(c)) {
    size_t end = endOfWord(text, 0);
    return token(kindOfWord(text.substr(0, end), text.substr(end)), end);
  }
  return token(Kind::Mark, 1);
}

size_t below(size_t limit, std::mt19937_64 &random) { return limit ? random() % limit : 0; }

template <typename List> const auto &pick(const List &list, std::mt19937_64 &random) {
  return list[below(std::size(list), random)];
}

std::string textOf(const std::vector<Token> &line) {
  std::string text;
  for (const Token &token : line)
    text += token.text;
  return text;
}

/// Where the attribute (`name = value`, or a name alone) that starts at `at` of a line ends: before a comma or a
/// bracket that it did not open.
size_t endOfAttribute(const std::vector<Token> &line, size_t at) {
  int depth = 0;
  for (; at < line.size(); ++at) {
    const std::string &text = line[at].text;
    if (text == "{" || text == "[" || text == "(" || text == "<")
      ++depth;
    bool closes = text == "}" || text == "]" || text == ")" || text == ">";
    if (depth == 0 && (closes || text == ","))
      return at;
    depth -= closes;
  }
  return at;
}

/// Positions in a line where an attribute starts.
std::vector<size_t> attributesOf(const std::vector<Token> &line) {
  std::vector<size_t> found;
  for (size_t at = 0; at < line.size(); ++at) {
    bool named = line[at].kind == Kind::Attribute;
    bool alone = at > 0 && at + 1 < line.size() && (line[at].kind == Kind::Word || line[at].kind == Kind::Operation) &&
                 (line[at - 1].text == "{" || (at > 1 && line[at - 2].text == ",")) &&
                 (line[at + 1].text == "}" || line[at + 1].text == ",");
    if (named || alone)
      found.push_back(at);
  }
  return found;
}

} // namespace

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    tokens.push_back(next(text));
    text.remove_prefix(tokens.back().text.size());
  }
  return tokens;
}

Mutator::Mutator(std::string_view text, uint64_t seed) : examples(kKinds), seed(seed) {
  std::vector<std::set<std::string>> distinct(kKinds);
  std::set<std::string> found{"sinter.kernel", "sinter.entry", "sinter.ordered = array<i64: 0, 9, 0>",
                              "sinter.ordered = array<i64: 0, 1, -1>", "sinter.members = 3 : i64"};
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(tokenize(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::vector<Token> &line = lines.back();
    for (const Token &token : line)
      distinct[static_cast<size_t>(token.kind)].insert(token.text);
    for (size_t at : attributesOf(line))
      found.insert(textOf({line.begin() + at, line.begin() + endOfAttribute(line, at)}));
  }
  for (size_t kind = 0; kind < kKinds; ++kind)
    examples[kind].assign(distinct[kind].begin(), distinct[kind].end());
  attributes.assign(found.begin(), found.end());
}

Mutator::Mutant Mutator::make(uint64_t number) const {
  static constexpr std::array<Change, 14> changes = {
      &Mutator::deleteLine,   &Mutator::duplicateLine,  &Mutator::swapLines,        &Mutator::changeToken,
      &Mutator::changeToken,  &Mutator::changeToken,    &Mutator::changeEverywhere, &Mutator::changeEverywhere,
      &Mutator::changeNumber, &Mutator::changeNumber,   &Mutator::swapOperands,     &Mutator::dropAttribute,
      &Mutator::addAttribute, &Mutator::changeAttribute};
  Random random(seed * 0x9e3779b97f4a7c15 + number);
  Lines changed = lines;
  Mutant mutant;
  for (size_t left = 1 + below(4, random) / 3 + below(8, random) / 7; left; --left) {
    std::string what = (this->*pick(changes, random))(changed, random);
    if (!what.empty())
      mutant.what += (mutant.what.empty() ? "" : "; ") + what;
  }
  for (const std::vector<Token> &line : changed)
    mutant.text += textOf(line) + "\n";
  return mutant;
}

std::string Mutator::deleteLine(Lines &lines, Random &random) const {
  size_t at = below(lines.size(), random);
  std::string what = "line " + std::to_string(at + 1) + " deleted";
  lines.erase(lines.begin() + at);
  return what;
}

std::string Mutator::duplicateLine(Lines &lines, Random &random) const {
  size_t from = below(lines.size(), random), to = random() % 2 ? from : below(lines.size(), random);
  std::vector<Token> line = lines[from];
  lines.insert(lines.begin() + to, std::move(line));
  return "line " + std::to_string(from + 1) + " copied to " + std::to_string(to + 1);
}

std::string Mutator::swapLines(Lines &lines, Random &random) const {
  size_t a = below(lines.size(), random),
         b = random() % 2 ? std::min(a + 1, lines.size() - 1) : below(lines.size(), random);
  std::swap(lines[a], lines[b]);
  return "lines " + std::to_string(a + 1) + " and " + std::to_string(b + 1) + " swapped";
}

std::string Mutator::otherNumber(std::string_view number, Random &random) const {
  if (number.find('.') != std::string_view::npos || number.starts_with("0x")) {
    constexpr std::array edges = {"0.000000e+00", "-1.000000e+00", "1.000000e+39", "1.000000e-50", "0x7FC00000",
                                  "0x7F800000",   "1.500000e+00",  "3.000000e+38", "-0.000000e+00"};
    return pick(edges, random);
  }
  int64_t value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  constexpr std::array<int64_t, 14> edges = {
      0, 1, -1, 2, 3, 127, 255, 65535, 65536, INT32_MAX, int64_t{1} << 31, int64_t{1} << 40, INT64_MAX, INT64_MIN};
  switch (random() % 6) {
  case 0:
    return std::to_string(value + 1);
  case 1:
    return std::to_string(value - 1);
  case 2:
    return std::to_string(-value);
  case 3:
    return std::to_string(value * 2);
  default:
    return std::to_string(pick(edges, random));
  }
}

std::string Mutator::substitute(const Token &token, Random &random) const {
  constexpr std::array types = {"f32", "f64", "f16", "bf16", "i1", "i8", "i16", "i32", "i64", "index"};
  const std::vector<std::string> &known = examples[static_cast<size_t>(token.kind)];
  switch (token.kind) {
  case Kind::Number:
    return otherNumber(token.text, random);
  case Kind::Type:
    return pick(types, random);
  case Kind::Symbol:
    return random() % 8 ? pick(known, random) : "@nobody";
  case Kind::Space:
    return token.text;
  case Kind::Mark:
    return random() % 2 ? "" : pick(known, random);
  default:
    return random() % 16 ? pick(known, random) : "";
  }
}

std::string Mutator::changeToken(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 20; ++tries) {
    size_t at = below(lines.size(), random);
    if (lines[at].empty())
      continue;
    Token &token = lines[at][below(lines[at].size(), random)];
    if (token.kind == Kind::Space || (token.kind == Kind::Mark && random() % 8))
      continue;
    std::string old = std::exchange(token.text, substitute(token, random));
    if (old != token.text)
      return "line " + std::to_string(at + 1) + ": " + old + " became " + token.text;
  }
  return "";
}

std::string Mutator::changeNumber(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 40; ++tries) {
    size_t at = below(lines.size(), random);
    if (lines[at].empty())
      continue;
    Token &token = lines[at][below(lines[at].size(), random)];
    if (token.kind != Kind::Number)
      continue;
    std::string old = std::exchange(token.text, otherNumber(token.text, random));
    return "line " + std::to_string(at + 1) + ": " + old + " became " + token.text;
  }
  return "";
}

// A size, a type or a name that changes wherever it stands gives programs that are valid, and new.
std::string Mutator::changeEverywhere(Lines &lines, Random &random) const {
  constexpr std::array kinds = {Kind::Number,    Kind::Number, Kind::Type, Kind::Symbol,
                                Kind::Operation, Kind::Alias,  Kind::Word};
  Kind kind = pick(kinds, random);
  const std::vector<std::string> &known = examples[static_cast<size_t>(kind)];
  if (known.empty())
    return "";
  std::string old = pick(known, random), made = substitute({kind, old}, random);
  for (std::vector<Token> &line : lines)
    for (Token &token : line)
      if (token.kind == kind && token.text == old)
        token.text = made;
  return "every " + old + " became " + made;
}

std::string Mutator::swapOperands(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 20; ++tries) {
    size_t at = below(lines.size(), random);
    std::vector<size_t> operands;
    for (size_t i = 0; i < lines[at].size(); ++i)
      if (lines[at][i].kind == Kind::Operand)
        operands.push_back(i);
    if (operands.size() < 2)
      continue;
    size_t a = pick(operands, random), b = pick(operands, random);
    std::swap(lines[at][a].text, lines[at][b].text);
    return "line " + std::to_string(at + 1) + ": " + lines[at][a].text + " and " + lines[at][b].text + " swapped";
  }
  return "";
}

std::string Mutator::dropAttribute(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 100; ++tries) {
    size_t at = below(lines.size(), random);
    std::vector<size_t> starts = attributesOf(lines[at]);
    if (starts.empty())
      continue;
    size_t start = pick(starts, random), end = endOfAttribute(lines[at], start);
    std::string what = textOf({lines[at].begin() + start, lines[at].begin() + end});
    if (end < lines[at].size() && lines[at][end].text == ",")
      ++end;
    lines[at].erase(lines[at].begin() + start, lines[at].begin() + end);
    return "line " + std::to_string(at + 1) + ": " + what + " dropped";
  }
  return "";
}

std::string Mutator::addAttribute(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 100; ++tries) {
    size_t at = below(lines.size(), random);
    std::vector<size_t> starts = attributesOf(lines[at]);
    if (starts.empty())
      continue;
    std::string added = pick(attributes, random);
    lines[at].insert(lines[at].begin() + pick(starts, random), Token{Kind::Word, added + ", "});
    return "line " + std::to_string(at + 1) + ": " + added + " added";
  }
  return "";
}

std::string Mutator::changeAttribute(Lines &lines, Random &random) const {
  for (int tries = 0; tries < 100; ++tries) {
    size_t at = below(lines.size(), random);
    std::vector<size_t> starts = attributesOf(lines[at]);
    if (starts.empty())
      continue;
    size_t start = pick(starts, random), end = endOfAttribute(lines[at], start);
    std::string other = pick(attributes, random);
    size_t value = other.find(" = ");
    if (value == std::string::npos || lines[at][start].kind != Kind::Attribute)
      continue;
    std::string made = lines[at][start].text + other.substr(value);
    std::string old = textOf({lines[at].begin() + start, lines[at].begin() + end});
    lines[at].erase(lines[at].begin() + start, lines[at].begin() + end);
    lines[at].insert(lines[at].begin() + start, Token{Kind::Word, made});
    return "line " + std::to_string(at + 1) + ": " + old + " became " + made;
  }
  return "";
}

} // namespace sinter::mutants
