#include "commands/options.h"

#include "checkpoint/configuration.h"
#include "pairs/part.h"
#include "program/program.h"
#include "training/rates.h"

#include <algorithm>
#include <fmt/format.h>

namespace sinter {

using Options = std::vector<Option>;

static constexpr Check notNegative = whole(0, uint64_t(1) << 53, "from 0");
// What is kept in memory until the end of a measurement.
static constexpr Check moderate = whole(1, 1 << 20, "from 1 to 1048576");
static constexpr Check moderateOrNone = whole(0, 1 << 20, "from 0 to 1048576");
static constexpr Check anySeed = whole(0, UINT64_MAX, "from 0 to 2^64 - 1");
static constexpr Check amount = numberThat([](double v) { return v >= 0; }, "a number from 0", "from 0");
static constexpr Check above = numberThat([](double v) { return v > 0; }, "a number above 0", "above 0");
static constexpr Check finite = numberThat([](double) { return true; }, "a number", "a number");
static constexpr Check rate =
    numberThat(isRate, "0 or a number from 1.4e-45, the least that f32 tells from 0", "from 0");
static constexpr Check decay = numberThat(isDecay, "in [0, 1), also when rounded to f32", "in [0, 1)");
static constexpr Check normal = numberThat(isNormal, "at least 1.1754944e-38, the smallest normal f32", "above 0");
static constexpr Check fraction = numberThat([](double v) { return v >= 0 && v < 1; }, "in [0, 1)", "in [0, 1)");
static constexpr Check probability = numberThat([](double v) { return v >= 0 && v <= 1; }, "in [0, 1]", "in [0, 1]");
// Names, or else a file's.
static constexpr Check tokenizers{.must = "bytes,chars"}, bytesOrFile{.must = "bytes"};
static constexpr Check patterns = oneOf("gpt2,cl100k,llama3,qwen2,o200k");
static constexpr const char *tokenizerHelp =
    "bytes, chars, or a file: tokenizer.json, vocab.json with merges.txt, ranks "
    "of tiktoken's, or a model of SentencePiece's";

static constexpr Check chatTemplates{.must = "chatml,llama3,gemma,plain"};

namespace {

/// How an option reads in its help: what its value is, what it is for, and what holds without it ("" if there is
/// nothing to tell).
struct Help {
  const char *value;
  const char *text;
  std::string otherwise = {};
};

} // namespace

static Option &add(Options &options, const char *names, OptionTarget target, const Check &check, const Help &help) {
  options.push_back({names, help.value, target, check, help.text, help.otherwise, false, nullptr, "", {}, {}});
  return options.back();
}

static void addRequired(Options &options, const char *names, OptionTarget target, const Check &check,
                        const Help &help) {
  add(options, names, target, check, help).required = true;
}

static void addFlag(Options &options, const char *names, bool &target, const char *text) {
  add(options, names, &target, anyText, {"", text});
}

// The help of a rate that the entry `train` takes as a scalar input, with the default that the model has for it.
static Help rateHelp(const sinter_program &program, const char *value, const char *text, const char *input) {
  for (uint32_t e = 0; e < program.entry_count; ++e)
    if (anyPlan(program).entries[e].name == std::string_view("train"))
      if (const sinter_input *found = Program::findProgramInput(anyPlan(program).entries[e], input))
        return {value, text, found->has_default ? fmt::format("{:g}", found->value) : ""};
  return {value, text, "none, since this model has no such input"};
}

static void addRates(Options &options, TrainCommand &c, const sinter_program &program) {
  const auto ofModel = [&](const char *name, std::optional<double> &target, const Check &check, const char *value,
                           const char *text, const char *input) {
    add(options, name, &target, check, rateHelp(program, value, text, input));
  };
  ofModel("--lr", c.lr, rate, "RATE", "learning rate", "lr");
  add(options, "--min-lr", &c.minLr, rate, {"RATE", "where the schedule ends", "a tenth of --lr"});
  add(options, "--warmup", &c.warmup, notNegative, {"STEPS", "steps in which the learning rate rises from 0", "0"});
  add(options, "--accumulate", &c.accumulate, moderate,
      {"N", "batches a step, whose gradients are averaged (a program of sinterc --accumulate)", "1"});
  add(options, "--schedule", &c.schedule, oneOf("constant,cosine,linear,inverse-sqrt,one-cycle"),
      {"NAME", "learning rate after the warm-up; one-cycle: in it, too", "constant"});
  ofModel("--beta1", c.beta1, decay, "X", "decay of the mean of gradients", "beta1");
  ofModel("--beta2", c.beta2, decay, "X", "decay of the mean of their squares", "beta2");
  ofModel("--eps", c.eps, normal, "X", "added to the root of that mean", "eps");
  ofModel("--weight-decay", c.weightDecay, rate, "X", "share of the weights taken off, times the learning rate",
          "weight_decay");
  ofModel("--grad-clip", c.gradClip, rate, "NORM", "largest global norm of the gradient; 0: no limit", "grad_clip");
}

// NAME=FILE, as often as it is given.
static void addInputs(Options &options, const char *name, std::vector<std::string> &target, const Help &help) {
  add(options, name, &target, notEmpty, help);
}

static void addIgnore(Options &options, bool &ignore) {
  addFlag(options, "--ignore-configuration", ignore, "take a checkpoint of a program with other configuration values");
}

static void addChatTemplate(Options &options, std::string &target, const char *otherwise) {
  add(options, "--chat-template", &target, chatTemplates,
      {"NAME",
       "what stands around the messages of a chat, for serve: chatml, llama3, gemma, plain, or a file: a JSON object "
       "of "
       "texts: begin, system, user, assistant, in which {content} is the message",
       otherwise})
      .suggestions = chatTemplates.must;
}

static void addTexts(Options &options, std::string &separator, std::string &tokenType) {
  add(options, "--separator", &separator, notEmpty,
      {"TEXT", "what stands between documents of a text; the end-of-text token takes its place",
       "each of several files is a document"});
  add(options, "--token-type", &tokenType, oneOf("uint16,uint32"),
      {"NAME", "of .bin files that do not say it", "uint32 if the file's name has u32 or uint32, else uint16"});
}

// The texts of a program that translates.
static void addPairs(Options &options, std::string &source, std::string &target) {
  if (!pairsPart())
    return;
  add(options, "--source", &source, notEmpty,
      {"FILE", "in place of --data: a text, a sentence a line; --input source=FILE:lines says the same", "none"});
  add(options, "--target", &target, notEmpty, {"FILE", "of each line of --source its translation", "none"});
}

static void addTrain(Options &options, TrainCommand &c, const sinter_program &program) {
  add(options, "--data", &c.data, notEmpty,
      {"FILE", "text (UTF-8) or tokens (.bin): a file, a folder or a pattern; images, or arrays called as the inputs "
               "are; with --resume not needed"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "in place of --data: an input's numbers, an example a row (.npy, .npz, .csv, .safetensors, "
                          "IDX, CIFAR's .bin); NAME=FILE:PART takes an array or columns; may be repeated, for further "
                          "inputs or more examples"});
  addPairs(options, c.source, c.target);
  add(options, "--steps", &c.steps, notNegative, {"STEPS", "train up to this step", "1000"});
  add(options, "--out", &c.out, notEmpty, {"FOLDER", "where checkpoint.safetensors is kept", "run"});
  add(options, "--resume", &c.resume, oneOf("always,auto"),
      {"[=auto]",
       "go on from the checkpoint in --out, with its data and options where none are given; auto: if there is one"})
      .alone = "always";
  add(options, "--init", &c.init, notEmpty,
      {"FILE", "take the parameters from a checkpoint or safetensors file; may be repeated, for parts of a model",
       "none"});
  add(options, "--new", &c.anew, notEmpty,
      {"NAME", "a parameter that begins anew all the same, * for anything: 'head.*'; may be repeated", "none"});
  add(options, "--seed", &c.seed, anySeed, {"N", "of initial values, batches and dropout", "0"});
  addRates(options, c, program);
  add(options, "--order", &c.order, oneOf("random,sequential,shuffled"),
      {"NAME",
       "of the data; sequential: row b of step s starts at token (s * batch + b) * context; shuffled: all rows "
       "once before any comes again",
       "random, of arrays shuffled"});
  add(options, "--val-fraction", &c.validationFraction, fraction, {"X", "share of --data that is held out", "0.1"});
  add(options, "--val-split", &c.validationSplit, oneOf("end,random"),
      {"PART", "which: the end or, of arrays and images, some by chance, the same for every seed", "end"});
  add(options, "--val-data", &c.validationData, notEmpty, {"FILE", "held-out data in a file of its own"});
  addInputs(options, "--val-input", c.validationInputs, {"NAME=FILE", "the same, as --input", "none"});
  if (pairsPart()) {
    add(options, "--val-source", &c.validationSource, notEmpty, {"FILE", "the same, as --source", "none"});
    add(options, "--val-target", &c.validationTarget, notEmpty, {"FILE", "the same, as --target", "none"});
  }
  addFlag(options, "--flip", c.flip, "mirror half of the training images");
  add(options, "--crop", &c.crop, notNegative,
      {"PIXELS", "move training images by up to so many each way; what comes from outside is 0", "0"});
  add(options, "--tokenizer", &c.tokenizer, tokenizers,
      {"NAME", tokenizerHelp, "the data's own, or bytes if the vocabulary has room, else chars"})
      .suggestions = "bytes,chars";
  addTexts(options, c.separator, c.tokenType);
  addChatTemplate(options, c.chatTemplate, "that of --init or of the files of tokens, or none");
  add(options, "--eval-every", &c.evalEvery, notNegative,
      {"STEPS", "steps between held-out losses, one more at the end; 0: none", "a tenth of --steps, 10 to 500"});
  add(options, "--eval-batches", &c.evalBatches, notNegative,
      {"BATCHES", "of each held-out loss, evenly spaced; 0: all", "so many that it takes 3 % of the time, at most 50"});
  add(options, "--sample-every", &c.sampleEvery, notNegative, {"STEPS", "steps between samples; 0: none", "0"});
  add(options, "--sample-tokens", &c.sampleTokens, notNegative, {"TOKENS", "of each sample", "200"});
  add(options, "--sample-prompt", &c.samplePrompt, anyText, {"TEXT", "what samples begin with", "nothing"});
  add(options, "--checkpoint-every", &c.checkpointEvery, notNegative,
      {"STEPS", "steps between checkpoints; 0: only at the end", "500"});
  addFlag(options, "--keep-best", c.keepBest, "keep the checkpoint of the least held-out loss, as best.safetensors");
  add(options, "--patience", &c.patience, notNegative,
      {"LOSSES", "end after so many held-out losses of which none is less than the least; 0: never", "0"});
  add(options, "--keep", &c.keep, notNegative,
      {"N", "keep the last N of --checkpoint-every as well, as checkpoint-STEP.safetensors", "0"});
  addFlag(options, "--dry-run", c.dryRun, "one step, then a summary: parameters, inputs, bytes, FLOPs; writes nothing");
  addFlag(options, "--plot", c.plot, "draw the losses on the terminal, at each held-out one");
  add(options, "--log", &c.log, notEmpty, {"FILE", "write one JSON object a line, for report", "log.jsonl in --out"});
  addIgnore(options, c.ignoreConfiguration);
}

static void addEval(Options &options, EvalCommand &c) {
  add(options, "--data", &c.data, notEmpty, {"FILE", "text (UTF-8), tokens (.bin), images, or arrays"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "in place of --data: numbers of an input, as for train", "none"});
  addPairs(options, c.source, c.target);
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--split", &c.split, oneOf("all,train,val"), {"PART", "of --data; val: what training held out", "all"});
  add(options, "--val-fraction", &c.validationFraction, fraction,
      {"X", "share that --split=val means", "as in training, else 0.1"});
  add(options, "--batches", &c.batches, notNegative, {"BATCHES", "evenly spaced; 0: all", "0"});
  add(options, "--logits", &c.logits, notEmpty, {"FILE", "NumPy file for the logits of the first batch"});
  add(options, "--tokenizer", &c.tokenizer, tokenizers, {"NAME", tokenizerHelp, "the checkpoint's"}).suggestions =
      "bytes,chars";
  addTexts(options, c.separator, c.tokenType);
  addFlag(options, "--json", c.json, "one JSON object (always, unless the output is a terminal)");
  addIgnore(options, c.ignoreConfiguration);
}

static void addPenalties(Options &options, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  add(options, "--logit-bias", &c.logitBias, notEmpty,
      {"TOKEN=X", "add X to the logit of a token, by its number; -inf: never choose it; may be repeated", "none"});
  add(options, "--repeat-penalty", &s.repeatPenalty, above,
      {"X", "of tokens among the last --repeat-window: logits above 0 are divided by X, others multiplied",
       fmt::format("{:g}", s.repeatPenalty)});
  add(options, "--repeat-window", &s.repeatWindow, moderateOrNone,
      {"TOKENS", "of prompt and text", fmt::to_string(s.repeatWindow)});
  add(options, "--frequency-penalty", &s.frequencyPenalty, finite,
      {"X", "taken off a token's logit as often as it was made", fmt::format("{:g}", s.frequencyPenalty)});
  add(options, "--presence-penalty", &s.presencePenalty, finite,
      {"X", "taken off a token's logit once it was made", fmt::format("{:g}", s.presencePenalty)});
}

static void addSample(Options &options, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--prompt", &c.prompt, anyText, {"TEXT", "what the text begins with", "a new line"});
  add(options, "--prompt-file", &c.promptFile, notEmpty, {"FILE", "file with the prompt; - is standard input"})
      .excludes = "--prompt";
  add(options, "-n,--tokens", &c.generate.count, notNegative, {"TOKENS", "how many to make", "200"});
  addPenalties(options, c);
  add(options, "--temperature", &s.temperature, amount,
      {"X",
       "divides logits, after bias and penalties, before --top-k, --top-p and --min-p, which come in this order; 0: "
       "always the most probable",
       fmt::format("{:g}", s.temperature)});
  add(options, "--top-k", &s.topK, notNegative,
      {"K", "choose among the K most probable; 0: all", fmt::to_string(s.topK)});
  add(options, "--top-p", &s.topP, probability,
      {"P", "among the fewest that together have this probability", fmt::format("{:g}", s.topP)});
  add(options, "--min-p", &s.minP, probability,
      {"P", "among those with this share of the highest probability", fmt::format("{:g}", s.minP)});
  add(options, "--stop", &c.generate.stop, notEmpty, {"TEXT", "end before this text; may be repeated"});
  add(options, "--seed", &s.seed, anySeed, {"N", "of the choice", fmt::to_string(s.seed)});
  add(options, "--samples", &c.samples, moderate,
      {"N",
       "continuations to make, as many at once as the program takes; number I, from 0, is what --seed SEED+I gives",
       "1"});
  add(options, "--beams", &c.beam.beams, whole(1, 4096, "from 1 to 4096"),
      {"N",
       "search for the most probable continuation, or for as many as --samples says, keeping N at each step; "
       "ties: the lowest token",
       "none: draw"});
  add(options, "--length-penalty", &c.beam.lengthPenalty, finite,
      {"A", "of --beams: the score is the log-probability / tokens^A", fmt::format("{:g}", c.beam.lengthPenalty)});
  add(options, "--context-full", &c.full, oneOf("slide,half,stop"),
      {"NAME",
       "a text longer than the context: slide: each token sees as much as fits, all computed anew; half: its "
       "older half is forgotten whenever it is full; stop: it ends",
       "half in a program of sinterc --decode, else slide"});
  add(options, "--logprobs", &c.generate.logProbabilities, notNegative,
      {"K", "log-probabilities of the K most probable; implies --json", "0"});
  addFlag(options, "--prompt-logprobs", c.promptLogProbabilities,
          "log-probabilities of the prompt's tokens, and of as many of the most probable as --logprobs says; implies "
          "--json");
  add(options, "--prompt-chunk", &c.chunk, notNegative,
      {"TOKENS", "compute so many tokens of the prompt at a time at most; the results are the same",
       "as many as the program takes"});
  add(options, "--interactive", &c.interactive, anyText,
      {"", "read lines from the terminal: each goes on with the text, and then the model does, for --tokens or up to "
           "--stop; Ctrl-C ends its turn"})
      .excludes = "--json";
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile,
      {"NAME", "for files without one: bytes, or a file as for train"})
      .suggestions = "bytes";
  addFlag(options, "--json", c.json, "one JSON object instead of text");
  addIgnore(options, c.ignoreConfiguration);
}

