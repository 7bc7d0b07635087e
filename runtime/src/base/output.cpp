#include "base/output.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/system_calls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace sinter {

// What a pipe with any room takes at once, so that a write after poll() does not block.
static constexpr size_t atOnce = 4096;
// How long a reader may stay away once we were told to leave.
static constexpr int patience = 200; // milliseconds

void openStandardDescriptors() {
  for (int file = 0; file <= 2; ++file)
    if (fcntl(file, F_GETFD) < 0 && errno == EBADF)
      (void)::open("/dev/null", file == 0 ? O_RDONLY : O_WRONLY); // gets the least free number, which is this one
}

// Waits until the descriptor takes bytes or tells of an error; false if told to leave meanwhile.
static bool waitForRoom(int file) {
  pollfd watched[2] = {{file, POLLOUT, 0}, {interruptDescriptor(), POLLIN, 0}};
  while (poll(watched, 2, -1) < 0)
    if (errno != EINTR)
      return true; // write() will tell
  if (watched[0].revents || poll(watched, 1, patience) > 0)
    return true;
  errno = EINTR;
  return false;
}

bool writeStream(int file, const void *data, size_t size) {
  const char *at = static_cast<const char *>(data);
  while (size > 0) {
    if (!waitForRoom(file))
      return false;
    const ssize_t count = systemCalls.write(file, at, std::min(size, atOnce));
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (count == 0)
      errno = ENOSPC;
    if (count <= 0)
      return false;
    at += count;
    size -= size_t(count);
  }
  return true;
}

bool printText(std::string_view text) {
  if (writeStream(STDOUT_FILENO, text.data(), text.size()))
    return true;
  if (errno == EPIPE)
    return false;
  fail(Exit::Input, formatted("standard output: cannot write: {}", std::strerror(errno)));
}

} // namespace sinter
