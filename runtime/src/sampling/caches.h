// What the incremental entries of a program remember, for more texts than they take at once.
#pragma once

#include "program/program.h"

#include <span>
#include <vector>

namespace sinter {

/// The transient states that these entries write. Texts have slots, `batch` of them a page: the caches of one page are
/// in the program, those of all others beside it, in memory that they take when they are first put away.
class Caches {
public:
  Caches(Program &program, std::span<const sinter_entry *const> entries, size_t batch);

  /// Puts the caches of this page into the program. A page that is new begins with whatever is there.
  void load(size_t page);

  /// Whether a slot's part of every cache can be told from the others': by the first dimension.
  bool copyable() const { return copyable_; }
  /// Gives slot `to` what slot `from` remembers; only if copyable().
  void copy(size_t from, size_t to);

  uint64_t bytes() const { return bytes_; }

private:
  Program &program_;
  size_t batch_, loaded_ = 0;
  bool copyable_ = true;
  uint64_t bytes_ = 0;
  std::vector<const sinter_state *> states_;
  std::vector<std::vector<std::byte>> pages_; // all caches of a page, one behind the other; empty: never put away
};

} // namespace sinter
