#include "sampling/caches.h"

#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace sinter {

// The transient states that an entry writes.
static std::vector<const sinter_state *> statesOf(const Program &program, const sinter_entry &entry) {
  std::vector<const sinter_state *> states;
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_state &state = program.description().states[s];
    if (state.role == SINTER_TRANSIENT && accesses(entry, state.tensor, SINTER_WRITE))
      states.push_back(&state);
  }
  return states;
}

Caches::Caches(Program &program, const sinter_entry &prefill, const sinter_entry &decode, size_t batch, int64_t context)
    : program_(program), context_(context), batch_(batch), states_(statesOf(program, decode)) {
  const std::vector<const sinter_state *> written = statesOf(program, prefill);
  const auto aloneOf = [&](const sinter_state *state) {
    const std::string name = std::string("prefill.") + state->tensor.name;
    const auto found =
        std::find_if(written.begin(), written.end(), [&](auto *own) { return own->tensor.name == name; });
    return found == written.end() ? nullptr : *found;
  };
  if (written != states_)
    for (const sinter_state *state : states_)
      alone_.push_back(aloneOf(state));
  for (size_t i = 0; i < states_.size(); ++i) {
    const sinter_tensor &tensor = states_[i]->tensor;
    starts_.push_back(bytes_);
    bytes_ += tensor.bytes;
    copyable_ &= batch == 1 || (tensor.rank > 0 && tensor.shape[0] == int64_t(batch));
    if (!alone_.empty() && (!copyable_ || !alone_[i] || alone_[i]->tensor.bytes != tensor.bytes / batch))
      fail(Exit::Usage, "entries prefill and decode: their caches do not belong together");
  }
}

void Caches::load(size_t page) {
  if (page == loaded_)
    return;
  pages_.resize(std::max({pages_.size(), page + 1, loaded_ + 1}));
  std::vector<std::byte> &away = pages_[loaded_], &wanted = pages_[page];
  away.resize(bytes_);
  for (size_t i = 0; i < states_.size(); ++i) {
    auto *data = static_cast<std::byte *>(program_.data(*states_[i]));
    std::memcpy(away.data() + starts_[i], data, states_[i]->tensor.bytes);
    if (!wanted.empty())
      std::memcpy(data, wanted.data() + starts_[i], states_[i]->tensor.bytes);
  }
  loaded_ = page;
}

// A slot's part of a cache.
std::byte *Caches::place(size_t index, size_t slot) {
  std::byte *all = slot / batch_ == loaded_ ? static_cast<std::byte *>(program_.data(*states_[index]))
                                            : pages_[slot / batch_].data() + starts_[index];
  return all + slot % batch_ * (states_[index]->tensor.bytes / batch_);
}

void Caches::copy(size_t from, size_t to) {
  pages_.resize(std::max(pages_.size(), to / batch_ + 1));
  if (to / batch_ != loaded_)
    pages_[to / batch_].resize(bytes_);
  for (size_t i = 0; i < states_.size(); ++i)
    std::memcpy(place(i, to), place(i, from), states_[i]->tensor.bytes / batch_);
}

void Caches::bring(size_t slot, size_t count) { move(slot, count, false); }
void Caches::takeBack(size_t slot, size_t count) { move(slot, count, true); }

// Where one dimension can be told to be that of positions, no more than those that are known are copied.
void Caches::move(size_t slot, size_t count, bool back) {
  for (size_t i = 0; i < alone_.size(); ++i) {
    const sinter_tensor &own = alone_[i]->tensor;
    const int64_t *begin = own.shape, *end = own.shape + own.rank, *along = std::find(begin, end, context_);
    uint64_t parts = 1, whole = own.bytes, known = own.bytes;
    if (along != end && std::find(along + 1, end, context_) == end) {
      for (const int64_t *size = begin; size != along; ++size)
        parts *= uint64_t(*size);
      whole = own.bytes / parts;
      known = whole / uint64_t(context_) * std::min(count, size_t(context_));
    }
    std::byte *slots = place(i, slot), *alone = static_cast<std::byte *>(program_.data(*alone_[i]));
    for (uint64_t part = 0; part < parts; ++part)
      std::memcpy((back ? slots : alone) + part * whole, (back ? alone : slots) + part * whole, known);
  }
}

} // namespace sinter
