// The subcommand train: options, checkpoints, held-out loss and samples around the steps.
#include "checkpoint.h"
#include "commands.h"
#include "error.h"
#include "evaluate.h"
#include "files.h"
#include "folder_lock.h"
#include "interrupt.h"
#include "program.h"
#include "put_aside.h"
#include "report.h"
#include "same_file.h"
#include "train_log.h"

#include <filesystem>
#include <fmt/format.h>

namespace sinter {

namespace {

/// One training from its start or resumption to its end.
class Training {
public:
  Training(Program &program, const TrainCommand &command) : program_(program), command_(command) {}
  Exit run();

private:
  void start();
  void resume();
  void lockFolder();
  void checkFiles();
  bool saveFirst();
  void takeOptions();
  void loadTrainingData(const Batch &batch);
  bool save();
  void lookAt(int64_t step);
  void stopAt(int64_t step, const StepResult &result);

  Program &program_;
  const TrainCommand &command_;
  TrainingOptions options_;
  Checkpoint checkpoint_;
  bool keepTokenizer_ = false; // it came with the parameters
  Data data_;
  int64_t savedStep_ = -1;
  std::optional<FolderLock> lock_;
  std::optional<TrainLog> log_;
};

} // namespace

template <typename T> static void take(const std::optional<T> &from, T &to) {
  if (from)
    to = *from;
}

template <typename T> static void take(const std::optional<T> &from, std::optional<T> &to) {
  if (from)
    to = from;
}

void Training::takeOptions() {
  take(command_.steps, options_.steps);
  take(command_.warmup, options_.warmup);
  take(command_.validationFraction, options_.validationFraction);
  take(command_.lr, options_.lr);
  take(command_.minLr, options_.minLr);
  take(command_.beta1, options_.beta1);
  take(command_.beta2, options_.beta2);
  take(command_.eps, options_.eps);
  take(command_.weightDecay, options_.weightDecay);
  take(command_.gradClip, options_.gradClip);
  if (command_.schedule)
    options_.cosine = *command_.schedule == "cosine";
  if (command_.order)
    options_.order = *command_.order == "sequential" ? Order::Sequential : Order::Random;
}

void Training::resume() {
  if (command_.out.empty())
    fail(Exit::Usage, "--resume needs --out: the folder whose checkpoint to go on from");
  checkpoint_ = loadCheckpoint(checkpointPath(command_.out), program_);
  options_ = TrainingOptions::parse(checkpoint_.options, checkpointPath(command_.out));
  if (command_.seed && *command_.seed != checkpoint_.seed)
    fail(Exit::Usage, fmt::format("--seed {}: the training to resume has seed {}", *command_.seed, checkpoint_.seed));
  keepTokenizer_ = true;
  savedStep_ = checkpoint_.step;
}

void Training::start() {
  checkpoint_.seed = command_.seed.value_or(0);
  program_.initialize(checkpoint_.seed);
  if (command_.init.empty())
    return;
  std::vector<std::string> notes;
  const Checkpoint from = loadParameters(findCheckpoint(command_.init), program_, &keepTokenizer_, notes);
  for (const std::string &note : notes)
    reportNote(note);
  checkpoint_.tokenizer = from.tokenizer;
}

// From here on, the folder is this training's alone, if it is there yet.
void Training::lockFolder() {
  std::error_code error;
  if (!lock_ && !command_.out.empty() && std::filesystem::is_directory(command_.out, error))
    lock_.emplace(command_.out);
}

// The folder is this training's alone, and nothing that it writes is among what it reads.
void Training::checkFiles() {
  const std::string checkpoint = command_.out.empty() ? "" : checkpointPath(command_.out);
  lockFolder();
  std::vector<NamedFile> inputs;
  for (const std::string &file : dataFiles(command_.data))
    inputs.push_back({"--data", file});
  for (const std::string &file : dataFiles(command_.validationData))
    inputs.push_back({"--val-data", file});
  keepApart({"the checkpoint", checkpoint}, inputs);
  inputs.push_back({"--init", command_.init.empty() ? "" : findCheckpoint(command_.init)});
  inputs.push_back({"the checkpoint", checkpoint});
  keepApart({"--log", command_.log}, inputs);
  checkLogFile(command_.log);
}

// The first checkpoint is written at once: --resume works from the first moment, and a folder that cannot be written is found now,
// not hours later. Another training's checkpoint in the folder is not overwritten but put aside.
bool Training::saveFirst() {
  if (command_.out.empty()) {
    reportWarning("no --out: nothing of this training will be saved");
    return true;
  }
  makeFolder(command_.out);
  lockFolder();
  const std::string path = checkpointPath(command_.out);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error)))
    return save();
  const std::string aside = putAside(path);
  if (!save()) {
    takeBack(path, aside);
    return false;
  }
  reportNote(fmt::format("{}: the one of an earlier training is kept as {}; --resume would have gone on from it", path, aside));
  return true;
}

