#include "commands/options.h"

#include "base/suggest.h"
#include "program/program.h"
#include "training/rates.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace sinter {

namespace {

/// A test of an option's text, and the same for its help: "at least 0".
struct Check {
  CLI::Validator validator;
  std::string range;
};

Check makeCheck(std::string range, std::function<std::string(std::string &)> problem) {
  return {CLI::Validator(std::move(problem), ""), std::move(range)};
}

// All of the text as one number.
template <typename T> bool readNumber(const std::string &text, T &value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size();
}

std::string isNot(const std::string &text, const std::string &what) {
  return fmt::format("{} is not {}", text.empty() ? "''" : text, what);
}

// CLI11 would take octal and hexadecimal numbers, and wrap negative ones: what it gets is what was understood here.
template <typename T> Check whole(T least, T most, const std::string &range) {
  return makeCheck(range, [=](std::string &text) {
    T value{};
    if (!readNumber(text, value) || value < least || value > most)
      return isNot(text, "a whole number " + range);
    text = fmt::to_string(value);
    return std::string();
  });
}

// A number that satisfies `inside`; NaN satisfies nothing, and infinity is no number here. Messages say what it `must`
// be, help a `range` that is shorter.
Check numberThat(bool (*inside)(double), const std::string &must, const std::string &range) {
  return makeCheck(range, [=](std::string &text) {
    double value = 0;
    return readNumber(text, value) && std::abs(value) <= 1e38 && inside(value) ? std::string() : isNot(text, must);
  });
}

// Of names with commas between them.
Check oneOf(std::string_view text) {
  std::vector<std::string> names;
  for (size_t comma = 0; comma != text.npos; text.remove_prefix(std::min(comma + 1, text.size())))
    names.emplace_back(text.substr(0, comma = text.find(',')));
  const auto last = names.end() - 1;
  const std::string list =
      fmt::format("{}{}{}", fmt::join(names.begin(), last, ", "), names.size() > 1 ? " or " : "", *last);
  return makeCheck(list, [=](std::string &text) {
    return std::find(names.begin(), names.end(), text) != names.end() ? std::string()
                                                                      : isNot(text, list + didYouMean(text, names));
  });
}

const Check notNegative = whole<int64_t>(0, int64_t(1) << 53, "from 0");
// What is kept in memory until the end of a measurement.
const Check moderate = whole<int64_t>(1, 1 << 20, "from 1 to 1048576");
const Check seed = whole<uint64_t>(0, UINT64_MAX, "from 0 to 2^64 - 1");
const Check amount = numberThat([](double v) { return v >= 0; }, "a number from 0", "from 0");
const Check above = numberThat([](double v) { return v > 0; }, "a number above 0", "above 0");
const Check rate = numberThat(isRate, "0 or a number from 1.4e-45, the least that f32 tells from 0", "from 0");
const Check decay = numberThat(isDecay, "in [0, 1), also when rounded to f32", "in [0, 1)");
const Check normal = numberThat(isNormal, "at least 1.1754944e-38, the smallest normal f32", "above 0");
const Check fraction = numberThat([](double v) { return v >= 0 && v < 1; }, "in [0, 1)", "in [0, 1)");
const Check probability = numberThat([](double v) { return v >= 0 && v <= 1; }, "in [0, 1]", "in [0, 1]");
const Check notEmpty =
    makeCheck("", [](std::string &text) { return text.empty() ? std::string("is empty") : std::string(); });
const Check anyText = makeCheck("", [](std::string &) { return std::string(); });
const Check tokenizers = oneOf("bytes,chars");

/// How an option reads in its help: what its value is, and what holds without it ("" if there is nothing to tell).
struct Help {
  const char *value;
  std::string text;
  std::string otherwise = {};
};

// Lines of at most `width` bytes; CLI11 indents what follows the first.
std::string wrapped(std::string text, size_t width) {
  for (size_t begin = 0; text.size() - begin > width;) {
    const size_t space = text.rfind(' ', begin + width);
    if (space == std::string::npos || space <= begin)
      break;
    text[space] = '\n';
    begin = space + 1;
  }
  return text;
}

// "text (range; default: otherwise)".
std::string description(const Help &help, const std::string &range) {
  const std::string otherwise = help.otherwise.empty() ? "" : "default: " + help.otherwise;
  const std::string more = range + (range.empty() || otherwise.empty() ? "" : "; ") + otherwise;
  return wrapped(more.empty() ? help.text : fmt::format("{} ({})", help.text, more), 80);
}

template <typename T>
CLI::Option *add(CLI::App &app, const char *name, T &target, const Check &check, const Help &help) {
  CLI::Option *option = app.add_option(name, target, description(help, check.range))->check(check.validator);
  return option->type_name(help.value)->option_text(help.value);
}

template <typename T>
void addRequired(CLI::App &app, const char *name, T &target, const Check &check, const Help &help) {
  add(app, name, target, check, help)->required()->option_text(fmt::format("{} (required)", help.value));
}

} // namespace

