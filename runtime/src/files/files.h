// Files: read whole or in order, and saved so that a reader finds either the old content or the new.
#pragma once

#include "base/system_calls.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sinter {

/// What a stream may hold at most, whose size nobody tells.
inline constexpr uint64_t streamLimit = uint64_t(64) << 20;

/// An open file that is read forwards: a regular one, or a stream that was given to the process ("-", /dev/stdin,
/// /dev/fd/N). FIFOs and devices by their names are refused: they may never answer, or never end. Errors are Failures
/// (input) with the path.
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
  /// The first bytes of a regular file, wherever reading has come to; nothing of a stream.
  std::string beginning(size_t size) const;
  /// Reads up to `size` bytes from a place in a regular file, wherever reading has come to; less only at the end.
  size_t readAt(uint64_t place, void *data, size_t size) const;
  /// Reads up to `size` bytes; less only at the end.
  size_t read(void *data, size_t size);

private:
  std::string path_;
  int file_;
  uint64_t size_ = 0;
  bool regular_ = false;
};

/// The whole of a file as it is now, or of a stream; Failure (input) beyond streamLimit, or beyond the machine's
/// memory.
std::string readFile(const std::string &path);

/// Writes a file beside `path` and puts it in its place when all of it is on the disk, with the owner and the
/// permissions of the file that it replaces. Failures name the path and leave what was there before. Two of one path do
/// not disturb each other: the last one wins.
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
  void create(mode_t mode);
  [[noreturn]] void failed(const char *doing) const;
  std::string path_, temporary_;
  int file_ = -1;
  bool renamed_ = false;
};

/// Writes all of `text` at once (small files).
void writeFileAtomically(const std::string &path, std::string_view text);

/// The folder that a file is in.
std::string folderOf(const std::string &path);

/// What is in a folder gets there to stay; false with errno if not.
bool syncFolder(const std::string &folder);

/// Makes the folder and its parents; Failure (input) if that is impossible.
void makeFolder(const std::string &path);

/// Writes all bytes to a descriptor; false at the first error.
bool writeAll(int file, const void *data, size_t size);

} // namespace sinter
