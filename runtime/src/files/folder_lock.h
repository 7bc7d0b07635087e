// One training at a time in a folder.
#pragma once

#include <string>

namespace sinter {

/// Holds a lock on the folder, which ends with the process, however that ends. Failure (input) if another process holds
/// it.
class FolderLock {
public:
  explicit FolderLock(const std::string &folder);
  ~FolderLock();
  FolderLock(const FolderLock &) = delete;
  FolderLock &operator=(const FolderLock &) = delete;

private:
  int file_;
};

} // namespace sinter
