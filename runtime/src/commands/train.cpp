// The subcommand train: options, checkpoints, held-out loss and samples around the steps.
#include "base/error.h"
#include "base/format.h"
#include "base/interrupt.h"
#include "base/report.h"
#include "base/trace.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "checkpoint/kept.h"
#include "commands/dry_run.h"
#include "commands/start_from.h"
#include "commands/train_data.h"
#include "data/chats.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "files/put_aside.h"
#include "program/program.h"
#include "training/evaluate.h"
#include "training/train_log.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>

namespace sinter {

namespace {

// Nobody who forgets --out means to lose what was trained.
constexpr const char *defaultFolder = "run";

/// One training from its start or resumption to its end.
class Training {
public:
  Training(Program &program, const TrainCommand &command)
      : program_(program), command_(command), folder_(command.out.empty() ? defaultFolder : command.out),
        logPath_(command.log.empty() ? folder_ + "/log.jsonl" : command.log) {}
  Exit run();

private:
  Exit steps(Trainer &trainer, const InterruptWatch &interrupt);
  StepResult tracedStep(Trainer &trainer, int64_t step);
  void start();
  void resume();
  void lockFolder();
  void checkFiles();
  bool saveFirst();
  void saveOptions();
  Exit dryRun(Trainer &trainer);
  void decideToResume();
  void takeOptions();
  void planEvaluations();
  void checkSchedule(const TrainingOptions &saved, const Trainer &trainer) const;
  bool save();
  bool attempt(const std::function<void()> &save);
  void judge(double loss);
  bool outOfPatience() const;
  void lookAt(int64_t step, const InterruptWatch &interrupt);
  void stopAt(int64_t step, const StepResult &result);

