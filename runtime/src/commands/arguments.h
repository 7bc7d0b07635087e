// The words of a command line, before CLI11 reads their values: which subcommand, and what is wrong with the words
// themselves.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}
struct sinter_program;

namespace sinter {

struct Arguments {
  CLI::App *subcommand = nullptr; ///< null: help or version was asked for
  std::string shown;              ///< the text of these
  std::vector<std::string> words; ///< for CLI11, in order, each value a word of its own
};

/// Throws Failure (usage) that says what was meant, where that can be told: unknown subcommands and options, values
/// that are missing, options given twice. Once the subcommand is known, it speaks.
Arguments readArguments(CLI::App &app, const sinter_program &program, const std::vector<std::string> &words);

/// What a usage message ends with: where to read more.
std::string seeHelp();

} // namespace sinter
