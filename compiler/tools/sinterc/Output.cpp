#include "Output.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using llvm::StringRef;
namespace fs = llvm::sys::fs;

namespace sinter {
namespace {

std::string folderOf(StringRef path) {
  StringRef folder = llvm::sys::path::parent_path(path);
  return folder.empty() ? "." : folder.str();
}

std::string systemError() { return std::strerror(errno); }

/// Writes everything; why it could not, or nothing.
std::string writeAll(int file, StringRef content) {
  while (!content.empty()) {
    ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemError();
    content = content.drop_front(written);
  }
  return "";
}

std::string writeAndClose(int file, StringRef content) {
  std::string problem = writeAll(file, content);
  if (::close(file) && problem.empty())
    problem = systemError();
  return problem;
}

/// Where a chain of links ends that `path` may be: the links stay.
std::string behindLinks(StringRef path) {
  llvm::SmallString<256> real;
  return fs::real_path(path, real) ? path.str() : real.str().str();
}

std::string replace(StringRef content, const std::string &path, bool executable, Progress &progress) {
  struct stat old;
  mode_t mask = ::umask(0);
  ::umask(mask);
  mode_t mode = (executable ? 0777 : 0666) & ~mask;
  if (!executable && ::stat(path.c_str(), &old) == 0)
    mode = old.st_mode & 0777;
  std::string partial = folderOf(path) + "/.sinterc.XXXXXX";
  int file = ::mkostemp(partial.data(), O_CLOEXEC);
  if (file < 0)
    return systemError();
  progress.setPartial(partial);
  if (::fchmod(file, mode))
    (void)::fchmod(file, 0700); // a file system without modes
  std::string problem = writeAndClose(file, content);
  if (problem.empty() && ::rename(partial.c_str(), path.c_str()))
    problem = systemError();
  if (!problem.empty())
    ::unlink(partial.c_str());
  progress.setPartial("");
  return problem;
}

} // namespace

bool isSameFile(StringRef a, StringRef b) {
  bool same = false;
  return !fs::equivalent(a, b, same) && same;
}

std::string whyNotWritable(StringRef path, StringRef input) {
  if (path == "-")
    return "";
  if (isSameFile(path, input))
    return "that is the input, '" + input.str() + "'";
  if (fs::is_directory(path))
    return "that is a folder";
  std::string folder = folderOf(path);
  if (!fs::is_directory(folder))
    return "there is no folder '" + folder + "'";
  fs::file_status status;
  bool replaced = fs::status(path, status) || fs::is_regular_file(status);
  if (::access(replaced ? folderOf(behindLinks(path)).c_str() : path.str().c_str(), W_OK))
    return systemError();
  return "";
}

std::string publish(StringRef content, StringRef path, bool executable, Progress &progress) {
  if (path == "-")
    return writeAll(STDOUT_FILENO, content);
  fs::file_status status;
  if (fs::status(path, status) || fs::is_regular_file(status))
    return replace(content, behindLinks(path), executable, progress);
  int file = ::open(path.str().c_str(), O_WRONLY | O_CLOEXEC);
  return file < 0 ? systemError() : writeAndClose(file, content);
}

std::string publishFile(StringRef from, StringRef path, bool executable, Progress &progress) {
  auto content = llvm::MemoryBuffer::getFile(from, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return content ? publish((*content)->getBuffer(), path, executable, progress) : content.getError().message();
}

} // namespace sinter
