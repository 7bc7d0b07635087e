// Text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// `bytes`: id = byte. `chars`: id = rank of the code point among those of the training text. `none`: ids only.
class Tokenizer {
public:
  enum class Kind { None, Bytes, Chars };

  Tokenizer() = default;
  static Tokenizer bytes();
  /// From the distinct code points of `text`, which must be UTF-8 (Failure that names `what` and the byte).
  static Tokenizer charsOf(std::string_view text, const std::string &what);
  /// From what a checkpoint holds. Throws Failure (damaged) if that is no tokenizer.
  static Tokenizer restore(const std::string &kind, const std::string &vocabulary, const std::string &what);

  Kind kind() const { return kind_; }
  const char *name() const;
  /// Number of ids; 0 for `none`.
  int64_t size() const;
  /// The code points in the order of their ids, for a checkpoint; empty for the others.
  std::string vocabulary() const;

  /// Ids of `text`. Throws Failure (input) that names the first character the vocabulary does not hold, and `what`.
  std::vector<int32_t> encode(std::string_view text, const std::string &what) const;
  /// The same for long texts, part by part: ids of the text from `position` on, which is advanced, as many as `ids` has
  /// room for.
  size_t encodePart(std::string_view text, size_t &position, std::span<int32_t> ids, const std::string &what) const;
  /// The bytes of one token; empty for ids out of range. For `none` the id in decimal and a space.
  std::string decode(int32_t token) const;

private:
  struct Vocabulary {
    std::vector<char32_t> points; ///< in ascending order, at least one
    std::vector<int32_t> ids;     ///< of code points, up to the last that has one; -1: none
  };
  static Tokenizer chars(std::vector<char32_t> points);

  Kind kind_ = Kind::None;
  std::shared_ptr<const Vocabulary> vocabulary_; // of `chars`: copies share it
};

} // namespace sinter
