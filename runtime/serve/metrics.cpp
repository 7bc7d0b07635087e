#include "metrics.h"

#include "base/format.h"

namespace sinter::serve {

void Metrics::firstToken(double seconds) {
  size_t i = 0;
  while (i < bounds_.size() && seconds > bounds_[i])
    ++i;
  ++within_[i];
  seconds_ += seconds;
}

std::string Metrics::text(const EngineCounts &engine) const {
  std::string text;
  const auto one = [&](const char *name, const char *kind, const char *help, auto value) {
    text += formatted("# HELP sinter_{} {}\n# TYPE sinter_{} {}\nsinter_{} {}\n", name, help, name, kind, name, value);
  };
  one("uptime_seconds", "gauge", "since the server began",
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count());
  one("connections", "gauge", "that are open", connections);
  one("slots", "gauge", "texts that are made at once", engine.slots);
  one("texts_active", "gauge", "texts that are being made", engine.active);
  one("texts_waiting", "gauge", "texts in the queue", engine.waiting);
  one("prompt_tokens_total", "counter", "tokens of prompts", engine.promptTokens);
  one("new_tokens_total", "counter", "tokens that were made", engine.newTokens);
  one("steps_total", "counter", "calls of the model", engine.steps);
  one("busy_seconds_total", "counter", "in calls of the model", engine.busySeconds);
  text += "# HELP sinter_texts_total texts by how they ended\n# TYPE sinter_texts_total counter\n";
  for (const auto &[ending, count] : {std::pair("finished", engine.finished),
                                      {"cancelled", engine.cancelled},
                                      {"overdue", engine.overdue},
                                      {"failed", engine.failed}})
    text += formatted("sinter_texts_total{{ending=\"{}\"}} {}\n", ending, count);
  text += "# HELP sinter_responses_total responses by status\n# TYPE sinter_responses_total counter\n";
  for (const auto &[status, count] : responses_)
    text += formatted("sinter_responses_total{{status=\"{}\"}} {}\n", status, count);
  text += "# HELP sinter_first_token_seconds from a request to its first token\n"
          "# TYPE sinter_first_token_seconds histogram\n";
  uint64_t sum = 0;
  for (size_t i = 0; i < within_.size(); ++i) {
    sum += within_[i];
    text += formatted("sinter_first_token_seconds_bucket{{le=\"{}\"}} {}\n",
                      i < bounds_.size() ? formatted("{}", bounds_[i]) : "+Inf", sum);
  }
  return text + formatted("sinter_first_token_seconds_sum {}\nsinter_first_token_seconds_count {}\n", seconds_, sum);
}

} // namespace sinter::serve
