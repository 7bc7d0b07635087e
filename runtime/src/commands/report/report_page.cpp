#include "commands/report/report_page.h"

#include "base/error.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <zlib.h>

asm(".section .rodata.sinter_report_page, \"a\"\n"
    ".globl sinter_report_page, sinter_report_page_bytes\n"
    ".balign 8\n"
    "sinter_report_page_bytes: .quad sinter_report_page_end - sinter_report_page\n"
    "sinter_report_page: .incbin \"" SINTER_REPORT_PAGE "\"\n"
    "sinter_report_page_end: .byte 0\n"
    ".text\n");
extern "C" const unsigned char sinter_report_page[];
extern "C" const uint64_t sinter_report_page_bytes;

namespace sinter {

static std::string unpacked() {
  z_stream stream{};
  stream.next_in = const_cast<unsigned char *>(sinter_report_page);
  stream.avail_in = unsigned(sinter_report_page_bytes);
  std::string text;
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) // gzip's header
    fail(Exit::Device, "report: out of memory");
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

std::string reportPage(const std::string &json) {
  if (sinter_report_page_bytes == 0)
    fail(Exit::Input, "report: sinter was built without the page, since npm was not there; --csv and --tensorboard "
                      "write the numbers");
  std::string page = unpacked();
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
