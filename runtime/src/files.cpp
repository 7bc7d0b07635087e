#include "files.h"

#include "error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter {

static int openCall(const char *path, int flags, mode_t mode) { return ::open(path, flags, mode); }

SystemCalls systemCalls = {openCall, ::write, ::fsync, ::close, ::rename};

FileReader::FileReader(const std::string &path) : path_(path), file_(path == "-" ? dup(0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status;
  if (file_ < 0 || fstat(file_, &status) != 0) {
    const int error = errno;
    if (file_ >= 0)
      ::close(file_);
    fail(Exit::Input, fmt::format("{}: cannot open: {}", path, std::strerror(error)));
  }
  if (S_ISDIR(status.st_mode)) {
    ::close(file_);
    fail(Exit::Input, fmt::format("{}: is a folder, not a file", path));
  }
  regular_ = S_ISREG(status.st_mode);
  if (regular_)
    size_ = uint64_t(status.st_size);
}

FileReader::~FileReader() { ::close(file_); }

size_t FileReader::read(void *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(file_, static_cast<char *>(data) + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(Exit::Input, fmt::format("{}: cannot read: {}", path_, std::strerror(errno)));
    if (count == 0)
      break;
    done += size_t(count);
  }
  return done;
}

std::string readFile(const std::string &path) {
  FileReader reader(path);
  std::string text;
  constexpr size_t step = size_t(1) << 20;
  // A regular file is read in one piece; what it grew by meanwhile, and pipes, by the megabyte.
  size_t wanted = reader.regular() ? size_t(reader.size()) : step;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + wanted);
    const size_t got = reader.read(text.data() + before, wanted);
    text.resize(before + got);
    if (got < wanted || (reader.regular() && text.size() == reader.size()))
      return text;
    wanted = step;
  }
}

bool writeAll(int file, const void *data, size_t size) {
  const char *at = static_cast<const char *>(data);
  while (size > 0) {
    const ssize_t count = systemCalls.write(file, at, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      if (count == 0)
        errno = ENOSPC;
      return false;
    }
    at += count;
    size -= size_t(count);
  }
  return true;
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".tmp") {
  file_ = systemCalls.open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0)
    failed("open");
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0)
    systemCalls.close(file_);
  if (!renamed_)
    ::unlink(temporary_.c_str());
}

void AtomicFile::failed(const char *doing) const {
  const int error = errno;
  fail(Exit::Input, fmt::format("{}: cannot save: {}: {}; what was saved before is unchanged", path_, doing,
                                std::strerror(error)));
}

void AtomicFile::write(const void *data, size_t size) {
  if (!writeAll(file_, data, size))
    failed("write");
}

void AtomicFile::commit() {
  if (systemCalls.fsync(file_) != 0)
    failed("fsync");
  const int file = file_;
  file_ = -1;
  if (systemCalls.close(file) != 0)
    failed("close");
  if (systemCalls.rename(temporary_.c_str(), path_.c_str()) != 0)
    failed("rename");
  renamed_ = true;
  std::string folder = std::filesystem::path(path_).parent_path().string();
  if (folder.empty())
    folder = ".";
  const int directory = systemCalls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  const bool synced = directory >= 0 && systemCalls.fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0)
    systemCalls.close(directory);
  if (!synced)
    fail(Exit::Input, fmt::format("{}: saved, but the folder cannot be synced: {}", path_, std::strerror(error)));
}

void writeFileAtomically(const std::string &path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

void makeFolder(const std::string &path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path, error))
    fail(Exit::Input, fmt::format("{}: cannot make the folder: {}", path, error ? error.message() : "a file is in its place"));
}

} // namespace sinter
