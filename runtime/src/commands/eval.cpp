// The subcommand eval.
#include "base/error.h"
#include "base/json.h"
#include "base/output.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "data/data.h"
#include "files/files.h"
#include "files/same_file.h"
#include "program/program.h"
#include "training/evaluate.h"

#include <cmath>
#include <fmt/format.h>
#include <unistd.h>

namespace sinter {

Exit eval(const sinter_program &description, const CommonOptions &common, const EvalCommand &command) {
  const auto program = openProgram(description, common);
  const sinter_entry &entry = requireEntry(*program, "eval");
  std::vector<NamedFile> inputs = {{"--checkpoint", findCheckpoint(command.checkpoint)}};
  for (const std::string &file : dataFiles(command.data))
    inputs.push_back({"--data", file});
  keepApart({"--logits", command.logits}, inputs);
  keepTraining(command.logits);
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  DataOptions options;
  options.path = command.data;
  options.tokenizer = command.tokenizer;
  if (complete && command.tokenizer.empty())
    options.restored = checkpoint.tokenizer;
  const TrainingOptions training =
      complete ? TrainingOptions::parse(checkpoint.options, command.checkpoint) : TrainingOptions();
  options.validationFraction =
      command.split == "all" ? 0 : command.validationFraction.value_or(training.validationFraction);
  const Batch batch = Batch::of(*program, entry);
  const Data data = loadData(options, batch, vocabularySize(*program));
  const Dataset *part = command.split == "val" ? data.validation.get() : data.training.get();
  if (!part)
    fail(Exit::Input, fmt::format("{}: too short: its last {:g} of all tokens are not one row of {}", command.data,
                                  options.validationFraction, batch.length));
  if (!command.logits.empty()) {
    evaluate(*program, *part, 1);
    writeLogits(command.logits, *program);
  }
  const Evaluation result = evaluate(*program, *part, command.batches);
  const char *unit = batch.tokens ? "tokens" : "images";
  if (command.json || !isatty(STDOUT_FILENO))
    print("{{\"loss\":{:.9g},\"perplexity\":{:.9g},\"bits_per_byte\":{:.9g},\"accuracy\":{:.9g},\"{}\":{}}}\n",
          JsonNumber{result.loss}, JsonNumber{result.perplexity()}, JsonNumber{result.bitsPerByte()},
          JsonNumber{result.accuracy}, unit, result.predictions);
  else {
    print("loss           {:.6f}\nperplexity     {:.4f}\n", result.loss, result.perplexity());
    if (!std::isnan(result.bitsPerByte()))
      print("bits per byte  {:.4f}\n", result.bitsPerByte());
    if (!std::isnan(result.accuracy))
      print("accuracy       {:.2f} %\n", 100 * result.accuracy);
    print("{:<15}{}\n", unit, result.predictions);
  }
  return Exit::Done;
}

} // namespace sinter
