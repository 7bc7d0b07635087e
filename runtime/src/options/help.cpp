// What a table of options looks like on a terminal.
#include "options/option.h"

#include "base/format.h"

#include <algorithm>

namespace sinter {

// Where the texts begin, and how wide they are.
static constexpr size_t column = 26, width = 80;

// The text in lines of at most `width` bytes, all but the first indented.
static std::string wrapped(std::string text) {
  std::string lines;
  while (text.size() > width) {
    const size_t space = text.rfind(' ', width);
    if (space == std::string::npos || space == 0)
      break;
    lines += text.substr(0, space) + "\n" + std::string(column, ' ');
    text.erase(0, space + 1);
  }
  return lines + text;
}

static std::string line(const std::string &left, const std::string &text) {
  const bool fits = left.size() + 3 <= column;
  return formatted("  {:<{}}{}{}\n", left, fits ? column - 2 : left.size(), fits ? "" : "\n" + std::string(column, ' '),
                   wrapped(text));
}

static std::string rangeText(const Option &option) {
  return option.isFlag() ? "" : option.check.kind == Check::OneOf ? listText(option.check.range) : option.check.range;
}

// "text (range; default: otherwise)".
static std::string description(const Option &option) {
  const std::string range = rangeText(option);
  const std::string otherwise = option.otherwise.empty() ? "" : "default: " + option.otherwise;
  const std::string more = range + (range.empty() || otherwise.empty() ? "" : "; ") + otherwise;
  return more.empty() ? option.text : formatted("{} ({})", option.text, more);
}

static std::string optionLine(const Option &option) {
  std::string left = option.names;
  if (!option.isFlag())
    left += (option.alone ? "" : " ") + std::string(option.value) + (option.required ? " (required)" : "");
  return line(left, description(option));
}

static std::string ofProgram() {
  return line("-h,--help", "print this and end") + line("--version", "print the version and end") +
         line("--man", "print the manual page, for man -l -") +
         line("--completion=SHELL", "print what the shell completes command lines by (bash or zsh)");
}

static std::string ofVariables(const CommandTable &table) {
  const std::vector<Option> &options = table.commands.front().options;
  const auto example =
      std::find_if(options.begin(), options.end(), [](const Option &option) { return !option.isArgument(); });
  return formatted("What an option is not given is taken from --config FILE, then from environment variables:\n"
                   "{} for {}.\n",
                   variableOf(table, *example), example->name());
}

static std::string sections(const CommandTable &table, const Command &command) {
  std::string arguments, options;
  for (const Option &option : command.options)
    (option.isArgument() ? arguments : options) += optionLine(option);
  if (!arguments.empty())
    arguments = "\nArguments:\n" + arguments;
  return arguments + "\nOptions:\n" + (table.hasSubcommands() ? line("-h,--help", "print this and end") : ofProgram()) +
         options;
}

std::string helpText(const CommandTable &table, const Command *command) {
  if (!command) {
    std::string text = formatted("{}: {}\nUsage: {} SUBCOMMAND [OPTIONS]\n\n{}\nOptions:\n{}\nSubcommands:\n",
                                 table.program, table.about, table.program, ofVariables(table), ofProgram());
    for (const Command &each : table.commands)
      text += line(each.name, each.text);
    return text;
  }
  std::string usage = table.program;
  if (table.hasSubcommands())
    usage += formatted(" {}", command->name);
  for (const Option &option : command->options)
    if (option.isArgument())
      usage += formatted(" {}{}{}", option.required ? "" : "[", option.value, option.required ? "" : "]");
  return formatted("{}\nUsage: {} [OPTIONS]\n{}{}", command->text, usage, sections(table, *command),
                   table.hasSubcommands() ? "" : "\n" + ofVariables(table));
}

} // namespace sinter
