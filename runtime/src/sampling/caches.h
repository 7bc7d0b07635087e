// What the incremental entries of a program remember, for more texts than they take at once.
#pragma once

#include "program/program.h"

#include <span>
#include <vector>

namespace sinter {

/// Entries that share what they remember.
struct CachedEntries {
  const sinter_entry &prefill, &decode;
  const sinter_entry *encode; ///< reads what a text comes with; null if there is none
};

/// The transient states that these entries write. Texts have slots, `batch` of them a page: the caches of one page are
/// in the program, those of all others beside it, in memory that they take when they are first put away.
class Caches {
public:
  /// `batch`: the texts that `decode` takes. Where `prefill` takes one text alone, in caches of its own, that of cache
  /// X is prefill.X, of the shape of a slot; likewise what `encode` writes.
  Caches(Program &program, const CachedEntries &entries, size_t batch, int64_t context);

  /// Puts the caches of this page into the program. A page that is new begins with whatever is there.
  void load(size_t page);

  /// Whether a slot's part of every cache can be told from the others': by the first dimension.
  bool copyable() const { return copyable_; }
  /// Gives slot `to` what slot `from` remembers of its first `count` tokens; only if copyable().
  void copy(size_t from, size_t to, size_t count);

  /// Where prefill has caches of its own, a text's first `count` tokens are brought there, and back.
  void bring(size_t slot, size_t count);
  void takeBack(size_t slot, size_t count);
  /// What `encode` wrote last becomes this slot's.
  void takeSource(size_t slot);

  uint64_t bytes() const { return bytes_; }

private:
  struct Cache {
    const sinter_state *state, *alone; ///< of a page; of one text alone, null if they are the same
    bool ofSource;                     ///< written by `encode`: nothing that grows with the text
    uint64_t start;                    ///< in a page
  };
  const sinter_state *aloneOf(const sinter_state &state, const std::vector<const sinter_state *> &written) const;
  std::byte *place(const Cache &cache, size_t slot);
  std::byte *alone(const Cache &cache) { return static_cast<std::byte *>(program_.data(*cache.alone)); }
  void move(const Cache &cache, std::byte *to, const std::byte *from, size_t count) const;

  Program &program_;
  int64_t context_;
  size_t batch_, loaded_ = 0;
  bool copyable_ = true;
  uint64_t bytes_ = 0;
  std::vector<Cache> caches_;
  std::vector<std::vector<std::byte>> pages_; // all caches of a page, one behind the other; empty: never put away
};

} // namespace sinter
