#include "data/token_store.h"

#include "base/error.h"
#include "base/format.h"
#include "base/hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace sinter {

static_assert(std::endian::native == std::endian::little);

// Tokens from one known place in the text to the next: the index stays below a hundredth of the text.
static constexpr int64_t tokensAPlace = 1024;
// What is looked at of files to know them again: all, or else so many parts.
static constexpr int64_t allTokens = int64_t(1) << 28, someParts = 1024;

TokenStore TokenStore::ofUint16(std::string bytes) {
  TokenStore store;
  store.form_ = Form::Uint16;
  store.raw_ = std::move(bytes);
  store.size_ = int64_t(store.raw_.size() / 2);
  return store;
}

static void appendIds(std::string &raw, const std::vector<int32_t> &ids, bool wide) {
  const size_t before = raw.size(), width = wide ? 4 : 2;
  raw.resize(before + ids.size() * width);
  for (size_t i = 0; i < ids.size(); ++i)
    std::memcpy(raw.data() + before + i * width, &ids[i], width);
}

TokenStore TokenStore::ofIds(const std::vector<int32_t> &ids) {
  TokenStore store;
  const bool wide = std::any_of(ids.begin(), ids.end(), [](int32_t id) { return id > 0xffff; });
  store.form_ = wide ? Form::Uint32 : Form::Uint16;
  appendIds(store.raw_, ids, wide);
  store.size_ = int64_t(ids.size());
  return store;
}

TokenStore TokenStore::ofText(std::string text, const Tokenizer &tokenizer, const std::string &what) {
  TokenStore store;
  if (tokenizer.kind() == Tokenizer::Kind::Model) {
    const bool wide = tokenizer.size() > 0x10000;
    store.form_ = wide ? Form::Uint32 : Form::Uint16;
    std::vector<int32_t> ids;
    for (size_t position = 0; position < text.size(); ids.clear()) {
      tokenizer.encodeSome(text, position, size_t(1) << 20, ids, what);
      appendIds(store.raw_, ids, wide);
      store.size_ += int64_t(ids.size());
    }
    return store;
  }
  store.raw_ = std::move(text);
  if (tokenizer.kind() == Tokenizer::Kind::Bytes) {
    store.size_ = int64_t(store.raw_.size());
    return store;
  }
  store.tokenizer_ = tokenizer;
  if (tokenizer.size() > 256)
    store.form_ = Form::Text;
  std::array<int32_t, tokensAPlace> ids;
  for (size_t position = 0; position < store.raw_.size();) {
    if (store.form_ == Form::Text)
      store.starts_.push_back(position);
    const size_t count = tokenizer.encodePart(store.raw_, position, ids, what);
    if (store.form_ == Form::Bytes) // behind what has been read
      std::transform(ids.begin(), ids.begin() + count, store.raw_.begin() + store.size_,
                     [](int32_t id) { return char(id); });
    store.size_ += int64_t(count);
  }
  if (store.form_ == Form::Bytes)
    store.raw_.resize(size_t(store.size_));
  return store;
}

TokenStore TokenStore::ofFiles(std::vector<TokenFile> files) {
  TokenStore store;
  store.form_ = Form::Files;
  for (const TokenFile &file : files) {
    store.starts_.push_back(uint64_t(store.size_));
    store.size_ += file.count;
  }
  store.files_ = std::move(files);
  return store;
}

size_t TokenStore::fileOf(int64_t token) const {
  return size_t(std::upper_bound(starts_.begin(), starts_.end(), uint64_t(token)) - starts_.begin() - 1);
}

std::string TokenStore::placeOf(int64_t token) const {
  if (form_ != Form::Files)
    return {};
  const size_t f = fileOf(token);
  return formatted("{}: token {}", files_[f].file->path(), token - int64_t(starts_[f]));
}

// Numbers of `width` bytes in front of where they are wanted become ids.
static void widen(const char *from, int width, int64_t count, int32_t *out) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t id = 0;
    std::memcpy(&id, from + i * width, size_t(width));
    out[i] = id > uint32_t(INT32_MAX) ? -1 : int32_t(id);
  }
}

void TokenStore::copyFromFiles(int64_t begin, int64_t count, int32_t *out) const {
  std::array<char, 16384> part;
  while (count > 0) {
    const size_t f = fileOf(begin);
    const TokenFile &file = files_[f];
    const int64_t first = begin - int64_t(starts_[f]);
    const int64_t now = std::min({count, file.count - first, int64_t(part.size()) / file.width});
    const auto bytes = size_t(now * file.width);
    if (file.file->readAt(file.begin + uint64_t(first * file.width), part.data(), bytes) != bytes)
      fail(Exit::Input, formatted("{}: has become shorter: token {} is gone", file.file->path(), first));
    widen(part.data(), file.width, now, out);
    begin += now;
    count -= now;
    out += now;
  }
}

void TokenStore::copy(int64_t begin, int64_t count, int32_t *out) const {
  const auto *bytes = reinterpret_cast<const unsigned char *>(raw_.data());
  if (form_ == Form::Bytes) {
    std::copy_n(bytes + begin, count, out);
    return;
  }
  if (form_ == Form::Uint16 || form_ == Form::Uint32) {
    const int width = form_ == Form::Uint16 ? 2 : 4;
    widen(raw_.data() + begin * width, width, count, out);
    return;
  }
  if (count == 0)
    return;
  if (form_ == Form::Files)
    return copyFromFiles(begin, count, out);
  size_t position = starts_[size_t(begin / tokensAPlace)];
  std::array<int32_t, tokensAPlace> before;
  tokenizer_.encodePart(raw_, position, std::span(before).first(size_t(begin % tokensAPlace)), "");
  tokenizer_.encodePart(raw_, position, {out, size_t(count)}, "");
}

uint64_t TokenStore::hash(int64_t begin, int64_t end) const {
  if (form_ == Form::Bytes || form_ == Form::Uint16 || form_ == Form::Uint32) {
    const int64_t width = form_ == Form::Bytes ? 1 : form_ == Form::Uint16 ? 2 : 4;
    return hashOf(raw_.data() + begin * width, size_t((end - begin) * width));
  }
  Hash hash;
  if (form_ == Form::Files) {
    for (const TokenFile &file : files_)
      hash.add(&file.hash, sizeof file.hash);
    if (std::all_of(files_.begin(), files_.end(), [](const TokenFile &file) { return file.hash != 0; })) {
      const int64_t range[2] = {begin, end};
      hash.add(range, sizeof range);
      return hash.value();
    }
  }
  // Of one file of uint16, what it was when such files were read as a whole.
  const bool narrow = form_ == Form::Files && files_.size() == 1 && files_[0].width == 2;
  Hash all;
  std::array<int32_t, tokensAPlace> ids;
  const int64_t step = end - begin > allTokens ? (end - begin) / someParts : tokensAPlace;
  for (int64_t at = begin; at < end; at += step) {
    const int64_t count = std::min(tokensAPlace, end - at);
    copy(at, count, ids.data());
    if (narrow)
      for (int64_t i = 0; i < count; ++i)
        std::memcpy(reinterpret_cast<char *>(ids.data()) + 2 * i, &ids[size_t(i)], 2);
    all.add(ids.data(), size_t(count) * (narrow ? 2 : sizeof(int32_t)));
  }
  return all.value();
}

} // namespace sinter
