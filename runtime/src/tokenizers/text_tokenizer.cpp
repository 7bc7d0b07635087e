#include "tokenizers/text_tokenizer.h"

#include "base/error.h"
#include "base/report.h"
#include "base/utf8.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace sinter {

namespace {

constexpr std::string_view metaspace = "\u2581";
constexpr size_t mostUnigramBytes = 512;

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Pieces that came before, with their tokens: most of a text is the same few thousand words. One a thread, of the
/// tokenizer that was used last.
class PieceCache {
public:
  static constexpr size_t mostBytes = 30, mostIds = 8;
  struct Slot {
    uint8_t bytes, count; // no ids: empty
    char text[mostBytes];
    int32_t ids[mostIds];
  };

  static PieceCache &of(uint64_t tokenizer) {
    static thread_local PieceCache cache;
    if (cache.tokenizer_ != tokenizer) {
      cache.slots_.assign(size, Slot());
      cache.tokenizer_ = tokenizer;
    }
    return cache;
  }
  /// Where a piece of at most mostBytes belongs.
  Slot &slot(std::string_view piece) {
    uint64_t words[4] = {};
    std::memcpy(words, piece.data(), piece.size());
    uint64_t hash = piece.size();
    for (const uint64_t word : words)
      hash = (hash ^ word) * 0x9e3779b97f4a7c15, hash ^= hash >> 32;
    return slots_[hash & (size - 1)];
  }

private:
  static constexpr size_t size = 1 << 15;
  uint64_t tokenizer_ = 0;
  std::vector<Slot> slots_;
};

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (size_t at = 0; at <= text.size();) {
    const size_t found = from.empty() ? text.npos : text.find(from, at);
    result += text.substr(at, found - at);
    if (found == text.npos)
      break;
    result += to;
    at = found + from.size();
  }
  return result;
}

} // namespace

/// What one call of encode works with.
struct TextTokenizer::Run {
  std::vector<int32_t> &ids;
  const std::string &what;
  PieceCache &cache;
  bool first = true;                   // nothing was encoded yet: the text begins here
  std::span<const Range> special = {}; // the parts where special tokens are looked for that are still to come
  bool opens = first;                  // what comes is the first of the text, or behind an added token
  std::vector<int32_t> scratch = {};
};

TextTokenizer::TextTokenizer(TokenizerParts parts, const std::string &what) : parts_(std::move(parts)) {
  static std::atomic<uint64_t> count = 0;
  number_ = ++count;
  check(what);
  merges_ = MergeTable(parts_.merges);
  parts_.merges = {};
  size_ = parts_.texts.size();
  for (const AddedToken &token : parts_.added) {
    addedByText_.push_back(&token);
    size_ = std::max<int64_t>(size_, token.id + 1);
    const auto start = static_cast<unsigned char>(token.text[0]);
    addedStart_[start] = true;
    plainStart_[start] |= !token.special;
    if (token.special && (token.text == "<|endoftext|>" || token.text == "</s>" || token.text == "<|end_of_text|>"))
      endOfText_ = token.id;
  }
  special_.resize(size_t(size_));
  for (const AddedToken &token : parts_.added)
    special_[size_t(token.id)] = token.special;
  std::sort(addedByText_.begin(), addedByText_.end(),
            [](const AddedToken *a, const AddedToken *b) { return a->text < b->text; });
  findByteTokens();
  for (const double score : parts_.scores)
    leastScore_ = std::min(leastScore_, score);
  wordsPart_ = !parts_.byteLevel;
  for (int32_t id = 0; wordsPart_ && id < parts_.texts.size(); ++id) {
    const std::string_view text = parts_.texts.text(id);
    for (size_t at = text.find(metaspace, 1); at != text.npos; at = text.find(metaspace, at + 1))
      if (at < metaspace.size() || text.substr(at - metaspace.size(), metaspace.size()) != metaspace)
        wordsPart_ = false;
  }
  cuts_ = mayCut();
}

