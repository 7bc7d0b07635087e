// The subcommand eval.
#include "base/error.h"
#include "base/format.h"
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
#include <unistd.h>

namespace sinter {

Exit eval(const sinter_program &description, const CommonOptions &common, const EvalCommand &command) {
  const auto program = openProgram(description, common);
  const sinter_entry &entry = requireEntry(*program, "eval");
  std::vector<NamedFile> inputs = {{"--checkpoint", findCheckpoint(command.checkpoint)}};
  for (const std::string &file : dataFiles(command.data))
    inputs.push_back({"--data", file});
  if (command.data.empty() == command.inputs.empty())
    fail(Exit::Usage, command.data.empty()
                          ? "--data is required: a file to look at; or --input NAME=FILE for each input"
                          : "--data and --input both say what to look at: give one of them");
  const std::vector<InputFile> files = parseInputFiles(command.inputs, entry, "--input");
  for (const std::string &file : filesOf(files))
    inputs.push_back({"--input", file});
  keepApart({"--logits", command.logits}, inputs);
  keepTraining(command.logits);
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  DataOptions options;
  options.path = command.data;
  options.inputs = files;
  options.tokenizer = command.tokenizer;
  options.separator = command.separator;
  options.tokenWidth = tokenWidthNamed(command.tokenType);
  if (complete && command.tokenizer.empty())
    options.restored = checkpoint.tokenizer;
  const TrainingOptions training =
      complete ? TrainingOptions::parse(checkpoint.options, command.checkpoint) : TrainingOptions();
  options.validationFraction =
      command.split == "all" ? 0 : command.validationFraction.value_or(training.validationFraction);
  options.randomSplit = training.randomSplit;
  const Batch batch = Batch::of(*program, entry);
  if (batch.takesNothing())
    fail(Exit::Usage,
         formatted("entry {}: none of its inputs is an array: data have nothing to fill; `run {}` calls it", entry.name,
                   entry.name));
  const Data data = loadData(options, batch, vocabularySize(*program));
  const Dataset *part = command.split == "val" ? data.validation.get() : data.training.get();
  if (!part)
    fail(Exit::Input, formatted("{}: too short: its last {:g} of all tokens are not one row of {}", command.data,
                                options.validationFraction, batch.length));
  if (!command.logits.empty()) {
    evaluate(*program, *part, 1);
    writeLogits(command.logits, *program);
  }
  const Evaluation result = evaluate(*program, *part, command.batches);
  const char *unit = batch.unit();
  // Of numbers that are no classes, the loss alone means something.
  const bool classes = batch.tokens || !std::isnan(result.accuracy);
  if (command.json || !isatty(STDOUT_FILENO)) {
    const std::string more =
        formatted("\"perplexity\":{:.9g},\"bits_per_byte\":{:.9g},\"accuracy\":{:.9g},",
                  JsonNumber{result.perplexity()}, JsonNumber{result.bitsPerByte()}, JsonNumber{result.accuracy});
    const std::string_view kind = weightsKind(program->description());
    const std::string weights = kind == "f32" ? "" : formatted(",\"weights\":\"{}\"", kind);
    print("{{\"loss\":{:.9g},{}\"{}\":{}{}}}\n", JsonNumber{result.loss}, classes ? more : "", unit, result.predictions,
          weights);
    return Exit::Done;
  }
  print("loss           {:.6f}\n", result.loss);
  if (classes)
    print("perplexity     {:.4f}\n", result.perplexity());
  if (!std::isnan(result.bitsPerByte()))
    print("bits per byte  {:.4f}\n", result.bitsPerByte());
  if (!std::isnan(result.accuracy))
    print("accuracy       {:.2f} %\n", 100 * result.accuracy);
  print("{:<15}{}\n", unit, result.predictions);
  if (const std::string_view kind = weightsKind(program->description()); kind != "f32")
    print("weights        {}\n", kind);
  return Exit::Done;
}

} // namespace sinter
