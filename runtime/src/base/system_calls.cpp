#include "base/system_calls.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace sinter {

static int openCall(const char *path, int flags, mode_t mode) { return ::open(path, flags, mode); }

SystemCalls systemCalls = {openCall, ::write, ::fsync, ::close, ::rename};

} // namespace sinter
