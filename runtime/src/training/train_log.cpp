#include "training/train_log.h"

#include "base/format.h"
#include "base/output.h"
#include "base/report.h"
#include "training/progress.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sinter {

using Clock = std::chrono::steady_clock;

// Terminals that cannot go back to the start of a line get one now and then.
static bool redraws() {
  const char *kind = std::getenv("TERM");
  return kind && *kind && std::strcmp(kind, "dumb") != 0;
}

TrainLog::TrainLog(const std::string &path, int64_t resumedStep, int64_t steps, int64_t predictionsPerStep,
                   const char *unit, bool plots)
    : file_(path, resumedStep), steps_(steps), predictionsPerStep_(predictionsPerStep), unit_(unit),
      terminal_(isatty(STDOUT_FILENO)), redraws_(redraws()), start_(Clock::now()), last_(start_),
      drawn_(last_ - std::chrono::hours(1)) {
  constexpr size_t mostPoints = 4096;
  if (plots && terminal_)
    training_.emplace(mostPoints);
}

static int64_t terminalColumns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// The terminal shows more than ASCII: the first of these variables that says something says so.
static bool showsUnicode() {
  for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const char *value = std::getenv(name); value && *value) {
      const std::string_view text = value;
      return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos || text.find("UTF8") != text.npos;
    }
  return false;
}

// Below what was said before, line by line: a terminal may have another width by then.
void TrainLog::plot() {
  constexpr size_t widest = 100, rows = 10;
  if (!training_)
    return;
  const size_t columns = std::min(widest, size_t(std::max<int64_t>(terminalColumns() - 1, 0)));
  const std::string text = plotText(training_->points(), evaluations_, columns, rows, showsUnicode());
  (void)writeStream(STDOUT_FILENO, text.data(), text.size());
}

TrainLog::~TrainLog() { endLine(); }

void TrainLog::writeLine(const char *text, size_t size) {
  if (!file_.write(text, size))
    lose(file_.path().c_str());
  if (printing_ && !terminal_ && !writeStream(STDOUT_FILENO, text, size)) {
    printing_ = false;
    lose("standard output");
  }
}

// Lines that cannot be written must not cost the training: said once, and that output ends. A reader that is gone has
// read enough, and one that stands still when we are told to leave gets no more.
void TrainLog::lose(const char *where) {
  if (errno == EPIPE || errno == EINTR)
    return;
  const int error = errno;
  complete_ = false;
  endLine();
  reportError(formatted("{}: cannot write: {}; the training goes on without it", where, std::strerror(error)));
}

void TrainLog::step(int64_t step, const StepResult &result) {
  const auto now = Clock::now();
  const double seconds = std::max(1e-9, std::chrono::duration<double>(now - last_).count());
  last_ = now;
  if (firstStep_ < 0)
    firstStep_ = step;
  // The mean of the first steps, then a slow average: steady, but follows a machine that becomes busy.
  const double weight = std::max(0.02, 1.0 / double(step - firstStep_ + 1));
  smoothedSeconds_ += weight * (seconds - smoothedSeconds_);
  smoothedLoss_ += weight * (result.loss - smoothedLoss_);
  char line[320];
  char *end = line;
  end = fmt::format_to_n(end, 128, "{{\"step\":{},\"loss\":{:.9g}", step, JsonNumber{result.loss}).out;
  if (result.hasGradNorm)
    end = fmt::format_to_n(end, 40, ",\"grad_norm\":{:.9g}", JsonNumber{result.gradNorm}).out;
  if (!std::isnan(result.lr))
    end = fmt::format_to_n(end, 40, ",\"lr\":{:.9g}", JsonNumber{result.lr}).out;
  end = fmt::format_to_n(end, 60, ",\"{}_per_s\":{:.1f}", unit_, double(predictionsPerStep_) / seconds).out;
  const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
  end = fmt::format_to_n(end, 40, ",\"time\":{:.3f}}}\n", time.count()).out;
  if (result.measures.empty()) {
    writeLine(line, size_t(end - line));
  } else { // in front of the brace that ends the object
    line_.assign(line, size_t(end - line) - 2);
    for (const Measure &measure : result.measures)
      fmt::format_to(std::back_inserter(line_), ",{}:{:.9g}", measure.key, JsonNumber{measure.value});
    line_ += "}\n";
    writeLine(line_.data(), line_.size());
  }
  if (training_)
    training_->add(step, result.loss);
  // Ten times a second is enough for eyes, and a line each ten seconds for what keeps all lines.
  if (terminal_ && (now - drawn_ > std::chrono::milliseconds(redraws_ ? 100 : 10000) || step == steps_)) {
    drawn_ = now;
    drawProgress(step);
  }
}

