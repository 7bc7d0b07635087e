// The manual page of a table of options, in the macros of man(7).
#include "options/option.h"

#include "base/format.h"

#include <algorithm>
#include <cctype>

namespace sinter {

// Text as roff takes it: no hyphen is a line's to break, no line a request.
static std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return !text.empty() && (text[0] == '.' || text[0] == '\'') ? "\\&" + escaped : escaped;
}

static std::string describeOption(const CommandTable &table, const Option &option) {
  std::string names;
  for (const std::string &name : splitNames(option.names))
    names += formatted("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  if (!option.isFlag())
    names += formatted("{}\\fI{}\\fR", option.alone ? "" : " ", roff(option.value));
  std::string text = roff(option.text);
  const auto add = [&](const std::string &more) { text += more.empty() ? "" : ".\n" + more; };
  const std::string range = option.check.kind == Check::OneOf ? listText(option.check.range) : option.check.range;
  add(option.isFlag() || range.empty() ? "" : "Values: " + roff(range));
  add(option.required ? "Required" : option.otherwise.empty() ? "" : "Default: " + roff(option.otherwise));
  add(option.isArgument() ? "" : formatted("Variable: \\fB{}\\fR", roff(variableOf(table, option))));
  return formatted(".TP\n{}\n{}.\n", names, text);
}

std::string manualText(const CommandTable &table) {
  std::string title = table.program;
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return char(std::toupper(c)); });
  std::string text = formatted(".TH {} 1 \"\" \"{}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n",
                               roff(title), roff(table.version), roff(table.program), roff(table.about));
  for (const Command &command : table.commands) {
    text += formatted(".B {}\n", roff(formatted("{}{}{}", table.program, *command.name ? " " : "", command.name)));
    for (const Option &option : command.options)
      if (option.isArgument())
        text +=
            formatted("{}\\fI{}\\fR{}\n", option.required ? "" : "[", roff(option.value), option.required ? "" : "]");
    text += "[\\fIOPTIONS\\fR]\n.br\n";
  }
  text += formatted(".B {}\n\\-\\-help | \\-\\-version | \\-\\-man | \\-\\-completion=\\fISHELL\\fR\n.SH {}\n",
                    roff(table.program), table.hasSubcommands() ? "SUBCOMMANDS" : "OPTIONS");
  for (const Command &command : table.commands) {
    if (*command.name)
      text += formatted(".SS {}\n{}.\n", roff(command.name), roff(command.text));
    for (const Option &option : command.options)
      text += describeOption(table, option);
  }
  text += formatted(".SH ENVIRONMENT\nWhat an option is not given is taken from the file of \\fB\\-\\-config\\fR, then "
                    "from its variable:\n\\fB{}\\fR and the option's name in capitals. Flags are 1 or 0.\n",
                    roff(table.variables));
  return text + formatted(".SH CONFIGURATION FILES\nLines \\fIname\\fR = \\fIvalue\\fR, as in TOML; texts stand in "
                          "quotes, several values in brackets, comments behind #.\n{}.SH EXIT STATUS\n{}\n",
                          table.hasSubcommands() ? "Lines below [\\fISUBCOMMAND\\fR] are for that one alone.\n" : "",
                          roff(table.exits));
}

} // namespace sinter
