#include "tokenizers/text_tokenizer.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/utf8.h"
#include "tokenizers/encode_run.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <atomic>

namespace sinter {

namespace {

constexpr size_t mostUnigramBytes = 512;

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

} // namespace

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
    fail(Exit::Damaged, formatted("{}: tokenizer: {}", what, problem));
  };
  const TokenTexts &texts = parts_.texts;
  if (texts.size() == 0)
    damaged("has no tokens");
  for (const Merge &merge : parts_.merges)
    if (!texts.has(merge.left) || !texts.has(merge.right) || !texts.has(merge.whole))
      damaged(formatted("a merge of {} and {} to {}, which are not all tokens", merge.left, merge.right, merge.whole));
  // Each place of a text is tried with tokens of all lengths.
  if (parts_.algorithm == TokenizerParts::Algorithm::Unigram && texts.longest() > mostUnigramBytes)
    fail(Exit::Input, formatted("{}: tokenizer: a token of {} bytes in a Unigram model, which may have {}", what,
                                texts.longest(), mostUnigramBytes));
  if (parts_.unknown >= 0 && !texts.has(parts_.unknown))
    damaged(formatted("token {} for what is unknown is not there", parts_.unknown));
  // Files of tokenizers are written in UTF-8: what is none would come back as something else.
  for (int32_t id = 0; !parts_.byteLevel && id < texts.size(); ++id)
    if (findInvalidUtf8(texts.text(id)) != std::string::npos)
      damaged(formatted("token {}, '{}', is not UTF-8", id, printable(texts.text(id).substr(0, 64))));
  std::vector<int32_t> ids;
  std::vector<std::string_view> names;
  for (const AddedToken &token : parts_.added) {
    if (token.text.empty() || token.id < 0 || token.id >= mostTokens ||
        findInvalidUtf8(token.text) != std::string::npos)
      damaged(formatted("added token '{}' of id {}", printable(token.text), token.id));
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
        damaged(formatted("the template has token {}, which is not there", id));
}

// Of each byte: its token, or the one that stands for it.
void TextTokenizer::findByteTokens() {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    byteTokens_[byte] = parts_.byteLevel      ? parts_.texts.find({&c, 1})
                        : parts_.byteFallback ? parts_.texts.find(formatted("<0x{:02X}>", byte))
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
