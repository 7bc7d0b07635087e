#include "tokenizers/tokenizer.h"

#include "base/error.h"
#include "base/format.h"
#include "base/utf8.h"
#include "tokenizers/text_tokenizer.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>

namespace sinter {

std::string TokenizerModel::decodeAll(std::span<const int32_t> tokens) const {
  std::string text;
  for (const int32_t token : tokens)
    text += decode(token);
  return text;
}

namespace {

constexpr size_t codePoints = 0x110000;

// The code point at `position`, which is advanced.
char32_t nextCodePoint(std::string_view text, size_t &position, const std::string &what) {
  // Most text is ASCII: quick for it, since trainings start with this.
  if (const auto byte = static_cast<unsigned char>(text[position]); byte < 0x80) {
    ++position;
    return char32_t(byte);
  }
  const CodePoint point = decodeUtf8(text, position);
  if (!point.length)
    fail(Exit::Input, formatted("{}: not UTF-8 text: byte 0x{:02x} at offset {}; use --tokenizer=bytes for other data",
                                what, uint8_t(text[position]), position));
  position += point.length;
  return point.value;
}

/// Tokens that do not depend on what follows.
class SimpleTokenizer : public TokenizerModel {
public:
  virtual size_t encodePart(std::string_view text, size_t &position, std::span<int32_t> ids,
                            const std::string &what) const = 0;
  size_t cutBehind(std::string_view text, size_t at) const override {
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
      ++at;
    return std::min(at, text.size());
  }
  void encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                  const std::string &what) const override {
    const size_t before = ids.size(), left = std::min(bytes, text.size() - position);
    ids.resize(before + left);
    ids.resize(before + encodePart(text, position, std::span(ids).subspan(before), what));
  }
};

class ByteTokenizer final : public SimpleTokenizer {
public:
  int64_t size() const override { return 256; }
  size_t encodePart(std::string_view text, size_t &position, std::span<int32_t> ids,
                    const std::string &) const override {
    size_t count = 0;
    while (count < ids.size() && position < text.size())
      ids[count++] = static_cast<unsigned char>(text[position++]);
    return count;
  }
  std::string decode(int32_t token) const override {
    return token < 0 || token >= 256 ? std::string() : std::string(1, char(token));
  }
};

class CharacterTokenizer final : public SimpleTokenizer {
public:
  /// In ascending order, at least one.
  explicit CharacterTokenizer(std::vector<char32_t> points) : points_(std::move(points)) {
    ids_.assign(points_.back() + 1, -1);
    for (size_t i = 0; i < points_.size(); ++i)
      ids_[points_[i]] = int32_t(i);
  }
  int64_t size() const override { return int64_t(points_.size()); }
  size_t encodePart(std::string_view text, size_t &position, std::span<int32_t> ids,
                    const std::string &what) const override {
    size_t count = 0;
    while (count < ids.size() && position < text.size()) {
      const size_t at = position;
      const char32_t value = nextCodePoint(text, position, what);
      const int32_t id = value < ids_.size() ? ids_[value] : -1;
      if (id < 0)
        fail(Exit::Input, formatted("{}: character {} at byte {} is not among the {} of the model's vocabulary", what,
                                    describe(value), at, size()));
      ids[count++] = id;
    }
    return count;
  }
  std::string decode(int32_t token) const override {
    std::string text;
    if (token >= 0 && token < size())
      appendUtf8(text, points_[size_t(token)]);
    return text;
  }
  std::string saved() const override {
    std::string text;
    for (const char32_t value : points_)
      appendUtf8(text, value);
    return text;
  }

private:
  std::vector<char32_t> points_;
  std::vector<int32_t> ids_; ///< of code points, up to the last that has one; -1: none
};

} // namespace

Tokenizer Tokenizer::bytes() {
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Bytes;
  tokenizer.model_ = std::make_shared<const ByteTokenizer>();
  return tokenizer;
}

static std::shared_ptr<const TokenizerModel> characters(std::vector<char32_t> points) {
  return std::make_shared<const CharacterTokenizer>(std::move(points));
}

Tokenizer Tokenizer::charsOf(std::string_view text, const std::string &what) {
  if (text.empty())
    fail(Exit::Input, formatted("{}: is empty: a vocabulary needs a character", what));
  std::vector<char> present(codePoints);
  for (size_t position = 0; position < text.size();)
    present[nextCodePoint(text, position, what)] = true;
  std::vector<char32_t> points;
  for (size_t value = 0; value < codePoints; ++value)
    if (present[value])
      points.push_back(char32_t(value));
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Chars;
  tokenizer.model_ = characters(std::move(points));
  return tokenizer;
}

Tokenizer Tokenizer::of(std::shared_ptr<const TextTokenizer> model) {
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Model;
  tokenizer.model_ = std::move(model);
  return tokenizer;
}

Tokenizer Tokenizer::restore(const std::string &kind, const std::string &vocabulary, const std::string &what) {
  if (kind == "bytes")
    return bytes();
  if (kind == "none" && vocabulary.empty())
    return Tokenizer();
  if (kind == "model") {
    try {
      return of(readTokenizerJson(vocabulary, what));
    } catch (const Failure &failure) {
      fail(Exit::Damaged, failure.what());
    }
  }
  if (kind != "chars" || vocabulary.empty() || findInvalidUtf8(vocabulary) != std::string::npos)
    fail(Exit::Damaged,
         formatted("{}: tokenizer '{}' with a vocabulary of {} bytes is not one of bytes, chars, model, none", what,
                   kind.substr(0, 32), vocabulary.size()));
  std::vector<char32_t> points;
  for (size_t position = 0; position < vocabulary.size();) {
    const char32_t value = nextCodePoint(vocabulary, position, what);
    if (!points.empty() && value <= points.back())
      fail(Exit::Damaged, formatted("{}: the vocabulary is not in ascending order", what));
    points.push_back(value);
  }
  Tokenizer tokenizer;
  tokenizer.kind_ = Kind::Chars;
  tokenizer.model_ = characters(std::move(points));
  return tokenizer;
}

const char *Tokenizer::name() const {
  static constexpr const char *names[] = {"none", "bytes", "chars", "model"};
  return names[size_t(kind_)];
}

const TextTokenizer *Tokenizer::text() const {
  return kind_ == Kind::Model ? static_cast<const TextTokenizer *>(model_.get()) : nullptr;
}

static const TokenizerModel &required(const std::shared_ptr<const TokenizerModel> &model, const std::string &what) {
  if (!model)
    fail(Exit::Input, formatted("{}: the checkpoint was trained on token ids and has no tokenizer for text", what));
  return *model;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const std::string &what) const {
  std::vector<int32_t> ids;
  const TokenizerModel &model = required(model_, what);
  for (size_t position = 0; position < text.size();)
    model.encodeSome(text, position, size_t(1) << 20, ids, what);
  return ids;
}

void Tokenizer::encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                           const std::string &what) const {
  required(model_, what).encodeSome(text, position, bytes, ids, what);
}

size_t Tokenizer::encodePart(std::string_view text, size_t &position, std::span<int32_t> ids,
                             const std::string &what) const {
  return static_cast<const SimpleTokenizer &>(required(model_, what)).encodePart(text, position, ids, what);
}

std::string Tokenizer::decode(int32_t token) const { return model_ ? model_->decode(token) : formatted("{} ", token); }

std::string Tokenizer::decodeAll(std::span<const int32_t> tokens) const {
  if (model_)
    return model_->decodeAll(tokens);
  std::string text;
  for (const int32_t token : tokens)
    text += decode(token);
  return text;
}

} // namespace sinter
