#include "base/interrupt.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace sinter {

static constexpr int watched[] = {SIGINT, SIGTERM, SIGHUP};

static volatile std::sig_atomic_t signalled = 0;
static int ends[2] = {-1, -1}; // of the pipe that the handler writes to

static void note(int signal) {
  const int error = errno;
  if (!signalled)
    signalled = signal;
  (void)!::write(ends[1], "", 1);
  errno = error;
}

// No SA_RESTART: a write that waits for its reader ends.
InterruptWatch::InterruptWatch() {
  signalled = 0;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    ends[0] = ends[1] = -1; // who waits then waits without it
  for (int i = 0; i < 3; ++i) {
    sigaction(watched[i], nullptr, &before_[i]);
    if (watched[i] == SIGHUP && before_[i].sa_handler == SIG_IGN)
      continue;
    struct sigaction action{};
    action.sa_handler = note;
    action.sa_flags = int(SA_RESETHAND);
    sigaction(watched[i], &action, nullptr);
  }
}

InterruptWatch::~InterruptWatch() {
  for (int i = 0; i < 3; ++i)
    sigaction(watched[i], &before_[i], nullptr);
  for (int &end : ends) {
    if (end >= 0)
      ::close(end);
    end = -1;
  }
}

int InterruptWatch::signal() const { return signalled; }

int interruptDescriptor() { return ends[0]; }

} // namespace sinter
