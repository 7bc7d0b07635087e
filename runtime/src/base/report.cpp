#include "base/report.h"

#include "base/format.h"
#include "base/output.h"
#include "base/utf8.h"

#include <algorithm>
#include <new>
#include <unistd.h>

namespace sinter {

static std::string &name() {
  static std::string name;
  return name;
}

void speakAs(std::string text) { name() = std::move(text); }

const std::string &speaker() { return name(); }

// What moves the cursor, ends a line, or turns the direction of what follows.
static bool isControl(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || (value >= 0x200e && value <= 0x200f) ||
         (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

std::string printable(std::string_view text, std::string_view kept) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = decodeUtf8(text, i);
    const bool control = isControl(point.value);
    if (point.length && (!control || kept.find(text[i]) != kept.npos)) {
      shown.append(text, i, point.length);
      i += point.length;
      continue;
    }
    for (const size_t end = i + std::max(1u, point.length); i < end; ++i)
      shown += formatted("\\x{:02x}", static_cast<unsigned char>(text[i]));
  }
  return shown;
}

static void report(const char *kind, std::string_view message) {
  std::string line;
  try {
    line = printable(formatted("{}{}{}: {}", name(), name().empty() ? "" : ": ", kind, message)) + "\n";
    message = line;
  } catch (const std::bad_alloc &) {
    // As it is, then.
  }
  (void)writeStream(STDERR_FILENO, message.data(), message.size());
}

void reportError(std::string_view message) { report("error", message); }
void reportWarning(std::string_view message) { report("warning", message); }
void reportNote(std::string_view message) { report("note", message); }

} // namespace sinter
