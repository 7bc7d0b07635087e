// The subcommand info with a checkpoint: what the file holds, and whether it fits this program.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "program/program.h"
#include "sinter/abi.h"
#include "training/trainer.h"

#include <algorithm>

namespace sinter {

namespace {

/// Tensors of one kind together.
struct Total {
  int64_t tensors = 0, numbers = 0, bytes = 0;

  void add(const TensorEntry &entry) {
    int64_t count = 1;
    for (const int64_t size : entry.shape)
      count *= size;
    ++tensors;
    numbers += count;
    bytes += int64_t(entry.end - entry.begin);
  }
  std::string text() const { return formatted("{} numbers in {} tensors, {} bytes", numbers, tensors, bytes); }
  std::string json() const {
    return formatted("{{\"tensors\":{},\"numbers\":{},\"bytes\":{}}}", tensors, numbers, bytes);
  }
};

} // namespace

static bool ofOptimizer(const TensorEntry &entry) { return entry.name.starts_with("optimizer."); }

// Why this program cannot take the parameters; empty if it can.
static std::string misfit(const Contents &contents, const sinter_program &program) {
  for (uint32_t s = 0; s < program.state_count; ++s) {
    const sinter_state &state = program.states[s];
    if (!isParameter(state))
      continue;
    const TensorEntry *entry = contents.file.find(state.tensor.name);
    if (!entry)
      entry = contents.file.find(std::string("transformer.") + state.tensor.name);
    if (!entry)
      return formatted("it has no {}", state.tensor.name);
    if (entry->shape.size() != state.tensor.rank ||
        !std::equal(entry->shape.begin(), entry->shape.end(), state.tensor.shape))
      return formatted("{} is [{}] in it", state.tensor.name, fmt::join(entry->shape, ", "));
  }
  return configurationDifferences(contents.checkpoint.config, program);
}

static void printLines(const std::string &path, const Contents &contents, const Total &parameters,
                       const Total &optimizer, const std::string &fits) {
  const Checkpoint &checkpoint = contents.checkpoint;
  std::string text = formatted("{:<14} {}\n", contents.isCheckpoint ? "checkpoint" : "safetensors", printable(path));
  const auto line = [&](const char *what, const std::string &value) {
    text += formatted("{:<14} {}\n", what, printable(value));
  };
  if (contents.isCheckpoint) {
    const TrainingOptions options = TrainingOptions::parse(checkpoint.options, path);
    line("program", checkpoint.program);
    line("configuration", checkpoint.config);
    line("step", formatted("{} of {}", checkpoint.step, options.steps));
    line("seed", fmt::to_string(checkpoint.seed));
    line("data", options.data.empty() ? "unknown"
                                      : formatted("{}: {} trained on, hash {:016x}", options.data, checkpoint.dataSize,
                                                  checkpoint.dataHash));
    line("options", checkpoint.options);
    line("tokenizer", checkpoint.tokenizer.size()
                          ? formatted("{}, {} tokens", checkpoint.tokenizer.name(), checkpoint.tokenizer.size())
                          : checkpoint.tokenizer.name());
    if (!checkpoint.chatTemplate.empty())
      line("chat template", checkpoint.chatTemplate);
  }
  line("parameters", parameters.text());
  if (optimizer.tensors)
    line("optimizer", optimizer.text());
  line("this program", fits.empty() ? "fits" : "differs: " + fits);
  text += "\n";
  for (const TensorEntry &entry : contents.file.tensors)
    text += formatted("  {:<9} {} {} [{}]\n", ofOptimizer(entry) ? "memory" : "parameter", printable(entry.name),
                      printable(entry.dtype), fmt::join(entry.shape, ", "));
  printText(text);
}

static void printJson(const std::string &path, const Contents &contents, const Total &parameters,
                      const Total &optimizer, const std::string &fits) {
  const Checkpoint &checkpoint = contents.checkpoint;
  std::string tensors, training;
  for (const TensorEntry &entry : contents.file.tensors)
    tensors += formatted("{}{{\"name\":{},\"dtype\":{},\"shape\":[{}]}}", tensors.empty() ? "" : ",",
                         jsonQuoted(entry.name), jsonQuoted(entry.dtype), fmt::join(entry.shape, ","));
  if (contents.isCheckpoint)
    training = formatted("\"program\":{},\"config\":{},\"step\":{},\"seed\":{},\"options\":{},\"data_size\":{},\"data_"
                         "xxh3\":\"{:016x}\","
                         "\"tokenizer\":{},\"vocabulary_size\":{},\"chat_template\":{},",
                         jsonQuoted(checkpoint.program), jsonOrNull(checkpoint.config), checkpoint.step,
                         checkpoint.seed, TrainingOptions::parse(checkpoint.options, path).json(),
                         jsonQuoted(checkpoint.dataSize), checkpoint.dataHash, jsonQuoted(checkpoint.tokenizer.name()),
                         checkpoint.tokenizer.size(), jsonOrNull(checkpoint.chatTemplate));
  print("{{\"file\":{},\"checkpoint\":{},{}\"parameters\":{},\"optimizer\":{},\"fits\":{},\"tensors\":[{}]}}\n",
        jsonQuoted(path), contents.isCheckpoint, training, parameters.json(), optimizer.json(),
        fits.empty() ? "true" : "false", tensors);
}

Exit infoOfCheckpoint(const sinter_program &program, const InfoCommand &command) {
  const std::string path = findCheckpoint(command.checkpoint);
  const Contents contents = readContents(path);
  Total parameters, optimizer;
  for (const TensorEntry &entry : contents.file.tensors)
    (ofOptimizer(entry) ? optimizer : parameters).add(entry);
  (command.json ? printJson : printLines)(path, contents, parameters, optimizer, misfit(contents, program));
  return Exit::Done;
}

} // namespace sinter