// Whether a model reads something before it writes.
static bool readsSource(const sinter_program &program) {
  const std::span entries(anyPlan(program).entries, program.entry_count);
  return std::any_of(entries.begin(), entries.end(), [](const sinter_entry &entry) {
    return std::string_view(entry.name) == "logits" && Program::findInput(entry, "source");
  });
}

static void addTranslate(Options &options, TranslateCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  addRequired(options, "--source", &c.source, notEmpty, {"FILE", "a sentence a line; - is standard input"});
  add(options, "--beams", &c.beam.beams, whole(1, 4096, "from 1 to 4096"),
      {"N", "translations of a sentence that a search keeps at each step; 1: always the most probable token",
       fmt::to_string(c.beam.beams)});
  add(options, "--length-penalty", &c.beam.lengthPenalty, finite,
      {"A", "the score is the log-probability / tokens^A", fmt::format("{:g}", c.beam.lengthPenalty)});
  add(options, "-n,--tokens", &c.tokens, notNegative,
      {"TOKENS", "of a translation at most; 0: as many as the model makes", "0"});
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"NAME", "for files without one: a file as for train"});
  addFlag(options, "--json", c.json, "one JSON object a line, with the score");
  addIgnore(options, c.ignoreConfiguration);
}

static void addServe(Options &options, ServeCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--host", &c.host, notEmpty,
      {"ADDRESS", "where to listen; 0.0.0.0 or :: for all who can reach this machine, which wants an --api-key",
       c.host});
  add(options, "--port", &c.port, whole(0, 65535, "from 0 to 65535"),
      {"N", "0: any that is free", fmt::to_string(c.port)});
  add(options, "--api-key", &c.apiKey, notEmpty,
      {"KEY", "what requests must have as Authorization: Bearer KEY; safer as the variable SINTER_API_KEY", "none"});
  add(options, "--cors", &c.cors, notEmpty,
      {"ORIGIN", "whose pages may call, such as https://example.org; *: all", "none"});
  add(options, "--name", &c.name, notEmpty, {"NAME", "of the model, in the API", "the program's"});
  add(options, "--slots", &c.slots, whole(0, 4096, "from 0 to 4096"),
      {"N", "texts that are made at once", "as many as the program takes at once, and 4 at least"});
  add(options, "--queue", &c.queue, whole(1, 65536, "from 1 to 65536"),
      {"N", "texts that wait at most; further ones are refused (429)", fmt::to_string(c.queue)});
  add(options, "--max-tokens", &c.maxTokens, moderate,
      {"N", "that a request may ask for", fmt::to_string(c.maxTokens)});
  add(options, "--max-body", &c.maxBody, whole(1024, 1 << 30, "from 1024 to 2^30"),
      {"BYTES", "of a request", fmt::to_string(c.maxBody)});
  add(options, "--connections", &c.connections, whole(1, 65536, "from 1 to 65536"),
      {"N", "that are open at once", fmt::to_string(c.connections)});
  add(options, "--timeout", &c.timeout, whole(1, 1 << 20, "from 1 to 1048576"),
      {"SECONDS", "after which a request ends that is not done", fmt::to_string(c.timeout)});
  add(options, "--request-timeout", &c.requestTimeout, whole(1, 3600, "from 1 to 3600"),
      {"SECONDS", "until a request has come, and until a part of the response was taken",
       fmt::to_string(c.requestTimeout)});
  add(options, "--context-full", &c.full, oneOf("slide,half,stop"),
      {"NAME", "what becomes of texts longer than the context, as for sample", "as for sample"});
  add(options, "--log", &c.log, notEmpty,
      {"FILE", "of the training, whose losses the page shows", "log.jsonl beside the checkpoint"});
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile,
      {"NAME", "for files without one: bytes, or a file as for train"})
      .suggestions = "bytes";
  addChatTemplate(options, c.chatTemplate, "the checkpoint's, or none: no chats");
  addIgnore(options, c.ignoreConfiguration);
}

