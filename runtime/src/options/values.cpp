// Values of options: checked as text, then stored where they belong.
#include "base/format.h"
#include "base/suggest.h"
#include "options/option.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace sinter {

std::vector<std::string> splitNames(std::string_view text) {
  std::vector<std::string> names;
  for (size_t comma = 0; !text.empty(); text.remove_prefix(std::min(comma + 1, text.size())))
    names.emplace_back(text.substr(0, comma = std::min(text.find(','), text.size())));
  return names;
}

std::string listText(std::string_view text) {
  std::string list;
  const std::vector<std::string> names = splitNames(text);
  for (size_t i = 0; i < names.size(); ++i)
    list += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + names[i];
  return list;
}

// All of the text as one number. Octal and hexadecimal spellings are none, and nothing wraps.
template <typename T> static bool readNumber(const std::string &text, T &value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size();
}

static std::string isNot(const std::string &text, const std::string &what) {
  return formatted("{} is not {}", text.empty() ? "''" : text, what);
}

namespace {

/// Stores a text that its check let pass.
struct Store {
  const std::string &text;

  void operator()(bool *to) const { *to = true; }
  void operator()(std::string *to) const { *to = text; }
  void operator()(std::vector<std::string> *to) const { to->push_back(text); }
  template <typename T> void operator()(T *to) const { readNumber(text, *to); }
  template <typename T> void operator()(std::optional<T> *to) const { (*this)(&to->emplace()); }
};

} // namespace

static std::string problemOf(const Check &check, const std::string &text) {
  switch (check.kind) {
  case Check::Any:
    return "";
  case Check::NotEmpty: {
    const std::vector<std::string> names = splitNames(check.must);
    std::error_code error;
    if (!names.empty() && std::find(names.begin(), names.end(), text) == names.end() &&
        !std::filesystem::exists(text, error) && !text.empty())
      return isNot(text, listText(std::string(check.must) + ",a file that is there") + didYouMean(text, names));
    return text.empty() ? "is empty" : "";
  }
  case Check::Whole: {
    uint64_t value = 0;
    const bool inside = readNumber(text, value) && value >= check.least && value <= check.most;
    return inside ? "" : isNot(text, std::string("a whole number ") + check.range);
  }
  case Check::Number: {
    double value = 0;
    const bool inside = readNumber(text, value) && std::abs(value) <= 1e38 && check.inside(value);
    return inside ? "" : isNot(text, check.must);
  }
  case Check::OneOf: {
    const std::vector<std::string> names = splitNames(check.range);
    if (std::find(names.begin(), names.end(), text) == names.end())
      return isNot(text, listText(check.range) + didYouMean(text, names));
    return "";
  }
  }
  return "";
}

std::string takeValue(Option &option, const std::string &text) {
  std::string problem = option.isFlag() ? "" : problemOf(option.check, text);
  if (!problem.empty())
    return problem;
  std::visit(Store{text}, option.target);
  option.given.push_back(text);
  return "";
}

bool Option::has(std::string_view name) const {
  for (const std::string &known : splitNames(names))
    if (known == name)
      return true;
  return false;
}

std::string_view Option::name() const {
  const std::string_view all = names;
  return all.substr(all.rfind(',') + 1);
}

std::string_view Option::bareName() const {
  std::string_view bare = name();
  bare.remove_prefix(std::min(bare.find_first_not_of('-'), bare.size()));
  return bare;
}

Option *Command::find(std::string_view name) {
  for (Option &option : options)
    if (option.has(name))
      return &option;
  return nullptr;
}

const Option &Command::at(std::string_view name) const { return *const_cast<Command *>(this)->find(name); }

} // namespace sinter
