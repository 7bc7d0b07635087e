// The subcommands of a compiled program. cli.cpp fills these structures from the command line; each command is one
// file.
#pragma once

#include "program/open_program.h"
#include "sampling/beams.h"
#include "training/trainer.h"

#include <optional>
#include <string>

struct sinter_program;

namespace sinter {

class Program;
enum class Exit;

/// Options that every command has.
struct CommonOptions : DeviceOptions {
  std::string configuration; ///< the file of options, which has been read
  std::string trace;         ///< where to write what is done when
};

/// Loads all of a checkpoint, or the parameters of a plain safetensors file. `*complete` tells which. The checkpoint's
/// configuration must fit its use, unless `ignore`.
struct Checkpoint;
enum class Use;
Checkpoint loadForUse(const std::string &path, Program &program, Use use, bool ignore, bool *complete);

/// A program in which nothing is computed.
std::unique_ptr<Program> openForFiles(const sinter_program &description, CommonOptions options);

/// What a checkpoint keeps of --chat-template NAME|FILE; empty if it is not given.
std::string chatTemplateNamed(const std::string &nameOrFile);

/// A tokenizer by its name on the command line: bytes, chars, which needs text to take its characters from, or a file.
Tokenizer makeTokenizer(const std::string &name, const std::string &textPath);

struct TrainCommand {
  std::vector<std::string> inputs, validationInputs, init, anew;
  bool flip = false, keepBest = false, dryRun = false, plot = false;
  std::optional<int64_t> patience, keep;
  std::optional<int64_t> crop;
  std::string data, validationData, out, log, tokenizer, separator, tokenType;
  std::string source, target, validationSource, validationTarget; ///< inputs of a program with pairs/part.h
  std::string resume; ///< empty: start; always; auto: if there is a checkpoint
  std::optional<uint64_t> seed;
  std::optional<int64_t> steps, warmup, accumulate;
  std::optional<std::string> schedule, order, validationSplit;
  std::optional<double> validationFraction, lr, minLr, beta1, beta2, eps, weightDecay, gradClip;
  std::optional<int64_t> evalEvery, evalBatches;
  int64_t sampleEvery = 0, sampleTokens = 200, checkpointEvery = 500;
  std::string samplePrompt, chatTemplate;
  bool ignoreConfiguration = false;
  std::string given; ///< all of this as a file of options
};
Exit train(const sinter_program &description, const CommonOptions &common, const TrainCommand &command);

struct EvalCommand {
  std::vector<std::string> inputs;
  std::string source, target; ///< as of train
  std::string data, checkpoint, logits, tokenizer, separator, tokenType, split = "all";
  std::optional<double> validationFraction;
  int64_t batches = 0;
  bool json = false, ignoreConfiguration = false;
};
Exit eval(const sinter_program &description, const CommonOptions &common, const EvalCommand &command);

struct SampleCommand {
  std::string checkpoint, prompt, promptFile, tokenizer;
  GenerateOptions generate;
  std::optional<std::string> full;
  std::vector<std::string> logitBias; ///< TOKEN=X
  int64_t samples = 1, chunk = 0;
  BeamOptions beam{.beams = 0}; ///< 0: no search
  bool promptLogProbabilities = false, interactive = false, json = false, ignoreConfiguration = false;
};
Exit sample(const sinter_program &description, const CommonOptions &common, const SampleCommand &command);

struct TranslateCommand {
  std::string checkpoint, source, tokenizer;
  BeamOptions beam{.beams = 4, .lengthPenalty = 0.6};
  int64_t tokens = 0; ///< of a translation at most; 0: as many as the model makes
  bool json = false, ignoreConfiguration = false;
};
Exit translate(const sinter_program &description, const CommonOptions &common, const TranslateCommand &command);

struct ServeCommand {
  std::string checkpoint, tokenizer, chatTemplate, host = "127.0.0.1", apiKey, cors, name, log;
  int64_t port = 8080, slots = 0, queue = 64, maxTokens = 4096, maxBody = 1 << 20, timeout = 600, requestTimeout = 30,
          connections = 256;
  std::optional<std::string> full;
  bool ignoreConfiguration = false;
};
/// In a library of its own (runtime/serve), which programs are linked with that were asked to.
using ServeFunction = Exit (*)(const sinter_program &description, const CommonOptions &common,
                               const ServeCommand &command);
/// Null in a program without the server.
ServeFunction serveFunction();

struct BenchCommand {
  std::string entry = "train";
  int64_t steps = 20, promptTokens = 16, newTokens = 32, batch = 1;
  bool json = false, profile = false;
};
Exit bench(const sinter_program &description, const CommonOptions &common, const BenchCommand &command);

struct RunCommand {
  std::string entry, checkpoint, save, out;
  std::vector<std::string> inputs, outputs;
  std::optional<int64_t> calls;
  std::optional<uint64_t> seed;
  bool json = false, ignoreConfiguration = false;
};
Exit runEntry(const sinter_program &description, const CommonOptions &common, const RunCommand &command);

struct ReportCommand {
  std::vector<std::string> runs; ///< folders of trainings, or their logs
  std::string out, csv, tensorboard;
  std::string compiler; ///< what sinterc --report=json printed
};
Exit reportRuns(const sinter_program &description, const ReportCommand &command);

struct InfoCommand {
  std::string checkpoint; ///< empty: the program itself
  bool json = false;
};
/// info CHECKPOINT: what a file holds, and whether it fits the program.
Exit infoOfCheckpoint(const sinter_program &description, const InfoCommand &command);
Exit info(const sinter_program &description, const CommonOptions &common, const InfoCommand &command);

struct ExportCommand {
  std::string checkpoint, out, prefix, format = "safetensors", type = "f32";
};
Exit exportSafetensors(const sinter_program &description, const CommonOptions &common, const ExportCommand &command);

struct ImportCommand {
  std::string from, out, tokenizer, vocabularyFrom, chatTemplate;
  std::vector<std::string> rules;
  uint64_t seed = 0;
  bool ignoreConfiguration = false;
};
Exit importSafetensors(const sinter_program &description, const CommonOptions &common, const ImportCommand &command);

struct AverageCommand {
  std::vector<std::string> checkpoints; ///< files, or folders of trainings
  std::string out;
  int64_t last = 5; ///< of a folder
  bool ignoreConfiguration = false;
};
Exit average(const sinter_program &description, const CommonOptions &common, const AverageCommand &command);

/// In programs with pairs/part.h.
struct ScoreCommand {
  std::string translations;
  std::vector<std::string> references;
  bool json = false;
};

struct TokenizerCommand {
  std::string action, tokenizer, checkpoint, out, pattern, separator;
  std::vector<std::string> data, firstTokens;
  std::optional<std::string> text;
  int64_t vocabulary = 4096;
  bool special = false, json = false;
};
Exit tokenizerCommand(const TokenizerCommand &command);

struct PrepareCommand {
  std::vector<std::string> data;
  std::string tokenizer, out, pattern, separator, chatTemplate;
};
Exit prepare(const CommonOptions &common, const PrepareCommand &command);

} // namespace sinter
