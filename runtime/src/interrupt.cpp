#include "interrupt.h"

#include <csignal>

namespace sinter {

static volatile std::sig_atomic_t signalled = 0;

static void setHandlers(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

InterruptWatch::InterruptWatch() {
  signalled = 0;
  setHandlers([](int) { signalled = 1; }, SA_RESTART | int(SA_RESETHAND));
}
InterruptWatch::~InterruptWatch() { setHandlers(SIG_DFL, 0); }
bool InterruptWatch::requested() const { return signalled != 0; }

} // namespace sinter