void Training::loadTrainingData(const Batch &batch) {
  DataOptions options;
  options.path = command_.data;
  options.validationPath = command_.validationData;
  options.validationFraction = options_.validationFraction;
  options.tokenizer = command_.tokenizer;
  if (keepTokenizer_)
    options.restored = checkpoint_.tokenizer;
  data_ = loadData(options, batch, vocabularySize(program_));
  const uint64_t hash = data_.training->hash();
  if (command_.resume && hash != checkpoint_.dataHash)
    reportWarning(fmt::format("{}: not the data that the checkpoint was trained on (hash {:016x}, was {:016x})", command_.data,
               hash, checkpoint_.dataHash));
  checkpoint_.dataHash = hash;
  checkpoint_.tokenizer = data_.tokenizer;
  if (command_.evalEvery && !data_.validation)
    reportWarning(fmt::format("{}: the held-out part is too short for one row: no held-out losses", command_.data));
}

// A checkpoint that cannot be written is not the end of a training: it goes on and tries again at the next one.
bool Training::save() {
  if (command_.out.empty() || savedStep_ == checkpoint_.step)
    return true;
  try {
    saveCheckpoint(checkpointPath(command_.out), program_, checkpoint_);
    savedStep_ = checkpoint_.step;
    return true;
  } catch (const Failure &failure) {
    if (log_)
      log_->endLine();
    reportError(fmt::format("step {}: {}", checkpoint_.step, failure.what()));
    return false;
  }
}

// Held-out loss and sample after a step (0: before the first), where they are due.
void Training::lookAt(int64_t step) {
  const auto due = [&](int64_t every) { return every > 0 && (step % every == 0 || step == options_.steps); };
  if (due(command_.evalEvery) && data_.validation && program_.findEntry("eval"))
    log_->evaluation(step, evaluate(program_, *data_.validation, command_.evalBatches));
  if (due(command_.sampleEvery) && program_.findEntry("logits")) {
    Generator generator(program_, data_.tokenizer);
    GenerateOptions options;
    options.count = command_.sampleTokens;
    options.sampler.temperature = 0.8;
    options.sampler.seed = checkpoint_.seed;
    const auto prompt = generator.promptTokens(command_.samplePrompt, "--sample-prompt");
    log_->sample(step, command_.samplePrompt + generator.run(prompt, options, [](const std::string &) { return true; }).text);
  }
}

// The parameters of the step before are gone, but not those in the checkpoint.
void Training::stopAt(int64_t step, const StepResult &result) {
  log_->endLine();
  const std::string norm = result.hasGradNorm ? fmt::format(" with gradient norm {}", result.gradNorm) : "";
  const std::string kept =
      command_.out.empty() ? "nothing was saved" : fmt::format("{} holds step {}", checkpointPath(command_.out), savedStep_);
  fail(Exit::Input, fmt::format("step {}: loss {}{} is not finite; {}; try a lower --lr, --warmup or --grad-clip", step,
                                result.loss, norm, kept));
}

Exit Training::run() {
  checkFiles();
  command_.resume ? resume() : start();
  takeOptions();
  Trainer trainer(program_, options_, checkpoint_.seed);
  loadTrainingData(trainer.batch());
  checkpoint_.options = options_.json();
  if (checkpoint_.step >= options_.steps && command_.resume) {
    reportNote(fmt::format("the checkpoint is at step {}, --steps is {}: nothing to do", checkpoint_.step, options_.steps));
    return Exit::Done;
  }
  InterruptWatch interrupt;
  if (!command_.resume) {
    if (!saveFirst())
      return Exit::Input;
  }

  log_.emplace(command_.log, command_.resume ? checkpoint_.step : -1, options_.steps, trainer.batch().predictions(),
               trainer.batch().tokens ? "tokens" : "images");
  if (!command_.resume)
    lookAt(0);
  while (checkpoint_.step < options_.steps && !interrupt.requested()) {
    const int64_t step = checkpoint_.step + 1;
    const StepResult result = trainer.step(*data_.training, step);
    log_->step(step, result);
    if (!result.finite())
      stopAt(step, result);
    checkpoint_.step = step;
    checkpoint_.nextRow = int64_t(uint64_t(step) * uint64_t(trainer.batch().rows));
    lookAt(step);
    if (command_.checkpointEvery && step % command_.checkpointEvery == 0 && step < options_.steps) {
      save();
      log_->restartClock();
    }
  }
  log_->endLine();
  const bool saved = save();
  if (interrupt.requested() && checkpoint_.step < options_.steps) {
    reportNote(fmt::format("interrupted after step {}{}", checkpoint_.step,
               command_.out.empty() ? ": nothing is saved without --out" : saved ? ", saved; --resume goes on from there" : ""));
    return saved ? Exit::Interrupted : Exit::Input;
  }
  return saved && log_->complete() ? Exit::Done : Exit::Input;
}

Exit train(const sinter_program &description, const CommonOptions &common, const TrainCommand &command) {
  const auto program = openProgram(description, common);
  return Training(*program, command).run();
}

} // namespace sinter
