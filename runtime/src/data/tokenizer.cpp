#include "data/tokenizer.h"

#include "base/error.h"
#include "base/utf8.h"

#include <algorithm>
#include <fmt/format.h>

namespace sinter {

static constexpr size_t codePoints = 0x110000;

// The code point at `position`, which is advanced.
static char32_t nextCodePoint(std::string_view text, size_t &position, const std::string &what) {
  // Most text is ASCII: quick for it, since trainings start with this.
  if (const auto byte = static_cast<unsigned char>(text[position]); byte < 0x80) {
    ++position;
    return char32_t(byte);
  }
  const CodePoint point = decodeUtf8(text, position);
  if (!point.length)
    fail(Exit::Input,
         fmt::format("{}: not UTF-8 text: byte 0x{:02x} at offset {}; use --tokenizer=bytes for other data", what,
                     uint8_t(text[position]), position));
  position += point.length;
  return point.value;
}

Tokenizer Tokenizer::bytes() {
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Bytes;
  return tokenizer;
}

Tokenizer Tokenizer::chars(std::vector<char32_t> points) {
  Vocabulary vocabulary;
  vocabulary.ids.assign(points.back() + 1, -1);
  for (size_t i = 0; i < points.size(); ++i)
    vocabulary.ids[points[i]] = int32_t(i);
  vocabulary.points = std::move(points);
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Chars;
  tokenizer.vocabulary_ = std::make_shared<const Vocabulary>(std::move(vocabulary));
  return tokenizer;
}

Tokenizer Tokenizer::charsOf(std::string_view text, const std::string &what) {
  if (text.empty())
    fail(Exit::Input, fmt::format("{}: is empty: a vocabulary needs a character", what));
  std::vector<char> present(codePoints);
  for (size_t position = 0; position < text.size();)
    present[nextCodePoint(text, position, what)] = true;
  std::vector<char32_t> points;
  for (size_t value = 0; value < codePoints; ++value)
    if (present[value])
      points.push_back(char32_t(value));
  return chars(std::move(points));
}

Tokenizer Tokenizer::restore(const std::string &kind, const std::string &vocabulary, const std::string &what) {
  if (kind == "bytes")
    return bytes();
  if (kind == "none" && vocabulary.empty())
    return Tokenizer();
  if (kind != "chars" || vocabulary.empty() || findInvalidUtf8(vocabulary) != std::string::npos)
    fail(Exit::Damaged, fmt::format("{}: tokenizer '{}' with a vocabulary of {} bytes is not one of bytes, chars, none",
                                    what, kind.substr(0, 32), vocabulary.size()));
  std::vector<char32_t> points;
  for (size_t position = 0; position < vocabulary.size();) {
    const char32_t value = nextCodePoint(vocabulary, position, what);
    if (!points.empty() && value <= points.back())
      fail(Exit::Damaged, fmt::format("{}: the vocabulary is not in ascending order", what));
    points.push_back(value);
  }
  return chars(std::move(points));
}

const char *Tokenizer::name() const { return kind_ == Kind::Bytes ? "bytes" : kind_ == Kind::Chars ? "chars" : "none"; }

int64_t Tokenizer::size() const {
  return kind_ == Kind::Bytes ? 256 : kind_ == Kind::Chars ? int64_t(vocabulary_->points.size()) : 0;
}

std::string Tokenizer::vocabulary() const {
  std::string text;
  if (kind_ == Kind::Chars)
    for (char32_t value : vocabulary_->points)
      appendUtf8(text, value);
  return text;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const std::string &what) const {
  std::vector<int32_t> ids(text.size());
  size_t position = 0;
  ids.resize(encodePart(text, position, ids, what));
  return ids;
}

size_t Tokenizer::encodePart(std::string_view text, size_t &position, std::span<int32_t> ids,
                             const std::string &what) const {
  if (kind_ == Kind::None)
    fail(Exit::Input, fmt::format("{}: the checkpoint was trained on token ids and has no tokenizer for text", what));
  size_t count = 0;
  if (kind_ == Kind::Bytes) {
    while (count < ids.size() && position < text.size())
      ids[count++] = static_cast<unsigned char>(text[position++]);
    return count;
  }
  const std::vector<int32_t> &known = vocabulary_->ids;
  while (count < ids.size() && position < text.size()) {
    const size_t at = position;
    const char32_t value = nextCodePoint(text, position, what);
    const int32_t id = value < known.size() ? known[value] : -1;
    if (id < 0)
      fail(Exit::Input, fmt::format("{}: character {} at byte {} is not among the {} of the model's vocabulary", what,
                                    describe(value), at, size()));
    ids[count++] = id;
  }
  return count;
}

std::string Tokenizer::decode(int32_t token) const {
  if (kind_ == Kind::None)
    return fmt::format("{} ", token);
  if (token < 0 || token >= size())
    return {};
  if (kind_ == Kind::Bytes)
    return std::string(1, char(token));
  std::string text;
  appendUtf8(text, vocabulary_->points[size_t(token)]);
  return text;
}

} // namespace sinter
