#include "cli.h"

#include "commands.h"
#include "error.h"
#include "output.h"
#include "pool.h"
#include "report.h"
#include "sinter/abi.h"
#include "vulkan/vulkan_device.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <csignal>
#include <fmt/format.h>
#include <limits>
#include <new>
#include <sstream>

namespace sinter {

namespace {

const CLI::Range positive(int64_t(1), int64_t(1) << 53);
const CLI::Range notNegative(int64_t(0), int64_t(1) << 53);

// A number that satisfies `inside`; NaN satisfies nothing, and infinity is no number here.
CLI::Validator numberThat(bool (*inside)(double), const char *what) {
  return CLI::Validator(
      [inside, what](std::string &text) {
        double value = 0;
        return CLI::detail::lexical_cast(text, value) && std::abs(value) <= 1e38 && inside(value)
                   ? std::string()
                   : fmt::format("{} is not {}", text, what);
      },
      "NUMBER");
}
const CLI::Validator amount = numberThat([](double v) { return v >= 0; }, "a number of at least 0");
const CLI::Validator above = numberThat([](double v) { return v > 0; }, "a number above 0");
// What training computes with is an f32: a rate that is not 0 must not become 0, nor one below 1 become 1.
const CLI::Validator rate = numberThat([](double v) { return v == 0 || (v > 0 && float(v) > 0); },
                                       "0 or a number from 1.4e-45, the least that f32 tells from 0");
const CLI::Validator decay = numberThat([](double v) { return v >= 0 && float(v) < 1; }, "in [0, 1), also when rounded to f32");
const CLI::Validator normal = numberThat([](double v) { return v > 0 && float(v) >= std::numeric_limits<float>::min(); },
                                         "at least 1.1754944e-38, the smallest normal f32");
const CLI::Validator fraction = numberThat([](double v) { return v >= 0 && v < 1; }, "in [0, 1)");
const CLI::Validator probability = numberThat([](double v) { return v >= 0 && v <= 1; }, "in [0, 1]");
// CLI11 would take a minus sign and wrap.
const CLI::Validator seed(
    [](std::string &text) {
      uint64_t value;
      const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && rest == text.data() + text.size() ? std::string() : text + " is not in 0 to 2^64 - 1";
    },
    "NUMBER");
const CLI::Validator notEmpty([](std::string &text) { return text.empty() ? std::string("is empty") : std::string(); }, "TEXT");
const CLI::IsMember tokenizers({"bytes", "chars"});

void addTrain(CLI::App &app, TrainCommand &c) {
  app.add_option("--data", c.data, "text (UTF-8), uint16 tokens (.bin), or IDX images")->required();
  app.add_option("--steps", c.steps, "train up to this step (1000)")->check(notNegative);
  app.add_option("--out", c.out, "folder for checkpoint.safetensors");
  auto *resume = app.add_flag("--resume", c.resume, "go on from the checkpoint in --out, with its options where none are given");
  app.add_option("--init", c.init, "take the parameters from a checkpoint or safetensors file")->excludes(resume);
  app.add_option("--seed", c.seed, "of initial values, batches and dropout (0)")->check(seed);
  app.add_option("--lr", c.lr, "learning rate")->check(rate);
  app.add_option("--min-lr", c.minLr, "where the cosine ends (a tenth of --lr)")->check(rate);
  app.add_option("--warmup", c.warmup, "steps of linear warm-up (0)")->check(notNegative);
  app.add_option("--schedule", c.schedule, "constant (default) or cosine")->check(CLI::IsMember({"constant", "cosine"}));
  app.add_option("--beta1", c.beta1)->check(decay);
  app.add_option("--beta2", c.beta2)->check(decay);
  app.add_option("--eps", c.eps)->check(normal);
  app.add_option("--weight-decay", c.weightDecay)->check(rate);
  app.add_option("--grad-clip", c.gradClip, "largest global norm of the gradient; 0: no limit")->check(rate);
  app.add_option("--order", c.order, "random (default) or sequential: row b of step s starts at token (s*batch+b)*context")
      ->check(CLI::IsMember({"random", "sequential"}));
  app.add_option("--val-fraction", c.validationFraction, "end of --data that is held out (0.1)")->check(fraction);
  app.add_option("--val-data", c.validationData, "held-out data in a file of its own");
  app.add_option("--tokenizer", c.tokenizer, "bytes or chars (default: bytes if the vocabulary has room, else chars)")->check(tokenizers);
  app.add_option("--eval-every", c.evalEvery, "steps between held-out losses; 0: none")->check(notNegative);
  app.add_option("--eval-batches", c.evalBatches, "batches of each; 0: all")->capture_default_str()->check(notNegative);
  app.add_option("--sample-every", c.sampleEvery, "steps between samples; 0: none")->check(notNegative);
  app.add_option("--sample-tokens", c.sampleTokens)->capture_default_str()->check(notNegative);
  app.add_option("--sample-prompt", c.samplePrompt);
  app.add_option("--checkpoint-every", c.checkpointEvery, "steps between checkpoints; 0: only at the end")
      ->capture_default_str()
      ->check(notNegative);
  app.add_option("--log", c.log, "file for one JSON object a line");
}

void addEval(CLI::App &app, EvalCommand &c) {
  app.add_option("--data", c.data)->required();
  app.add_option("--checkpoint", c.checkpoint, "file, or folder of a training")->required();
  app.add_option("--split", c.split, "all, train or val: the part that training held out")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "train", "val"}));
  app.add_option("--val-fraction", c.validationFraction, "of --split (default: as in training)")->check(fraction);
  app.add_option("--batches", c.batches, "evenly spaced batches; 0: all")->check(notNegative);
  app.add_option("--logits", c.logits, "NumPy file for the logits of the first batch");
  app.add_option("--tokenizer", c.tokenizer, "for files without one")->check(tokenizers);
  app.add_flag("--json", c.json);
}

