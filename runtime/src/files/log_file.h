// The file of --log: one JSON object a line, which begins with its step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace sinter {

/// Failure (input) if a file is there that is no such log: it would be lost.
void checkLogFile(const std::string &path);

/// Open for the lines that come next. Failures name the path.
class LogFile {
public:
  /// Empty path: no file. `resumedStep` -1: a new log, and one that is there is put aside; else the lines after that
  /// step are cut off.
  LogFile(const std::string &path, int64_t resumedStep);
  ~LogFile();
  LogFile(const LogFile &) = delete;
  LogFile &operator=(const LogFile &) = delete;

  const std::string &path() const { return path_; }
  /// False, with errno, if the line is lost; nothing is written any more then.
  bool write(const char *line, size_t size);

private:
  off_t size() const;
  void open();
  void close();
  void startAnew();
  void cut(int64_t resumedStep);

  std::string path_;
  int file_ = -1;
};

} // namespace sinter
