// How much of its arena an entry needs when: read off its launches, with nothing of the compiler's.
#pragma once

#include "sinter/abi.h"

#include <string>
#include <vector>

namespace sinter {

/// What lies in the arena at some moment: bytes that one launch has written, or a caller (-1).
struct ArenaPart {
  int64_t writer;
  uint64_t bytes;
};

struct ArenaUse {
  /// Before the first launch, at each one, and behind the last: bytes that hold what is read later, or is an output,
  /// and those that the launch itself reads or writes. All launches of an outermost loop are as one.
  std::vector<uint64_t> live;
  std::vector<ArenaPart> atPeak; ///< the largest first

  /// The first moment at which most are live; launch number + 1.
  size_t peak() const;
};

ArenaUse arenaUse(const sinter_entry &entry);

} // namespace sinter
