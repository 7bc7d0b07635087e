// Which dispatches must wait for which: barriers from the bytes that each reads and writes, and the check of a finished
// list.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sinter::vulkan {

/// Bytes [begin, end) of a buffer (any number that tells it from others), as a dispatch uses them.
struct Access {
  uint32_t buffer;
  uint32_t access; ///< sinter_access bits
  uint64_t begin, end;
};

/// One dispatch of a recorded list.
struct Step {
  std::string name;
  std::vector<Access> accesses;
  bool waits =
      false; ///< a barrier stands before it: it sees all that came before, and overwrites nothing that is still read
  uint32_t launch = 0;   ///< of the entry, whose dispatch it is; launches of loops are repeated
  uint32_t run = 0;      ///< how many runs of launches stand before
  uint32_t dispatch = 0; ///< of the launch's kernel
};

/// Sets `waits` of each step: where it touches bytes that a step since the last barrier has written, or writes bytes
/// that one has read. Returns how many barriers there are.
size_t placeBarriers(std::span<Step> steps);

/// What is wrong with a list, if it runs on a device that overlaps whatever no barrier separates; empty if nothing is.
/// Written without the above in mind: it compares every pair of steps.
std::vector<std::string> findHazards(std::span<const Step> steps);

} // namespace sinter::vulkan
