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
  /// `batch`: the texts that `decode` takes. Where `prefill` takes one text alone, in caches of its own, that of cache
  /// X is prefill.X, of the shape of a slot.
  Caches(Program &program, const sinter_entry &prefill, const sinter_entry &decode, size_t batch, int64_t context);

  /// Puts the caches of this page into the program. A page that is new begins with whatever is there.
  void load(size_t page);

  /// Whether a slot's part of every cache can be told from the others': by the first dimension.
  bool copyable() const { return copyable_; }
  /// Gives slot `to` what slot `from` remembers; only if copyable().
  void copy(size_t from, size_t to);

  /// Where prefill has caches of its own, a text's first `count` tokens are brought there, and back.
  void bring(size_t slot, size_t count);
  void takeBack(size_t slot, size_t count);

  uint64_t bytes() const { return bytes_; }

private:
  std::byte *place(size_t index, size_t slot);
  void move(size_t slot, size_t count, bool back);

  Program &program_;
  int64_t context_;
  size_t batch_, loaded_ = 0;
  bool copyable_ = true;
  uint64_t bytes_ = 0;
  std::vector<const sinter_state *> states_, alone_; ///< the latter: prefill's own
  std::vector<uint64_t> starts_;                     ///< of each state in a page
  std::vector<std::vector<std::byte>> pages_; // all caches of a page, one behind the other; empty: never put away
};

} // namespace sinter
