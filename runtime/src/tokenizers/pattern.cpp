#include "tokenizers/pattern.h"

#include "base/error.h"
#include "base/format.h"
#include "base/utf8.h"

#include <algorithm>
#include <cctype>

namespace sinter {

static constexpr size_t mostCode = 4096, mostWaiting = 1 << 20;
static constexpr int mostNested = 32;

bool CharacterClass::compute(char32_t point) const {
  const CategorySet set = CategoryTable::get().of(point);
  for (const Item &item : items)
    if ((point >= item.first && point <= item.last) || (set & item.in) || (item.notIn && !(set & item.notIn)))
      return !negated;
  return negated;
}

void CharacterClass::finish() {
  for (char32_t point = 0; point < 128; ++point)
    ascii[point] = compute(point);
}

// A byte that is not UTF-8 is a character of no category.
static CodePoint pointAt(std::string_view text, size_t at) {
  if (const auto byte = static_cast<unsigned char>(text[at]); byte < 0x80)
    return {byte, 1};
  const CodePoint point = decodeUtf8(text, at);
  return point.length ? point : CodePoint{0x110000, 1};
}

// The start of the character that ends in front of `at`; no start of one is inside of another one.
static size_t before(std::string_view text, size_t first, size_t at) {
  for (size_t back = std::min<size_t>(4, at - first); back > 1; --back)
    if (pointAt(text, at - back).length == back)
      return at - back;
  return at - 1;
}

/// Recursive descent; emits code as it goes.
class PatternParser {
public:
  PatternParser(Pattern &pattern, std::string_view source) : pattern_(pattern), source_(source) {}

  void parse() {
    alternatives(0);
    if (at_ < source_.size())
      refuse("a closing parenthesis without its opening one");
    emit({Pattern::Op::Match});
  }

private:
  using Op = Pattern::Op;
  using Greed = Pattern::Greed;
  using Instruction = Pattern::Instruction;

  [[noreturn]] void refuse(const std::string &what) const {
    fail(Exit::Input, formatted("{}: split pattern: {} at byte {} is not supported: {}", pattern_.what_, what, at_,
                                source_.substr(0, 200)));
  }
  bool done() const { return at_ >= source_.size(); }
  bool take(std::string_view word) {
    if (!source_.substr(at_).starts_with(word))
      return false;
    at_ += word.size();
    return true;
  }
  uint32_t emit(const Instruction &instruction) {
    if (pattern_.code_.size() == mostCode)
      refuse("more than is reasonable");
    pattern_.code_.push_back(instruction);
    return uint32_t(pattern_.code_.size() - 1);
  }
  uint32_t here() const { return uint32_t(pattern_.code_.size()); }

  // Whether it can match nothing.
  bool alternatives(int depth) {
    if (depth > mostNested)
      refuse("so deep a nesting");
    std::vector<uint32_t> ends;
    bool empty = false;
    while (true) {
      // An alternative more may follow: the choice stands in front of this one.
      const uint32_t split = emit({Op::Split});
      pattern_.code_[split].a = here();
      empty |= sequence(depth);
      if (!take("|")) {
        pattern_.code_[split].b = pattern_.code_[split].a; // the last one: no choice
        break;
      }
      ends.push_back(emit({Op::Jump}));
      pattern_.code_[split].b = here();
    }
    for (const uint32_t end : ends)
      pattern_.code_[end].a = here();
    return empty;
  }

  bool sequence(int depth) {
    bool empty = true;
    while (!done() && source_[at_] != '|' && source_[at_] != ')')
      empty &= repeated(depth);
    return empty;
  }

  struct Times {
    uint32_t least = 1, most = 1;
    Greed greed = Greed::Greedy;
    bool once() const { return least == 1 && most == 1; }
  };
  static constexpr uint32_t unlimited = UINT32_MAX;

  uint32_t number() {
    uint32_t value = 0;
    const size_t start = at_;
    while (!done() && source_[at_] >= '0' && source_[at_] <= '9' && at_ < start + 4)
      value = value * 10 + uint32_t(source_[at_++] - '0');
    if (at_ == start)
      refuse("a repetition without a number");
    return value;
  }

