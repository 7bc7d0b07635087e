// What a training tells while it runs: a progress line on a terminal, one JSON object a line elsewhere and in --log.
#pragma once

#include "base/json.h"
#include "files/log_file.h"
#include "training/evaluate.h"
#include "training/plot.h"
#include "training/trainer.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace sinter {

class TrainLog {
public:
  /// `path` and `resumedStep` as for LogFile.
  /// `plots`: charts of the losses on a terminal.
  TrainLog(const std::string &path, int64_t resumedStep, int64_t steps, int64_t predictionsPerStep, const char *unit,
           bool plots = false);
  ~TrainLog();
  TrainLog(const TrainLog &) = delete;
  TrainLog &operator=(const TrainLog &) = delete;

  /// Allocates nothing.
  void step(int64_t step, const StepResult &result);
  void evaluation(int64_t step, const Evaluation &evaluation);
  void sample(int64_t step, const std::string &text);
  /// Where the result is: for people, only on a terminal.
  void saved(int64_t step, const std::string &path);
  /// What was done since the last step does not count as the next one's time.
  void restartClock();
  /// Ends the progress line, so that other messages start on their own.
  void endLine();
  /// False if lines were lost to an error.
  bool complete() const { return complete_; }

private:
  void lose(const char *where);
  void writeLine(const char *text, size_t size);
  void drawProgress(int64_t step);
  void eraseLine();
  void plot();

  LogFile file_;
  std::string line_; // of a step with measures
  int64_t steps_, predictionsPerStep_;
  const char *unit_;
  double heldOut_ = NAN; // the last one
  std::optional<PlotPoints> training_;
  std::vector<std::pair<double, double>> evaluations_;
  bool terminal_, redraws_, lineOpen_ = false, printing_ = true, complete_ = true;
  int64_t firstStep_ = -1;
  double smoothedSeconds_ = 0, smoothedLoss_ = 0; // over about 50 steps
  std::chrono::steady_clock::time_point start_, last_, drawn_;
};

} // namespace sinter
