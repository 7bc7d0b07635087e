#include "files/files.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace sinter {

// The descriptor that a path stands for, if it is one that the process was given; else -1.
static int inheritedDescriptor(std::string_view path) {
  if (path == "-" || path == "/dev/stdin")
    return 0;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    int number = -1;
    if (!path.starts_with(folder))
      continue;
    const auto [rest, error] = std::from_chars(path.data() + folder.size(), path.data() + path.size(), number);
    return error == std::errc() && rest == path.data() + path.size() ? number : -1;
  }
  return -1;
}

static const char *kindOf(mode_t mode) {
  return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a named pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

FileReader::FileReader(const std::string &path) : path_(path) {
  const int inherited = inheritedDescriptor(path);
  // Not blocking: to open a named pipe without a writer would wait for one.
  file_ = inherited >= 0 ? fcntl(inherited, F_DUPFD_CLOEXEC, 0)
                         : systemCalls.open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  struct stat status;
  if (file_ < 0 || fstat(file_, &status) != 0) {
    const int error = errno;
    if (file_ >= 0)
      ::close(file_);
    fail(Exit::Input, formatted("{}: cannot open: {}", path, std::strerror(error)));
  }
  regular_ = S_ISREG(status.st_mode);
  if (!regular_ && (inherited < 0 || S_ISDIR(status.st_mode))) {
    ::close(file_);
    fail(Exit::Input, formatted("{}: is {}, not a regular file", path, kindOf(status.st_mode)));
  }
  if (regular_)
    size_ = uint64_t(status.st_size);
}

FileReader::~FileReader() { ::close(file_); }

std::string FileReader::beginning(size_t size) const {
  std::string text(size, '\0');
  const ssize_t count = regular_ ? ::pread(file_, text.data(), size, 0) : 0;
  text.resize(count > 0 ? size_t(count) : 0);
  return text;
}

size_t FileReader::readAt(uint64_t place, void *data, size_t size) const {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file_, static_cast<char *>(data) + done, size - done, off_t(place + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(Exit::Input, formatted("{}: cannot read: {}", path_, std::strerror(errno)));
    if (count == 0)
      break;
    done += size_t(count);
  }
  return done;
}

size_t FileReader::read(void *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(file_, static_cast<char *>(data) + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN && !regular_) {
      pollfd wanted = {file_, POLLIN, 0};
      (void)poll(&wanted, 1, -1);
      continue;
    }
    if (count < 0)
      fail(Exit::Input, formatted("{}: cannot read: {}", path_, std::strerror(errno)));
    if (count == 0)
      break;
    done += size_t(count);
  }
  return done;
}

std::string readFile(const std::string &path) {
  FileReader reader(path);
  std::string text;
  if (reader.size() > 0) { // in one piece; what it grows by meanwhile does not count
    const uint64_t memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
    if (reader.size() > memory)
      fail(Exit::Input, formatted("{}: has {} bytes, but the machine's memory only {}", path, reader.size(), memory));
    text.resize(reader.size());
    text.resize(reader.read(text.data(), text.size()));
    return text;
  }
  constexpr size_t step = size_t(1) << 20;
  for (size_t got = step; got == step;) {
    const size_t before = text.size();
    if (before > streamLimit)
      fail(Exit::Input,
           formatted("{}: more than {} bytes from what is not a regular file; put them into one", path, streamLimit));
    if (text.capacity() <
        before + step) { // doubled, but not beyond what may come, as reserve() on the text itself would
      std::string larger;
      larger.reserve(std::min<size_t>(2 * before + step, streamLimit + 2 * step));
      text.swap(larger.append(text));
    }
    text.resize(before + step);
    got = reader.read(text.data() + before, step);
    text.resize(before + got);
  }
  return text;
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

std::string folderOf(const std::string &path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// A temporary file is locked while its writer lives: one that can be locked was left by a process that was killed.
static constexpr std::string_view temporaryMark = ".sinter-", temporaryEnd = ".tmp";

static void removeLeftTemporaries(const std::string &folder) {
  std::error_code error;
  for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(temporaryEnd) || name.find(temporaryMark) == std::string::npos)
      continue;
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
      ::unlink(entry.path().c_str());
    if (file >= 0)
      ::close(file);
  }
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  struct stat before;
  const bool replaces = ::stat(path_.c_str(), &before) == 0;
  if (!replaces && errno != ENOENT) // it may be there, with permissions that would be lost
    failed("stat");
  if (replaces && !S_ISREG(before.st_mode))
    fail(Exit::Input, formatted("{}: cannot save: is {}, not a regular file", path_, kindOf(before.st_mode)));
  static std::string cleaned;
  if (const std::string folder = folderOf(path_); folder != cleaned) {
    removeLeftTemporaries(folder);
    cleaned = folder;
  }
  create(replaces ? before.st_mode & 0777 : 0666);
  if (replaces) { // where the file system has neither, the permissions are no wider than they were
    (void)!fchown(file_, before.st_uid, before.st_gid);
    (void)fchmod(file_, before.st_mode & 0777);
  }
}

