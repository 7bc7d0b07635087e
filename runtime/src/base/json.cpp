#include "base/json.h"

#include "base/output.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace sinter {

std::string jsonQuoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string jsonOrNull(const std::string &json) { return nlohmann::json::accept(json) ? json : "null"; }

bool printJsonQuoted(std::string_view text) {
  constexpr size_t part = size_t(1) << 20;
  bool open = printText("\"");
  while (open && !text.empty()) {
    size_t size = std::min(part, text.size());
    // A character is not parted: it has three more bytes at most.
    for (int more = 0; more < 3 && size < text.size() && (text[size] & 0xc0) == 0x80; ++more)
      ++size;
    const std::string quoted = jsonQuoted(text.substr(0, size));
    open = printText(std::string_view(quoted).substr(1, quoted.size() - 2));
    text.remove_prefix(size);
  }
  return open && printText("\"");
}

} // namespace sinter

fmt::format_context::iterator fmt::formatter<sinter::JsonNumber>::format(sinter::JsonNumber number,
                                                                         fmt::format_context &context) const {
  return std::isfinite(number.value) ? fmt::formatter<double>::format(number.value, context)
                                     : fmt::format_to(context.out(), "null");
}