void TextTokenizer::check(const std::string &what) const {
  const auto damaged = [&](const std::string &problem) {
    fail(Exit::Damaged, fmt::format("{}: tokenizer: {}", what, problem));
  };
  const TokenTexts &texts = parts_.texts;
  if (texts.size() == 0)
    damaged("has no tokens");
  for (const Merge &merge : parts_.merges)
    if (!texts.has(merge.left) || !texts.has(merge.right) || !texts.has(merge.whole))
      damaged(
          fmt::format("a merge of {} and {} to {}, which are not all tokens", merge.left, merge.right, merge.whole));
  // Each place of a text is tried with tokens of all lengths.
  if (parts_.algorithm == TokenizerParts::Algorithm::Unigram && texts.longest() > mostUnigramBytes)
    fail(Exit::Input, fmt::format("{}: tokenizer: a token of {} bytes in a Unigram model, which may have {}", what,
                                  texts.longest(), mostUnigramBytes));
  if (parts_.unknown >= 0 && !texts.has(parts_.unknown))
    damaged(fmt::format("token {} for what is unknown is not there", parts_.unknown));
  // Files of tokenizers are written in UTF-8: what is none would come back as something else.
  for (int32_t id = 0; !parts_.byteLevel && id < texts.size(); ++id)
    if (findInvalidUtf8(texts.text(id)) != std::string::npos)
      damaged(fmt::format("token {}, '{}', is not UTF-8", id, printable(texts.text(id).substr(0, 64))));
  std::vector<int32_t> ids;
  std::vector<std::string_view> names;
  for (const AddedToken &token : parts_.added) {
    if (token.text.empty() || token.id < 0 || token.id >= mostTokens ||
        findInvalidUtf8(token.text) != std::string::npos)
      damaged(fmt::format("added token '{}' of id {}", printable(token.text), token.id));
    ids.push_back(token.id);
    names.push_back(token.text);
  }
  std::sort(ids.begin(), ids.end());
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end() ||
      std::adjacent_find(names.begin(), names.end()) != names.end())
    damaged("an added token is given twice");
  for (const std::vector<int32_t> &around : {parts_.begin, parts_.end})
    for (const int32_t id : around)
      if (!texts.has(id) && !std::binary_search(ids.begin(), ids.end(), id))
        damaged(fmt::format("the template has token {}, which is not there", id));
}

// Of each byte: its token, or the one that stands for it.
void TextTokenizer::findByteTokens() {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    byteTokens_[byte] = parts_.byteLevel      ? parts_.texts.find({&c, 1})
                        : parts_.byteFallback ? parts_.texts.find(fmt::format("<0x{:02X}>", byte))
                                              : -1;
  }
}

// Whether a space between two letters of ASCII parts what is encoded before from what comes after.
bool TextTokenizer::mayCut() const {
  for (const AddedToken &token : parts_.added)
    if (!token.special && (token.leftStrip || token.rightStrip || token.text.find(' ') != token.text.npos))
      return false;
  for (const Normalization &step : parts_.normalizations)
    if (step.kind == Normalization::Kind::Replace && (step.from != " " || step.to != metaspace))
      return false;
  if (!parts_.byteLevel)
    return wordsPart_;
  bool parted = false;
  for (const Splitting &step : parts_.splittings) {
    if (step.kind == Splitting::Kind::Pattern &&
        (!step.splitter->spacesPart() || step.behaviour != Splitting::Behaviour::Isolated))
      return false;
    if (step.kind == Splitting::Kind::Text || step.kind == Splitting::Kind::Metaspace)
      return false;
    parted |= step.kind == Splitting::Kind::Pattern || (step.kind == Splitting::Kind::ByteLevel && step.splits);
  }
  return parted;
}

size_t TextTokenizer::cutBehind(std::string_view text, size_t at) const {
  for (at = std::max<size_t>(at, 1); cuts_ && at + 1 < text.size(); ++at)
    if (text[at] == ' ' && isLetter(text[at - 1]) && isLetter(text[at + 1]))
      return at;
  return text.size();
}

void TextTokenizer::encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                               const std::string &what) const {
  const size_t end = bytes < text.size() - position ? cutBehind(text, position + bytes) : text.size();
  Run run{ids, what, PieceCache::of(number_), position == 0};
  encodeSections(run, text.substr(position, end - position));
  position = end;
}

std::vector<int32_t> TextTokenizer::encodeWithSpecial(std::string_view text, std::span<const Range> where,
                                                      const std::string &what) const {
  std::vector<int32_t> ids;
  Run run{ids, what, PieceCache::of(number_), true, where};
  encodeSections(run, text);
  return ids;
}

std::pair<int32_t, size_t> TextTokenizer::findSpecial(std::string_view text) const {
  for (size_t at = 0; at < text.size(); ++at)
    if (addedStart_[static_cast<unsigned char>(text[at])])
      if (const AddedToken *token = addedAt(text, at, true); token && token->special)
        return {token->id, at};
  return {-1, text.size()};
}

bool TextTokenizer::isSpecial(int32_t token) const {
  return token >= 0 && size_t(token) < special_.size() && special_[size_t(token)];
}

