// Learns a byte-level BPE (Sennrich et al. 2016, on bytes as GPT-2 does) from texts.
#pragma once

#include "tokenizers/text_tokenizer.h"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace sinter {

class TokenizerTrainer {
public:
  explicit TokenizerTrainer(Splitter::Known pattern) : splitter_(pattern) {}

  /// Counts the pieces of a text.
  void add(std::string_view text);
  int64_t pieces() const { return int64_t(counts_.size()); }

  /// The bytes, then what joining the most frequent pair of neighbours makes, again and again (of equally frequent ones
  /// the least ids), then <|endoftext|>: `size` tokens, or fewer if no pair is there twice. A function of the counts
  /// alone. Where `special` names tokens, these come first, and there is no <|endoftext|>; no joining makes their
  /// texts.
  std::shared_ptr<const TextTokenizer> train(int64_t size, const std::vector<std::string> &special = {}) const;

private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const;
  };
  Splitter splitter_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> counts_;
};

} // namespace sinter
