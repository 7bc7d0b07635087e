// What one call of TextTokenizer::encode works with, for the files that it is written in.
#pragma once

#include "tokenizers/text_tokenizer.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// What stands for a space where texts are not byte-level.
inline constexpr std::string_view metaspace = "\u2581";

/// `text` with all that is `from` as `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

/// Pieces that came before, with their tokens: most of a text is the same few thousand words. One a thread, of the
/// tokenizer that was used last.
class PieceCache {
public:
  static constexpr size_t mostBytes = 30, mostIds = 8;
  struct Slot {
    uint8_t bytes, count; // no ids: empty
    char text[mostBytes];
    int32_t ids[mostIds];
  };

  static PieceCache &of(uint64_t tokenizer) {
    static thread_local PieceCache cache;
    if (cache.tokenizer_ != tokenizer) {
      cache.slots_.assign(size, Slot());
      cache.tokenizer_ = tokenizer;
    }
    return cache;
  }
  /// Where a piece of at most mostBytes belongs.
  Slot &slot(std::string_view piece) {
    uint64_t words[4] = {};
    std::memcpy(words, piece.data(), piece.size());
    uint64_t hash = piece.size();
    for (const uint64_t word : words)
      hash = (hash ^ word) * 0x9e3779b97f4a7c15, hash ^= hash >> 32;
    return slots_[hash & (size - 1)];
  }

private:
  static constexpr size_t size = 1 << 15;
  uint64_t tokenizer_ = 0;
  std::vector<Slot> slots_;
};

/// What one call of encode works with.
struct TextTokenizer::Run {
  std::vector<int32_t> &ids;
  const std::string &what;
  PieceCache &cache;
  bool first = true;                   // nothing was encoded yet: the text begins here
  std::span<const Range> special = {}; // the parts where special tokens are looked for that are still to come
  bool opens = first;                  // what comes is the first of the text, or behind an added token
  std::vector<int32_t> scratch = {};
};

} // namespace sinter