// The longest whose text is there.
const AddedToken *TextTokenizer::addedAt(std::string_view text, size_t at, bool special) const {
  auto low = addedByText_.begin(), high = addedByText_.end();
  const AddedToken *found = nullptr;
  for (size_t length = 0; at + length < text.size() && low != high; ++length) {
    const auto byte = [length](const AddedToken *token) { return static_cast<unsigned char>(token->text[length]); };
    const auto wanted = static_cast<unsigned char>(text[at + length]);
    low = std::partition_point(low, high, [&](const AddedToken *token) { return byte(token) < wanted; });
    high = std::partition_point(low, high, [&](const AddedToken *token) { return byte(token) <= wanted; });
    if (low != high && (*low)->text.size() == length + 1) {
      if (special || !(*low)->special)
        found = *low;
      ++low; // the others are longer
    }
  }
  if (!found || !found->singleWord)
    return found;
  const auto isWord = [&](size_t i) {
    return i < text.size() &&
           (isLetter(text[i]) || (text[i] >= '0' && text[i] <= '9') || text[i] == '_' || text[i] < 0);
  };
  return isWord(at - 1) || isWord(at + found->text.size()) ? nullptr : found;
}

void TextTokenizer::encodeSections(Run &run, std::string_view text) const {
  const auto &starts = run.special.empty() ? plainStart_ : addedStart_;
  const bool any = std::find(std::begin(starts), std::end(starts), true) != std::end(starts);
  // The one that begins at a place: special, where this lies in such a part and the token's end does, too.
  const auto tokenAt = [&](size_t at) -> const AddedToken * {
    if (!starts[static_cast<unsigned char>(text[at])])
      return nullptr;
    while (!run.special.empty() && run.special.front().second <= at)
      run.special = run.special.subspan(1);
    const bool within = !run.special.empty() && run.special.front().first <= at;
    const AddedToken *token = within ? addedAt(text.substr(0, run.special.front().second), at, true) : nullptr;
    return token ? token : addedAt(text, at, false);
  };
  size_t begin = 0;
  for (size_t at = 0; any && at < text.size();) {
    const AddedToken *token = tokenAt(at);
    if (!token) {
      ++at;
      continue;
    }
    size_t end = at + token->text.size(), left = at;
    const auto isSpace = [&](size_t i) {
      return CategoryTable::get().of(static_cast<unsigned char>(text[i])) & whiteSpace;
    };
    while (token->leftStrip && left > begin && isSpace(left - 1))
      --left;
    while (token->rightStrip && end < text.size() && isSpace(end))
      ++end;
    encodeSection(run, text.substr(begin, left - begin));
    run.ids.push_back(token->id);
    run.first = false;
    run.opens = true;
    begin = at = end;
  }
  encodeSection(run, text.substr(begin));
}

void TextTokenizer::encodeSection(Run &run, std::string_view text) const {
  if (text.empty())
    return;
  std::string changed;
  for (const Normalization &step : parts_.normalizations) {
    if (step.kind == Normalization::Kind::Prepend && !run.opens)
      continue;
    changed = step.kind == Normalization::Kind::Nfc       ? composed(text)
              : step.kind == Normalization::Kind::Prepend ? step.to + std::string(text)
                                                          : replaced(text, step.from, step.to);
    text = changed;
  }
  split(run, 0, text);
  run.first = run.opens = false;
}

void TextTokenizer::split(Run &run, size_t step, std::string_view text) const {
  if (step == parts_.splittings.size())
    return encodePiece(run, text);
  switch (parts_.splittings[step].kind) {
  case Splitting::Kind::Pattern:
    return splitAtMatches(run, step, text);
  case Splitting::Kind::Text:
    return splitAtText(run, step, text);
  case Splitting::Kind::Digits:
    return splitDigits(run, step, text);
  case Splitting::Kind::ByteLevel:
    return splitBytes(run, step, text);
  case Splitting::Kind::Metaspace:
    return splitMetaspace(run, step, text);
  }
}

// Between matches lies text; both are pieces, unless matches are removed or belong to what is before or behind them.
void TextTokenizer::splitAtMatches(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  const auto next = [&](std::string_view piece) { split(run, step + 1, piece); };
  if (splitting.behaviour == Splitting::Behaviour::Isolated)
    return splitting.splitter->split(text, false, next);
  size_t begin = 0;
  const auto upTo = [&](size_t end) {
    if (end > begin)
      next(text.substr(begin, end - begin));
    begin = end;
  };
  splitting.splitter->split(text, true, [&](std::string_view match) {
    const size_t from = size_t(match.data() - text.data()), to = from + match.size();
    upTo(splitting.behaviour == Splitting::Behaviour::MergedWithPrevious ? to : from);
    if (splitting.behaviour == Splitting::Behaviour::Removed)
      begin = to;
  });
  upTo(text.size());
}