// The help of a rate that the entry `train` takes as a scalar input, with the default that the model has for it.
static Help rateHelp(const sinter_program &program, const char *value, const char *text, const char *input) {
  for (uint32_t e = 0; e < program.entry_count; ++e)
    if (anyPlan(program).entries[e].name == std::string_view("train"))
      if (const sinter_input *found = Program::findProgramInput(anyPlan(program).entries[e], input))
        return {value, text, found->has_default ? fmt::format("{:g}", found->value) : ""};
  return {value, std::string(text) + "; this model has none"};
}

static void addRates(CLI::App &app, TrainCommand &c, const sinter_program &program) {
  const auto ofModel = [&](const char *name, std::optional<double> &target, const Check &check, const char *value,
                           const char *text,
                           const char *input) { add(app, name, target, check, rateHelp(program, value, text, input)); };
  ofModel("--lr", c.lr, rate, "RATE", "learning rate", "lr");
  add(app, "--min-lr", c.minLr, rate, {"RATE", "where the schedule ends", "a tenth of --lr"});
  add(app, "--warmup", c.warmup, notNegative, {"STEPS", "steps in which the learning rate rises from 0", "0"});
  add(app, "--accumulate", c.accumulate, moderate,
      {"N", "batches a step, whose gradients are averaged (a program of sinterc --accumulate)", "1"});
  add(app, "--schedule", c.schedule, oneOf("constant,cosine,linear,inverse-sqrt,one-cycle"),
      {"NAME", "learning rate after the warm-up; one-cycle: in it, too", "constant"});
  ofModel("--beta1", c.beta1, decay, "X", "decay of the mean of gradients", "beta1");
  ofModel("--beta2", c.beta2, decay, "X", "decay of the mean of their squares", "beta2");
  ofModel("--eps", c.eps, normal, "X", "added to the root of that mean", "eps");
  ofModel("--weight-decay", c.weightDecay, rate, "X", "share of the weights taken off, times the learning rate",
          "weight_decay");
  ofModel("--grad-clip", c.gradClip, rate, "NORM", "largest global norm of the gradient; 0: no limit", "grad_clip");
}

// NAME=FILE, as often as it is given.
static void addInputs(CLI::App &app, const char *name, std::vector<std::string> &target, const Help &help) {
  add(app, name, target, notEmpty, help)->allow_extra_args(false);
}

