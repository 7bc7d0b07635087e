#include "train_log.h"

#include "output.h"
#include "report.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sinter {

using Clock = std::chrono::steady_clock;

std::string jsonQuoted(const std::string &text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TrainLog::TrainLog(const std::string &path, int64_t resumedStep, int64_t steps, int64_t predictionsPerStep, const char *unit)
    : file_(path, resumedStep), steps_(steps), predictionsPerStep_(predictionsPerStep), unit_(unit), terminal_(isatty(STDOUT_FILENO)),
      last_(Clock::now()), drawn_(last_ - std::chrono::hours(1)) {}

TrainLog::~TrainLog() { endLine(); }

void TrainLog::writeLine(const char *text, size_t size) {
  if (!file_.write(text, size))
    lose(file_.path().c_str());
  if (printing_ && !terminal_ && !writeStream(STDOUT_FILENO, text, size)) {
    printing_ = false;
    lose("standard output");
  }
}

// Lines that cannot be written must not cost the training: said once, and that output ends. A reader that is gone has read enough,
// and one that stands still when we are told to leave gets no more.
void TrainLog::lose(const char *where) {
  if (errno == EPIPE || errno == EINTR)
    return;
  const int error = errno;
  complete_ = false;
  endLine();
  reportError(fmt::format("{}: cannot write: {}; the training goes on without it", where, std::strerror(error)));
}

// JSON has no NaN or infinity.
struct JsonNumber {
  double value;
};

} // namespace sinter

template <> struct fmt::formatter<sinter::JsonNumber> {
  constexpr auto parse(format_parse_context &context) { return context.begin(); }
  template <typename Context> auto format(const sinter::JsonNumber &number, Context &context) const {
    return std::isfinite(number.value) ? fmt::format_to(context.out(), "{:.9g}", number.value)
                                       : fmt::format_to(context.out(), "null");
  }
};

namespace sinter {

void TrainLog::step(int64_t step, const StepResult &result) {
  const auto now = Clock::now();
  const double seconds = std::max(1e-9, std::chrono::duration<double>(now - last_).count());
  last_ = now;
  if (firstStep_ < 0)
    firstStep_ = step;
  // The mean of the first steps, then a slow average: steady, but follows a machine that becomes busy.
  const double weight = std::max(0.02, 1.0 / double(step - firstStep_ + 1));
  smoothedSeconds_ += weight * (seconds - smoothedSeconds_);
  char line[256];
  char *end = line;
  end = fmt::format_to_n(end, 128, "{{\"step\":{},\"loss\":{}", step, JsonNumber{result.loss}).out;
  if (result.hasGradNorm)
    end = fmt::format_to_n(end, 40, ",\"grad_norm\":{}", JsonNumber{result.gradNorm}).out;
  end = fmt::format_to_n(end, 80, ",\"lr\":{},\"{}_per_s\":{:.1f}}}\n", JsonNumber{result.lr}, unit_,
                         double(predictionsPerStep_) / seconds).out;
  writeLine(line, size_t(end - line));
  // Ten times a second is enough for eyes.
  if (terminal_ && (now - drawn_ > std::chrono::milliseconds(100) || step == steps_)) {
    drawn_ = now;
    drawProgress(step, result);
  }
}

void TrainLog::drawProgress(int64_t step, const StepResult &result) {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const int64_t eta = int64_t(std::min(1e9, double(steps_ - step) * smoothedSeconds_ + 0.5));
  char tail[160], line[512];
  const double rate = double(predictionsPerStep_) / smoothedSeconds_;
  const size_t tailSize =
      fmt::format_to_n(tail, sizeof tail, " {}/{}  loss {:.4f}  {:.{}f}{} {}/s  ETA {}:{:02}", step, steps_, result.loss,
                       rate >= 1e4 ? rate / 1e3 : rate, rate >= 1e4 ? 1 : 0, rate >= 1e4 ? "k" : "",
                       unit_[0] == 't' ? "tok" : unit_, eta / 60, eta % 60).size;
  const int64_t room = std::clamp<int64_t>((known ? size.ws_col : 80) - int64_t(tailSize) - 3, 0, 40);
  const int64_t filled = steps_ ? room * step / steps_ : room;
  char *end = line;
  *end++ = '\r';
  if (room >= 5) {
    *end++ = '[';
    end = std::fill_n(std::fill_n(end, filled, '='), room - filled, ' ');
    *end++ = ']';
  }
  end = std::copy_n(tail, std::min(tailSize, sizeof tail), end);
  end = std::copy_n("\033[K", 3, end);
  (void)writeStream(STDOUT_FILENO, line, size_t(end - line));
  lineOpen_ = true;
}

void TrainLog::restartClock() { last_ = Clock::now(); }

void TrainLog::endLine() {
  if (lineOpen_)
    (void)writeStream(STDOUT_FILENO, "\n", 1);
  lineOpen_ = false;
}

void TrainLog::evaluation(int64_t step, const Evaluation &evaluation) {
  std::string line = fmt::format("{{\"step\":{},\"val_loss\":{}", step, JsonNumber{evaluation.loss});
  if (!std::isnan(evaluation.bitsPerByte()))
    line += fmt::format(",\"val_bits_per_byte\":{}", JsonNumber{evaluation.bitsPerByte()});
  if (!std::isnan(evaluation.accuracy))
    line += fmt::format(",\"val_accuracy\":{}", JsonNumber{evaluation.accuracy});
  line += "}\n";
  writeLine(line.data(), line.size());
  if (terminal_) {
    endLine();
    std::string text = fmt::format("step {}: held-out loss {:.4f}", step, evaluation.loss);
    if (!std::isnan(evaluation.bitsPerByte()))
      text += fmt::format(", {:.3f} bits a byte", evaluation.bitsPerByte());
    if (!std::isnan(evaluation.accuracy))
      text += fmt::format(", accuracy {:.1f} %", 100 * evaluation.accuracy);
    text += "\n";
    (void)writeStream(STDOUT_FILENO, text.data(), text.size());
  }
  last_ = Clock::now();
}

void TrainLog::sample(int64_t step, const std::string &text) {
  const std::string line = fmt::format("{{\"step\":{},\"sample\":{}}}\n", step, jsonQuoted(text));
  writeLine(line.data(), line.size());
  if (terminal_) {
    endLine();
    const std::string shown = fmt::format("step {}: sample:\n{}\n", step, text);
    (void)writeStream(STDOUT_FILENO, shown.data(), shown.size());
  }
  last_ = Clock::now();
}

} // namespace sinter
