// The page of `report`: what npm made of runtime/web/report, gzipped, or nothing.
#pragma once

#include <string>

namespace sinter {

/// The page with this JSON inside. Failure (input) if the program was built without it.
std::string reportPage(const std::string &json);

} // namespace sinter