void addSample(CLI::App &app, SampleCommand &c) {
  SamplerOptions &s = c.generate.sampler;
  app.add_option("--checkpoint", c.checkpoint, "file, or folder of a training")->required();
  auto *prompt = app.add_option("--prompt", c.prompt);
  app.add_option("--prompt-file", c.promptFile, "file with the prompt; - is standard input")->excludes(prompt);
  app.add_option("-n,--tokens", c.generate.count, "tokens to make")->capture_default_str()->check(notNegative);
  app.add_option("--temperature", s.temperature, "0: always the most probable")->capture_default_str()->check(amount);
  app.add_option("--top-k", s.topK, "choose among the K most probable; 0: all")->check(notNegative);
  app.add_option("--top-p", s.topP, "the fewest that together have this probability")->check(probability);
  app.add_option("--min-p", s.minP, "those with this share of the highest probability")->check(probability);
  app.add_option("--repeat-penalty", s.repeatPenalty, "above 1: against tokens among the last 64")->check(above);
  app.add_option("--stop", c.generate.stop, "end before this text; may be repeated")->check(notEmpty)->allow_extra_args(false);
  app.add_option("--seed", s.seed)->capture_default_str()->check(seed);
  app.add_option("--logprobs", c.generate.logProbabilities, "log-probabilities of the K most probable (implies --json)")
      ->check(notNegative);
  app.add_option("--tokenizer", c.tokenizer, "for files without one")->check(CLI::IsMember({"bytes"}));
  app.add_flag("--json", c.json, "one JSON object instead of text");
}

void addBench(CLI::App &app, BenchCommand &c) {
  app.add_option("entry", c.entry, "train, sample, or any entry")->capture_default_str();
  app.add_option("--steps", c.steps, "calls to time")->capture_default_str()->check(positive);
  app.add_option("--prompt-tokens", c.promptTokens, "of sample")->capture_default_str()->check(positive);
  app.add_option("--new-tokens", c.newTokens, "of sample")->capture_default_str()->check(positive);
  app.add_flag("--profile", c.profile, "time of each kernel, held against what the machine can do");
  app.add_flag("--json", c.json, "one JSON object");
}

// Every command has these.
void addCommon(CLI::App &app, CommonOptions &common) {
  app.add_option("--threads", common.threads, "threads (default: what the machine has)")->check(CLI::Range(1, 1024));
  app.add_option("--device", common.device, "cpu or vulkan[:INDEX] (default: cpu if the program was compiled for it; see info)")
      ->check(notEmpty);
  app.add_option("--march", common.march, "version of the kernels to run (default: the best that the processor has; see info)");
  app.add_option("--vulkan-profile", common.vulkanProfile, "version of the kernels for Vulkan to run (default: the one for the kind of device)");
}

} // namespace

