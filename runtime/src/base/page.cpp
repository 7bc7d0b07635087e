#include "base/page.h"

#include "base/error.h"

#include <algorithm>
#include <string_view>
#include <zlib.h>

namespace sinter {

static std::string unpacked(const unsigned char *gzipped, uint64_t bytes) {
  z_stream stream{};
  stream.next_in = const_cast<unsigned char *>(gzipped);
  stream.avail_in = unsigned(bytes);
  std::string text;
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) // gzip's header
    fail(Exit::Device, "out of memory");
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t have = text.size();
    text.resize(have + 65536);
    stream.next_out = reinterpret_cast<unsigned char *>(text.data()) + have;
    stream.avail_out = 65536;
    result = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return text;
}

std::string fillPage(const unsigned char *gzipped, uint64_t bytes, const std::string &json) {
  std::string page = unpacked(gzipped, bytes);
  constexpr std::string_view place = "<script type=\"application/json\" id=\"data\">null</script>";
  const size_t at = page.find(place);
  std::string data = "<script type=\"application/json\" id=\"data\">";
  for (const char c : json) { // nothing in it may end the script
    if (c == '<')
      data += "\\u003c";
    else
      data += c;
  }
  return page.replace(std::min(at, page.size()), place.size(), data + "</script>");
}

} // namespace sinter
