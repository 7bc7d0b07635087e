#include "files/put_aside.h"

#include "base/error.h"
#include "base/format.h"
#include "files/same_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace sinter {

// Keeps the file under a name that is free; false with errno if not.
static bool keepAs(const std::string &path, const std::string &aside) {
  if (::link(path.c_str(), aside.c_str()) == 0)
    return true;
  if (errno == EEXIST || errno == ENOENT)
    return false;
  if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) == 0)
    return true;
  std::error_code error;
  if (errno != EINVAL) // which says that the file system cannot tell whether the name is free
    return false;
  if (std::filesystem::exists(std::filesystem::symlink_status(aside, error))) {
    errno = EEXIST;
    return false;
  }
  return ::rename(path.c_str(), aside.c_str()) == 0;
}

std::string putAside(const std::string &path) {
  const std::filesystem::path whole(path);
  const std::string stem = (whole.parent_path() / whole.stem()).string(), extension = whole.extension().string();
  for (int64_t number = 1;; ++number) {
    const std::string aside =
        formatted("{}.previous{}{}", stem, number == 1 ? "" : formatted("-{}", number), extension);
    if (keepAs(path, aside))
      return aside;
    if (errno != EEXIST)
      fail(Exit::Input, formatted("{}: cannot put aside as {}: {}", path, aside, std::strerror(errno)));
    if (sameFile(path, aside)) // a start that was killed has done so already
      return aside;
  }
}

void takeBack(const std::string &path, const std::string &aside) {
  std::error_code error;
  if (sameFile(path, aside))
    ::unlink(aside.c_str());
  else if (!std::filesystem::exists(path, error))
    (void)std::rename(aside.c_str(), path.c_str());
}

} // namespace sinter
