// Completion of command lines by bash and zsh, from a table of options.
#include "options/option.h"

#include "base/format.h"

namespace sinter {

namespace {

constexpr const char *ofProgram = "--help --version --man --completion=bash --completion=zsh";

/// What an option's value is completed by.
struct Values {
  std::string words; ///< with spaces between them
  bool files = false, folders = false;

  explicit Values(const Option &option) {
    const std::string_view value = option.value;
    files = value.ends_with("FILE") || value == "CHECKPOINT" || value.ends_with(".cpp") || value.ends_with(".mlir");
    folders = value == "FOLDER";
    for (const std::string_view names : {std::string_view(option.check.kind == Check::OneOf ? option.check.range : ""),
                                         std::string_view(option.suggestions)})
      for (const std::string &name : splitNames(names))
        words += (words.empty() ? "" : " ") + name;
  }
};

} // namespace

// The name of a shell function.
static std::string functionName(const CommandTable &table) {
  std::string name = "_";
  for (const char c : table.program)
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

// A word in single quotes.
static std::string shellQuoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text)
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

static std::string bashReply(const Values &values) {
  if (values.files || values.folders)
    return formatted("compopt -o filenames; COMPREPLY=($(compgen -{} -- \"${{current#*=}}\"))",
                     values.folders ? 'd' : 'f');
  return values.words.empty() ? ":"
                              : formatted("COMPREPLY=($(compgen -W {} -- \"$current\"))", shellQuoted(values.words));
}

std::string bashCompletion(const CommandTable &table) {
  const std::string name = functionName(table);
  std::string values, names, commands;
  for (const Command &command : table.commands) {
    commands += formatted("{} ", command.name);
    std::string known = "--help", argument = ":";
    for (const Option &option : command.options) {
      if (option.isArgument()) {
        argument = bashReply(Values(option));
        continue;
      }
      for (const std::string &each : splitNames(option.names)) {
        known += " " + each;
        if (!option.isFlag())
          values += formatted("  '{} {}') {}; return ;;\n", command.name, each, bashReply(Values(option)));
      }
    }
    names += formatted("  '{}')\n    case $current in\n    -*) COMPREPLY=($(compgen -W {} -- \"$current\")) ;;\n"
                       "    *) {} ;;\n    esac ;;\n",
                       command.name, shellQuoted(known + (*command.name ? "" : formatted(" {}", ofProgram))), argument);
  }
  std::string text = formatted("# What bash completes command lines of {0} by: . <({0} --completion=bash)\n{1}() {{\n"
                               "  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} "
                               "command=\n  COMPREPLY=()\n"
                               "  # bash takes --name=value for three words\n"
                               "  [ \"$before\" != = ] || before=${{COMP_WORDS[COMP_CWORD - 2]}}\n"
                               "  [ \"$current\" != = ] || current=\n",
                               table.program, name);
  if (table.hasSubcommands())
    text += formatted("  if [ $COMP_CWORD = 1 ]; then\n    COMPREPLY=($(compgen -W {} -- \"$current\"))\n    return\n"
                      "  fi\n  command=${{COMP_WORDS[1]}}\n",
                      shellQuoted(commands + ofProgram));
  return text + formatted("  case \"$command $before\" in\n{}  esac\n  case $command in\n{}  esac\n}}\n"
                          "complete -F {} {}\n",
                          values, names, name, table.program);
}

// A description inside of a specification for _arguments.
static std::string described(std::string_view text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '[' || c == ']' || c == ':' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return escaped;
}

static std::string zshAction(const Option &option) {
  const Values values(option);
  if (values.files || values.folders)
    return values.folders ? "_files -/" : "_files";
  return values.words.empty() ? " " : "(" + values.words + ")";
}

// The specifications of an option for _arguments, one for each of its names.
static std::string zshSpecifications(const Option &option) {
  const std::string repeated = option.isList() ? "*" : "";
  if (option.isArgument())
    return " " + shellQuoted(formatted("{}:{}:{}", repeated, described(option.value), zshAction(option)));
  std::string text;
  for (const std::string &name : splitNames(option.names)) {
    const char *glue = option.isFlag() ? "" : name[1] == '-' ? option.alone ? "=-" : "=" : "+";
    const std::string value =
        option.isFlag() ? ""
                        : formatted("{}{}:{}", option.alone ? "::" : ":", described(option.value), zshAction(option));
    text += " \\\n      " + shellQuoted(formatted("{}{}{}[{}]{}", repeated, name, glue, described(option.text), value));
  }
  return text;
}

std::string zshCompletion(const CommandTable &table) {
  const std::string name = functionName(table);
  std::string commands, cases;
  for (const Command &command : table.commands) {
    commands += formatted("\n    {}", shellQuoted(formatted("{}:{}", command.name, described(command.text))));
    std::string all;
    for (const Option &option : command.options)
      all += zshSpecifications(option);
    if (!table.hasSubcommands())
      return formatted("#compdef {0}\n# What zsh completes command lines of {0} by.\n{1}() {{\n"
                       "    _arguments -S : '--help' '--version' '--man' '--completion=:SHELL:(bash zsh)'{2}\n}}\n"
                       "compdef {1} {0}\n",
                       table.program, name, all);
    cases += formatted("  {})\n    _arguments -S : '--help'{} ;;\n", command.name, all);
  }
  return formatted(
      "#compdef {0}\n# What zsh completes command lines of {0} by.\n{1}() {{\n"
      "  local -a commands=({2}\n  )\n"
      "  if (( CURRENT == 2 )); then\n    _describe subcommand commands\n    compadd -- {3}\n    return\n  fi\n"
      "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
      "  case $command in\n{4}  esac\n}}\ncompdef {1} {0}\n",
      table.program, name, commands, ofProgram, cases);
}

} // namespace sinter
