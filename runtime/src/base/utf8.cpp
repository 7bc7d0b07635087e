#include "base/utf8.h"

#include "base/format.h"

namespace sinter {

// Length of the sequence that `lead` opens; 0 if it opens none.
static unsigned sequenceLength(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return 2;
  if (lead >= 0xe0 && lead <= 0xef)
    return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

CodePoint decodeUtf8(std::string_view text, size_t position) {
  const auto lead = static_cast<unsigned char>(text[position]);
  const unsigned length = sequenceLength(lead);
  if (length <= 1)
    return {lead, length};
  if (text.size() - position < length)
    return {0, 0};
  char32_t value = lead & (0x7fu >> length);
  for (unsigned i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[position + i]);
    if ((next & 0xc0) != 0x80)
      return {0, 0};
    value = value << 6 | (next & 0x3f);
  }
  constexpr char32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return {0, 0};
  return {value, length};
}

size_t findInvalidUtf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const CodePoint point = decodeUtf8(text, position);
    if (!point.length)
      return position;
    position += point.length;
  }
  return std::string_view::npos;
}

void appendUtf8(std::string &text, char32_t value) {
  if (value < 0x80) {
    text += char(value);
  } else if (value < 0x800) {
    text += char(0xc0 | value >> 6);
    text += char(0x80 | (value & 0x3f));
  } else if (value < 0x10000) {
    text += char(0xe0 | value >> 12);
    text += char(0x80 | (value >> 6 & 0x3f));
    text += char(0x80 | (value & 0x3f));
  } else {
    text += char(0xf0 | value >> 18);
    text += char(0x80 | (value >> 12 & 0x3f));
    text += char(0x80 | (value >> 6 & 0x3f));
    text += char(0x80 | (value & 0x3f));
  }
}

std::string describe(char32_t value) {
  if (value < 0x20 || (value >= 0x7f && value < 0xa0))
    return formatted("U+{:04X}", uint32_t(value));
  std::string character;
  appendUtf8(character, value);
  return formatted("'{}' (U+{:04X})", character, uint32_t(value));
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending_ += bytes;
  std::string ready;
  size_t position = 0;
  while (position < pending_.size()) {
    const CodePoint point = decodeUtf8(pending_, position);
    if (point.length) {
      ready.append(pending_, position, point.length);
      position += point.length;
      continue;
    }
    const unsigned length = sequenceLength(static_cast<unsigned char>(pending_[position]));
    bool unfinished = pending_.size() - position < length;
    for (size_t i = position + 1; unfinished && i < pending_.size(); ++i)
      unfinished = (pending_[i] & 0xc0) == 0x80;
    if (unfinished)
      break;
    ready += "\uFFFD";
    ++position;
  }
  pending_.erase(0, position);
  return ready;
}

std::string Utf8Stream::finish() {
  std::string rest;
  for (size_t i = 0; i < pending_.size(); ++i)
    rest += "\uFFFD";
  pending_.clear();
  return rest;
}

} // namespace sinter