static void addTrain(CLI::App &app, TrainCommand &c, const sinter_program &program) {
  add(app, "--data", c.data, notEmpty,
      {"FILE", "text (UTF-8), uint16 tokens (.bin), images, or arrays called as the inputs are; with --resume not "
               "needed"});
  addInputs(app, "--input", c.inputs,
            {"NAME=FILE", "in place of --data: an input's numbers, an example a row (.npy, .npz, .csv, .safetensors, "
                          "IDX, CIFAR's .bin); NAME=FILE:PART takes an array or columns; may be repeated, for further "
                          "inputs or more examples"});
  add(app, "--steps", c.steps, notNegative, {"STEPS", "train up to this step", "1000"});
  add(app, "--out", c.out, notEmpty, {"FOLDER", "where checkpoint.safetensors is kept", "run"});
  add(app, "--resume", c.resume, {oneOf("always,auto").validator, ""},
      {"[=auto]",
       "go on from the checkpoint in --out, with its data and options where none are given; auto: if there is one"})
      ->expected(0, 1)
      ->default_str("always");
  add(app, "--init", c.init, notEmpty, {"FILE", "take the parameters from a checkpoint or safetensors file"});
  add(app, "--seed", c.seed, seed, {"N", "of initial values, batches and dropout", "0"});
  addRates(app, c, program);
  add(app, "--order", c.order, oneOf("random,sequential,shuffled"),
      {"NAME",
       "of the data; sequential: row b of step s starts at token (s * batch + b) * context; shuffled: all rows "
       "once before any comes again",
       "random, of arrays shuffled"});
  add(app, "--val-fraction", c.validationFraction, fraction,
      {"X", "share of --data, its end, that is held out", "0.1"});
  add(app, "--val-data", c.validationData, notEmpty, {"FILE", "held-out data in a file of its own"});
  addInputs(app, "--val-input", c.validationInputs, {"NAME=FILE", "the same, as --input", "none"});
  app.add_flag("--flip", c.flip, "mirror half of the training images");
  add(app, "--crop", c.crop, notNegative,
      {"PIXELS", "move training images by up to so many each way; what comes from outside is 0", "0"});
  add(app, "--tokenizer", c.tokenizer, tokenizers,
      {"NAME", "tokens of a text", "bytes if the vocabulary has room, else chars"});
  add(app, "--eval-every", c.evalEvery, notNegative,
      {"STEPS", "steps between held-out losses, one more at the end; 0: none", "a tenth of --steps, 10 to 500"});
  add(app, "--eval-batches", c.evalBatches, notNegative,
      {"BATCHES", "of each held-out loss, evenly spaced; 0: all", "so many that it takes 3 % of the time, at most 50"});
  add(app, "--sample-every", c.sampleEvery, notNegative, {"STEPS", "steps between samples; 0: none", "0"});
  add(app, "--sample-tokens", c.sampleTokens, notNegative, {"TOKENS", "of each sample", "200"});
  add(app, "--sample-prompt", c.samplePrompt, anyText, {"TEXT", "what samples begin with", "nothing"});
  add(app, "--checkpoint-every", c.checkpointEvery, notNegative,
      {"STEPS", "steps between checkpoints; 0: only at the end", "500"});
  app.add_flag("--keep-best", c.keepBest, "keep the checkpoint of the least held-out loss, as best.safetensors");
  add(app, "--patience", c.patience, notNegative,
      {"LOSSES", "end after so many held-out losses of which none is less than the least; 0: never", "0"});
  add(app, "--keep", c.keep, notNegative,
      {"N", "keep the last N of --checkpoint-every as well, as checkpoint-STEP.safetensors", "0"});
  add(app, "--log", c.log, notEmpty, {"FILE", "write one JSON object a line"});
}

static void addIgnore(CLI::App &app, bool &ignore) {
  app.add_flag("--ignore-configuration", ignore, "take a checkpoint of a program with other configuration values");
}