static void addBench(Options &options, BenchCommand &c) {
  add(options, "entry", &c.entry, notEmpty, {"ENTRY", "train, sample, or any entry", c.entry});
  add(options, "--steps", &c.steps, moderate, {"STEPS", "calls to time", fmt::to_string(c.steps)});
  add(options, "--prompt-tokens", &c.promptTokens, moderate,
      {"TOKENS", "of the prompt, for sample", fmt::to_string(c.promptTokens)});
  add(options, "--new-tokens", &c.newTokens, moderate,
      {"TOKENS", "to make in each call, for sample", fmt::to_string(c.newTokens)});
  add(options, "--batch", &c.batch, moderate, {"TEXTS", "at once, for sample", fmt::to_string(c.batch)});
  addFlag(options, "--profile", c.profile, "time of each kernel, held against what the machine can do");
  addFlag(options, "--json", c.json, "one JSON object");
}

static void addRun(Options &options, RunCommand &c) {
  addRequired(options, "entry", &c.entry, notEmpty, {"ENTRY", "an entry of the program; info lists them"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "an input's numbers, as for train: rows for one call, which all calls take, or for several; "
                          "NAME=NUMBER for inputs that are one"});
  add(options, "-n,--calls", &c.calls, notNegative, {"CALLS", "how often", "as often as the inputs have rows for"});
  add(options, "--checkpoint", &c.checkpoint, notEmpty,
      {"FILE", "what state begins as: checkpoint, safetensors file, or folder of a training", "initial values"});
  add(options, "--save", &c.save, notEmpty, {"FILE", "checkpoint to write in the end", "none"});
  addInputs(options, "--output", c.outputs,
            {"NAME=FILE", "write an output as NumPy's .npy, of all calls; may be repeated", "none"});
  add(options, "--out", &c.out, notEmpty, {"FOLDER", "write all outputs, as NAME.npy", "none"});
  add(options, "--seed", &c.seed, anySeed, {"N", "of initial values and dropout", "the checkpoint's, or 0"});
  addFlag(options, "--json", c.json, "one JSON object a call (always, unless the output is a terminal)");
  addIgnore(options, c.ignoreConfiguration);
}

