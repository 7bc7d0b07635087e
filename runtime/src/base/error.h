// Failures that the user sees, and the exit codes they end with.
#pragma once

#include <stdexcept>
#include <string>

namespace sinter {

/// What the process returns; the numbers are part of the command line's contract.
enum class Exit { Done = 0, Input = 1, Usage = 2, Damaged = 3, Device = 4, Interrupted = 5 };

/// A message for the user: lower case, what it is about first, both values, no final stop.
class Failure : public std::runtime_error {
public:
  Failure(Exit exit, const std::string &message) : std::runtime_error(message), exit_(exit) {}
  Exit exit() const { return exit_; }

private:
  Exit exit_;
};

[[noreturn]] inline void fail(Exit exit, const std::string &message) { throw Failure(exit, message); }

} // namespace sinter