void TextTokenizer::splitAtText(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  size_t begin = 0;
  const auto upTo = [&](size_t end) {
    if (end > begin)
      split(run, step + 1, text.substr(begin, end - begin));
    begin = end;
  };
  for (size_t at = text.find(splitting.text); at != text.npos; at = text.find(splitting.text, at)) {
    const size_t end = at + splitting.text.size();
    if (splitting.behaviour != Splitting::Behaviour::MergedWithPrevious)
      upTo(at);
    if (splitting.behaviour == Splitting::Behaviour::Removed)
      begin = end;
    else if (splitting.behaviour != Splitting::Behaviour::MergedWithNext)
      upTo(end);
    at = end;
  }
  upTo(text.size());
}

void TextTokenizer::splitDigits(Run &run, size_t step, std::string_view text) const {
  const bool each = parts_.splittings[step].splits;
  size_t begin = 0;
  bool digits = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decodeUtf8(text, at);
    const bool digit = point.length && CategoryTable::get().of(point.value) & numbers;
    if (at > begin && (digit != digits || (digit && each))) {
      split(run, step + 1, text.substr(begin, at - begin));
      begin = at;
    }
    digits = digit;
    at += std::max(1u, point.length);
  }
  if (text.size() > begin)
    split(run, step + 1, text.substr(begin));
}

void TextTokenizer::splitBytes(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  std::string spaced;
  if (splitting.prefix != Splitting::Prefix::Never && text[0] != ' ') {
    spaced = " " + std::string(text);
    text = spaced;
  }
  if (!splitting.splits)
    return split(run, step + 1, text);
  gpt2_.split(text, false, [&](std::string_view piece) { split(run, step + 1, piece); });
}

void TextTokenizer::splitMetaspace(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  std::string spaced = replaced(text, " ", metaspace);
  const bool prefix =
      splitting.prefix == Splitting::Prefix::Always || (splitting.prefix == Splitting::Prefix::First && run.first);
  if (prefix && !spaced.starts_with(metaspace))
    spaced.insert(0, metaspace);
  text = spaced;
  size_t begin = 0;
  while (splitting.splits) {
    const size_t end = text.find(metaspace, begin + 1);
    if (end == text.npos)
      break;
    split(run, step + 1, text.substr(begin, end - begin));
    begin = end;
  }
  split(run, step + 1, text.substr(begin));
}

void TextTokenizer::encodePiece(Run &run, std::string_view piece) const {
  // What no token reaches across is encoded apart: the same tokens, and most of them known.
  if (wordsPart_)
    for (size_t at = piece.find(metaspace, 1); at != piece.npos; at = piece.find(metaspace, at + 1))
      if (at < metaspace.size() || piece.substr(at - metaspace.size(), metaspace.size()) != metaspace) {
        encodePiece(run, piece.substr(0, at));
        piece.remove_prefix(at);
        at = 0;
      }
  if (piece.empty())
    return;
  if (piece.size() > PieceCache::mostBytes)
    return encodeUncached(run, piece);
  PieceCache::Slot &slot = run.cache.slot(piece);
  if (slot.count && slot.bytes == piece.size() && std::memcmp(slot.text, piece.data(), piece.size()) == 0) {
    run.ids.insert(run.ids.end(), slot.ids, slot.ids + slot.count);
    return;
  }
  const size_t before = run.ids.size();
  encodeUncached(run, piece);
  const size_t count = run.ids.size() - before;
  if (count == 0 || count > PieceCache::mostIds)
    return;
  slot.bytes = uint8_t(piece.size());
  slot.count = uint8_t(count);
  std::memcpy(slot.text, piece.data(), piece.size());
  std::copy(run.ids.begin() + int64_t(before), run.ids.end(), slot.ids);
}

