#include "files/folder_lock.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace sinter {

FolderLock::FolderLock(const std::string &folder) : file_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (file_ >= 0 && flock(file_, LOCK_EX | LOCK_NB) == 0)
    return;
  const int error = errno;
  if (file_ >= 0)
    ::close(file_);
  file_ = -1;
  if (error == EWOULDBLOCK)
    fail(Exit::Input,
         formatted("{}: another training writes to this folder; wait until it has ended, or choose another --out",
                   folder));
  // Not every file system can: some network ones.
  reportWarning(formatted("{}: cannot lock the folder: {}; see to it that no other training writes to it", folder,
                          std::strerror(error)));
}

FolderLock::~FolderLock() {
  if (file_ >= 0)
    ::close(file_);
}

} // namespace sinter
