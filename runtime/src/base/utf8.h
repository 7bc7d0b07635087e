// Strict UTF-8: no overlong forms, surrogates, or code points above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sinter {

struct CodePoint {
  char32_t value;
  unsigned length; ///< bytes; 0 if the text is not UTF-8 at this place
};

/// Decodes the code point at `position`, which is inside the text.
CodePoint decodeUtf8(std::string_view text, size_t position);

/// Position of the first byte that is not UTF-8, or npos.
size_t findInvalidUtf8(std::string_view text);

void appendUtf8(std::string &text, char32_t value);

/// For messages: "'e' (U+0065)"; control characters without the character itself.
std::string describe(char32_t value);

/// Turns pieces of UTF-8, which tokens may cut anywhere, into valid text: holds back an unfinished code point and
/// replaces invalid bytes by U+FFFD.
class Utf8Stream {
public:
  /// What can be shown after these bytes.
  std::string push(std::string_view bytes);
  /// What is left at the end.
  std::string finish();

private:
  std::string pending_;
};

} // namespace sinter
