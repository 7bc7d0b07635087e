#include "tokenizers/tokenizer_files.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/utf8.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace sinter {

// Bytes that are printed as themselves; the others, in their order, as U+0100 and what follows.
static bool printsItself(int byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173); }

std::string printedBytes(std::string_view bytes) {
  static const std::vector<char32_t> points = [] {
    std::vector<char32_t> all;
    char32_t other = 256;
    for (int byte = 0; byte < 256; ++byte)
      all.push_back(printsItself(byte) ? char32_t(byte) : other++);
    return all;
  }();
  std::string text;
  for (const char c : bytes)
    appendUtf8(text, points[static_cast<unsigned char>(c)]);
  return text;
}

std::optional<std::string> bytesOfPrinted(std::string_view text) {
  static const std::vector<int16_t> bytes = [] {
    std::vector<int16_t> all(256 + 68, -1);
    int other = 256;
    for (int byte = 0; byte < 256; ++byte)
      all[size_t(printsItself(byte) ? byte : other++)] = int16_t(byte);
    return all;
  }();
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decodeUtf8(text, at);
    if (!point.length || point.value >= bytes.size() || bytes[point.value] < 0)
      return std::nullopt;
    result += char(bytes[point.value]);
    at += point.length;
  }
  return result;
}

namespace {

struct Special {
  Splitter::Known pattern;
  const char *name, *text;
  int32_t id;
};

// What tiktoken adds to each of its files.
constexpr Special specials[] = {
    {Splitter::Known::Gpt2, "gpt2", "<|endoftext|>", 50256},
    {Splitter::Known::Cl100k, "cl100k", "<|endoftext|>", 100257},
    {Splitter::Known::Cl100k, "cl100k", "<|fim_prefix|>", 100258},
    {Splitter::Known::Cl100k, "cl100k", "<|fim_middle|>", 100259},
    {Splitter::Known::Cl100k, "cl100k", "<|fim_suffix|>", 100260},
    {Splitter::Known::Cl100k, "cl100k", "<|endofprompt|>", 100276},
    {Splitter::Known::Cl100k, "llama3", "<|begin_of_text|>", 128000},
    {Splitter::Known::Cl100k, "llama3", "<|end_of_text|>", 128001},
    {Splitter::Known::Qwen2, "qwen2", "<|endoftext|>", 151643},
    {Splitter::Known::Qwen2, "qwen2", "<|im_start|>", 151644},
    {Splitter::Known::Qwen2, "qwen2", "<|im_end|>", 151645},
    {Splitter::Known::O200k, "o200k", "<|endoftext|>", 199999},
    {Splitter::Known::O200k, "o200k", "<|endofprompt|>", 200018},
};

std::optional<std::string> fromBase64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('='))
    text.remove_suffix(1);
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0)
      return std::nullopt;
    bits = bits << 6 | uint32_t(value);
    if ((count += 6) >= 8)
      bytes += char(bits >> (count -= 8));
  }
  return bytes;
}

} // namespace

// Tokens in the order of their ranks: each is what the merges before it leave of its bytes, if that is two parts. No
// other pair ever becomes it: what is inside of a part of a text is joined as if it stood alone.
static std::vector<Merge> mergesOf(const TokenTexts &texts) {
  MergeTable table;
  int32_t bytes[256];
  for (int byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    bytes[byte] = texts.find({&c, 1});
  }
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < texts.size(); ++id) {
    const std::string_view text = texts.text(id);
    if (text.size() < 2)
      continue;
    ids.clear();
    for (const char c : text)
      ids.push_back(bytes[static_cast<unsigned char>(c)]);
    table.apply(ids);
    if (ids.size() == 2 && ids[0] >= 0 && ids[1] >= 0)
      table.add({ids[0], ids[1], id});
  }
  return table.merges();
}

static std::shared_ptr<const TextTokenizer> readRanks(std::string_view text, const std::string &name,
                                                      const std::string &what) {
  TokenizerParts parts;
  parts.wholePieces = true;
  size_t line = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view words = text.substr(at, end - at);
    at = end + 1;
    ++line;
    if (words.ends_with('\r'))
      words.remove_suffix(1);
    if (words.empty())
      continue;
    const size_t space = std::min(words.find(' '), words.size());
    const std::optional<std::string> bytes = fromBase64(words.substr(0, space));
    int32_t rank = -1;
    const char *last = words.data() + words.size();
    const auto [rest, error] = std::from_chars(words.data() + std::min(space + 1, words.size()), last, rank);
    if (!bytes || error != std::errc() || rest != last || rank < 0 || rank >= mostTokens ||
        !parts.texts.add(rank, *bytes))
      fail(Exit::Damaged, formatted("{}: line {}, '{}', is not base64 of a token and its rank, or not the first of "
                                    "them",
                                    what, line, printable(words.substr(0, 64))));
  }
  parts.merges = mergesOf(parts.texts);
  for (const Special &special : specials)
    if (name == special.name) {
      parts.added.push_back({special.id, special.text, true});
      if (parts.splittings.empty()) {
        parts.splittings.push_back({Splitting::Kind::Pattern});
        parts.splittings.back().splitter.emplace(special.pattern);
      }
    }
  std::erase_if(parts.added, [&](const AddedToken &token) {
    return parts.texts.has(token.id) && parts.texts.text(token.id) != token.text;
  });
  return std::make_shared<const TextTokenizer>(std::move(parts), what);
}