static void addEval(CLI::App &app, EvalCommand &c) {
  add(app, "--data", c.data, notEmpty, {"FILE", "text (UTF-8), uint16 tokens (.bin), images, or arrays"});
  addInputs(app, "--input", c.inputs, {"NAME=FILE", "in place of --data: numbers of an input, as for train", "none"});
  addRequired(app, "--checkpoint", c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(app, "--split", c.split, oneOf("all,train,val"), {"PART", "of --data; val: what training held out", "all"});
  add(app, "--val-fraction", c.validationFraction, fraction,
      {"X", "share that --split=val means", "as in training, else 0.1"});
  add(app, "--batches", c.batches, notNegative, {"BATCHES", "evenly spaced; 0: all", "0"});
  add(app, "--logits", c.logits, notEmpty, {"FILE", "NumPy file for the logits of the first batch"});
  add(app, "--tokenizer", c.tokenizer, tokenizers, {"NAME", "tokens of the text", "the checkpoint's"});
  app.add_flag("--json", c.json, "one JSON object (always, unless the output is a terminal)");
  addIgnore(app, c.ignoreConfiguration);
}

static void addSample(CLI::App &app, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  addRequired(app, "--checkpoint", c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  auto *prompt = add(app, "--prompt", c.prompt, anyText, {"TEXT", "what the text begins with", "a new line"});
  add(app, "--prompt-file", c.promptFile, notEmpty, {"FILE", "file with the prompt; - is standard input"})
      ->excludes(prompt);
  add(app, "-n,--tokens", c.generate.count, notNegative, {"TOKENS", "how many to make", "200"});
  add(app, "--temperature", s.temperature, amount,
      {"X", "0: always the most probable", fmt::format("{:g}", s.temperature)});
  add(app, "--top-k", s.topK, notNegative, {"K", "choose among the K most probable; 0: all", fmt::to_string(s.topK)});
  add(app, "--top-p", s.topP, probability,
      {"P", "among the fewest that together have this probability", fmt::format("{:g}", s.topP)});
  add(app, "--min-p", s.minP, probability,
      {"P", "among those with this share of the highest probability", fmt::format("{:g}", s.minP)});
  add(app, "--repeat-penalty", s.repeatPenalty, above,
      {"X", "above 1: against tokens among the last 64", fmt::format("{:g}", s.repeatPenalty)});
  add(app, "--stop", c.generate.stop, notEmpty, {"TEXT", "end before this text; may be repeated"})
      ->allow_extra_args(false);
  add(app, "--seed", s.seed, seed, {"N", "of the choice", fmt::to_string(s.seed)});
  add(app, "--logprobs", c.generate.logProbabilities, notNegative,
      {"K", "log-probabilities of the K most probable; implies --json", "0"});
  add(app, "--tokenizer", c.tokenizer, oneOf("bytes"), {"NAME", "for files without one"});
  app.add_flag("--json", c.json, "one JSON object instead of text");
  addIgnore(app, c.ignoreConfiguration);
}

static void addBench(CLI::App &app, BenchCommand &c) {
  add(app, "entry", c.entry, notEmpty, {"ENTRY", "train, sample, or any entry", c.entry});
  add(app, "--steps", c.steps, moderate, {"STEPS", "calls to time", fmt::to_string(c.steps)});
  add(app, "--prompt-tokens", c.promptTokens, moderate,
      {"TOKENS", "of the prompt, for sample", fmt::to_string(c.promptTokens)});
  add(app, "--new-tokens", c.newTokens, moderate,
      {"TOKENS", "to make in each call, for sample", fmt::to_string(c.newTokens)});
  app.add_flag("--profile", c.profile, "time of each kernel, held against what the machine can do");
  app.add_flag("--json", c.json, "one JSON object");
}

static void addRun(CLI::App &app, RunCommand &c) {
  addRequired(app, "entry", c.entry, notEmpty, {"ENTRY", "an entry of the program; info lists them"});
  addInputs(app, "--input", c.inputs,
            {"NAME=FILE", "an input's numbers, as for train: rows for one call, which all calls take, or for several; "
                          "NAME=NUMBER for inputs that are one"});
  add(app, "-n,--calls", c.calls, notNegative, {"CALLS", "how often", "as often as the inputs have rows for"});
  add(app, "--checkpoint", c.checkpoint, notEmpty,
      {"FILE", "what state begins as: checkpoint, safetensors file, or folder of a training", "initial values"});
  add(app, "--save", c.save, notEmpty, {"FILE", "checkpoint to write in the end", "none"});
  addInputs(app, "--output", c.outputs,
            {"NAME=FILE", "write an output as NumPy's .npy, of all calls; may be repeated", "none"});
  add(app, "--out", c.out, notEmpty, {"FOLDER", "write all outputs, as NAME.npy", "none"});
  add(app, "--seed", c.seed, seed, {"N", "of initial values and dropout", "the checkpoint's, or 0"});
  app.add_flag("--json", c.json, "one JSON object a call (always, unless the output is a terminal)");
  addIgnore(app, c.ignoreConfiguration);
}

static void addInfo(CLI::App &app, InfoCommand &c) {
  add(app, "checkpoint", c.checkpoint, notEmpty,
      {"CHECKPOINT", "checkpoint or safetensors file, or folder of a training", "this program"});
  app.add_flag("--json", c.json, "one JSON object");
}

static void addExport(CLI::App &app, ExportCommand &c) {
  addRequired(app, "--checkpoint", c.checkpoint, notEmpty, {"FILE", "checkpoint, or folder of a training"});
  addRequired(app, "--out", c.out, notEmpty, {"FILE", "file to write"});
}

static void addImport(CLI::App &app, ImportCommand &c) {
  addRequired(app, "--from", c.from, notEmpty, {"FILE", "safetensors file or checkpoint"});
  addRequired(app, "--out", c.out, notEmpty, {"FILE", "checkpoint to write"});
  add(app, "--tokenizer", c.tokenizer, tokenizers, {"NAME", "chars needs --vocabulary-from", "the file's, or none"});
  add(app, "--vocabulary-from", c.vocabularyFrom, notEmpty, {"FILE", "text that has the characters"});
  add(app, "--seed", c.seed, seed, {"N", "of what the file does not hold", fmt::to_string(c.seed)});
  addIgnore(app, c.ignoreConfiguration);
}

// Every subcommand has these.
static void addCommon(CLI::App &app, CommonOptions &common) {
  add(app, "--threads", common.threads, whole<int64_t>(1, 1024, "from 1 to 1024"),
      {"N", "threads", "what the machine has"});
  add(app, "--device", common.device, notEmpty, {"NAME", "cpu or vulkan[:INDEX]", "cpu if compiled for it; see info"});
  add(app, "--march", common.march, notEmpty,
      {"NAME", "version of the kernels to run", "the best for the processor; see info"});
  add(app, "--vulkan-profile", common.vulkanProfile, notEmpty,
      {"NAME", "version of the kernels for Vulkan", "the one for the kind of device; see info"});
}

void addSubcommands(CLI::App &app, const sinter_program &program, Commands &c) {
  addTrain(*app.add_subcommand("train", "train on data, with checkpoints"), c.train, program);
  addIgnore(*app.get_subcommand("train"), c.train.ignoreConfiguration);
  addEval(*app.add_subcommand("eval", "loss, perplexity, bits per byte and accuracy on data"), c.eval);
  addSample(*app.add_subcommand("sample", "make text"), c.sample);
  addBench(*app.add_subcommand("bench", "time an entry on random input"), c.bench);
  addRun(*app.add_subcommand("run", "call any entry on files or numbers"), c.run);
  addInfo(*app.add_subcommand("info", "what this program, or a checkpoint, holds"), c.info);
  addExport(*app.add_subcommand("export", "write the parameters as plain safetensors"), c.exported);
  addImport(*app.add_subcommand("import", "make a checkpoint of a safetensors file"), c.imported);
  for (CLI::App *command : app.get_subcommands({}))
    addCommon(*command, c.common);
}

} // namespace sinter
