// JSON objects of numbers and texts without anything nested, from files that are not trusted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sinter {

/// A value as the file has it: a text, or else a number, true, false or null as written.
struct FlatValue {
  std::string text;
  bool quoted = false;

  /// The number, if it is one and nothing else.
  std::optional<double> number() const;
  std::optional<int64_t> wholeNumber() const;
};

/// What an object may take at most: far more than any of ours.
inline constexpr size_t flatJsonBytes = 65536;

/// Nothing if the text is no such object, is longer than flatJsonBytes, or has a name twice.
std::optional<std::map<std::string, FlatValue>> parseFlatJson(const std::string &text);

} // namespace sinter
