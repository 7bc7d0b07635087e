// A table of options: what a command line may say and, from the same lines, its help, manual page, completion,
// environment variables and configuration files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sinter {

/// What the text of a value must be. The words are how help and messages say it.
struct Check {
  enum Kind : uint8_t { Any, NotEmpty, Whole, Number, OneOf };
  Kind kind = NotEmpty;
  const char *range = "";           ///< in help: "from 0"; of OneOf the names, with commas between them
  uint64_t least = 0, most = 0;     ///< of a whole number
  bool (*inside)(double) = nullptr; ///< of a number; NaN satisfies nothing, and infinity is no number here
  const char *must = "";            ///< of a number, in messages: "a number from 0"
};

constexpr Check anyText{.kind = Check::Any};
constexpr Check notEmpty{};
constexpr Check whole(uint64_t least, uint64_t most, const char *range) { return {Check::Whole, range, least, most}; }
constexpr Check numberThat(bool (*inside)(double), const char *must, const char *range) {
  return {Check::Number, range, 0, 0, inside, must};
}
constexpr Check oneOf(const char *names) { return {Check::OneOf, names}; }

/// Where a value goes. Lists take one more each time that the option is given; all others are given once.
using OptionTarget = std::variant<bool *, int *, int64_t *, uint64_t *, double *, std::string *,
                                  std::vector<std::string> *, std::optional<int64_t> *, std::optional<uint64_t> *,
                                  std::optional<double> *, std::optional<std::string> *>;

struct Option {
  const char *names; ///< "--steps", "-n,--calls"; without dashes it is an argument: "entry"
  const char *value; ///< what its value is, in help: "STEPS"; empty: a flag
  OptionTarget target;
  Check check;
  std::string text;               ///< what it is for
  std::string otherwise = {};     ///< what holds without it; empty: nothing to tell
  bool required = false;          ///< on the command line, in a file or by a variable
  const char *alone = nullptr;    ///< what it says where no value follows; null: a value must follow
  const char *excludes = "";      ///< the option that may not be given beside it
  std::string suggestions = {};   ///< for completion: words with commas between them, beside those of a OneOf
  std::vector<std::string> given; ///< what was said, once it was checked
  bool denied = false;            ///< a flag of which a file says that it is false

  bool isFlag() const { return !*value; }
  bool isArgument() const { return *names != '-'; }
  bool isList() const { return std::holds_alternative<std::vector<std::string> *>(target); }
  bool has(std::string_view name) const; ///< whether it is called so, dashes included
  /// The last of its names, the long one, with dashes and without.
  std::string_view name() const;
  std::string_view bareName() const;
};

/// A subcommand, or all there is to a program without any.
struct Command {
  const char *name; ///< empty for the latter
  const char *text;
  std::vector<Option> options;

  Option *find(std::string_view name); ///< null if there is none
  /// The option of a program without that name is a mistake of the program's.
  const Option &at(std::string_view name) const;
};

struct CommandTable {
  std::string program;   ///< as it was called: "gpt"
  std::string about;     ///< a line
  std::string version;   ///< what --version prints
  const char *variables; ///< what the names of its environment variables begin with: "SINTER_"
  const char *exits;     ///< what its exit codes mean
  std::vector<Command> commands;
  /// What an option that `command` does not know may have been meant as, or "".
  std::function<std::string(const Command &command, const std::string &name)> meaning;

  bool hasSubcommands() const { return *commands.front().name; }
};

/// The environment variable that says what an option says: SINTER_MIN_LR.
std::string variableOf(const CommandTable &table, const Option &option);

/// What a usage message ends with: where to read more.
std::string seeHelp();

/// A subcommand, or null if help, the version, the manual or a completion was asked for; then these are in `shown`.
struct Chosen {
  Command *command = nullptr;
  std::string shown;
};

/// Reads the words behind the program's name, then the file of --config and the environment for what they leave out.
/// Failure (usage) says what was meant, where that can be told: unknown subcommands and options, values that are
/// missing or wrong, options given twice, or not at all. Once the subcommand is known, it speaks.
Chosen readOptions(CommandTable &table, const std::vector<std::string> &words);

/// Checks one value and stores it; returns what is wrong with it, "ten is not a whole number from 0", or nothing.
std::string takeValue(Option &option, const std::string &text);

/// Takes from `path` what the command line did not say: lines NAME = VALUE as in TOML, in a [SECTION] for one
/// subcommand or before any for all that have such an option. Failure (usage, or input if it cannot be read) with the
/// line.
void readConfiguration(CommandTable &table, Command &command, const std::string &path);

/// The same file for what was given here: read by --config, it says the same again. Without the options that `left`
/// names, with commas between them.
std::string configurationText(const Command &command, std::string_view left);

/// The text of --help: of all, or of one subcommand.
std::string helpText(const CommandTable &table, const Command *command);
/// The manual page, for `man -l -`.
std::string manualText(const CommandTable &table);
/// What bash or zsh completes the program's command lines by.
std::string bashCompletion(const CommandTable &table);
std::string zshCompletion(const CommandTable &table);

/// "a, b or c" of names with commas between them; the names.
std::string listText(std::string_view names);
std::vector<std::string> splitNames(std::string_view names);

} // namespace sinter
