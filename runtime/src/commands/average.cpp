// The subcommand average: the mean of parameters that one training had at several steps, which often does better than
// any of them (Vaswani et al. 2017, section 6.1: the last 5).
#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "checkpoint/kept.h"
#include "commands/commands.h"
#include "files/same_file.h"
#include "program/program.h"

#include <algorithm>
#include <filesystem>

namespace sinter {

// A folder stands for the last of those that its training kept.
static std::vector<std::string> filesToAverage(const AverageCommand &command) {
  std::vector<std::string> files;
  for (const std::string &path : command.checkpoints) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const std::vector<int64_t> steps = keptSteps(path);
    if (steps.empty())
      fail(Exit::Input, formatted("{}: has no checkpoint-STEP.safetensors; train --keep N keeps the last N", path));
    for (size_t i = steps.size() - std::min(steps.size(), size_t(command.last)); i < steps.size(); ++i)
      files.push_back(keptPath(path, steps[i]));
  }
  return files;
}

// Of all parameters, in their order, as doubles.
static void addParameters(Program &program, std::vector<double> &sums) {
  size_t at = 0;
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_state &state = program.description().states[s];
    if (!isParameter(state))
      continue;
    const void *values = program.toRead(state);
    const int64_t count = elementCount(state.tensor);
    sums.resize(std::max(sums.size(), at + size_t(count)));
    for (int64_t i = 0; i < count; ++i)
      sums[at++] += numberAt(state.tensor.dtype, values, i);
  }
}

static void setParameters(Program &program, const std::vector<double> &sums, double count) {
  size_t at = 0;
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_state &state = program.description().states[s];
    if (!isParameter(state))
      continue;
    auto *values = static_cast<char *>(program.data(state));
    const int64_t size = elementCount(state.tensor);
    const size_t bytes = size ? state.tensor.bytes / size_t(size) : 0;
    for (int64_t i = 0; i < size; ++i)
      storeScalar(state.tensor.dtype, values + size_t(i) * bytes, sums[at++] / count);
  }
}

Exit average(const sinter_program &description, const CommonOptions &common, const AverageCommand &command) {
  const auto program = openForFiles(description, common);
  const std::vector<std::string> files = filesToAverage(command);
  std::vector<NamedFile> inputs;
  for (const std::string &file : files)
    inputs.push_back({"a checkpoint to average", file});
  keepApart({"--out", command.out}, inputs);
  keepTraining(command.out);
  std::vector<double> sums;
  Checkpoint last;
  for (size_t i = 0; i < files.size(); ++i) {
    Checkpoint checkpoint = loadCheckpoint(files[i], *program);
    checkConfiguration(files[i], checkpoint, description, Use::Parameters, command.ignoreConfiguration);
    if (i && checkpoint.tokenizer.vocabulary() != last.tokenizer.vocabulary())
      fail(Exit::Input, formatted("{}: has another tokenizer than {}", files[i], files[0]));
    addParameters(*program, sums);
    last = std::move(checkpoint);
  }
  setParameters(*program, sums, double(files.size()));
  saveCheckpoint(command.out, *program, last);
  reportNote(
      formatted("{}: the mean of {} checkpoints, {} to {}", command.out, files.size(), files.front(), files.back()));
  return Exit::Done;
}

} // namespace sinter
