// Chrome's trace events: what a program did when, on which thread. Perfetto and speedscope show them.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace sinter {

/// The file of --trace. Spans of any thread, in microseconds since it was opened.
class Trace {
public:
  using Clock = std::chrono::steady_clock;

  /// From now on active(). Failure (input) if the file cannot be written, or is there and is no trace.
  explicit Trace(std::string path);
  /// Ends the file.
  ~Trace();
  Trace(const Trace &) = delete;
  Trace &operator=(const Trace &) = delete;

  /// Null if nobody asked for one: then nothing is to be told, and nothing to be timed.
  static Trace *active();

  /// What happened on a lane, a line of the picture. `detail`: where that is told more of; may be empty.
  void span(const char *category, std::string_view name, Clock::time_point begin, Clock::time_point end, int lane,
            std::string_view detail = {});
  /// What happened beside others of its kind, whatever the thread.
  void overlapping(const char *category, std::string_view name, Clock::time_point begin, Clock::time_point end,
                   uint64_t id);
  void nameLane(int lane, std::string_view name);

  /// The calling thread's lane; 0, the main thread's, unless setLane() gave it another.
  static int lane();
  static void setLane(int lane);

private:
  void add(std::string_view event);
  void flush();
  double microseconds(Clock::time_point at) const;

  const std::string path_;
  const Clock::time_point begun_ = Clock::now();
  std::mutex mutex_; // of all below
  int file_ = -1;
  uint64_t written_ = 0;
  bool full_ = false;
  std::string pending_;
};

/// A span from here to the end of its block, if there is a trace. The name must live as long.
class TraceSpan {
public:
  TraceSpan(const char *category, std::string_view name) : category_(category), name_(name) {
    if (Trace::active())
      begun_ = Trace::Clock::now();
  }
  ~TraceSpan() {
    if (Trace *trace = Trace::active(); trace && begun_ != Trace::Clock::time_point())
      trace->span(category_, name_, begun_, Trace::Clock::now(), Trace::lane());
  }
  TraceSpan(const TraceSpan &) = delete;
  TraceSpan &operator=(const TraceSpan &) = delete;

private:
  const char *category_;
  std::string_view name_;
  Trace::Clock::time_point begun_{};
};

} // namespace sinter
