#include "data/token_store.h"

#include "base/hash.h"

#include <algorithm>
#include <array>

namespace sinter {

// Tokens from one known place in the text to the next: the index stays below a hundredth of the text.
static constexpr int64_t tokensAPlace = 1024;

TokenStore TokenStore::ofUint16(std::string bytes) {
  TokenStore store;
  store.form_ = Form::Uint16;
  store.raw_ = std::move(bytes);
  store.size_ = int64_t(store.raw_.size() / 2);
  return store;
}

TokenStore TokenStore::ofText(std::string text, const Tokenizer &tokenizer, const std::string &what) {
  TokenStore store;
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

void TokenStore::copy(int64_t begin, int64_t count, int32_t *out) const {
  const auto *bytes = reinterpret_cast<const unsigned char *>(raw_.data());
  if (form_ == Form::Bytes) {
    std::copy_n(bytes + begin, count, out);
    return;
  }
  if (form_ == Form::Uint16) {
    for (int64_t i = begin; i < begin + count; ++i)
      *out++ = bytes[2 * i] | bytes[2 * i + 1] << 8;
    return;
  }
  if (count == 0)
    return;
  size_t position = starts_[size_t(begin / tokensAPlace)];
  std::array<int32_t, tokensAPlace> before;
  tokenizer_.encodePart(raw_, position, std::span(before).first(size_t(begin % tokensAPlace)), "");
  tokenizer_.encodePart(raw_, position, {out, size_t(count)}, "");
}

uint64_t TokenStore::hash(int64_t begin, int64_t end) const {
  if (form_ != Form::Text) {
    const int64_t width = form_ == Form::Uint16 ? 2 : 1;
    return hashOf(raw_.data() + begin * width, size_t((end - begin) * width));
  }
  Hash hash;
  std::array<int32_t, tokensAPlace> ids;
  for (int64_t at = begin; at < end; at += tokensAPlace) {
    const int64_t count = std::min(tokensAPlace, end - at);
    copy(at, count, ids.data());
    hash.add(ids.data(), size_t(count) * sizeof(int32_t));
  }
  return hash.value();
}

} // namespace sinter
