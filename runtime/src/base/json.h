// Pieces of JSON as it is printed: always valid, whatever the numbers and texts are.
#pragma once

#include "base/format.h"

#include <string>
#include <string_view>

namespace sinter {

/// A text as a JSON string; bytes that are not UTF-8 become U+FFFD.
std::string jsonQuoted(std::string_view text);

/// JSON as it is; "null" for what is none.
std::string jsonOrNull(const std::string &json);

/// A text as a JSON string to standard output, part by part: a text may be as large as a file. False if the reader is
/// gone.
bool printJsonQuoted(std::string_view text);

/// JSON has no NaN and no infinity: they are printed as null.
struct JsonNumber {
  double value;
};

} // namespace sinter

template <> struct fmt::formatter<sinter::JsonNumber> : fmt::formatter<double> {
  fmt::format_context::iterator format(sinter::JsonNumber number, fmt::format_context &context) const;
};
