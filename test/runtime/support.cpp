#include "support.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter::test {

std::string withHash(std::string bytes) {
  const std::string key = "\"xxh3\":\"";
  const size_t at = bytes.find(key + "0000000000000000");
  if (at == std::string::npos)
    return bytes;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes.replace(at + key.size(), 16, text);
}

} // namespace sinter::test
