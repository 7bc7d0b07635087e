#include "files/log_file.h"

#include "base/error.h"
#include "base/format.h"
#include "base/output.h"
#include "base/report.h"
#include "files/files.h"
#include "files/put_aside.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter {

static constexpr std::string_view lineStart = "{\"step\":";

// The step of a line; -1 if that is no line of a log.
static int64_t stepOf(std::string_view line) {
  int64_t step = -1;
  if (line.starts_with(lineStart))
    std::from_chars(line.data() + lineStart.size(), line.data() + line.size(), step);
  return step;
}

// Size of a regular file; -1 of a pipe or a device.
off_t LogFile::size() const {
  struct stat status;
  if (fstat(file_, &status) != 0)
    fail(Exit::Input, formatted("{}: cannot open the log: {}", path_, std::strerror(errno)));
  return S_ISREG(status.st_mode) ? status.st_size : -1;
}

// Bytes of the lines up to and with step `last`. A last line that a kill cut short does not count, and is no fault.
static size_t keptBytes(const std::string &text, int64_t last, const std::string &path) {
  size_t kept = 0, number = 1;
  bool keeping = true;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, end == std::string::npos ? end : end - begin);
    const int64_t step = stepOf(line);
    const bool cutShort =
        end == std::string::npos && (step >= 0 || line.substr(0, lineStart.size()) == lineStart.substr(0, line.size()));
    if (step < 0 && !cutShort)
      fail(Exit::Input,
           formatted("{}: is not the log of a training: line {} does not begin with its step; name another file for "
                     "--log",
                     path, number));
    keeping = keeping && step <= last && end != std::string::npos;
    begin = end == std::string::npos ? text.size() : end + 1;
    if (keeping)
      kept = begin;
  }
  return kept;
}

void checkLogFile(const std::string &path) {
  struct stat status;
  if (path.empty() || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
    return;
  keptBytes(readFile(path), 0, path);
}

LogFile::LogFile(const std::string &path, int64_t resumedStep) : path_(path) {
  if (path.empty())
    return;
  try {
    open();
    if (size() <= 0)
      return;
    checkLogFile(path_);
    resumedStep < 0 ? startAnew() : cut(resumedStep);
  } catch (...) {
    close();
    throw;
  }
}

LogFile::~LogFile() { close(); }

void LogFile::close() {
  if (file_ >= 0)
    ::close(file_);
  file_ = -1;
}

// A pipe is opened without waiting for its reader. A file is locked, for lines of two trainings would overwrite each
// other.
void LogFile::open() {
  file_ = systemCalls.open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  if (file_ < 0)
    fail(Exit::Input, formatted("{}: cannot open the log: {}", path_,
                                errno == ENXIO ? "nobody reads this pipe" : std::strerror(errno)));
  if (size() >= 0 && flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    fail(Exit::Input, formatted("{}: another training writes this log; name another file for --log", path_));
}

void LogFile::startAnew() {
  const std::string aside = putAside(path_);
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
    fail(Exit::Input, formatted("{}: cannot begin a new log: {}", path_, std::strerror(errno)));
  close();
  open();
  reportNote(formatted("{}: the log of an earlier training is kept as {}", path_, aside));
}

// Cut, not written again: a kill at this place loses nothing.
void LogFile::cut(int64_t resumedStep) {
  const size_t kept = keptBytes(readFile(path_), resumedStep, path_);
  if (ftruncate(file_, off_t(kept)) != 0 || lseek(file_, 0, SEEK_END) < 0)
    fail(Exit::Input, formatted("{}: cannot write the log: {}", path_, std::strerror(errno)));
}

bool LogFile::write(const char *line, size_t size) {
  if (file_ < 0 || writeStream(file_, line, size))
    return true;
  const int error = errno;
  close();
  errno = error;
  return false;
}

} // namespace sinter
