// Texts from a format and values, by fmt. Its functions are compiled in format.cpp alone: in each of a hundred files
// that call fmt::format they would be most of what there is to compile.
#pragma once

#include <fmt/format.h>
#include <string>
#include <utility>

namespace sinter {

/// fmt::vformat.
std::string formattedBy(fmt::string_view format, fmt::format_args values);

/// What fmt::format gives: `format` with `values` in the place of its braces. It is checked when it is compiled.
template <typename... Values> std::string formatted(fmt::format_string<Values...> format, Values &&...values) {
  return formattedBy(format, fmt::make_format_args(values...));
}

} // namespace sinter
