// Files of options: a part of TOML, lines NAME = VALUE below [SUBCOMMAND] or before any.
#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "files/files.h"
#include "options/option.h"

#include <algorithm>

namespace sinter {

namespace {

/// A value and, for messages, where it stood.
struct Line {
  std::string section, name;
  std::vector<std::string> values;
  int number;
};

class FileParser {
public:
  FileParser(const std::string &path, const std::string &text) : path_(path), text_(text) {}

  std::vector<Line> run() {
    std::vector<Line> lines;
    std::string section;
    while (skip(true), at_ < text_.size()) {
      if (text_[at_] == '[') {
        ++at_;
        section = word();
        expect(']');
      } else {
        Line line{section, word(), {}, line_};
        expect('=');
        values(line.values);
        lines.push_back(std::move(line));
      }
      skip(false);
      if (at_ < text_.size() && text_[at_] != '\n')
        refuse("one value a line is wanted");
    }
    return lines;
  }

  [[noreturn]] void refuse(const std::string &problem) const { refuse(line_, problem); }
  [[noreturn]] void refuse(int line, const std::string &problem) const {
    fail(Exit::Usage, formatted("{}:{}: {}", path_, line, problem));
  }

private:
  // White space and comments; with `lines` also the ends of lines.
  void skip(bool lines) {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
        continue;
      }
      if (c != ' ' && c != '\t' && c != '\r' && (c != '\n' || !lines))
        return;
      line_ += c == '\n';
    }
  }

  void expect(char wanted) {
    skip(false);
    if (at_ == text_.size() || text_[at_] != wanted)
      refuse(formatted("'{}' is wanted here: lines are [SUBCOMMAND] or NAME = VALUE", wanted));
    ++at_;
  }

  // A name, a number, or true and false: what needs no quotes.
  std::string word() {
    skip(false);
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  std::string_view("-_+.").find(text_[at_]) != std::string_view::npos))
      ++at_;
    if (begin == at_)
      refuse(at_ < text_.size() && text_[at_] != '\n' ? "texts stand in quotes: \"...\""
                                                      : "a word or a value is missing");
    return text_.substr(begin, at_ - begin);
  }

  void values(std::vector<std::string> &values) {
    skip(false);
    if (at_ == text_.size() || text_[at_] != '[')
      return values.push_back(value());
    ++at_;
    for (skip(true); at_ < text_.size() && text_[at_] != ']'; skip(true)) {
      values.push_back(value());
      skip(true);
      if (at_ < text_.size() && text_[at_] == ',')
        ++at_;
      else if (at_ == text_.size() || text_[at_] != ']')
        refuse("',' or ']' is wanted behind a value in brackets");
    }
    if (at_ == text_.size())
      refuse("']' is missing");
    ++at_;
  }

  std::string value() {
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
      return word();
    const char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_)
      text_[at_] == '\\' && quote == '"' ? escaped(value) : value.push_back(text_[at_]);
    if (at_ == text_.size() || text_[at_] != quote)
      refuse("the text has no end");
    ++at_;
    return value;
  }

  void escaped(std::string &value) {
    constexpr std::string_view letters = "\"\\ntrbf", meant = "\"\\\n\t\r\b\f";
    const char letter = ++at_ < text_.size() ? text_[at_] : '\n';
    if (const size_t known = letters.find(letter); known != letters.npos)
      return value.push_back(meant[known]);
    const size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    char32_t point = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = ++at_ < text_.size() ? text_[at_] : '\n';
      const size_t digit = std::string_view("0123456789abcdef").find(char(std::tolower(static_cast<unsigned char>(c))));
      if (digit > 15)
        refuse("four or eight hexadecimal digits are wanted behind \\u");
      point = point * 16 + char32_t(digit);
    }
    if (!digits || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      refuse("what follows the \\ means nothing");
    appendUtf8(value, point);
  }

  const std::string &path_, &text_;
  size_t at_ = 0;
  int line_ = 1;
};