static void addReport(Options &options, ReportCommand &c) {
  addInputs(options, "run", c.runs, {"RUN", "folder of a training, or its log; several are compared"});
  options.back().required = true;
  add(options, "-o,--out", &c.out, notEmpty,
      {"FILE", "the page, one HTML file", "report.html, or none with --csv or --tensorboard"});
  add(options, "--compiler", &c.compiler, notEmpty,
      {"FILE", "what sinterc --report=json printed of this model: the page tells what was not fused, and why", "none"});
  add(options, "--csv", &c.csv, notEmpty, {"FILE", "all numbers as a table, a row a step", "none"});
  add(options, "--tensorboard", &c.tensorboard, notEmpty, {"FOLDER", "event files for TensorBoard", "none"});
}

static void addInfo(Options &options, InfoCommand &c) {
  add(options, "checkpoint", &c.checkpoint, notEmpty,
      {"CHECKPOINT", "checkpoint or safetensors file, or folder of a training", "this program"});
  addFlag(options, "--json", c.json, "one JSON object");
}

static void addExport(Options &options, ExportCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty, {"FILE", "checkpoint, or folder of a training"});
  addRequired(options, "--out", &c.out, notEmpty, {"FILE", "file to write"});
  add(options, "--format", &c.format, oneOf("safetensors,gguf"),
      {"NAME", "gguf: for llama.cpp, of models that are GPT-2's or Llama's", c.format});
  add(options, "--type", &c.type, oneOf("f32,f16,bf16,f64,q8_0,q4_0"),
      {"NAME", "of the numbers; in a GGUF of matrices", c.type});
  add(options, "--prefix", &c.prefix, notEmpty,
      {"TEXT", "before each name in safetensors, such as transformer.", "none"});
}

