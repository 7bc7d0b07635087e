// The configuration values that a program was compiled with, and those of the program that wrote a checkpoint.
#pragma once

#include <map>
#include <string>

struct sinter_program;

namespace sinter {

struct Checkpoint;

/// Name -> value, as JSON, of a program's configuration (a JSON object); empty if that is none.
std::map<std::string, std::string> configurationValues(const std::string &json);

/// "heads=2 (here 4), width=64 (here 128)": what differs between a checkpoint's configuration and the program's.
std::string configurationDifferences(const std::string &saved, const sinter_program &program);

/// The same of the values that change what parameters compute.
std::string trainedOtherwise(const Checkpoint &checkpoint, const sinter_program &program);

/// What is made of a checkpoint.
enum class Use {
  Resume,     ///< the same training goes on: all values count
  Parameters, ///< what they compute: values that say how a training goes (batch, dropout) do not count
  Bytes,      ///< they are copied: nothing counts
};

/// Compares the configuration that a checkpoint was trained with to the program's, since shapes do not show all of it.
/// Where a difference counts: Failure (input), or with `ignore` a warning; elsewhere a note.
void checkConfiguration(const std::string &path, const Checkpoint &checkpoint, const sinter_program &program, Use use,
                        bool ignore);

} // namespace sinter