// Opens a temporary file of a name that nobody has, and locks it.
void AtomicFile::create(mode_t mode) {
  static int number = 0;
  const size_t nameAt = path_.rfind('/') + 1;
  for (int tries = 0; tries < 100; ++tries) {
    // Long names are cut, for the system limits them.
    temporary_ = formatted("{}{}{}{}-{}{}", path_.substr(0, nameAt), path_.substr(nameAt, 200), temporaryMark, getpid(),
                           number++, temporaryEnd);
    file_ = systemCalls.open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file_ < 0 && errno == EEXIST)
      continue;
    if (file_ < 0) {
      temporary_.clear();
      failed("open");
    }
    // Another process may have taken it for one that was left behind, in the moment before it was locked.
    struct stat status;
    const bool taken = flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!taken && fstat(file_, &status) == 0 && status.st_nlink > 0)
      return;
    ::unlink(temporary_.c_str());
    systemCalls.close(file_);
    file_ = -1;
  }
  temporary_.clear();
  errno = EEXIST;
  failed("open");
}

AtomicFile::~AtomicFile() {
  if (!renamed_ && !temporary_.empty())
    ::unlink(temporary_.c_str());
  if (file_ >= 0)
    systemCalls.close(file_);
}

void AtomicFile::failed(const char *doing) const {
  const int error = errno;
  fail(Exit::Input,
       formatted("{}: cannot save: {}: {}; what was saved before is unchanged", path_, doing, std::strerror(error)));
}

void AtomicFile::write(const void *data, size_t size) {
  if (!writeAll(file_, data, size))
    failed("write");
}

static bool sync(int file) {
  while (systemCalls.fsync(file) != 0)
    if (errno != EINTR)
      return false;
  return true;
}

bool syncFolder(const std::string &folder) {
  const int file = systemCalls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  const bool synced = file >= 0 && (sync(file) || errno == EINVAL); // some file systems have nothing to sync there
  const int error = errno;
  if (file >= 0)
    systemCalls.close(file);
  errno = error;
  return synced;
}

// The file stays open, and so locked, until it is in its place.
void AtomicFile::commit() {
  if (!sync(file_))
    failed("fsync");
  if (systemCalls.rename(temporary_.c_str(), path_.c_str()) != 0)
    failed("rename");
  renamed_ = true;
  if (!syncFolder(folderOf(path_)))
    fail(Exit::Input, formatted("{}: saved, but the folder cannot be synced: {}", path_, std::strerror(errno)));
}

void writeFileAtomically(const std::string &path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

void makeFolder(const std::string &path) {
  std::error_code error;
  std::vector<std::string> made;
  for (std::filesystem::path part = path; !part.empty() && !std::filesystem::exists(part, error);
       part = part.parent_path())
    made.push_back(part.string());
  std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path, error))
    fail(Exit::Input,
         formatted("{}: cannot make the folder: {}", path, error ? error.message() : "a file is in its place"));
  for (const std::string &folder : made)
    (void)syncFolder(folderOf(folder));
}

} // namespace sinter
