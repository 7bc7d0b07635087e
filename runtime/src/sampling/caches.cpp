#include "sampling/caches.h"

#include <algorithm>
#include <cstring>

namespace sinter {

Caches::Caches(Program &program, std::span<const sinter_entry *const> entries, size_t batch)
    : program_(program), batch_(batch) {
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_state &state = program.description().states[s];
    const auto writesIt = [&](const sinter_entry *entry) { return accesses(*entry, state.tensor, SINTER_WRITE); };
    if (state.role != SINTER_TRANSIENT || std::none_of(entries.begin(), entries.end(), writesIt))
      continue;
    states_.push_back(&state);
    bytes_ += state.tensor.bytes;
    copyable_ &= batch == 1 || (state.tensor.rank > 0 && state.tensor.shape[0] == int64_t(batch));
  }
}

void Caches::load(size_t page) {
  if (page == loaded_)
    return;
  pages_.resize(std::max({pages_.size(), page + 1, loaded_ + 1}));
  std::vector<std::byte> &away = pages_[loaded_], &wanted = pages_[page];
  away.resize(bytes_);
  size_t at = 0;
  for (const sinter_state *state : states_) {
    auto *data = static_cast<std::byte *>(program_.data(*state));
    std::memcpy(away.data() + at, data, state->tensor.bytes);
    if (!wanted.empty())
      std::memcpy(data, wanted.data() + at, state->tensor.bytes);
    at += state->tensor.bytes;
  }
  loaded_ = page;
}

void Caches::copy(size_t from, size_t to) {
  pages_.resize(std::max(pages_.size(), to / batch_ + 1));
  if (to / batch_ != loaded_)
    pages_[to / batch_].resize(bytes_);
  size_t at = 0;
  for (const sinter_state *state : states_) {
    const size_t part = state->tensor.bytes / batch_;
    const auto place = [&](size_t slot) {
      std::byte *all = slot / batch_ == loaded_ ? static_cast<std::byte *>(program_.data(*state))
                                                : pages_[slot / batch_].data() + at;
      return all + slot % batch_ * part;
    };
    std::memcpy(place(to), place(from), part);
    at += state->tensor.bytes;
  }
}

} // namespace sinter
