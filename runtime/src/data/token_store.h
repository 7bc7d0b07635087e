// The tokens of a file, in about as many bytes as the file has.
#pragma once

#include "data/tokenizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

class TokenStore {
public:
  /// Little-endian uint16, two bytes a token.
  static TokenStore ofUint16(std::string bytes);
  /// The text's tokens. Throws Failure (input) that names `what` as Tokenizer::encode does.
  static TokenStore ofText(std::string text, const Tokenizer &tokenizer, const std::string &what);

  int64_t size() const { return size_; }
  void copy(int64_t begin, int64_t count, int32_t *out) const;
  /// XXH3 of the ids from `begin` to `end` in the narrowest of 1, 2 and 4 bytes that holds them all.
  uint64_t hash(int64_t begin, int64_t end) const;

private:
  /// Ids below 256 take the place of their characters. Where there are more, a character may be shorter than its id:
  /// then the text stays as it is, and `starts_` tells where in it every so many tokens begin.
  enum class Form { Bytes, Uint16, Text };

  Form form_ = Form::Bytes;
  std::string raw_;
  std::vector<uint64_t> starts_;
  Tokenizer tokenizer_;
  int64_t size_ = 0;
};

} // namespace sinter
