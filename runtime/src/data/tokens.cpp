#include "data/tokens.h"

#include "base/error.h"
#include "base/format.h"
#include "base/utf8.h"
#include "data/token_files.h"
#include "files/file_kind.h"
#include "files/files.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>

namespace sinter {

namespace {

/// Bytes of text that each token stands for; none if there is no text.
std::vector<uint32_t> bytesOfTokens(const Tokenizer &tokenizer) {
  std::vector<uint32_t> bytes(size_t(tokenizer.size()));
  for (size_t id = 0; id < bytes.size(); ++id)
    if (const TextTokenizer *text = tokenizer.text(); !text || !text->isSpecial(int32_t(id)))
      bytes[id] = uint32_t(tokenizer.decode(int32_t(id)).size());
  return bytes;
}

class TokenDataset final : public Dataset {
public:
  TokenDataset(std::shared_ptr<const TokenStore> store, const Tokenizer &tokenizer, int64_t vocabulary, int64_t begin,
               int64_t end)
      : store_(std::move(store)), bytes_(bytesOfTokens(tokenizer)), vocabulary_(vocabulary), begin_(begin), end_(end) {}

  int64_t rows(int64_t length) const override { return (end_ - begin_ - 1) / length; }
  void copyRow(const Batch &batch, int64_t b, int64_t row) const override { copyAt(batch, b, row * batch.length); }

  void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const override {
    const auto starts = uint64_t(end_ - begin_ - batch.length);
    copyAt(batch, b, int64_t((static_cast<unsigned __int128>(random) * starts) >> 64));
  }

  int64_t bytesOfRow(const Batch &batch, int64_t row) const override {
    if (bytes_.empty())
      return 0;
    std::vector<int32_t> tokens(size_t(batch.length));
    store_->copy(begin_ + row * batch.length + 1, batch.length, tokens.data());
    int64_t bytes = 0;
    for (const int32_t token : tokens)
      bytes += token >= 0 && size_t(token) < bytes_.size() ? bytes_[size_t(token)] : 0;
    return bytes;
  }

  uint64_t hash() const override { return store_->hash(begin_, end_); }
  std::string size() const override { return formatted("{} tokens", end_ - begin_); }

private:
  // Numbers of ones only are no tokens but padding, where the vocabulary has no such token.
  bool isPadding(int32_t id) const { return id < 0 || (id == 0xffff && vocabulary_ && vocabulary_ <= 0xffff); }

  void copyAt(const Batch &batch, int64_t b, int64_t start) const {
    int32_t *tokens = batch.tokens + b * batch.length, *targets = batch.targets + b * batch.length;
    store_->copy(begin_ + start, batch.length, tokens);
    store_->copy(begin_ + start + 1, batch.length, targets);
    for (int64_t i = 0; i < batch.length; ++i) {
      tokens[i] = checked(tokens[i], begin_ + start + i, 0);
      targets[i] = checked(targets[i], begin_ + start + i + 1, -1);
    }
  }
  int32_t checked(int32_t id, int64_t place, int32_t padding) const {
    if (!vocabulary_ || (id >= 0 && id < vocabulary_))
      return std::max(id, padding);
    if (!isPadding(id))
      fail(Exit::Input,
           formatted("{} is {}, but the model's vocabulary has {}", store_->placeOf(place), id, vocabulary_));
    return padding;
  }

  std::shared_ptr<const TokenStore> store_;
  std::vector<uint32_t> bytes_;
  int64_t vocabulary_, begin_, end_;
};

} // namespace

// The files of one path, all of tokens or all of text.
struct Source {
  std::string path;
  std::vector<std::string> files;

