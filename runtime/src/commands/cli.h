// The command line of every compiled program.
#pragma once

struct sinter_program;

namespace sinter {

/// Runs the subcommand; returns the process's exit code (see Exit). Errors are printed to standard error.
int runCommandLine(const sinter_program &program, int argc, char **argv);

} // namespace sinter
