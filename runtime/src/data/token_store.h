// The tokens of a text, in about as many bytes as it has, or of token files, which stay on the disk: data may be larger
// than memory.
#pragma once

#include "files/files.h"
#include "tokenizers/tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// Where the tokens of a file are: from byte `begin` on, `width` bytes each, little-endian.
struct TokenFile {
  std::shared_ptr<const FileReader> file;
  uint64_t begin = 0;
  int64_t count = 0;
  int width = 2;
  uint64_t hash = 0; ///< of the tokens, if the file says it; 0: it does not
};

class TokenStore {
public:
  /// Little-endian uint16, two bytes a token.
  static TokenStore ofUint16(std::string bytes);
  /// The text's tokens. Throws Failure (input) that names `what` as Tokenizer::encode does.
  static TokenStore ofText(std::string text, const Tokenizer &tokenizer, const std::string &what);
  /// Ids as they are.
  static TokenStore ofIds(const std::vector<int32_t> &ids);
  /// Files one after the other, from which rows are read when they are wanted.
  static TokenStore ofFiles(std::vector<TokenFile> files);

  int64_t size() const { return size_; }
  /// Ids of more than 31 bits are -1. Failure (input) if a file has become shorter.
  void copy(int64_t begin, int64_t count, int32_t *out) const;
  /// XXH3 of the ids from `begin` to `end` in the narrowest of 1, 2 and 4 bytes that holds them all. Of files that are
  /// large, that of their own hashes, or of some of what they hold.
  uint64_t hash(int64_t begin, int64_t end) const;
  /// The file that a token is in, and its number there; for messages. Empty if it is of no file.
  std::string placeOf(int64_t token) const;

private:
  /// Ids below 256 take the place of their characters. Where there are more, a character may be shorter than its id:
  /// then the text stays as it is, and `starts_` tells where in it every so many tokens begin.
  enum class Form { Bytes, Uint16, Uint32, Text, Files };

  void copyFromFiles(int64_t begin, int64_t count, int32_t *out) const;
  size_t fileOf(int64_t token) const;

  Form form_ = Form::Bytes;
  std::string raw_;
  std::vector<uint64_t> starts_; ///< of Text; of Files the first token of each
  std::vector<TokenFile> files_;
  Tokenizer tokenizer_;
  int64_t size_ = 0;
};

} // namespace sinter
