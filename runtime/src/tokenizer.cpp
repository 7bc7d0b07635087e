#include "tokenizer.h"

#include "error.h"
#include "utf8.h"

#include <algorithm>
#include <fmt/format.h>

namespace sinter {

static constexpr size_t codePoints = 0x110000;

// Calls `use(code point, position)` for all of the text.
template <typename Use> static void forEachCodePoint(std::string_view text, const std::string &what, Use use) {
  for (size_t position = 0; position < text.size();) {
    // Most text is ASCII: quick for it, since trainings start with this.
    if (const auto byte = static_cast<unsigned char>(text[position]); byte < 0x80) {
      use(char32_t(byte), position++);
      continue;
    }
    const CodePoint point = decodeUtf8(text, position);
    if (!point.length)
      fail(Exit::Input, fmt::format("{}: not UTF-8 text: byte 0x{:02x} at offset {}; use --tokenizer=bytes for other data",
                                    what, uint8_t(text[position]), position));
    use(point.value, position);
    position += point.length;
  }
}

Tokenizer Tokenizer::bytes() {
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Bytes;
  return tokenizer;
}

void Tokenizer::setPoints(std::vector<char32_t> points) {
  kind_ = Kind::Chars;
  points_ = std::move(points);
  for (size_t i = 0; i < points_.size(); ++i)
    ids_.emplace(points_[i], int32_t(i));
}

Tokenizer Tokenizer::charsOf(std::string_view text, const std::string &what) {
  std::vector<char> present(codePoints);
  forEachCodePoint(text, what, [&](char32_t value, size_t) { present[value] = true; });
  std::vector<char32_t> points;
  for (size_t value = 0; value < codePoints; ++value)
    if (present[value])
      points.push_back(char32_t(value));
  Tokenizer tokenizer;
  tokenizer.setPoints(std::move(points));
  return tokenizer;
}

Tokenizer Tokenizer::restore(const std::string &kind, const std::string &vocabulary, const std::string &what) {
  Tokenizer tokenizer;
  if (kind == "bytes")
    return bytes();
  if (kind == "none" && vocabulary.empty())
    return tokenizer;
  if (kind != "chars" || findInvalidUtf8(vocabulary) != std::string::npos)
    fail(Exit::Damaged, fmt::format("{}: tokenizer '{}' with a vocabulary of {} bytes is not one of bytes, chars, none", what,
                                    kind.substr(0, 32), vocabulary.size()));
  std::vector<char32_t> points;
  forEachCodePoint(vocabulary, what, [&](char32_t value, size_t) { points.push_back(value); });
  if (!std::is_sorted(points.begin(), points.end(), std::less_equal<>()))
    fail(Exit::Damaged, fmt::format("{}: the vocabulary is not in ascending order", what));
  tokenizer.setPoints(std::move(points));
  return tokenizer;
}

const char *Tokenizer::name() const {
  return kind_ == Kind::Bytes ? "bytes" : kind_ == Kind::Chars ? "chars" : "none";
}

int64_t Tokenizer::size() const {
  return kind_ == Kind::Bytes ? 256 : int64_t(points_.size());
}

std::string Tokenizer::vocabulary() const {
  std::string text;
  for (char32_t value : points_)
    appendUtf8(text, value);
  return text;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const std::string &what) const {
  std::vector<int32_t> ids(text.size());
  size_t count = 0;
  if (kind_ == Kind::Bytes) {
    for (char c : text)
      ids[count++] = static_cast<unsigned char>(c);
  } else if (kind_ == Kind::Chars) {
    // Most text is of one alphabet: a table for its start, the map for the rest.
    int32_t table[256];
    for (char32_t value = 0; value < 256; ++value) {
      const auto found = ids_.find(value);
      table[value] = found == ids_.end() ? -1 : found->second;
    }
    forEachCodePoint(text, what, [&](char32_t value, size_t position) {
      int32_t id = -1;
      if (value < 256)
        id = table[value];
      else if (const auto found = ids_.find(value); found != ids_.end())
        id = found->second;
      if (id < 0)
        fail(Exit::Input, fmt::format("{}: character {} at byte {} is not among the {} of the model's vocabulary", what,
                                      describe(value), position, points_.size()));
      ids[count++] = id;
    });
  } else {
    fail(Exit::Input, fmt::format("{}: the checkpoint was trained on token ids and has no tokenizer for text", what));
  }
  ids.resize(count);
  return ids;
}

std::string Tokenizer::decode(int32_t token) const {
  if (kind_ == Kind::None)
    return fmt::format("{} ", token);
  if (token < 0 || token >= size())
    return {};
  if (kind_ == Kind::Bytes)
    return std::string(1, char(token));
  std::string text;
  appendUtf8(text, points_[size_t(token)]);
  return text;
}

} // namespace sinter
