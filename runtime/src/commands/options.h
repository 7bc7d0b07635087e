// The subcommands' options: names, ranges, what holds without them.
#pragma once

#include "commands/commands.h"
#include "options/option.h"

namespace sinter {

/// What the command line of each subcommand says.
struct Commands {
  CommonOptions common;
  TrainCommand train;
  EvalCommand eval;
  SampleCommand sample;
  TranslateCommand translate;
  ServeCommand serve;
  BenchCommand bench;
  RunCommand run;
  ReportCommand report;
  InfoCommand info;
  ExportCommand exported;
  ImportCommand imported;
  TokenizerCommand tokenizer;
  PrepareCommand prepare;
  AverageCommand average;
  ScoreCommand score;
};

/// The table of the subcommands; reading a command line by it fills `commands`, which must outlive it. Help tells the
/// defaults of this very program.
CommandTable commandTable(const sinter_program &program, const std::string &calledAs, Commands &commands);

} // namespace sinter
