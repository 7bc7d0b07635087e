// The command line of sinterc: what it may say, and whether that makes sense.
#pragma once

#include "compiler/Pipeline.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// Exit codes of all sinter programs.
enum ExitCode { kDone = 0, kWrongInput = 1, kUsage = 2 };

struct CommandLine {
  std::string input, output, target = "cpu", march = "native", profile, dtype = "f32", budget, emit, from, prefix,
                             dumpDirectory, report, view, debugOnly, decodeBatch;
  std::vector<std::string> settings;
  std::vector<std::string> with; ///< further parts of the runtime that the program is linked with
  bool header = false;           ///< of the model's entries, beside what `last` gives or alone
  bool listSettings = false;
  bool time = false, verbose = false, validateSpirv = false, statistics = false, accumulate = false;
  std::string weights = "f32"; ///< how entries that do not train read them
  bool decode = false;         ///< entries that sample token by token are asked for
  bool noDecode = false;       ///< and not even made where they can be
  int64_t decodeTexts = 0;     ///< so many texts at once; 0: none
  Inspection inspection;

  std::map<std::string, std::string> values; ///< `settings`, taken apart
  std::vector<TargetOptions> targets;        ///< every version of the program: --target, --march, --profile
  std::optional<uint64_t> budgetBytes;
  Stage last = Stage::Executable, first = Stage::Model;

  /// What the stages are told; of the first target.
  PipelineOptions pipelineOptions() const;
  bool inputIsModule() const { return llvm::StringRef(input).ends_with(".mlir"); }
};

/// `sinterc: message` on stderr; returns `code`.
int complain(const llvm::Twine &message, ExitCode code = kUsage);

/// Reads the command line; an exit code if there is nothing to compile, after a message.
std::optional<int> readCommandLine(int argc, char **argv, CommandLine &line);

} // namespace sinter
