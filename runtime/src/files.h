// Files: read whole or in order, and saved so that a reader finds either the old content or the new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace sinter {

/// The calls that saving makes; tests replace them to make each one fail.
struct SystemCalls {
  int (*open)(const char *path, int flags, mode_t mode);
  ssize_t (*write)(int file, const void *data, size_t size);
  int (*fsync)(int file);
  int (*close)(int file);
  int (*rename)(const char *from, const char *to);
};
extern SystemCalls systemCalls;

/// An open file that is read forwards. Errors are Failures (input) that name the path.
class FileReader {
public:
  explicit FileReader(const std::string &path);
  ~FileReader();
  FileReader(const FileReader &) = delete;
  FileReader &operator=(const FileReader &) = delete;
  const std::string &path() const { return path_; }
  /// Size of a regular file; 0 for a pipe.
  uint64_t size() const { return size_; }
  bool regular() const { return regular_; }
  /// Reads up to `size` bytes; less only at the end.
  size_t read(void *data, size_t size);

private:
  std::string path_;
  int file_;
  uint64_t size_ = 0;
  bool regular_ = false;
};

/// The whole of a file or pipe ("-" is standard input).
std::string readFile(const std::string &path);

/// Writes a file beside `path` and puts it in its place when all of it is on the disk. Failures name the path and leave
/// what was there before.
class AtomicFile {
public:
  explicit AtomicFile(std::string path);
  /// Removes the temporary file if commit() was not reached.
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;
  void write(const void *data, size_t size);
  /// Sync, rename, sync of the folder.
  void commit();

private:
  [[noreturn]] void failed(const char *doing) const;
  std::string path_, temporary_;
  int file_ = -1;
  bool renamed_ = false;
};

/// Writes all of `text` at once (small files).
void writeFileAtomically(const std::string &path, std::string_view text);

/// Makes the folder and its parents; Failure (input) if that is impossible.
void makeFolder(const std::string &path);

/// Writes all bytes to a descriptor; false at the first error.
bool writeAll(int file, const void *data, size_t size);

} // namespace sinter