std::shared_ptr<const TextTokenizer> readTiktoken(std::string_view text, const std::string &pattern,
                                                  const std::string &what) {
  std::string name = pattern;
  if (name.empty()) {
    const std::string file = std::filesystem::path(what).filename();
    for (const auto &[part, meant] : {std::pair("cl100k", "cl100k"),
                                      {"o200k", "o200k"},
                                      {"qwen", "qwen2"},
                                      {"llama", "llama3"},
                                      {"tokenizer.model", "llama3"},
                                      {"gpt2", "gpt2"},
                                      {"r50k", "gpt2"},
                                      {"p50k", "gpt2"}})
      if (name.empty() && file.find(part) != file.npos)
        name = meant;
  }
  if (name.empty())
    fail(Exit::Usage, formatted("{}: tiktoken's files do not say how text is split: --pattern gpt2, cl100k, o200k, "
                                "llama3 or qwen2",
                                what));
  return readRanks(text, name, what);
}

static bool exists(const std::string &path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

// A folder: what it has of these, in this order.
static std::string fileIn(const std::string &folder) {
  for (const char *name : {"tokenizer.json", "vocab.json", "encoder.json", "tokenizer.model"})
    if (const std::string path = folder + "/" + name; exists(path))
      return path;
  fail(Exit::Input, formatted("{}: has no tokenizer.json, vocab.json, encoder.json or tokenizer.model", folder));
}

// GPT-2's merges, beside its vocabulary.
static std::string mergesBeside(const std::string &vocabulary) {
  const std::string folder = folderOf(vocabulary);
  for (const char *name : {"merges.txt", "vocab.bpe"})
    if (const std::string path = folder + "/" + name; exists(path))
      return path;
  fail(Exit::Input, formatted("{}: is a vocabulary alone: merges.txt or vocab.bpe is not beside it", vocabulary));
}

// A line of base64, a space, a number.
static bool looksLikeRanks(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const size_t space = line.find(' ');
  return space != line.npos && space > 0 && fromBase64(line.substr(0, space)) &&
         line.find_first_of("{\"") == line.npos &&
         line.substr(space + 1).find_first_not_of("0123456789\r") == line.npos;
}

std::shared_ptr<const TextTokenizer> readTokenizer(const std::string &path, const std::string &pattern) {
  std::error_code error;
  const std::string file = std::filesystem::is_directory(path, error) ? fileIn(path) : path;
  const std::string text = readFile(file);
  if (const std::string kind = knownKind(std::string_view(text).substr(0, kindBytes), 3); !kind.empty())
    fail(Exit::Input, formatted("{}: not a tokenizer but {}", file, kind));
  const size_t start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start != text.npos && text[start] == '{') {
    // A file with a model is whole; a vocabulary is names and numbers.
    const bool whole =
        text.find("\"model\"") != text.npos && text.find("\"merges\"") + text.find("\"Unigram\"") != 2 * text.npos;
    return whole ? readTokenizerJson(text, file) : readGpt2Files(text, readFile(mergesBeside(file)), file);
  }
  if (looksLikeRanks(text))
    return readTiktoken(text, pattern, file);
  if (text.starts_with("\n"))
    return readSentencePiece(text, file);
  if (text.starts_with("#version")) {
    for (const char *name : {"vocab.json", "encoder.json"})
      if (const std::string vocabulary = folderOf(file) + "/" + name; exists(vocabulary))
        return readGpt2Files(readFile(vocabulary), text, vocabulary);
    fail(Exit::Input, formatted("{}: are merges alone: vocab.json or encoder.json is not beside them", file));
  }
  fail(Exit::Input, formatted("{}: is no tokenizer.json, no vocabulary of GPT-2's, no ranks of tiktoken's and no model "
                              "of SentencePiece's",
                              file));
}

} // namespace sinter
