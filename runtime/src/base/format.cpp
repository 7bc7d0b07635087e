#include "base/format.h"

namespace sinter {

std::string formattedBy(fmt::string_view format, fmt::format_args values) { return fmt::vformat(format, values); }

} // namespace sinter