static void addImport(Options &options, ImportCommand &c) {
  addRequired(options, "--from", &c.from, notEmpty,
              {"FILE", "safetensors, their index, GGUF, or a checkpoint, or a folder with one"});
  addRequired(options, "--out", &c.out, notEmpty, {"FILE", "checkpoint to write"});
  addInputs(options, "--map", c.rules,
            {"FROM=TO",
             "what tensors of other names are; each * stands for anything, and :transpose at the end turns "
             "matrices; may be repeated",
             "names as they are, also behind transformer."});
  add(options, "--tokenizer", &c.tokenizer, tokenizers,
      {"NAME", "bytes, chars, which needs --vocabulary-from, or a file as for train", "the file's, or none"})
      .suggestions = "bytes,chars";
  add(options, "--vocabulary-from", &c.vocabularyFrom, notEmpty, {"FILE", "text that has the characters"});
  addChatTemplate(options, c.chatTemplate, "the checkpoint's, or none");
  add(options, "--seed", &c.seed, anySeed, {"N", "of what the file does not hold", fmt::to_string(c.seed)});
  addIgnore(options, c.ignoreConfiguration);
}

static void addAverage(Options &options, AverageCommand &c) {
  addInputs(
      options, "checkpoint", c.checkpoints,
      {"CHECKPOINT", "checkpoints of one model, or the folder of a training, for the last ones that --keep kept"});
  options.back().required = true;
  add(options, "--last", &c.last, moderate,
      {"N", "of a folder's, as far as there are so many", fmt::to_string(c.last)});
  addRequired(options, "-o,--out", &c.out, notEmpty,
              {"FILE", "checkpoint to write: the mean of parameters, all else as in the last one"});
  addIgnore(options, c.ignoreConfiguration);
}