/// Takes the lines that are for one subcommand.
class Taker {
public:
  Taker(CommandTable &table, Command &command, const FileParser &file)
      : table_(table), command_(command), file_(file) {}

  void take(const std::vector<Line> &lines) {
    for (const Line &line : lines)
      check(line);
    // What a section says counts more than what stands before any, and the command line more than both.
    for (const bool own : {true, false})
      for (const Line &line : lines) {
        if (line.section.empty() == own)
          continue;
        Option *option = line.section.empty() || line.section == command_.name ? find(command_, line.name) : nullptr;
        if (!option || !option->given.empty() || option->denied)
          continue;
        set(*option, line);
      }
  }

private:
  static Option *find(Command &command, const std::string &name) {
    std::string wanted = "--" + name;
    std::replace(wanted.begin(), wanted.end(), '_', '-');
    Option *option = command.find(wanted);
    return option && wanted != "--config" ? option : command.find(name);
  }

  // Whether its section and its name are known anywhere, and no other line says the same.
  void check(const Line &line) {
    std::vector<std::string> known, sections;
    for (Command &command : table_.commands) {
      sections.emplace_back(command.name);
      if (!line.section.empty() && line.section != command.name)
        continue;
      if (find(command, line.name))
        return once(line);
      for (const Option &option : command.options)
        known.emplace_back(option.bareName());
    }
    if (!line.section.empty() && std::find(sections.begin(), sections.end(), line.section) == sections.end())
      file_.refuse(line.number, formatted("[{}] is no subcommand: {}{}", line.section, fmt::join(sections, ", "),
                                          didYouMean(line.section, sections)));
    file_.refuse(line.number, formatted("there is no option {}{}", line.name, didYouMean(line.name, known)));
  }

  void once(const Line &line) {
    for (const auto &[section, name] : seen_)
      if (section == line.section && name == line.name)
        file_.refuse(line.number, formatted("{} is given twice", line.name));
    seen_.emplace_back(line.section, line.name);
  }

  void set(Option &option, const Line &line) {
    const auto refuse = [&](const std::string &problem) {
      file_.refuse(line.number, formatted("{}: {}", line.name, problem));
    };
    if (!option.isList() && line.values.size() != 1)
      refuse(formatted("one value is wanted, not {}", line.values.size()));
    for (const std::string &value : line.values) {
      if (option.isFlag() && value == "false") {
        option.denied = true;
        continue;
      }
      if (option.isFlag() && value != "true")
        refuse(formatted("{} is not true or false", value));
      if (const std::string problem = takeValue(option, value); !problem.empty())
        refuse(problem);
    }
  }

  CommandTable &table_;
  Command &command_;
  const FileParser &file_;
  std::vector<std::pair<std::string, std::string>> seen_;
};

} // namespace

void readConfiguration(CommandTable &table, Command &command, const std::string &path) {
  const std::string text = readFile(path);
  FileParser file(path, text);
  Taker(table, command, file).take(file.run());
}

// As the file has it: numbers as they are, texts in quotes.
static std::string written(const Option &option, const std::string &value) {
  if (option.isFlag() || option.check.kind == Check::Whole || option.check.kind == Check::Number)
    return value;
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\')
      text += '\\';
    text += static_cast<unsigned char>(c) < 0x20 ? formatted("\\u{:04x}", int(c)) : std::string(1, c);
  }
  return text + "\"";
}

std::string configurationText(const Command &command, std::string_view left) {
  std::string text = *command.name ? formatted("[{}]\n", command.name) : "";
  const std::vector<std::string> without = splitNames(left);
  for (const Option &option : command.options) {
    if (option.given.empty() || std::find(without.begin(), without.end(), option.name()) != without.end())
      continue;
    std::string values;
    for (const std::string &value : option.given)
      values += (values.empty() ? "" : ", ") + written(option, value);
    text +=
        formatted("{} = {}{}{}\n", option.bareName(), option.isList() ? "[" : "", values, option.isList() ? "]" : "");
  }
  return text;
}

} // namespace sinter
