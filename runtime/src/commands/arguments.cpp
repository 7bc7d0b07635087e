#include "commands/arguments.h"

#include "base/error.h"
#include "base/report.h"
#include "base/suggest.h"
#include "checkpoint/configuration.h"
#include "sinter/abi.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace sinter {

std::string seeHelp() { return fmt::format("; '{} --help' lists what there is", speaker()); }

static bool looksLikeOption(const std::string &word) { return word.size() > 1 && word[0] == '-'; }

static std::vector<std::string> optionNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

static std::vector<std::string> subcommandNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *command : app.get_subcommands({}))
    names.push_back(command->get_name());
  return names;
}

// What an option that the subcommand does not know might have been meant as.
static std::string meaning(const CLI::App &app, const CLI::App &command, const sinter_program &program,
                           const std::string &word) {
  const std::string name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  std::string setting = name;
  std::replace(setting.begin(), setting.end(), '-', '_');
  for (const auto &[known, value] : configurationValues(program.config))
    if (known == name || known == setting)
      return fmt::format("; {} is compiled into the program ({}): sinterc --set {}=...", known, value, known);
  if (const std::string nearest = didYouMean("--" + name, optionNames(command)); !nearest.empty())
    return nearest;
  std::vector<std::string> owners;
  for (const CLI::App *other : app.get_subcommands({}))
    if (other != &command && other->get_option_no_throw("--" + name))
      owners.push_back(other->get_name());
  return owners.empty() ? "" : fmt::format("; it is an option of {}", fmt::join(owners, ", "));
}

namespace {

/// Reads the words behind the subcommand.
class Reader {
public:
  Reader(CLI::App &app, const sinter_program &program, const std::vector<std::string> &words, size_t first)
      : app_(app), command_(*app.get_subcommand(words[first])), program_(program), words_(words), next_(first + 1) {}

  Arguments run() {
    result_.subcommand = &command_;
    result_.words.push_back(command_.get_name());
    while (next_ < words_.size() && result_.shown.empty()) {
      const std::string &word = words_[next_++];
      if (word == "--") {
        result_.words.push_back(word);
        while (next_ < words_.size())
          positional(words_[next_++]);
      } else if (looksLikeOption(word)) {
        option(word);
      } else {
        positional(word);
      }
    }
    return result_;
  }

private:
  // Null if the word is no option of the subcommand. `value` begins behind "=" or the letter of a short option.
  const CLI::Option *find(const std::string &word, std::string &name, size_t &value) const {
    const size_t equals = word.find('=');
    name = word.substr(0, equals);
    value = equals == std::string::npos ? equals : equals + 1;
    if (word[1] != '-' && name.size() > 2) {
      name = word.substr(0, 2);
      value = 2;
    }
    return name.size() > 2 || name[1] != '-' ? command_.get_option_no_throw(name) : nullptr;
  }

  void option(const std::string &word) {
    std::string name;
    size_t at;
    const CLI::Option *option = find(word, name, at);
    if (!option || (word[1] != '-' && at == 2 && option->get_items_expected_max() == 0))
      fail(Exit::Usage, fmt::format("there is no option {}{}{}", word.substr(0, word.find('=')),
                                    meaning(app_, command_, program_, word.substr(0, word.find('='))), seeHelp()));
    if (option == command_.get_help_ptr()) {
      result_.shown = command_.help(app_.get_name());
      result_.subcommand = nullptr;
      return;
    }
    if (option->get_items_expected_max() == 0) {
      if (at != std::string::npos)
        fail(Exit::Usage, fmt::format("{} takes no value, but has '{}'", name, word.substr(at)));
      result_.words.push_back(name);
      return;
    }
    const bool optional = option->get_items_expected_min() == 0;
    const std::string value = at != std::string::npos ? word.substr(at) : nextValue(*option, name, optional);
    if (optional && at != std::string::npos && value.empty())
      fail(Exit::Usage, fmt::format("{} is followed by nothing{}", word, seeHelp()));
    if (const auto [earlier, first] = given_.emplace(option, value); !first && option->get_items_expected_max() == 1)
      fail(Exit::Usage, fmt::format("{} is given twice: '{}' and '{}'", name, earlier->second, value));
    // A value that may be missing must stay with its option.
    if (optional) {
      result_.words.push_back(value.empty() && at == std::string::npos ? name : name + "=" + value);
      return;
    }
    result_.words.push_back(name);
    result_.words.push_back(value);
  }

  // The word behind an option, unless it is an option itself.
  std::string nextValue(const CLI::Option &option, const std::string &name, bool optional) {
    std::string other;
    size_t at;
    const bool isOption =
        next_ < words_.size() && looksLikeOption(words_[next_]) && find(words_[next_], other, at) && other.size() > 2;
    if (optional)
      return next_ < words_.size() && !looksLikeOption(words_[next_]) ? words_[next_++] : "";
    if (isOption)
      fail(Exit::Usage, fmt::format("{} needs a value ({}), but the option {} follows; {}={} if that is meant", name,
                                    option.get_type_name(), words_[next_], name, words_[next_]));
    if (next_ == words_.size())
      fail(Exit::Usage, fmt::format("{} needs a value: {}{}", name, option.get_type_name(), seeHelp()));
    return words_[next_++];
  }

  void positional(const std::string &word) {
    size_t room = 0;
    for (const CLI::Option *option : command_.get_options())
      room += option->get_positional();
    if (++positionals_ > room)
      fail(Exit::Usage, fmt::format("unexpected argument '{}'{}", word, seeHelp()));
    result_.words.push_back(word);
  }

  CLI::App &app_, &command_;
  const sinter_program &program_;
  const std::vector<std::string> &words_;
  size_t next_, positionals_ = 0;
  std::map<const CLI::Option *, std::string> given_;
  Arguments result_;
};

} // namespace

Arguments readArguments(CLI::App &app, const sinter_program &program, const std::vector<std::string> &words) {
  const std::vector<std::string> known = subcommandNames(app);
  if (words.empty())
    fail(Exit::Usage,
         fmt::format("a subcommand is required: {}; '{} --help' says what they do", fmt::join(known, ", "), speaker()));
  const std::string &first = words[0];
  Arguments asked;
  if (first == "--help" || first == "-h" || first == "help") {
    asked.shown = app.help();
    return asked;
  }
  if (first == "--version") {
    asked.shown = app.version() + "\n";
    return asked;
  }
  if (std::find(known.begin(), known.end(), first) == known.end()) {
    if (looksLikeOption(first))
      fail(Exit::Usage, fmt::format("'{}': options come after the subcommand, which is one of {}{}", first,
                                    fmt::join(known, ", "), seeHelp()));
    fail(Exit::Usage, fmt::format("'{}' is not a subcommand: {}{}{}", first, fmt::join(known, ", "),
                                  didYouMean(first, known), seeHelp()));
  }
  speakAs(speaker() + " " + first);
  return Reader(app, program, words, 0).run();
}

} // namespace sinter
