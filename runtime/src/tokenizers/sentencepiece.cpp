// Reads models of SentencePiece: a message of Protocol Buffers, of which a tokenizer needs the pieces and few settings.
#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/utf8.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sinter {

namespace {

/// The fields of a message, one by one.
class Message {
public:
  Message(std::string_view bytes, const std::string &what) : left_(bytes), what_(what) {}

  bool next() {
    if (left_.empty())
      return false;
    const uint64_t key = number();
    field = uint32_t(key >> 3);
    value = 0;
    bytes = {};
    switch (key & 7) {
    case 0:
      value = number();
      return true;
    case 1:
      bytes = take(8);
      return true;
    case 2:
      bytes = take(number());
      return true;
    case 5:
      bytes = take(4);
      std::memcpy(&value, bytes.data(), 4);
      return true;
    default:
      damaged();
    }
  }
  float real() const {
    float result;
    const auto bits = uint32_t(value);
    std::memcpy(&result, &bits, 4);
    return result;
  }
  [[noreturn]] void damaged() const {
    fail(Exit::Damaged, formatted("{}: damaged, or not a model of SentencePiece's", what_));
  }

  uint32_t field = 0;
  uint64_t value = 0;     ///< of a number, or the bits of a real one
  std::string_view bytes; ///< of a text or message

private:
  uint64_t number() {
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty())
        damaged();
      const auto byte = static_cast<unsigned char>(left_[0]);
      left_.remove_prefix(1);
      result |= uint64_t(byte & 127) << shift;
      if (byte < 128)
        return result;
    }
    damaged();
  }
  std::string_view take(uint64_t size) {
    if (size > left_.size())
      damaged();
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  const std::string &what_;
};

constexpr size_t mostAdded = 65536;

enum PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct Piece {
  std::string_view text;
  float score = 0;
  uint64_t type = Normal;
};

struct Settings {
  uint64_t model = 1; // unigram
  bool byteFallback = false, suffix = false, prefix = true, squeeze = true, escape = true;
  bool hasMap = false;
};

void readSettings(const Message &message, Settings &settings, const std::string &what) {
  Message part(message.bytes, what);
  while (part.next()) {
    if (message.field == 2 && part.field == 3)
      settings.model = part.value;
    else if (message.field == 2 && part.field == 24)
      settings.suffix = part.value;
    else if (message.field == 2 && part.field == 35)
      settings.byteFallback = part.value;
    else if (message.field == 3 && part.field == 2)
      settings.hasMap = !part.bytes.empty();
    else if (message.field == 3 && part.field == 3)
      settings.prefix = part.value;
    else if (message.field == 3 && part.field == 4)
      settings.squeeze = part.value;
    else if (message.field == 3 && part.field == 5)
      settings.escape = part.value;
  }
}

Piece readPiece(const Message &message, const std::string &what) {
  Piece piece;
  Message part(message.bytes, what);
  while (part.next()) {
    if (part.field == 1)
      piece.text = part.bytes;
    else if (part.field == 2)
      piece.score = part.real();
    else if (part.field == 3)
      piece.type = part.value;
  }
  return piece;
}

// The pieces by their scores, each of what those before it leave of its characters: see mergesOf for tiktoken's ranks.
std::vector<Merge> mergesOf(const std::vector<Piece> &pieces, const TokenTexts &texts) {
  std::vector<int32_t> order, ids;
  for (size_t i = 0; i < pieces.size(); ++i)
    if (pieces[i].type == Normal)
      order.push_back(int32_t(i));
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const float first = pieces[size_t(a)].score, second = pieces[size_t(b)].score;
    return first != second ? first > second : a < b;
  });
  MergeTable table;
  for (const int32_t id : order) {
    const std::string_view text = pieces[size_t(id)].text;
    ids.clear();
    for (size_t at = 0; at < text.size();) {
      const size_t length = std::max(1u, decodeUtf8(text, at).length);
      ids.push_back(texts.find(text.substr(at, length)));
      at += length;
    }
    table.apply(ids);
    if (ids.size() == 2 && ids[0] >= 0 && ids[1] >= 0)
      table.add({ids[0], ids[1], id});
  }
  return table.merges();
}

void checkSettings(const Settings &settings, const std::string &what) {
  const auto unsupported = [&](const char *part) {
    fail(Exit::Input, formatted("{}: SentencePiece: {} is not supported", what, part));
  };
  if (settings.model != 1 && settings.model != 2)
    unsupported("a model of words or characters");
  if (settings.hasMap)
    unsupported("a normalizer with a map of characters, such as nmt_nfkc (identity has none)");
  if (settings.squeeze)
    unsupported("remove_extra_whitespaces");
  if (settings.suffix)
    unsupported("treat_whitespace_as_suffix");
  if (!settings.escape)
    unsupported("a model without escape_whitespaces");
}

} // namespace

std::shared_ptr<const TextTokenizer> readSentencePiece(std::string_view bytes, const std::string &what) {
  std::vector<Piece> pieces;
  Settings settings;
  Message message(bytes, what);
  while (message.next()) {
    if (message.field == 1) {
      if (pieces.size() == size_t(mostTokens))
        message.damaged();
      pieces.push_back(readPiece(message, what));
    } else if (message.field == 2 || message.field == 3)
      readSettings(message, settings, what);
  }
  if (pieces.empty())
    message.damaged();
  checkSettings(settings, what);
  TokenizerParts parts;
  parts.byteLevel = false;
  parts.byteFallback = settings.byteFallback;
  parts.fuseUnknown = true;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece &piece = pieces[i];
    const auto id = int32_t(i);
    if (piece.type == Unused)
      fail(Exit::Input, formatted("{}: SentencePiece: unused pieces, such as {}, are not supported", what, id));
    if (!std::isfinite(piece.score) || !parts.texts.add(id, piece.text))
      fail(Exit::Damaged, formatted("{}: piece {}, '{}', is empty, given twice, or has a score that is no number", what,
                                    id, printable(piece.text.substr(0, 64))));
    if (piece.type == Unknown)
      parts.unknown = id;
    if (parts.added.size() == mostAdded)
      fail(Exit::Input, formatted("{}: SentencePiece: more than {} pieces that are not normal", what, mostAdded));
    if (piece.type != Normal && piece.type != Byte)
      parts.added.push_back({id, std::string(piece.text), piece.type != UserDefined});
    parts.scores.push_back(piece.score + 0.0); // of -0, which would be written as a whole number, 0
  }
  if (settings.model == 2) {
    parts.merges = mergesOf(pieces, parts.texts);
    parts.scores.clear();
  } else
    parts.algorithm = TokenizerParts::Algorithm::Unigram;
  if (settings.prefix) {
    parts.normalizations.push_back({Normalization::Kind::Prepend, {}, "\u2581"});
    parts.stripped = 1;
  }
  parts.normalizations.push_back({Normalization::Kind::Replace, " ", "\u2581"});
  return std::make_shared<const TextTokenizer>(std::move(parts), what);
}

} // namespace sinter
