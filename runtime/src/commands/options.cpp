#include "commands/options.h"

#include "base/format.h"
#include "checkpoint/configuration.h"
#include "commands/tables/tables.h"
#include "pairs/part.h"
#include "program/program.h"

#include <algorithm>

namespace sinter {

using namespace tables;

// Every subcommand has these.
static void addCommon(Options &options, CommonOptions &common) {
  add(options, "--config", &common.configuration, notEmpty,
      {"FILE", "options in a file: lines NAME = VALUE, below [train] for one subcommand; those given here count more",
       "none"});
  add(options, "--threads", &common.threads, whole(1, 1024, "from 1 to 1024"),
      {"N", "threads", "what the machine has"});
  add(options, "--device", &common.device, notEmpty,
      {"NAME", "cpu or vulkan[:INDEX]", "cpu if compiled for it; see info"})
      .suggestions = "cpu,vulkan";
  add(options, "--march", &common.march, notEmpty,
      {"NAME", "version of the kernels to run", "the best for the processor; see info"});
  add(options, "--vulkan-profile", &common.vulkanProfile, notEmpty,
      {"NAME", "version of the kernels for Vulkan", "the one for the kind of device; see info"});
}

// The names of the entries, for completion.
static std::string entryNames(const sinter_program &program) {
  std::string names;
  for (uint32_t e = 0; e < program.entry_count; ++e)
    names += formatted("{}{}", e ? "," : "", anyPlan(program).entries[e].name);
  return names;
}

// What a model was compiled with is not an option, though somebody may take it for one.
static std::string compiledIn(const sinter_program &program, const std::string &name) {
  std::string setting = name;
  std::replace(setting.begin(), setting.end(), '-', '_');
  for (const auto &[known, value] : configurationValues(program.config))
    if (known == name || known == setting)
      return formatted("; {} is compiled into the program ({}): sinterc --set {}=...", known, value, known);
  return "";
}

CommandTable commandTable(const sinter_program &program, const std::string &calledAs, Commands &c) {
  CommandTable table;
  table.program = calledAs;
  table.about = formatted("the model {}, compiled by sinter from {}", program.name, program.source);
  table.version = formatted("{} ({}, {})", program.name, program.compiler, program.target);
  table.variables = "SINTER_";
  table.exits = "0 done; 1 the input is wrong; 2 usage; 3 a file is damaged; 4 device; 5 interrupted and saved.";
  table.meaning = [&program](const Command &, const std::string &name) { return compiledIn(program, name); };
  const auto addCommand = [&](const char *name, const char *text) -> Options & {
    return table.commands.emplace_back(Command{name, text, {}}).options;
  };
  addTrain(addCommand("train", "train on data, with checkpoints"), c.train, program);
  addEval(addCommand("eval", "loss, perplexity, bits per byte and accuracy on data"), c.eval);
  addSample(addCommand("sample", "make text"), c.sample);
  if (pairsPart() && readsSource(program))
    addTranslate(addCommand("translate", "write for each line of a text what the model makes of it"), c.translate);
  if (serveFunction())
    addServe(addCommand("serve", "answer requests over HTTP, as OpenAI's API does, with a page to try the model"),
             c.serve);
  addBench(addCommand("bench", "time an entry on random input"), c.bench);
  addRun(addCommand("run", "call any entry on files or numbers"), c.run);
  addReport(addCommand("report", "show trainings: losses, rates, speed, samples, what they were asked for"), c.report);
  addInfo(addCommand("info", "what this program, or a checkpoint, holds"), c.info);
  addExport(addCommand("export", "write the parameters as safetensors or GGUF"), c.exported);
  addImport(addCommand("import", "make a checkpoint of other people's parameters"), c.imported);
  addAverage(addCommand("average", "make a checkpoint of the mean of several"), c.average);
  if (pairsPart())
    addScore(addCommand("score", "how near translations are to those of people: BLEU and chrF, as of sacrebleu"),
             c.score);
  addTokenizer(addCommand("tokenizer", "learn a tokenizer, look at one, turn text into tokens and back"), c.tokenizer);
  addPrepare(addCommand("prepare", "turn texts into files of tokens, once"), c.prepare);
  for (Command &command : table.commands) {
    addCommon(command.options, c.common);
    if (const std::string_view name = command.name; name == "train" || name == "sample" || name == "serve")
      add(command.options, "--trace", &c.common.trace, notEmpty,
          {"FILE", "write what is done when, by which thread: Chrome's trace events, for Perfetto or speedscope",
           "none"});
    if (Option *entry = command.find("entry"))
      entry->suggestions = entryNames(program);
  }
  return table;
}

} // namespace sinter
