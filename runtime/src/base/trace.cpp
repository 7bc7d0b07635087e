#include "base/trace.h"

#include "base/error.h"
#include "base/json.h"
#include "base/report.h"
#include "files/files.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter {

static constexpr std::string_view beginning = "{\"traceEvents\":[\n";
static constexpr std::string_view first =
    "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"main\"}}";
// What viewers still open in reasonable time.
static constexpr uint64_t mostBytes = uint64_t(256) << 20;

static std::atomic<Trace *> activeTrace = nullptr;
static thread_local int ownLane = 0;

Trace *Trace::active() { return activeTrace.load(std::memory_order_acquire); }
int Trace::lane() { return ownLane; }
void Trace::setLane(int lane) { ownLane = lane; }

// Something else in its place would be lost.
static void checkTraceFile(const std::string &path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
    return;
  if (FileReader(path).beginning(beginning.size()) != beginning)
    fail(Exit::Input, formatted("{}: is not a trace; name another file for --trace", path));
}

Trace::Trace(std::string path) : path_(std::move(path)) {
  checkTraceFile(path_);
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
  if (file_ < 0)
    fail(Exit::Input, formatted("{}: cannot write the trace: {}", path_, std::strerror(errno)));
  pending_ = std::string(beginning) + std::string(first);
  activeTrace.store(this, std::memory_order_release);
}

Trace::~Trace() {
  activeTrace.store(nullptr, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  pending_ += "\n]}\n";
  flush();
  if (file_ >= 0)
    ::close(file_);
}

double Trace::microseconds(Clock::time_point at) const {
  return std::chrono::duration<double, std::micro>(at - begun_).count();
}

void Trace::add(std::string_view event) {
  constexpr size_t enough = size_t(1) << 20;
  const std::lock_guard lock(mutex_);
  if (full_)
    return;
  full_ = written_ + pending_.size() + event.size() > mostBytes;
  if (full_)
    return reportWarning(formatted("{}: the trace is full; what comes now is not in it", path_));
  pending_ += ",\n";
  pending_ += event;
  if (pending_.size() > enough)
    flush();
}

// A trace that cannot be written is not the end of what it is about.
void Trace::flush() {
  if (file_ >= 0 && !writeAll(file_, pending_.data(), pending_.size())) {
    reportError(formatted("{}: cannot write the trace: {}", path_, std::strerror(errno)));
    ::close(file_);
    file_ = -1;
    full_ = true;
  }
  written_ += pending_.size();
  pending_.clear();
}

void Trace::span(const char *category, std::string_view name, Clock::time_point begin, Clock::time_point end, int lane,
                 std::string_view detail) {
  const std::string more = detail.empty() ? "" : formatted(",\"args\":{{\"line\":{}}}", jsonQuoted(detail));
  add(formatted("{{\"ph\":\"X\",\"cat\":\"{}\",\"name\":{},\"pid\":1,\"tid\":{},\"ts\":{:.3f},\"dur\":{:.3f}{}}}",
                category, jsonQuoted(name), lane, microseconds(begin), microseconds(end) - microseconds(begin), more));
}

void Trace::overlapping(const char *category, std::string_view name, Clock::time_point begin, Clock::time_point end,
                        uint64_t id) {
  const auto event = [&](const char *phase, Clock::time_point at) {
    add(formatted("{{\"ph\":\"{}\",\"cat\":\"{}\",\"name\":{},\"pid\":1,\"tid\":{},\"id\":{},\"ts\":{:.3f}}}", phase,
                  category, jsonQuoted(name), lane(), id, microseconds(at)));
  };
  event("b", begin);
  event("e", end);
}

void Trace::nameLane(int lane, std::string_view name) {
  add(formatted("{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{},\"args\":{{\"name\":{}}}}}", lane,
                jsonQuoted(name)));
}

} // namespace sinter