  explicit Source(const std::string &of) : path(of), files(textFiles(of)) {
    const auto tokens = size_t(std::count_if(files.begin(), files.end(), isTokenFile));
    if (tokens && tokens != files.size())
      fail(Exit::Input, formatted("{}: files of tokens (.bin) and of text cannot be one sequence", path));
  }
  bool tokens() const { return isTokenFile(files[0]); }
};

// The tokenizer that the command line or the checkpoint names; none if they do not.
static Tokenizer namedTokenizer(const DataOptions &options, const Source &source) {
  if (options.restored && (options.restored->kind() != Tokenizer::Kind::None || source.tokens()))
    return *options.restored;
  if (options.tokenizer == "bytes")
    return Tokenizer::bytes();
  if (!options.tokenizer.empty() && options.tokenizer != "chars")
    return Tokenizer::of(readTokenizer(options.tokenizer));
  if (const std::string beside = source.tokens() ? tokenizerBeside(source.files) : ""; !beside.empty())
    return Tokenizer::of(readTokenizer(beside));
  return Tokenizer();
}

static void checkSize(const Tokenizer &tokenizer, const std::string &path, int64_t vocabulary) {
  if (!vocabulary || tokenizer.size() <= vocabulary)
    return;
  if (tokenizer.kind() == Tokenizer::Kind::Bytes)
    fail(Exit::Input,
         formatted("{}: --tokenizer=bytes has 256 tokens, but the model's vocabulary holds {}", path, vocabulary));
  if (tokenizer.kind() == Tokenizer::Kind::Model)
    fail(Exit::Input, formatted("{}: the tokenizer has {} tokens, but the model's vocabulary holds {}; compile the "
                                "model with a vocabulary of at least {}",
                                path, tokenizer.size(), vocabulary, tokenizer.size()));
  // The ids ascend with the code points, so the first one too many is at rank `vocabulary`.
  const std::string beyond = tokenizer.decode(int32_t(vocabulary));
  fail(Exit::Input,
       formatted("{}: {} distinct characters, but the model's vocabulary holds {}: no room for {}; compile the "
                 "model with a vocabulary of at least {}",
                 path, tokenizer.size(), vocabulary, describe(decodeUtf8(beyond, 0).value), tokenizer.size()));
}

// Of a text, where nothing names one: bytes where the vocabulary has room, else its characters.
static Tokenizer tokenizerFor(const DataOptions &options, const std::string &text, int64_t vocabulary) {
  if (!options.tokenizer.empty() || vocabulary < 256)
    return Tokenizer::charsOf(text, options.path);
  // Bytes that nobody asked for: the text promised to be UTF-8.
  if (const size_t at = findInvalidUtf8(text); at != std::string::npos)
    fail(Exit::Input, formatted("{}: not UTF-8 text: byte 0x{:02x} at offset {}; use --tokenizer=bytes for other data",
                                options.path, uint8_t(text[at]), at));
  return Tokenizer::bytes();
}

// Whether each file's ids are in the vocabulary. Of files that are large, what is read is checked when it is read.
static void checkIds(const TokenStore &store, int64_t vocabulary) {
  constexpr int64_t most = int64_t(1) << 27;
  std::vector<int32_t> ids;
  for (int64_t at = 0; vocabulary && at < std::min(store.size(), most); at += int64_t(ids.size())) {
    ids.resize(size_t(std::min<int64_t>(65536, store.size() - at)));
    store.copy(at, int64_t(ids.size()), ids.data());
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] >= vocabulary && ids[i] != 0xffff)
        fail(Exit::Input, formatted("{} is {}, but the model's vocabulary has {}", store.placeOf(at + int64_t(i)),
                                    ids[i], vocabulary));
  }
}

static std::shared_ptr<const TokenStore> openTokens(const Source &source, const DataOptions &options,
                                                    int64_t vocabulary) {
  std::vector<TokenFile> files;
  for (const std::string &file : source.files)
    files.push_back(openTokenFile(file, options.tokenWidth));
  auto store = std::make_shared<const TokenStore>(TokenStore::ofFiles(std::move(files)));
  checkIds(*store, vocabulary);
  return store;
}

