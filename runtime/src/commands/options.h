// The subcommands' options: names, ranges, what holds without them.
#pragma once

#include "commands/commands.h"

namespace CLI {
class App;
}

namespace sinter {

/// What the command line of each subcommand says.
struct Commands {
  CommonOptions common;
  TrainCommand train;
  EvalCommand eval;
  SampleCommand sample;
  BenchCommand bench;
  RunCommand run;
  InfoCommand info;
  ExportCommand exported;
  ImportCommand imported;
};

/// Adds the subcommands; parsing fills `commands`, which must outlive `app`. Help tells the defaults of this very
/// program.
void addSubcommands(CLI::App &app, const sinter_program &program, Commands &commands);

} // namespace sinter