void TrainLog::drawProgress(int64_t step) {
  const double elapsed = std::chrono::duration<double>(last_ - start_).count();
  const Progress progress = {step,
                             steps_,
                             smoothedLoss_,
                             heldOut_,
                             double(predictionsPerStep_) / smoothedSeconds_,
                             unit_[0] == 't' ? "tok" : unit_,
                             elapsed,
                             double(steps_ - step) * smoothedSeconds_};
  char line[512] = "\r";
  char *end = line + redraws_;
  end += progressLine(progress, terminalColumns(), end, sizeof line - 8);
  const std::string_view rest = redraws_ ? "\033[K" : "\n";
  end = std::copy(rest.begin(), rest.end(), end);
  (void)writeStream(STDOUT_FILENO, line, size_t(end - line));
  lineOpen_ = redraws_;
}

void TrainLog::restartClock() { last_ = Clock::now(); }

void TrainLog::endLine() {
  if (lineOpen_)
    (void)writeStream(STDOUT_FILENO, "\n", 1);
  lineOpen_ = false;
}

// What comes next takes the place of the progress line.
void TrainLog::eraseLine() {
  if (lineOpen_)
    (void)writeStream(STDOUT_FILENO, "\r\033[K", 4);
  lineOpen_ = false;
}

void TrainLog::evaluation(int64_t step, const Evaluation &evaluation) {
  std::string line = formatted("{{\"step\":{},\"val_loss\":{:.9g}", step, JsonNumber{evaluation.loss});
  if (!std::isnan(evaluation.bitsPerByte()))
    line += formatted(",\"val_bits_per_byte\":{:.9g}", JsonNumber{evaluation.bitsPerByte()});
  if (!std::isnan(evaluation.accuracy))
    line += formatted(",\"val_accuracy\":{:.9g}", JsonNumber{evaluation.accuracy});
  line += "}\n";
  writeLine(line.data(), line.size());
  if (terminal_) {
    eraseLine();
    std::string text = formatted("step {}: held-out loss {:.4f}", step, evaluation.loss);
    if (!std::isnan(evaluation.bitsPerByte()))
      text += formatted(", {:.3f} bits a byte", evaluation.bitsPerByte());
    if (!std::isnan(evaluation.accuracy))
      text += formatted(", accuracy {:.1f} %", 100 * evaluation.accuracy);
    text += "\n";
    (void)writeStream(STDOUT_FILENO, text.data(), text.size());
    heldOut_ = evaluation.loss;
    evaluations_.emplace_back(double(step), evaluation.loss);
    plot();
  }
  last_ = Clock::now();
}

void TrainLog::saved(int64_t step, const std::string &path) {
  if (!terminal_)
    return;
  endLine();
  const std::string text = formatted("step {}: saved in {}\n", step, printable(path));
  (void)writeStream(STDOUT_FILENO, text.data(), text.size());
}

void TrainLog::sample(int64_t step, const std::string &text) {
  const std::string line = formatted("{{\"step\":{},\"sample\":{}}}\n", step, jsonQuoted(text));
  writeLine(line.data(), line.size());
  if (terminal_) {
    eraseLine();
    const std::string shown = formatted("step {}: sample:\n{}\n", step, printable(text, "\n\t"));
    (void)writeStream(STDOUT_FILENO, shown.data(), shown.size());
  }
  last_ = Clock::now();
}

} // namespace sinter