  Times times() {
    Times t;
    if (take("?"))
      t = {0, 1};
    else if (take("*"))
      t = {0, unlimited};
    else if (take("+"))
      t = {1, unlimited};
    else if (take("{")) {
      t.least = t.most = number();
      if (take(","))
        t.most = !done() && source_[at_] == '}' ? unlimited : number();
      if (!take("}") || t.least > t.most)
        refuse("such a repetition");
    } else
      return t;
    t.greed = take("?") ? Greed::Lazy : take("+") ? Greed::Possessive : Greed::Greedy;
    return t;
  }

  bool repeated(int depth) {
    if (source_[at_] == '(')
      return group(depth);
    const uint32_t set = characterClass();
    const Times t = times();
    if (t.once())
      emit({Op::Class, Greed::Greedy, set});
    else
      emit({Op::Repeat, t.greed, set, 0, t.least, t.most});
    return t.least == 0;
  }

  bool group(int depth) {
    ++at_;
    const bool ahead = take("?="), notAhead = !ahead && take("?!"), atomic = !ahead && !notAhead && take("?>");
    const bool outer = folded_;
    if (!ahead && !notAhead && !atomic && !take("?:")) {
      if (take("?i:"))
        folded_ = true;
      else if (!done() && source_[at_] == '?')
        refuse("this kind of group");
    }
    const uint32_t start = here();
    const bool bracketed = ahead || notAhead || atomic;
    if (bracketed)
      emit({ahead ? Op::Ahead : notAhead ? Op::NotAhead : Op::Atomic});
    bool empty = alternatives(depth + 1);
    folded_ = outer;
    if (!take(")"))
      refuse("a group that does not end");
    if (bracketed) {
      emit({Op::End});
      pattern_.code_[start].b = here();
    }
    const size_t quantifier = at_;
    const Times t = times();
    if (t.once())
      return empty || ahead || notAhead;
    at_ = t.greed == Greed::Possessive ? quantifier : at_;
    if (t.greed == Greed::Possessive)
      refuse("a possessive group");
    if (t.most != 1 && (empty || ahead || notAhead))
      refuse("a repetition of what may be nothing");
    repeatGroup(start, t);
    return empty || t.least == 0;
  }

  // The code from `start` on, so many times, by copies.
  void repeatGroup(uint32_t start, const Times &t) {
    const std::vector<Instruction> body(pattern_.code_.begin() + start, pattern_.code_.end());
    pattern_.code_.resize(start);
    const auto copy = [&] {
      const uint32_t moved = here() - start;
      for (Instruction instruction : body) {
        if (instruction.op == Op::Split || instruction.op == Op::Jump)
          instruction.a += moved;
        if (instruction.op != Op::Class && instruction.op != Op::Repeat)
          instruction.b += moved;
        emit(instruction);
      }
    };
    const auto choice = [&](uint32_t split) { // to go on inside, or behind
      Instruction &instruction = pattern_.code_[split];
      instruction.a = split + 1;
      instruction.b = here();
      if (t.greed == Greed::Lazy)
        std::swap(instruction.a, instruction.b);
    };
    for (uint32_t i = 0; i < t.least; ++i)
      copy();
    if (t.most == unlimited) {
      const uint32_t split = emit({Op::Split});
      copy();
      const uint32_t back = emit({Op::Jump});
      pattern_.code_[back].a = split;
      choice(split);
      return;
    }
    std::vector<uint32_t> splits;
    for (uint32_t i = t.least; i < t.most; ++i) {
      splits.push_back(emit({Op::Split}));
      copy();
    }
    for (const uint32_t split : splits)
      choice(split);
  }

