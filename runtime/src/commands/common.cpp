// What the subcommands share.
#include "base/error.h"
#include "base/format.h"
#include "base/output.h"
#include "base/report.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "checkpoint/gguf.h"
#include "checkpoint/safetensors.h"
#include "commands/commands.h"
#include "files/files.h"
#include "files/same_file.h"
#include "program/program.h"
#include "tokenizers/chat_template.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace sinter {

Checkpoint loadForUse(const std::string &path, Program &program, Use use, bool ignore, bool *complete) {
  const std::string file = findCheckpoint(path);
  std::optional<Checkpoint> whole = loadIfCheckpoint(file, program);
  *complete = whole.has_value();
  if (whole) {
    checkConfiguration(file, *whole, program.description(), use, ignore);
    return std::move(*whole);
  }
  bool unused;
  std::vector<std::string> notes;
  program.initializeAllButParameters(0);
  Checkpoint checkpoint = loadParameters(file, program, &unused, notes);
  for (const std::string &note : notes)
    reportNote(note);
  return checkpoint;
}

std::string chatTemplateNamed(const std::string &nameOrFile) {
  return nameOrFile.empty() ? std::string() : ChatTemplate::named(nameOrFile).saved();
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

// One for Vulkan alone needs no device for it.
std::unique_ptr<Program> openForFiles(const sinter_program &description, CommonOptions options) {
  if (options.device.empty() && description.version_count == 0)
    options.device = "null";
  return openProgram(description, options);
}

// What an architecture has beside its parameters, by the usual names of configuration values.
static GgufOptions ggufOptions(const sinter_program &description, const std::string &type) {
  if (type == "f64")
    fail(Exit::Usage, "--type f64: a GGUF is written of f32, f16, bf16, q8_0 or q4_0");
  GgufOptions options{type};
  for (const auto &[name, value] : configurationValues(description.config)) {
    const int64_t number = std::atoll(value.c_str());
    if (name == "heads" || name == "n_head")
      options.heads = number;
    else if (name == "shared" || name == "kv_heads")
      options.keyHeads = number;
    else if (name == "context")
      options.context = number;
  }
  return options;
}

Exit exportSafetensors(const sinter_program &description, const CommonOptions &common, const ExportCommand &command) {
  const auto program = openForFiles(description, common);
  keepApart({"--out", command.out}, {{"--checkpoint", findCheckpoint(command.checkpoint)}});
  keepTraining(command.out);
  bool complete;
  const Checkpoint checkpoint = loadForUse(command.checkpoint, *program, Use::Bytes, false, &complete);
  const bool blocks = command.type.starts_with('q');
  if (command.format == "gguf") {
    if (!command.prefix.empty())
      fail(Exit::Usage, "--prefix is for safetensors: names in a GGUF are llama.cpp's");
    exportGguf(command.out, *program, checkpoint.tokenizer, ggufOptions(description, command.type));
    return Exit::Done;
  }
  if (blocks)
    fail(Exit::Usage, formatted("--type {}: safetensors hold f32, f16, bf16 or f64", command.type));
  std::string dtype = command.type;
  std::transform(dtype.begin(), dtype.end(), dtype.begin(), [](char c) { return char(std::toupper(c)); });
  exportParameters(command.out, *program, command.prefix, dtype);
  return Exit::Done;
}

Exit importSafetensors(const sinter_program &description, const CommonOptions &common, const ImportCommand &command) {
  const auto program = openForFiles(description, common);
  keepApart({"--out", command.out},
            {{"--from", findCheckpoint(command.from)}, {"--vocabulary-from", command.vocabularyFrom}});
  keepTraining(command.out);
  program->initializeAllButParameters(command.seed);
  bool complete;
  std::vector<std::string> notes;
  std::vector<ImportedTensor> table;
  const std::vector<NameRule> rules = parseNameRules(command.rules);
  Checkpoint checkpoint = loadParameters(findCheckpoint(command.from), *program, &complete, notes, rules, &table);
  if (!table.empty())
    printText(importTable(table));
  checkConfiguration(findCheckpoint(command.from), checkpoint, description, Use::Parameters,
                     command.ignoreConfiguration);
  if (!command.tokenizer.empty())
    checkpoint.tokenizer = makeTokenizer(command.tokenizer, command.vocabularyFrom);
  if (const int64_t most = vocabularySize(*program); most && checkpoint.tokenizer.size() > most)
    fail(Exit::Input, formatted("the tokenizer has {} tokens, but the model's vocabulary holds {}",
                                checkpoint.tokenizer.size(), most));
  if (!command.chatTemplate.empty())
    checkpoint.chatTemplate = chatTemplateNamed(command.chatTemplate);
  checkpoint.step = 0;
  checkpoint.nextRow = 0;
  checkpoint.bestStep = -1;
  checkpoint.seed = command.seed;
  if (checkpoint.options.empty())
    checkpoint.options = TrainingOptions().json();
  saveCheckpoint(command.out, *program, checkpoint, Saved::Parameters);
  return Exit::Done;
}

} // namespace sinter
