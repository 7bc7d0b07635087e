// Threads that the system may refuse to start.
#pragma once

#include "base/error.h"
#include "base/format.h"

#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace sinter {

/// Adds a thread that does `work`, of `wanted` in all. Failure (device) if a limit of the process or the machine
/// forbids it; those started before are joined by the vector.
template <typename Work> void startThread(std::vector<std::jthread> &threads, int wanted, Work work) {
  try {
    threads.emplace_back(std::move(work));
  } catch (const std::system_error &error) {
    fail(Exit::Device, formatted("cannot start thread {} of {}: {}; ask for fewer with --threads", threads.size() + 2,
                                 wanted, std::strerror(error.code().value())));
  }
}

} // namespace sinter