static void addScore(Options &options, ScoreCommand &c) {
  addRequired(options, "translations", &c.translations, notEmpty, {"TRANSLATIONS", "a text, a sentence a line"});
  addInputs(options, "--reference", c.references,
            {"FILE", "how people say it, line by line; may be repeated, for further ways to say it"});
  options.back().required = true;
  addFlag(options, "--json", c.json, "one JSON object (always, unless the output is a terminal)");
}

static void addTokenizer(Options &options, TokenizerCommand &c) {
  addRequired(options, "action", &c.action, oneOf("train,encode,decode,info,convert"),
              {"ACTION",
               "train: learn a byte-level BPE; encode, decode: between text and tokens; info: what a tokenizer "
               "is; convert: write it as a tokenizer.json"});
  addInputs(options, "--data", c.data,
            {"FILE", "texts, or tokens to decode: a file, a folder or a pattern; may be repeated", "standard input"});
  add(options, "--text", &c.text, anyText, {"TEXT", "in place of --data"}).excludes = "--data";
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"FILE", "as for train, or a folder with one"});
  add(options, "--checkpoint", &c.checkpoint, notEmpty, {"FILE", "the tokenizer of a checkpoint"});
  add(options, "--vocab", &c.vocabulary, whole(258, 1 << 20, "from 258 to 1048576"),
      {"N", "tokens to learn", fmt::to_string(c.vocabulary)});
  addInputs(options, "--first-token", c.firstTokens,
            {"TEXT",
             "a special token in front of the bytes, in place of <|endoftext|> behind all; for pairs of sentences "
             "three: <pad>, <s>, </s>; may be repeated",
             "none"});
  add(options, "--pattern", &c.pattern, patterns,
      {"NAME", "how text is split: to learn, and of tiktoken's files, which do not say it",
       "gpt2, or by the file's name"});
  add(options, "--separator", &c.separator, notEmpty,
      {"TEXT", "between documents of the texts to learn from, or to encode, each on a line of its own", "none"});
  addFlag(options, "--special", c.special, "texts of special tokens, such as <|endoftext|>, are these tokens");
  add(options, "-o,--out", &c.out, notEmpty,
      {"FILE", "file to write; tokens as numbers or, to a .bin, as llm.c has them", "standard output"});
  addFlag(options, "--json", c.json, "JSON");
}