  Program &program_;
  const TrainCommand &command_;
  const std::string folder_;
  const std::string logPath_;
  bool resumes_ = false;
  TrainingOptions options_;
  Checkpoint checkpoint_; // what the next one will hold; after a resume, at first what the last one held
  int64_t evalEvery_ = 0, evalBatches_ = 0;
  bool keepTokenizer_ = false; // it came with the parameters
  std::optional<TrainingData> data_;
  int64_t savedStep_ = -1;
  bool bestSaved_ = true;
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
  take(command_.accumulate, options_.accumulate);
  take(command_.validationFraction, options_.validationFraction);
  take(command_.lr, options_.lr);
  take(command_.minLr, options_.minLr);
  take(command_.beta1, options_.beta1);
  take(command_.beta2, options_.beta2);
  take(command_.eps, options_.eps);
  take(command_.weightDecay, options_.weightDecay);
  take(command_.gradClip, options_.gradClip);
  if (command_.schedule)
    options_.schedule = scheduleNamed(*command_.schedule);
  if (command_.order)
    options_.order = *command_.order == "sequential" ? Order::Sequential
                     : *command_.order == "shuffled" ? Order::Shuffled
                                                     : Order::Random;
  if (command_.validationSplit)
    options_.randomSplit = *command_.validationSplit == "random";
  if (!command_.separator.empty())
    options_.separator = command_.separator;
  if (!command_.tokenType.empty())
    options_.tokenType = command_.tokenType;
  options_.augmentation.flip |= command_.flip;
  take(command_.crop, options_.augmentation.crop);
  options_.keepBest |= command_.keepBest;
  take(command_.patience, options_.patience);
  take(command_.keep, options_.keep);
  take(command_.evalEvery, options_.evalEvery);
  take(command_.evalBatches, options_.evalBatches);
}

void Training::decideToResume() {
  // What is there but cannot be read is not started over.
  std::error_code error;
  const bool exists =
      std::filesystem::symlink_status(checkpointPath(folder_), error).type() != std::filesystem::file_type::not_found;
  resumes_ = command_.resume == "always" || (command_.resume == "auto" && exists);
  if (command_.resume == "always" && !command_.init.empty())
    fail(Exit::Usage, "--resume goes on from the checkpoint in --out, --init starts from another: give one of them");
  if (resumes_ && !exists)
    fail(Exit::Input, formatted("{}: no checkpoint to go on from; --out names its folder, --resume=auto starts if "
                                "there is none",
                                checkpointPath(folder_)));
  if (!command_.data.empty() && !command_.inputs.empty())
    fail(Exit::Usage, "--data and --input both say what to train on: give one of them");
  if (!command_.validationData.empty() && !command_.validationInputs.empty())
    fail(Exit::Usage, "--val-data and --val-input both say what is held out: give one of them");
  if (!resumes_ && command_.data.empty() && command_.inputs.empty() &&
      !Batch::of(program_, requireEntry(program_, "train")).takesNothing())
    fail(Exit::Usage, "--data is required: a file to train on; or --input NAME=FILE for each input of the entry train");
}

void Training::resume() {
  checkpoint_ = loadCheckpoint(checkpointPath(folder_), program_);
  checkConfiguration(checkpointPath(folder_), checkpoint_, program_.description(), Use::Resume,
                     command_.ignoreConfiguration);
  options_ = TrainingOptions::parse(checkpoint_.options, checkpointPath(folder_));
  if (command_.seed && *command_.seed != checkpoint_.seed)
    fail(Exit::Usage, formatted("--seed {}: the training to resume has seed {}", *command_.seed, checkpoint_.seed));
  keepTokenizer_ = true;
  savedStep_ = checkpoint_.step;
}

void Training::start() {
  checkpoint_.seed = command_.seed.value_or(0);
  const ParameterChoice anew{command_.anew};
  program_.initialize(checkpoint_.seed, [&](const sinter_state &state) {
    return !command_.init.empty() && isParameter(state) && !anew.beginsAnew(state.tensor.name);
  });
  Checkpoint from = startFrom(program_, command_, &keepTokenizer_);
  checkpoint_.tokenizer = std::move(from.tokenizer);
  checkpoint_.chatTemplate = std::move(from.chatTemplate);
}

// From here on, the folder is this training's alone, if it is there yet.
void Training::lockFolder() {
  std::error_code error;
  if (!lock_ && std::filesystem::is_directory(folder_, error))
    lock_.emplace(folder_);
}

// Nothing that a training writes is among what it reads.
void Training::checkFiles() {
  const std::string checkpoint = checkpointPath(folder_);
  std::vector<NamedFile> inputs = data_->files();
  keepApart({"the checkpoint", checkpoint}, inputs);
  keepApart({"the best checkpoint", bestPath(folder_)}, inputs);
  for (const std::string &init : command_.init)
    inputs.push_back({"--init", findCheckpoint(init)});
  inputs.push_back({"the checkpoint", checkpoint});
  keepApart({"--log", logPath_}, inputs);
  checkLogFile(logPath_);
}

// The first checkpoint is written at once: --resume works from the first moment, and a folder that cannot be written is
// found now, not hours later. Another training's checkpoint in the folder is not overwritten but put aside.
bool Training::saveFirst() {
  makeFolder(folder_);
  lockFolder();
  const std::string path = checkpointPath(folder_);
  if (command_.out.empty())
    reportNote(formatted("no --out: the checkpoint is kept in {}", path));
  for (const std::string &aside : putKeptAside(folder_))
    reportNote(formatted("{}: of an earlier training, kept", aside));
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error)))
    return save() && attempt([&] { saveOptions(); });
  const std::string aside = putAside(path);
  if (!save()) {
    takeBack(path, aside);
    return false;
  }
  reportNote(
      formatted("{}: the one of an earlier training is kept as {}; --resume would have gone on from it", path, aside));
  return attempt([&] { saveOptions(); });
}

// What was asked for, as a file that --config takes: from this folder, it makes the same training again.
void Training::saveOptions() {
  const std::string path = folder_ + "/options.toml";
  std::error_code error;
  const std::string text = formatted("# train --config {}, in the folder {}, does the same again.\n{}", printable(path),
                                     printable(std::filesystem::current_path(error).string()), command_.given);
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    std::string old;
    try {
      old = readFile(path);
    } catch (const Failure &) { // not a file that can be read: it is kept all the same
    }
    if (old == text)
      return;
    putAside(path);
  }
  writeFileAtomically(path, text);
}

Exit Training::dryRun(Trainer &trainer) {
  const int64_t step = checkpoint_.step + 1;
  const auto start = std::chrono::steady_clock::now();
  const StepResult result = trainer.step(data_->training(), step);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  printSummary(program_, trainer,
               {options_, step, result, seconds.count(), data_->training().size(),
                data_->validation() ? data_->validation()->size() : ""});
  return result.finite() ? Exit::Done : Exit::Input;
}

// Most schedules end at --steps: another end moves all of it.
void Training::checkSchedule(const TrainingOptions &saved, const Trainer &trainer) const {
  const int64_t next = checkpoint_.step + 1;
  const bool ends = options_.schedule != Schedule::Constant && options_.schedule != Schedule::InverseSqrt;
  if (!command_.steps || !ends || saved.schedule != options_.schedule || saved.steps == options_.steps ||
      next > options_.steps)
    return;
  const double before = Trainer(program_, saved, checkpoint_.seed).learningRate(next);
  reportWarning(formatted("--steps {}: the checkpoint's schedule was to end at step {}; it is stretched: the learning "
                          "rate of step {} is {:.3g}, was to be {:.3g}",
                          options_.steps, saved.steps, next, trainer.learningRate(next), before));
}