void TextTokenizer::encodeUncached(Run &run, std::string_view piece) const {
  if (parts_.wholePieces && piece.size() <= parts_.texts.longest())
    if (const int32_t id = parts_.texts.find(piece); id >= 0 && !isSpecial(id)) {
      run.ids.push_back(id);
      return;
    }
  std::vector<int32_t> &ids = run.scratch;
  ids.clear();
  if (parts_.algorithm == TokenizerParts::Algorithm::Unigram) {
    unigram(run, piece, ids);
  } else {
    if (parts_.byteLevel)
      for (const char c : piece)
        ids.push_back(byteTokens_[static_cast<unsigned char>(c)]);
    else
      addCharacters(run, piece, ids);
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] < 0) {
        if (parts_.unknown < 0)
          fail(Exit::Input,
               fmt::format("{}: the tokenizer has no token for byte 0x{:02x}, and none for what is unknown", run.what,
                           static_cast<unsigned char>(piece[i])));
        ids[i] = parts_.unknown;
      }
    merges_.apply(ids);
  }
  run.ids.insert(run.ids.end(), ids.begin(), ids.end());
}

// Characters that are tokens; of others the bytes, or what is unknown.
void TextTokenizer::addCharacters(Run &run, std::string_view piece, std::vector<int32_t> &ids) const {
  for (size_t at = 0; at < piece.size();) {
    const size_t length = std::max(1u, decodeUtf8(piece, at).length);
    const std::string_view character = piece.substr(at, length);
    const int32_t id = parts_.texts.find(character);
    const auto hasByte = [&](char c) { return byteTokens_[static_cast<unsigned char>(c)] >= 0; };
    if (id >= 0)
      ids.push_back(id);
    else if (std::all_of(character.begin(), character.end(), hasByte))
      for (const char c : character)
        ids.push_back(byteTokens_[static_cast<unsigned char>(c)]);
    else if (parts_.unknown < 0)
      fail(Exit::Input, fmt::format("{}: the tokenizer has no token for '{}', and none for what is unknown", run.what,
                                    printable(character)));
    else if (!parts_.fuseUnknown || ids.empty() || ids.back() != parts_.unknown)
      ids.push_back(parts_.unknown);
    at += length;
  }
}

// The sequence of the greatest sum of scores; a character of none costs more than any.
void TextTokenizer::unigram(Run &run, std::string_view piece, std::vector<int32_t> &ids) const {
  struct Best {
    double score = -INFINITY;
    uint32_t length = 0;
    int32_t id = -1;
  };
  std::vector<Best> best(piece.size() + 1);
  best[0].score = 0;
  for (size_t at = 0; at < piece.size(); ++at) {
    if (best[at].score == -INFINITY)
      continue;
    const size_t first = std::max(1u, decodeUtf8(piece, at).length);
    const auto offer = [&](size_t length, double score, int32_t id) {
      Best &end = best[at + length];
      if (best[at].score + score > end.score)
        end = {best[at].score + score, uint32_t(length), id};
    };
    const size_t most = std::min(piece.size() - at, parts_.texts.longest());
    bool single = false;
    for (size_t length = 1; length <= most; ++length) {
      if (at + length < piece.size() && (static_cast<unsigned char>(piece[at + length]) & 0xc0) == 0x80)
        continue; // inside of a character
      const int32_t id = parts_.texts.find(piece.substr(at, length));
      if (id < 0 || isSpecial(id) || id == parts_.unknown)
        continue;
      offer(length, parts_.scores[size_t(id)], id);
      single |= length == first;
    }
    if (!single)
      offer(first, leastScore_ - 10, -1);
  }
  std::vector<Best> path;
  for (size_t at = piece.size(); at > 0; at -= best[at].length)
    path.push_back(best[at]);
  size_t at = 0;
  for (auto part = path.rbegin(); part != path.rend(); at += part->length, ++part) {
    if (part->id >= 0)
      ids.push_back(part->id);
    else
      addCharacters(run, piece.substr(at, part->length), ids);
  }
}

static std::string byteOf(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>' || digit(text[3]) < 0 || digit(text[4]) < 0)
    return {};
  return std::string(1, char(digit(text[3]) * 16 + digit(text[4])));
}

std::string TextTokenizer::decode(int32_t token) const {
  const std::string_view text = parts_.texts.text(token);
  if (text.empty()) {
    for (const AddedToken &added : parts_.added)
      if (added.id == token)
        return added.text;
    return {};
  }
  if (parts_.byteLevel)
    return std::string(text);
  const std::string byte = parts_.byteFallback ? byteOf(text) : std::string();
  return byte.empty() ? replaced(text, metaspace, " ") : byte;
}

std::string TextTokenizer::decodeAll(std::span<const int32_t> tokens) const {
  std::string text = TokenizerModel::decodeAll(tokens);
  size_t spaces = 0;
  while (spaces < size_t(parts_.stripped) && spaces < text.size() && text[spaces] == ' ')
    ++spaces;
  return text.substr(spaces);
}

std::string TextTokenizer::saved() const { return tokenizerJson(*this); }

} // namespace sinter
