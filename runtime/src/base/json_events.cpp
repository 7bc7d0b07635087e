#include "base/json_events.h"

namespace sinter {

bool readJson(std::string_view text, JsonListener &listener) {
  return nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &listener);
}

} // namespace sinter