// The program's name as the user knows it.
static std::string calledAs(const sinter_program &program, int argc, char **argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.empty() ? program.name : name);
}

static Exit dispatch(const sinter_program &program, int argc, char **argv) {
  CLI::App app{fmt::format("{}: compiled by sinter from {}", program.name, program.source), program.name};
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("{} ({}, {})", program.name, program.compiler, program.target));
  CommonOptions common;
  TrainCommand trainCommand;
  EvalCommand evalCommand;
  SampleCommand sampleCommand;
  BenchCommand benchCommand;
  InfoCommand infoCommand;
  ExportCommand exportCommand;
  ImportCommand importCommand;

  CLI::App *trainApp = app.add_subcommand("train", "train on data, with checkpoints");
  addTrain(*trainApp, trainCommand);
  CLI::App *evalApp = app.add_subcommand("eval", "loss, perplexity, bits per byte and accuracy on data");
  addEval(*evalApp, evalCommand);
  CLI::App *sampleApp = app.add_subcommand("sample", "make text");
  addSample(*sampleApp, sampleCommand);
  CLI::App *benchApp = app.add_subcommand("bench", "time an entry on random input");
  addBench(*benchApp, benchCommand);
  CLI::App *infoApp = app.add_subcommand("info", "entries, parameters, memory plan, target");
  infoApp->add_flag("--json", infoCommand.json);
  CLI::App *exportApp = app.add_subcommand("export", "write the parameters as plain safetensors");
  exportApp->add_option("--checkpoint", exportCommand.checkpoint)->required();
  exportApp->add_option("--out", exportCommand.out, "file to write")->required();
  CLI::App *importApp = app.add_subcommand("import", "make a checkpoint of a safetensors file");
  importApp->add_option("--from", importCommand.from, "safetensors file")->required();
  importApp->add_option("--out", importCommand.out, "checkpoint file to write")->required();
  importApp->add_option("--tokenizer", importCommand.tokenizer, "bytes, or chars with --vocabulary-from")->check(tokenizers);
  importApp->add_option("--vocabulary-from", importCommand.vocabularyFrom, "text that has the characters");
  importApp->add_option("--seed", importCommand.seed)->check(seed);
  for (CLI::App *command : app.get_subcommands({}))
    addCommon(*command, common);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0) { // --help, --version
      std::ostringstream text;
      app.exit(error, text, text);
      printText(text.str());
      return Exit::Done;
    }
    fail(Exit::Usage, fmt::format("{}; '{} --help' lists what there is", error.what(), program.name));
  }
  speakAs(speaker() + " " + app.get_subcommands()[0]->get_name());
  common.threadsGiven = common.threads != 0;
  if (!common.threadsGiven)
    common.threads = ThreadPool::hardwareThreads();
  if (trainApp->parsed())
    return train(program, common, trainCommand);
  if (evalApp->parsed())
    return eval(program, common, evalCommand);
  if (sampleApp->parsed())
    return sample(program, common, sampleCommand);
  if (benchApp->parsed())
    return bench(program, common, benchCommand);
  if (infoApp->parsed())
    return info(program, common, infoCommand);
  if (exportApp->parsed())
    return exportSafetensors(program, common, exportCommand);
  return importSafetensors(program, common, importCommand);
}

int runCommandLine(const sinter_program &program, int argc, char **argv) {
  openStandardDescriptors();
  speakAs(calledAs(program, argc, argv));
  // A closed pipe and a file size limit are errors of write(), not reasons to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const Exit exit = dispatch(program, argc, argv);
    if (exit == Exit::Done && vulkanMessages()) // also those that came when the device was closed
      fail(Exit::Device, fmt::format("device vulkan: {} messages of the validation layer", vulkanMessages()));
    return int(exit);
  } catch (const Failure &failure) {
    reportError(failure.what());
    return int(failure.exit());
  } catch (const std::bad_alloc &) {
    reportError("out of memory");
    return int(Exit::Device);
  } catch (const std::exception &error) {
    reportError(error.what());
    return int(Exit::Input);
  }
}

} // namespace sinter
