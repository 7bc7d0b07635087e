// The system calls that may fail at any time, where tests can make them do so.
#pragma once

#include <cstddef>
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

} // namespace sinter