static void addPrepare(Options &options, PrepareCommand &c) {
  addInputs(options, "--data", c.data, {"FILE", "texts: a file, a folder or a pattern; may be repeated"});
  options.back().required = true;
  addRequired(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"NAME", "bytes, or a file as for train"});
  add(options, "--pattern", &c.pattern, patterns,
      {"NAME", "how text is split, of tiktoken's files, which do not say it", "by the file's name"});
  add(options, "--separator", &c.separator, notEmpty,
      {"TEXT", "what stands between documents of a text; the end-of-text token takes its place",
       "a file is a document"});
  add(options, "--chat-template", &c.chatTemplate, chatTemplates,
      {"NAME",
       "files are chats: lines of {\"messages\":[{\"role\":...,\"content\":...}]}, which this template makes texts of; "
       "as for train, which takes it from the folder",
       "files are texts"})
      .suggestions = chatTemplates.must;
  addRequired(options, "-o,--out", &c.out, notEmpty, {"FOLDER", "for files of tokens, which train --data takes"});
}

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
    names += fmt::format("{}{}", e ? "," : "", anyPlan(program).entries[e].name);
  return names;
}

// What a model was compiled with is not an option, though somebody may take it for one.
static std::string compiledIn(const sinter_program &program, const std::string &name) {
  std::string setting = name;
  std::replace(setting.begin(), setting.end(), '-', '_');
  for (const auto &[known, value] : configurationValues(program.config))
    if (known == name || known == setting)
      return fmt::format("; {} is compiled into the program ({}): sinterc --set {}=...", known, value, known);
  return "";
}

CommandTable commandTable(const sinter_program &program, const std::string &calledAs, Commands &c) {
  CommandTable table;
  table.program = calledAs;
  table.about = fmt::format("the model {}, compiled by sinter from {}", program.name, program.source);
  table.version = fmt::format("{} ({}, {})", program.name, program.compiler, program.target);
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
