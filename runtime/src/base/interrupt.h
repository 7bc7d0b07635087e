// SIGINT, SIGTERM and SIGHUP as a request to finish the step, save and leave.
#pragma once

#include <csignal>

namespace sinter {

/// While one lives, the first signal of a kind is only noted; a second one ends the process. SIGHUP stays ignored where
/// it was (nohup).
class InterruptWatch {
public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch &) = delete;
  InterruptWatch &operator=(const InterruptWatch &) = delete;
  bool requested() const { return signal() != 0; }
  /// The signal that came first; 0: none did.
  int signal() const;

private:
  struct sigaction before_[3];
};

/// Becomes readable with the first signal, for those who wait; -1 if nobody watches.
int interruptDescriptor();

} // namespace sinter