// By default, held-out losses take about 3 % of the time: a batch of one costs a third of a step.
void Training::planEvaluations() {
  constexpr int64_t mostBatches = 50;
  evalEvery_ = options_.evalEvery.value_or(std::clamp<int64_t>(options_.steps / 10, 10, 500));
  const int64_t affordable = std::clamp<int64_t>(std::min(evalEvery_, options_.steps) / 10, 1, mostBatches);
  evalBatches_ = options_.evalBatches.value_or(options_.evalEvery ? mostBatches : affordable);
  const bool needed = options_.keepBest || options_.patience;
  if (!evalEvery_ && needed)
    fail(Exit::Usage, "--keep-best and --patience go by held-out losses, but --eval-every is 0");
  if (!evalEvery_)
    return;
  const std::string problem = !data_->validation() ? "the held-out part is too short for one row"
                                                   : evaluationProblem(program_, *data_->validation());
  if (!problem.empty()) {
    evalEvery_ = 0;
    if (needed)
      fail(Exit::Input,
           formatted("{}: {}: --keep-best and --patience go by held-out losses", data_->heldOutPath(), problem));
    if (options_.evalEvery || data_->namesHeldOut())
      reportWarning(formatted("{}: {}: no held-out losses", data_->heldOutPath(), problem));
  }
}

bool Training::attempt(const std::function<void()> &save) {
  try {
    save();
    return true;
  } catch (const Failure &failure) {
    if (log_)
      log_->endLine();
    reportError(formatted("step {}: {}", checkpoint_.step, failure.what()));
    return false;
  }
}

// A checkpoint that cannot be written is not the end of a training: it goes on and tries again at the next one.
bool Training::save() {
  if (savedStep_ == checkpoint_.step)
    return true;
  return attempt([&] {
    saveCheckpoint(checkpointPath(folder_), program_, checkpoint_);
    savedStep_ = checkpoint_.step;
    if (options_.keep && savedStep_)
      keepCheckpoint(folder_, savedStep_, options_.keep);
  });
}

// Whether the held-out loss is the least so far. The best checkpoint knows that it is.
void Training::judge(double loss) {
  if (!options_.keepBest && !options_.patience) // others are the same however often they look at the loss
    return;
  if (checkpoint_.bestStep >= 0 && !(loss < checkpoint_.bestLoss)) {
    ++checkpoint_.lossesSinceBest;
    return;
  }
  if (!std::isfinite(loss))
    return;
  checkpoint_.bestLoss = loss;
  checkpoint_.bestStep = checkpoint_.step;
  checkpoint_.lossesSinceBest = 0;
  if (!options_.keepBest)
    return;
  bestSaved_ = attempt([&] { saveCheckpoint(bestPath(folder_), program_, checkpoint_); });
  log_->restartClock();
}

bool Training::outOfPatience() const {
  return options_.patience && checkpoint_.bestStep >= 0 && checkpoint_.lossesSinceBest >= options_.patience;
}

// Held-out loss and sample after a step (0: before the first), where they are due.
void Training::lookAt(int64_t step, const InterruptWatch &interrupt) {
  const auto due = [&](int64_t every) { return every > 0 && (step % every == 0 || step == options_.steps); };
  if (due(evalEvery_)) {
    const TraceSpan span("training", "held-out loss");
    const Evaluation evaluation = evaluate(program_, *data_->validation(), evalBatches_);
    log_->evaluation(step, evaluation);
    judge(evaluation.loss);
  }
  const sinter_entry *logits = program_.findEntry("logits");
  if (due(command_.sampleEvery) && logits && !Program::findInput(*logits, "source")) {
    const TraceSpan span("training", "sample");
    Generator generator(program_, data_->tokenizer());
    GenerateOptions options;
    options.count = command_.sampleTokens;
    options.sampler.temperature = 0.8;
    options.sampler.seed = checkpoint_.seed;
    const auto prompt = generator.promptTokens(command_.samplePrompt, "--sample-prompt");
    const auto goOn = [&](const std::string &) { return !interrupt.requested(); };
    log_->sample(step, command_.samplePrompt + generator.run(prompt, options, goOn).text);
  }
}

