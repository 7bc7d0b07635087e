#include "members.h"

#include "base/format.h"
#include "base/report.h"
#include "base/suggest.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sinter::serve {

using Kind = JsonTree::Kind;

void refuse(const std::string &param, const std::string &problem) {
  throw Refusal(400, formatted("{}: {}", param, problem), param);
}

std::string inQuotes(std::string_view text) { return "'" + printable(text.substr(0, 100)) + "'"; }

const char *nameOf(Kind kind) {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::False:
  case Kind::True:
    return "a boolean";
  case Kind::Number:
    return "a number";
  case Kind::Text:
    return "a string";
  case Kind::Array:
    return "an array";
  case Kind::Object:
    return "an object";
  }
  return "";
}

void wrongKind(const std::string &param, const char *wanted, const JsonTree &value) {
  refuse(param, formatted("must be {}, but is {}", wanted, nameOf(value.kind)));
}

bool Members::flag(const char *name, bool otherwise) const {
  const JsonTree &value = object_[name];
  if (value.isNull())
    return otherwise;
  if (value.kind != Kind::True && value.kind != Kind::False)
    wrongKind(name, "a boolean", value);
  return value.isTrue();
}

double Members::number(const char *name, double least, double most, double otherwise) const {
  const JsonTree &value = object_[name];
  return value.isNull() ? otherwise : numberOf(name, value, least, most);
}

std::optional<int64_t> Members::wholeOrNone(const char *name, int64_t least, int64_t most) const {
  const JsonTree &value = object_[name];
  if (value.isNull())
    return std::nullopt;
  if (value.kind != Kind::Number)
    wrongKind(name, "a whole number", value);
  int64_t number = 0;
  const char *end = value.text.data() + value.text.size();
  const auto [rest, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || rest != end || number < least || number > most)
    refuse(name, formatted("must be a whole number from {} to {}, but is {}", least, most, value.text));
  return number;
}

double Members::numberOf(const std::string &name, const JsonTree &value, double least, double most) {
  if (value.kind != Kind::Number)
    wrongKind(name, "a number", value);
  double number = NAN;
  std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
  if (!(number >= least && number <= most))
    refuse(name, formatted("must be a number from {} to {}, but is {}", least, most, value.text));
  return number;
}

void Members::check(const std::vector<std::string> &known) const {
  if (object_.kind != Kind::Object)
    throw Refusal(400, formatted("the body must be a JSON object, but is {}", nameOf(object_.kind)));
  for (const JsonTree &member : object_.members)
    if (std::find(known.begin(), known.end(), member.name) == known.end()) {
      const std::string name = printable(std::string_view(member.name).substr(0, 100));
      throw Refusal(400, formatted("unknown member '{}'{}", name, didYouMean(name, known)), name);
    }
}

} // namespace sinter::serve
