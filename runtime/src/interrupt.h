// SIGINT and SIGTERM as a request to finish the step, save and leave.
#pragma once

namespace sinter {

/// While one lives, the first signal is only noted; a second one ends the process.
class InterruptWatch {
public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch &) = delete;
  InterruptWatch &operator=(const InterruptWatch &) = delete;
  bool requested() const;
};

} // namespace sinter
