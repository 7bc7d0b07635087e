// What the subcommands share.
#include "checkpoint.h"
#include "commands.h"
#include "device.h"
#include "error.h"
#include "files.h"
#include "program.h"
#include "safetensors.h"

#include <filesystem>
#include <fmt/format.h>

namespace sinter {

std::unique_ptr<Program> openProgram(const sinter_program &description, const CommonOptions &options) {
  if (options.device == "null")
    return std::make_unique<Program>(description, makeNullDevice(description));
  if (options.device == "vulkan" || options.device.starts_with("vulkan:"))
    fail(Exit::Device, fmt::format("device {}: not compiled into this program, which is for {}; use --device cpu, or compile "
                                   "the model with --target=cpu,vulkan",
                                   options.device, description.target));
  if (options.device != "cpu")
    fail(Exit::Usage, fmt::format("device '{}': not one of cpu, vulkan, vulkan:INDEX", options.device));
  return std::make_unique<Program>(description, options.threads, options.march);
}

std::string findCheckpoint(const std::string &path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? checkpointPath(path) : path;
}

Checkpoint loadForUse(const std::string &path, Program &program, bool *complete) {
  const std::string file = findCheckpoint(path);
  *complete = isCheckpoint(file);
  if (*complete)
    return loadCheckpoint(file, program);
  bool unused;
  std::vector<std::string> notes;
  program.initialize(0); // for states that are not parameters
  Checkpoint checkpoint = loadParameters(file, program, &unused, notes);
  for (const std::string &note : notes)
    fmt::print(stderr, "note: {}\n", note);
  return checkpoint;
}

Tokenizer makeTokenizer(const std::string &name, const std::string &textPath) {
  if (name == "bytes")
    return Tokenizer::bytes();
  if (name == "chars" && textPath.empty())
    fail(Exit::Usage, "--tokenizer=chars needs --vocabulary-from: a text that has the characters");
  if (name == "chars")
    return Tokenizer::charsOf(readFile(textPath), textPath);
  return Tokenizer();
}

Exit exportSafetensors(const sinter_program &description, const CommonOptions &common, const ExportCommand &command) {
  const auto program = openProgram(description, common);
  bool complete;
  loadForUse(command.checkpoint, *program, &complete);
  exportParameters(command.out, *program);
  return Exit::Done;
}

Exit importSafetensors(const sinter_program &description, const CommonOptions &common, const ImportCommand &command) {
  const auto program = openProgram(description, common);
  program->initialize(command.seed);
  bool complete;
  std::vector<std::string> notes;
  Checkpoint checkpoint = loadParameters(findCheckpoint(command.from), *program, &complete, notes);
  for (const std::string &note : notes)
    fmt::print(stderr, "note: {}\n", note);
  if (!command.tokenizer.empty())
    checkpoint.tokenizer = makeTokenizer(command.tokenizer, command.vocabularyFrom);
  checkpoint.step = 0;
  checkpoint.nextRow = 0;
  checkpoint.seed = command.seed;
  if (checkpoint.options.empty())
    checkpoint.options = TrainingOptions().json();
  saveCheckpoint(command.out, *program, checkpoint);
  return Exit::Done;
}

} // namespace sinter