// The parameters of the step before are gone, but not those in the checkpoint.
void Training::stopAt(int64_t step, const StepResult &result) {
  log_->endLine();
  const std::string norm = result.hasGradNorm ? formatted(" with gradient norm {}", result.gradNorm) : "";
  const std::string kept = formatted("{} holds step {}", checkpointPath(folder_), savedStep_);
  fail(Exit::Input, formatted("step {}: loss {}{} is not finite; {}; try a lower --lr, --warmup or --grad-clip", step,
                              result.loss, norm, kept));
}

Exit Training::run() {
  decideToResume();
  lockFolder();
  resumes_ ? resume() : start();
  const TrainingOptions saved = options_;
  takeOptions();
  data_.emplace(program_, command_, folder_, resumes_);
  data_->takePaths(options_);
  checkFiles();
  if (!command_.chatTemplate.empty())
    checkpoint_.chatTemplate = chatTemplateNamed(command_.chatTemplate);
  else if (checkpoint_.chatTemplate.empty())
    checkpoint_.chatTemplate = chatTemplateNamed(chatTemplateBeside(dataFiles(data_->path())));
  if (!resumes_ && !command_.order && data_->readsArrays(Batch::of(program_, requireEntry(program_, "train"))))
    options_.order = Order::Shuffled;
  Trainer trainer(program_, options_, checkpoint_.seed);
  if (checkpoint_.step >= options_.steps && resumes_) {
    reportNote(formatted("the checkpoint is at step {}, {} is {}: nothing to do", checkpoint_.step,
                         command_.steps ? "--steps" : "its last step", options_.steps));
    return Exit::Done;
  }
  {
    const TraceSpan span("file", "load the data");
    data_->load(options_, trainer.batch(), keepTokenizer_ ? &checkpoint_.tokenizer : nullptr);
  }
  if (resumes_) {
    data_->compare(checkpoint_, saved, options_);
    checkSchedule(saved, trainer);
    if (saved.accumulate != options_.accumulate)
      reportWarning(formatted("--accumulate {}: the checkpoint was trained with {}; batches are counted as if it had "
                              "been {} from the start",
                              options_.accumulate, saved.accumulate, options_.accumulate));
  }
  planEvaluations();
  if (command_.dryRun)
    return dryRun(trainer);
  checkpoint_.dataHash = data_->training().hash();
  checkpoint_.dataSize = data_->training().size();
  checkpoint_.tokenizer = data_->tokenizer();
  checkpoint_.options = options_.json();
  InterruptWatch interrupt;
  if (!resumes_ && !saveFirst())
    return Exit::Input;
  log_.emplace(logPath_, resumes_ ? checkpoint_.step : -1, options_.steps, trainer.predictions(),
               trainer.batch().unit(), command_.plot);
  return steps(trainer, interrupt);
}

StepResult Training::tracedStep(Trainer &trainer, int64_t step) {
  const TraceSpan span("training", "step");
  return trainer.step(data_->training(), step);
}

Exit Training::steps(Trainer &trainer, const InterruptWatch &interrupt) {
  if (!resumes_)
    lookAt(0, interrupt);
  while (checkpoint_.step < options_.steps && !interrupt.requested() && !outOfPatience()) {
    const int64_t step = checkpoint_.step + 1;
    const StepResult result = tracedStep(trainer, step);
    log_->step(step, result);
    if (!result.finite())
      stopAt(step, result);
    checkpoint_.step = step;
    checkpoint_.nextRow = int64_t(uint64_t(step) * uint64_t(trainer.rows()));
    lookAt(step, interrupt);
    if (command_.checkpointEvery && step % command_.checkpointEvery == 0 && step < options_.steps) {
      save();
      log_->restartClock();
    }
  }
  log_->endLine();
  const bool saved = save();
  if (outOfPatience()) {
    reportNote(formatted("ended after step {}: none of the last {} held-out losses was less than {:.6g} of step {}",
                         checkpoint_.step, checkpoint_.lossesSinceBest, checkpoint_.bestLoss, checkpoint_.bestStep));
  } else if (interrupt.requested() && checkpoint_.step < options_.steps) {
    reportNote(formatted("interrupted after step {}{}", checkpoint_.step,
                         saved ? ", saved; --resume goes on from there" : ""));
    return saved ? Exit::Interrupted : Exit::Input;
  }
  if (saved)
    log_->saved(checkpoint_.step, checkpointPath(folder_));
  return saved && bestSaved_ && log_->complete() ? Exit::Done : Exit::Input;
}

Exit train(const sinter_program &description, const CommonOptions &common, const TrainCommand &command) {
  const auto program = openProgram(description, common);
  return Training(*program, command).run();
}

} // namespace sinter