// The whole file, unless it is of another format. Texts may begin like one of those; whoever asks for bytes gets them.
static std::string readText(const DataOptions &options, const std::string &path) {
  std::string text = readFile(path);
  if (text.empty())
    fail(Exit::Input, formatted("{}: is empty", path));
  const std::string_view beginning = std::string_view(text).substr(0, kindBytes);
  const std::string kind = knownKind(beginning);
  const bool asked =
      options.tokenizer == "bytes" || (options.restored && options.restored->kind() == Tokenizer::Kind::Bytes);
  const auto noText = [&] { return beginning.find('\0') != text.npos || findInvalidUtf8(text) != text.npos; };
  if (!kind.empty() && (isPointer(beginning) || (!asked && noText())))
    fail(Exit::Input, formatted("{}: not text but {}", path, kind));
  return text;
}

// Documents of a model's tokens end with the token for that, where there are several.
static std::shared_ptr<const TokenStore> encodeDocuments(const Source &source, const DataOptions &options,
                                                         const Tokenizer &tokenizer) {
  const bool ends = (source.files.size() > 1 || !options.separator.empty()) && tokenizer.endOfText() >= 0;
  std::vector<int32_t> ids;
  for (const std::string &file : source.files) {
    const std::string text = readText(options, file);
    forEachDocument(text, options.separator, [&](std::string_view document) {
      for (size_t position = 0; position < document.size();)
        tokenizer.encodeSome(document, position, size_t(1) << 20, ids, file);
      if (ends)
        ids.push_back(tokenizer.endOfText());
    });
  }
  return std::make_shared<const TokenStore>(TokenStore::ofIds(ids));
}

static std::shared_ptr<const TokenStore> encodeText(const Source &source, const DataOptions &options,
                                                    Tokenizer &tokenizer, int64_t vocabulary) {
  if (tokenizer.kind() == Tokenizer::Kind::Model) {
    checkSize(tokenizer, options.path, vocabulary);
    return encodeDocuments(source, options, tokenizer);
  }
  std::string text;
  for (const std::string &file : source.files)
    text.empty() ? text = readText(options, file) : text += readText(options, file);
  if (tokenizer.kind() == Tokenizer::Kind::None)
    tokenizer = tokenizerFor(options, text, vocabulary);
  checkSize(tokenizer, options.path, vocabulary);
  const std::string &what = source.files.size() == 1 ? source.files[0] : source.path;
  return std::make_shared<const TokenStore>(TokenStore::ofText(std::move(text), tokenizer, what));
}

static std::unique_ptr<Dataset> makePart(const std::shared_ptr<const TokenStore> &store, const Tokenizer &tokenizer,
                                         int64_t vocabulary, int64_t begin, int64_t end, const Batch &batch,
                                         const std::string &what) {
  if (end - begin < batch.length + 1)
    fail(Exit::Input, formatted("{}: too short: {} tokens, but a context of {} needs at least {}", what, end - begin,
                                batch.length, batch.length + 1));
  return std::make_unique<TokenDataset>(store, tokenizer, vocabulary, begin, end);
}

Data loadTokens(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  if (options.randomSplit)
    fail(Exit::Usage, "--val-split=random: rows of a text overlap, so that its end is held out; arrays and images have "
                      "examples");
  Data data;
  const Source source(options.path);
  data.tokenizer = namedTokenizer(options, source);
  const auto load = [&](const Source &from) {
    return from.tokens() ? openTokens(from, options, vocabulary)
                         : encodeText(from, options, data.tokenizer, vocabulary);
  };
  const auto store = load(source);
  const int64_t split =
      options.validationPath.empty() ? splitPoint(store->size(), options.validationFraction) : store->size();
  const auto part = [&](const auto &of, int64_t begin, int64_t end, const std::string &path) {
    return makePart(of, data.tokenizer, vocabulary, begin, end, batch, path);
  };
  data.training = part(store, 0, split, options.path);
  if (!options.validationPath.empty()) {
    const auto other = load(Source(options.validationPath));
    data.validation = part(other, 0, other->size(), options.validationPath);
  } else if (store->size() - split > batch.length) {
    data.validation = part(store, split, store->size(), options.path);
  }
  return data;
}

} // namespace sinter
