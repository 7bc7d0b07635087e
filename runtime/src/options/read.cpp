// The words of a command line: which subcommand and options they name, what is wrong with them, and where else values
// come from.
#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/suggest.h"
#include "options/option.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace sinter {

std::string seeHelp() { return formatted("; '{} --help' lists what there is", speaker()); }

static bool looksLikeOption(const std::string &word) { return word.size() > 1 && word[0] == '-'; }

std::string variableOf(const CommandTable &table, const Option &option) {
  std::string name = table.variables;
  for (const char c : option.bareName())
    name += c == '-' ? '_' : char(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// What an option that the subcommand does not know might have been meant as.
static std::string meaningOf(const CommandTable &table, const Command &command, const std::string &word) {
  const std::string name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  if (const std::string meaning = table.meaning ? table.meaning(command, name) : ""; !meaning.empty())
    return meaning;
  std::vector<std::string> known = {"--help"};
  for (const Option &option : command.options)
    if (!option.isArgument())
      known.emplace_back(option.name());
  if (const std::string nearest = didYouMean("--" + name, known); !nearest.empty())
    return nearest;
  std::string owners;
  for (const Command &other : table.commands)
    for (const Option &option : other.options)
      if (&other != &command && option.has("--" + name))
        owners += (owners.empty() ? "" : ", ") + std::string(other.name);
  return owners.empty() ? "" : "; it is an option of " + owners;
}

namespace {

/// Reads the words behind the subcommand.
class Reader {
public:
  Reader(CommandTable &table, Command &command, const std::vector<std::string> &words, size_t first)
      : table_(table), command_(command), words_(words), next_(first) {}

  Chosen run() {
    while (next_ < words_.size()) {
      const std::string &word = words_[next_++];
      if (word == "--")
        while (next_ < words_.size())
          argument(words_[next_++]);
      else if (word == "-h" || word == "--help")
        return {nullptr, helpText(table_, &command_)};
      else if (looksLikeOption(word))
        option(word);
      else
        argument(word);
    }
    return {&command_, ""};
  }

private:
  // Null if the word is no option of the subcommand. `value` begins behind "=" or the letter of a short option.
  Option *find(const std::string &word, std::string &name, size_t &value) const {
    const size_t equals = word.find('=');
    name = word.substr(0, equals);
    value = equals == std::string::npos ? equals : equals + 1;
    if (word[1] != '-' && name.size() > 2) {
      name = word.substr(0, 2);
      value = 2;
    }
    return name.size() > 2 || name[1] != '-' ? command_.find(name) : nullptr;
  }

  void option(const std::string &word) {
    std::string name;
    size_t at;
    Option *option = find(word, name, at);
    if (!option || option->isArgument() || (word[1] != '-' && at == 2 && option->isFlag()))
      fail(Exit::Usage, formatted("there is no option {}{}{}", word.substr(0, word.find('=')),
                                  meaningOf(table_, command_, word.substr(0, word.find('='))), seeHelp()));
    const bool glued = at != std::string::npos;
    if (option->isFlag()) {
      if (glued)
        fail(Exit::Usage, formatted("{} takes no value, but has '{}'", name, word.substr(at)));
      option->given.empty() ? void(takeValue(*option, "true")) : void();
      return;
    }
    std::string value = glued ? word.substr(at) : nextValue(*option, name);
    if (option->alone && glued && value.empty())
      fail(Exit::Usage, formatted("{} is followed by nothing{}", word, seeHelp()));
    if (!option->given.empty() && !option->isList())
      fail(Exit::Usage, formatted("{} is given twice: '{}' and '{}'", name, option->given[0], value));
    take(*option, name, value);
  }

  void take(Option &option, const std::string &name, const std::string &value) {
    if (const std::string problem = takeValue(option, value); !problem.empty())
      fail(Exit::Usage, formatted("{}: {}{}", name, problem, seeHelp()));
  }

  // The word behind an option, unless it is an option itself.
  std::string nextValue(const Option &option, const std::string &name) {
    std::string other;
    size_t at;
    const bool ends = next_ == words_.size();
    if (option.alone)
      return !ends && !looksLikeOption(words_[next_]) ? words_[next_++] : option.alone;
    if (!ends && looksLikeOption(words_[next_]) && find(words_[next_], other, at) && other.size() > 2)
      fail(Exit::Usage, formatted("{} needs a value ({}), but the option {} follows; {}={} if that is meant", name,
                                  option.value, words_[next_], name, words_[next_]));
    if (ends)
      fail(Exit::Usage, formatted("{} needs a value: {}{}", name, option.value, seeHelp()));
    return words_[next_++];
  }

  void argument(const std::string &word) {
    for (Option &option : command_.options)
      if (option.isArgument() && (option.given.empty() || option.isList()))
        return take(option, option.names, word);
    fail(Exit::Usage, formatted("unexpected argument '{}'{}", word, seeHelp()));
  }

  CommandTable &table_;
  Command &command_;
  const std::vector<std::string> &words_;
  size_t next_;
};

} // namespace

// Variables stand behind the command line and the configuration file.
static void readEnvironment(const CommandTable &table, Command &command) {
  for (Option &option : command.options) {
    if (!option.given.empty() || option.denied || option.isArgument())
      continue;
    const std::string name = variableOf(table, option);
    const char *text = std::getenv(name.c_str());
    if (!text || !*text)
      continue;
    const std::string_view value = text;
    const bool off = value == "0" || value == "false";
    std::string problem;
    if (!option.isFlag())
      problem = takeValue(option, text);
    else if (value == "1" || value == "true")
      takeValue(option, "true");
    else if (!off)
      problem = formatted("{} is not 1, 0, true or false", value);
    if (!problem.empty())
      fail(Exit::Usage, formatted("the environment variable {}: {}{}", name, problem, seeHelp()));
  }
}

static void checkTogether(const Command &command) {
  for (const Option &option : command.options) {
    if (option.required && option.given.empty())
      fail(Exit::Usage, formatted("{} is required{}", option.name(), seeHelp()));
    if (!option.given.empty() && *option.excludes && !command.at(option.excludes).given.empty())
      fail(Exit::Usage, formatted("{} and {} exclude each other{}", option.name(), option.excludes, seeHelp()));
  }
}

// What is asked for of the program as a whole, and ends it: nothing if the word is none of these.
static std::string shownFor(const CommandTable &table, const std::string &word) {
  if (word == "--help" || word == "-h" || (word == "help" && table.hasSubcommands()))
    return helpText(table, table.hasSubcommands() ? nullptr : &table.commands.front());
  if (word == "--version")
    return table.version + "\n";
  if (word == "--man")
    return manualText(table);
  if (word == "--completion=bash")
    return bashCompletion(table);
  if (word == "--completion=zsh")
    return zshCompletion(table);
  return "";
}

// The subcommand that the first word names.
static Command &chooseCommand(CommandTable &table, const std::vector<std::string> &words) {
  std::vector<std::string> known;
  for (const Command &command : table.commands)
    known.emplace_back(command.name);
  const std::string list = formatted("{}", fmt::join(known, ", "));
  if (words.empty())
    fail(Exit::Usage, formatted("a subcommand is required: {}; '{} --help' says what they do", list, speaker()));
  const std::string &first = words[0];
  for (Command &command : table.commands)
    if (first == command.name)
      return command;
  if (first.starts_with("--completion"))
    fail(Exit::Usage, formatted("{}: --completion=bash and --completion=zsh are known", first));
  if (looksLikeOption(first))
    fail(Exit::Usage,
         formatted("'{}': options come after the subcommand, which is one of {}{}", first, list, seeHelp()));
  fail(Exit::Usage, formatted("'{}' is not a subcommand: {}{}{}", first, list, didYouMean(first, known), seeHelp()));
}

Chosen readOptions(CommandTable &table, const std::vector<std::string> &words) {
  if (!words.empty())
    if (std::string shown = shownFor(table, words[0]); !shown.empty())
      return {nullptr, std::move(shown)};
  Command &command = table.hasSubcommands() ? chooseCommand(table, words) : table.commands.front();
  if (table.hasSubcommands())
    speakAs(speaker() + " " + command.name);
  Chosen chosen = Reader(table, command, words, table.hasSubcommands()).run();
  if (!chosen.command)
    return chosen;
  if (const Option *config = command.find("--config"); config && !config->given.empty())
    readConfiguration(table, command, config->given[0]);
  readEnvironment(table, command);
  checkTogether(command);
  return chosen;
}

} // namespace sinter
