// One training step: the batch, the scalars of this step, the entry `train`. Allocates nothing after construction.
#pragma once

#include "data/dataset.h"
#include "sinter/abi.h"

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sinter {

/// What the learning rate does behind the warm-up.
enum class Schedule { Constant, Cosine, Linear, InverseSqrt, OneCycle };
/// By its name on the command line; behind the last one if there is none of this name.
Schedule scheduleNamed(std::string_view name);

/// What decides the numbers of a training; saved in its checkpoints. What is not set comes from the program's defaults.
struct TrainingOptions {
  int64_t steps = 1000; ///< also the length of the schedule
  std::optional<double> lr, minLr, beta1, beta2, eps, weightDecay, gradClip;
  int64_t warmup = 0;
  int64_t accumulate = 1; ///< batches a step; their gradients are averaged
  Schedule schedule = Schedule::Constant;
  Order order = Order::Random;
  double validationFraction = 0.1;
  bool randomSplit = false;             ///< which part of the data is held out
  std::string data, validationData;     ///< files, as dataPathToSave names them; empty: unknown, or none
  std::string inputs, validationInputs; ///< in their place, as inputFilesToSave names them
  std::string separator, tokenType;     ///< of documents in texts; of tokens in files that do not say it
  Augmentation augmentation;
  bool keepBest = false; ///< the checkpoint of the least held-out loss
  int64_t patience = 0;  ///< held-out losses in a row that may be no less than the least; 0: any number
  int64_t keep = 0;      ///< checkpoints before the last that stay
  std::optional<int64_t> evalEvery, evalBatches; ///< what these depend on

  /// As JSON for a checkpoint, and back: throws Failure (damaged) that names `path`.
  std::string json() const;
  static TrainingOptions parse(const std::string &json, const std::string &path);
};

/// Steps are whole numbers of doubles.
constexpr int64_t maximumSteps = int64_t(1) << 53;
/// Of one step.
constexpr int64_t maximumBatches = 1 << 20;

/// Another number that the entry gives: a scalar output of f32.
struct Measure {
  std::string key; ///< its name, as JSON has it
  double value = 0;
};

struct StepResult {
  double loss = 0;
  double gradNorm = 0; ///< only with hasGradNorm
  bool hasGradNorm = false;
  double lr = 0;                          ///< NaN where the program has its own
  std::span<const Measure> measures = {}; ///< of the trainer, until its next step
  bool finite() const { return std::isfinite(loss) && (!hasGradNorm || std::isfinite(gradNorm)); }
};

class Trainer {
public:
  /// Throws Failure (usage) if the program has no entry `train` that data can fill, or no parts of it for several
  /// batches a step.
  Trainer(Program &program, const TrainingOptions &options, uint64_t seed);

  const Batch &batch() const { return batch_; }
  const sinter_entry &entry() const { return entry_; }
  /// Numbers predicted in one step, and rows read.
  int64_t predictions() const { return options_.accumulate * batch_.predictions(); }
  int64_t rows() const { return options_.accumulate * batch_.rows; }
  /// Of one step.
  double flops() const {
    return update_ ? double(options_.accumulate) * gradients_->flops + update_->flops : entry_.flops;
  }

  /// Learning rate of step `step` (from 1): linear warm-up, then what the schedule says: constant; half a cosine or a
  /// line down to the least rate at the last step; the inverse of the square root of the step; or one cycle, a cosine
  /// up and one down.
  double learningRate(int64_t step) const;

  /// Step `step`, counted from 1.
  StepResult step(const Dataset &data, int64_t step);

private:
  /// Defaults, rates and seeds; `count` is what the entry counts: steps or batches.
  void setInputs(const sinter_entry &entry, int64_t count, double lr);

  Program &program_;
  const sinter_entry &entry_;
  const sinter_entry *gradients_ = nullptr, *update_ = nullptr; ///< its parts, if a step has several batches
  TrainingOptions options_;
  uint64_t seed_;
  Batch batch_;
  double lr_;
  bool hasRate_, hasGradNorm_;
  std::vector<Measure> measures_;
  std::vector<std::string> measured_; ///< their names
};

/// The entry, or a Failure (usage) that lists those there are and `others`, which may have been meant, too.
const sinter_entry &requireEntry(Program &program, const std::string &name, std::vector<std::string> others = {});

/// Last axis of the output `logits` of the entries eval, logits or any other; 0 if there is none.
int64_t vocabularySize(Program &program);

} // namespace sinter
