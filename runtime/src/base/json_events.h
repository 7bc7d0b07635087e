// JSON from files, event by event: no tree is built, so that who listens decides what is kept.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace sinter {

using JsonListener = nlohmann::json_sax<nlohmann::json>;

/// False if the listener ended it. One instance for all listeners: the parser is large.
bool readJson(std::string_view text, JsonListener &listener);

} // namespace sinter
