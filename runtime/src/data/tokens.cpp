#include "data/tokens.h"

#include "base/error.h"
#include "base/utf8.h"
#include "data/token_store.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <fmt/format.h>

namespace sinter {

namespace {

class TokenDataset final : public Dataset {
public:
  TokenDataset(std::shared_ptr<const TokenStore> store, Tokenizer tokenizer, int64_t begin, int64_t end)
      : store_(std::move(store)), tokenizer_(std::move(tokenizer)), begin_(begin), end_(end) {}

  int64_t rows(int64_t length) const override { return (end_ - begin_ - 1) / length; }
  void copyRow(const Batch &batch, int64_t b, int64_t row) const override { copyAt(batch, b, row * batch.length); }

  void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const override {
    const auto starts = uint64_t(end_ - begin_ - batch.length);
    copyAt(batch, b, int64_t((static_cast<unsigned __int128>(random) * starts) >> 64));
  }

  int64_t bytesOfRow(const Batch &batch, int64_t row) const override {
    if (tokenizer_.kind() == Tokenizer::Kind::None)
      return 0;
    if (tokenizer_.kind() == Tokenizer::Kind::Bytes)
      return batch.length;
    int64_t bytes = 0;
    for (int64_t i = 0; i < batch.length; ++i) {
      int32_t token;
      store_->copy(begin_ + row * batch.length + 1 + i, 1, &token);
      bytes += int64_t(tokenizer_.decode(token).size());
    }
    return bytes;
  }

  uint64_t hash() const override { return store_->hash(begin_, end_); }
  std::string size() const override { return fmt::format("{} tokens", end_ - begin_); }

private:
  void copyAt(const Batch &batch, int64_t b, int64_t start) const {
    store_->copy(begin_ + start, batch.length, batch.tokens + b * batch.length);
    store_->copy(begin_ + start + 1, batch.length, batch.targets + b * batch.length);
  }

  std::shared_ptr<const TokenStore> store_;
  Tokenizer tokenizer_;
  int64_t begin_, end_;
};

} // namespace

static bool isTokenFile(const std::string &path) { return path.ends_with(".bin"); }

static Tokenizer chooseTokenizer(const DataOptions &options, const std::string &text, int64_t vocabulary) {
  if (isTokenFile(options.path))
    return options.restored ? *options.restored : Tokenizer();
  Tokenizer tokenizer;
  if (options.restored && options.restored->kind() != Tokenizer::Kind::None)
    tokenizer = *options.restored;
  else if (options.tokenizer == "bytes" || (options.tokenizer.empty() && vocabulary >= 256))
    tokenizer = Tokenizer::bytes();
  else
    tokenizer = Tokenizer::charsOf(text, options.path);
  // Bytes that nobody asked for: the text promised to be UTF-8.
  if (tokenizer.kind() == Tokenizer::Kind::Bytes && options.tokenizer.empty() && !options.restored)
    if (const size_t at = findInvalidUtf8(text); at != std::string::npos)
      fail(Exit::Input,
           fmt::format("{}: not UTF-8 text: byte 0x{:02x} at offset {}; use --tokenizer=bytes for other data",
                       options.path, uint8_t(text[at]), at));
  if (vocabulary && tokenizer.size() > vocabulary) {
    if (tokenizer.kind() == Tokenizer::Kind::Bytes)
      fail(Exit::Input, fmt::format("{}: --tokenizer=bytes has 256 tokens, but the model's vocabulary holds {}",
                                    options.path, vocabulary));
    // The ids ascend with the code points, so the first one too many is at rank `vocabulary`.
    const std::string beyond = tokenizer.decode(int32_t(vocabulary));
    fail(Exit::Input,
         fmt::format("{}: {} distinct characters, but the model's vocabulary holds {}: no room for {}; compile the "
                     "model with a vocabulary of at least {}",
                     options.path, tokenizer.size(), vocabulary, describe(decodeUtf8(beyond, 0).value),
                     tokenizer.size()));
  }
  return tokenizer;
}

static std::shared_ptr<const TokenStore> tokenFile(const std::string &path, std::string bytes, int64_t vocabulary) {
  if (bytes.size() % 2)
    fail(Exit::Input, fmt::format("{}: {} bytes are not a whole number of uint16 tokens", path, bytes.size()));
  auto store = std::make_shared<const TokenStore>(TokenStore::ofUint16(std::move(bytes)));
  for (int64_t i = 0; vocabulary && i < store->size(); ++i) {
    int32_t id;
    store->copy(i, 1, &id);
    if (id >= vocabulary)
      fail(Exit::Input, fmt::format("{}: token {} is {}, but the model's vocabulary has {}", path, i, id, vocabulary));
  }
  return store;
}

static std::shared_ptr<const TokenStore> tokenize(const std::string &path, std::string text, const Tokenizer &tokenizer,
                                                  int64_t vocabulary) {
  if (isTokenFile(path))
    return tokenFile(path, std::move(text), vocabulary);
  return std::make_shared<const TokenStore>(TokenStore::ofText(std::move(text), tokenizer, path));
}

// The whole file, unless it is of another format. Texts may begin like one of those, and tokens with any two bytes; and
// whoever asks for bytes gets them.
static std::string readData(const DataOptions &options, const std::string &path) {
  std::string text = readFile(path);
  if (text.empty())
    fail(Exit::Input, fmt::format("{}: is empty", path));
  const bool tokens = isTokenFile(path);
  const std::string_view beginning = std::string_view(text).substr(0, kindBytes);
  const std::string kind = knownKind(beginning, tokens ? 4 : 1);
  const bool asked =
      options.tokenizer == "bytes" || (options.restored && options.restored->kind() == Tokenizer::Kind::Bytes);
  const auto noText = [&] { return beginning.find('\0') != text.npos || findInvalidUtf8(text) != text.npos; };
  if (!kind.empty() && (tokens || isPointer(beginning) || (!asked && noText())))
    fail(Exit::Input, fmt::format("{}: not {} but {}", path, tokens ? "uint16 tokens" : "text", kind));
  return text;
}

static std::unique_ptr<Dataset> makePart(const std::shared_ptr<const TokenStore> &store, const Tokenizer &tokenizer,
                                         int64_t begin, int64_t end, const Batch &batch, const std::string &what) {
  if (end - begin < batch.length + 1)
    fail(Exit::Input, fmt::format("{}: too short: {} tokens, but a context of {} needs at least {}", what, end - begin,
                                  batch.length, batch.length + 1));
  return std::make_unique<TokenDataset>(store, tokenizer, begin, end);
}

Data loadTokens(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  if (options.randomSplit)
    fail(Exit::Usage, "--val-split=random: rows of a text overlap, so that its end is held out; arrays and images have "
                      "examples");
  Data data;
  std::string text = readData(options, options.path);
  data.tokenizer = chooseTokenizer(options, text, vocabulary);
  const auto store = tokenize(options.path, std::move(text), data.tokenizer, vocabulary);
  const int64_t split =
      options.validationPath.empty() ? splitPoint(store->size(), options.validationFraction) : store->size();
  data.training = makePart(store, data.tokenizer, 0, split, batch, options.path);
  if (!options.validationPath.empty()) {
    const auto other =
        tokenize(options.validationPath, readData(options, options.validationPath), data.tokenizer, vocabulary);
    data.validation = makePart(other, data.tokenizer, 0, other->size(), batch, options.validationPath);
  } else if (store->size() - split > batch.length) {
    data.validation = makePart(store, data.tokenizer, split, store->size(), batch, options.path);
  }
  return data;
}

} // namespace sinter