  uint32_t hexadecimal(size_t digits) {
    uint32_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (done() || !std::isxdigit(static_cast<unsigned char>(source_[at_])))
        refuse("a code point of other than hexadecimal digits");
      const char c = source_[at_++];
      value = value * 16 + uint32_t(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
  }

  CharacterClass::Item categoryItem(bool opposite) {
    const size_t start = at_;
    if (take("{")) {
      const size_t end = source_.find('}', at_);
      const CategorySet set = end == source_.npos ? 0 : categoriesNamed(source_.substr(at_, end - at_));
      if (set) {
        at_ = end + 1;
        return opposite ? CharacterClass::Item{1, 0, 0, set} : CharacterClass::Item{1, 0, set, 0};
      }
    }
    at_ = start;
    refuse("a property that is no general category");
  }

  // What follows a backslash.
  CharacterClass::Item escape() {
    if (done())
      refuse("a backslash at the end");
    const char c = source_[at_++];
    const auto one = [](char32_t point) { return CharacterClass::Item{point, point}; };
    switch (c) {
    case 'p':
      return categoryItem(false);
    case 'P':
      return categoryItem(true);
    case 's':
      return {1, 0, whiteSpace, 0};
    case 'S':
      return {1, 0, 0, whiteSpace};
    case 'd':
      return {1, 0, setOf(Nd), 0};
    case 'D':
      return {1, 0, 0, setOf(Nd)};
    case 'n':
      return one('\n');
    case 'r':
      return one('\r');
    case 't':
      return one('\t');
    case 'f':
      return one('\f');
    case 'v':
      return one('\v');
    case 'u':
      return one(hexadecimal(4));
    case 'x':
      if (take("{")) {
        const size_t end = source_.find('}', at_);
        if (end == source_.npos || end - at_ > 6)
          refuse("such a code point");
        const uint32_t value = hexadecimal(end - at_);
        ++at_;
        return one(value);
      }
      return one(hexadecimal(2));
    default:
      if (std::isalnum(static_cast<unsigned char>(c))) {
        --at_;
        refuse(formatted("\\{}", c));
      }
      --at_;
      return one(literal());
    }
  }

  char32_t literal() {
    const CodePoint point = decodeUtf8(source_, at_);
    if (!point.length)
      refuse("a byte that is not UTF-8");
    at_ += point.length;
    return point.value;
  }

  // One of a class; a range if `-` follows.
  CharacterClass::Item classItem() {
    if (source_[at_] == '[' || source_.substr(at_).starts_with("&&"))
      refuse("a class inside of another one");
    CharacterClass::Item item;
    if (take("\\"))
      item = escape();
    else
      item.first = item.last = literal();
    if (item.first > item.last || at_ + 1 >= source_.size() || source_[at_] != '-' || source_[at_ + 1] == ']')
      return item;
    ++at_;
    const CharacterClass::Item end = take("\\") ? escape() : CharacterClass::Item{0, literal()};
    if (end.first > end.last || end.last < item.first)
      refuse("such a range");
    item.last = end.last;
    return item;
  }

  static void addFolded(CharacterClass &set) {
    const std::vector<CharacterClass::Item> items = set.items;
    for (const CharacterClass::Item &item : items)
      for (char32_t c = 'A'; c <= 'Z'; ++c) {
        if (c >= item.first && c <= item.last)
          set.items.push_back({c + 32, c + 32});
        if (c + 32 >= item.first && c + 32 <= item.last)
          set.items.push_back({c, c});
      }
  }

  uint32_t characterClass() {
    CharacterClass set;
    const char c = source_[at_];
    if (std::string_view("*+?{^$").find(c) != std::string_view::npos)
      refuse(formatted("'{}' in this place", c));
    if (take("[")) {
      set.negated = take("^");
      const size_t first = at_;
      while (!done() && (source_[at_] != ']' || at_ == first))
        set.items.push_back(classItem());
      if (!take("]"))
        refuse("a class that does not end");
    } else if (take(".")) {
      set.negated = true;
      set.items.push_back({'\n', '\n'});
    } else if (take("\\")) {
      set.items.push_back(escape());
    } else {
      const char32_t point = literal();
      set.items.push_back({point, point});
    }
    if (folded_)
      addFolded(set);
    return addClass(std::move(set));
  }

  uint32_t addClass(CharacterClass set) {
    set.finish();
    pattern_.classes_.push_back(std::move(set));
    return uint32_t(pattern_.classes_.size() - 1);
  }

  Pattern &pattern_;
  std::string_view source_;
  size_t at_ = 0;
  bool folded_ = false; // inside of (?i:
};

Pattern::Pattern(std::string_view source, const std::string &what) : source_(source), what_(what) {
  PatternParser(*this, source_).parse();
}

/// A choice that was not taken, or not exhausted.
struct Pattern::Waiting {
  uint32_t instruction;
  size_t at, first;  // first < at: a repetition may also end at each character before `at`, down to `first`
  uint32_t left = 0; // of a lazy repetition: so many more may be taken
};

// The youngest choice is gone on with; false if there is none.
bool Pattern::resume(std::string_view text, std::vector<Waiting> &waiting, uint32_t &instruction, size_t &at) const {
  while (!waiting.empty()) {
    Waiting &last = waiting.back();
    instruction = last.instruction;
    at = last.at;
    if (last.left) {
      const CodePoint point = at < text.size() ? pointAt(text, at) : CodePoint{0, 0};
      if (!point.length || !classes_[code_[instruction - 1].a].holds(point.value)) {
        waiting.pop_back();
        continue;
      }
      at += point.length;
      last.at = last.first = at;
      if (last.left != UINT32_MAX && --last.left == 0)
        waiting.pop_back();
      return true;
    }
    if (last.first < at)
      last.at = at = before(text, last.first, at);
    if (last.first == at)
      waiting.pop_back();
    return true;
  }
  return false;
}

bool Pattern::repeat(std::string_view text, uint32_t instruction, size_t &at, std::vector<Waiting> &waiting,
                     uint64_t &budget) const {
  const Instruction &code = code_[instruction];
  const CharacterClass &set = classes_[code.a];
  const bool lazy = code.greed == Greed::Lazy;
  const uint32_t wanted = lazy ? code.least : code.most;
  size_t first = at;
  uint32_t count = 0;
  for (; count < wanted && at < text.size(); ++count) {
    const CodePoint point = pointAt(text, at);
    if (!set.holds(point.value))
      break;
    at += point.length;
    if (count + 1 == code.least)
      first = at;
  }
  budget -= std::min<uint64_t>(budget, count / 16);
  if (count < code.least)
    return false;
  if (code.greed == Greed::Greedy && at > first)
    waiting.push_back({instruction + 1, at, first});
  if (lazy && code.most > code.least)
    waiting.push_back({instruction + 1, at, at, code.most == UINT32_MAX ? UINT32_MAX : code.most - code.least});
  return true;
}

// Ends at Match, or at the End of what is looked at ahead.
size_t Pattern::match(std::string_view text, size_t at, uint32_t instruction, uint64_t &budget) const {
  std::vector<Waiting> waiting;
  while (budget && waiting.size() < mostWaiting) {
    --budget;
    const Instruction &code = code_[instruction];
    bool good = true;
    switch (code.op) {
    case Op::Match:
    case Op::End:
      return at;
    case Op::Class: {
      const CodePoint point = at < text.size() ? pointAt(text, at) : CodePoint{0, 0};
      good = point.length && classes_[code.a].holds(point.value);
      at += good ? point.length : 0;
      break;
    }
    case Op::Repeat:
      good = repeat(text, instruction, at, waiting, budget);
      break;
    case Op::Split:
      if (code.a != code.b)
        waiting.push_back({code.b, at, at});
      instruction = code.a;
      continue;
    case Op::Jump:
      instruction = code.a;
      continue;
    case Op::Ahead:
    case Op::NotAhead:
    case Op::Atomic: {
      const size_t end = match(text, at, instruction + 1, budget);
      good = (end != noMatch) != (code.op == Op::NotAhead);
      if (good && code.op == Op::Atomic)
        at = end;
      instruction = code.b - 1;
      break;
    }
    }
    if (good)
      ++instruction;
    else if (!resume(text, waiting, instruction, at))
      return noMatch;
  }
  fail(Exit::Input, formatted("{}: split pattern: takes too many steps on a text, near its byte {}: {}", what_, at,
                              source_.substr(0, 200)));
}

uint64_t Pattern::budgetFor(size_t bytes) { return 5'000'000 + 64 * uint64_t(bytes); }

std::pair<size_t, size_t> Pattern::find(std::string_view text, size_t at, uint64_t &budget) const {
  for (; at < text.size(); at += pointAt(text, at).length) {
    const size_t end = match(text, at, 0, budget);
    if (end != noMatch && end > at)
      return {at, end};
  }
  return {text.size(), text.size()};
}

} // namespace sinter
