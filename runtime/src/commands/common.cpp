// What the subcommands share.
#include "base/error.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "checkpoint/safetensors.h"
#include "commands/commands.h"
#include "files/files.h"
#include "files/same_file.h"
#include "program/program.h"
#include "tokenizers/tokenizer_files.h"

#include <fmt/format.h>

namespace sinter {

Checkpoint loadForUse(const std::string &path, Program &program, Use use, bool ignore, bool *complete) {
  const std::string file = findCheckpoint(path);
  *complete = isCheckpoint(file);
  if (*complete) {
    Checkpoint checkpoint = loadCheckpoint(file, program);
    checkConfiguration(file, checkpoint, program.description(), use, ignore);
    return checkpoint;
  }
  bool unused;
  std::vector<std::string> notes;
  program.initialize(0); // for states that are not parameters
  Checkpoint checkpoint = loadParameters(file, program, &unused, notes);
  for (const std::string &note : notes)
    reportNote(note);
  return checkpoint;
}

Tokenizer makeTokenizer(const std::string &name, const std::string &textPath) {
  if (name == "bytes")
    return Tokenizer::bytes();
  if (name == "chars" && textPath.empty())
    fail(Exit::Usage, "--tokenizer=chars needs --vocabulary-from: a text that has the characters");
  if (name == "chars")
    return Tokenizer::charsOf(readFile(textPath), textPath);
  return Tokenizer::of(readTokenizer(name));
}

// A program in which nothing is computed: one for Vulkan alone needs no device for it.
static std::unique_ptr<Program> openForFiles(const sinter_program &description, CommonOptions options) {
  if (options.device.empty() && description.version_count == 0)
    options.device = "null";
  return openProgram(description, options);
}

Exit exportSafetensors(const sinter_program &description, const CommonOptions &common, const ExportCommand &command) {
  const auto program = openForFiles(description, common);
  keepApart({"--out", command.out}, {{"--checkpoint", findCheckpoint(command.checkpoint)}});
  keepTraining(command.out);
  bool complete;
  loadForUse(command.checkpoint, *program, Use::Bytes, false, &complete);
  exportParameters(command.out, *program);
  return Exit::Done;
}

Exit importSafetensors(const sinter_program &description, const CommonOptions &common, const ImportCommand &command) {
  const auto program = openForFiles(description, common);
  keepApart({"--out", command.out},
            {{"--from", findCheckpoint(command.from)}, {"--vocabulary-from", command.vocabularyFrom}});
  keepTraining(command.out);
  program->initialize(command.seed);
  bool complete;
  std::vector<std::string> notes;
  Checkpoint checkpoint = loadParameters(findCheckpoint(command.from), *program, &complete, notes);
  for (const std::string &note : notes)
    reportNote(note);
  checkConfiguration(findCheckpoint(command.from), checkpoint, description, Use::Parameters,
                     command.ignoreConfiguration);
  if (!command.tokenizer.empty())
    checkpoint.tokenizer = makeTokenizer(command.tokenizer, command.vocabularyFrom);
  if (const int64_t most = vocabularySize(*program); most && checkpoint.tokenizer.size() > most)
    fail(Exit::Input, fmt::format("the tokenizer has {} tokens, but the model's vocabulary holds {}",
                                  checkpoint.tokenizer.size(), most));
  checkpoint.step = 0;
  checkpoint.nextRow = 0;
  checkpoint.bestStep = -1;
  checkpoint.seed = command.seed;
  if (checkpoint.options.empty())
    checkpoint.options = TrainingOptions().json();
  saveCheckpoint(command.out, *program, checkpoint);
  return Exit::Done;
}

} // namespace sinter
