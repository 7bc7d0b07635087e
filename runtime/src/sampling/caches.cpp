#include "sampling/caches.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace sinter {

using States = std::vector<const sinter_state *>;

// The transient states that an entry reads or writes.
static States statesOf(const Program &program, const sinter_entry &entry, uint32_t access) {
  States states;
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_state &state = program.description().states[s];
    if (state.role == SINTER_TRANSIENT && accesses(entry, state.tensor, access))
      states.push_back(&state);
  }
  return states;
}

static const sinter_state *find(const States &states, const std::string &name) {
  const auto found =
      std::find_if(states.begin(), states.end(), [&](auto *state) { return state->tensor.name == name; });
  return found == states.end() ? nullptr : *found;
}

Caches::Caches(Program &program, const CachedEntries &entries, size_t batch, int64_t context)
    : program_(program), context_(context), batch_(batch) {
  const States ofDecode = statesOf(program, entries.decode, SINTER_WRITE),
               ofPrefill = statesOf(program, entries.prefill, SINTER_WRITE);
  const States encoded = entries.encode ? statesOf(program, *entries.encode, SINTER_WRITE) : States();
  const auto add = [&](const sinter_state &state, const States &written, bool ofSource) {
    const sinter_state *own = find(written, std::string("prefill.") + state.tensor.name);
    const bool shared = find(written, state.tensor.name) != nullptr;
    copyable_ &= batch == 1 || (state.tensor.rank > 0 && state.tensor.shape[0] == int64_t(batch));
    if (!shared && (!copyable_ || !own || own->tensor.bytes != state.tensor.bytes / batch))
      fail(Exit::Usage,
           formatted("entries prefill, decode and encode: their caches do not belong together: {}", state.tensor.name));
    caches_.push_back({&state, shared ? nullptr : own, ofSource, bytes_});
    bytes_ += state.tensor.bytes;
  };
  for (const sinter_state *state : ofDecode)
    add(*state, ofPrefill, false);
  // Of what `decode` reads without writing it, such as packed weights, that which belongs to a text.
  for (const sinter_state *state : statesOf(program, entries.decode, SINTER_READ))
    if (find(encoded, state->tensor.name) || find(encoded, std::string("prefill.") + state->tensor.name))
      add(*state, encoded, true);
}

void Caches::load(size_t page) {
  if (page == loaded_)
    return;
  pages_.resize(std::max({pages_.size(), page + 1, loaded_ + 1}));
  std::vector<std::byte> &away = pages_[loaded_], &wanted = pages_[page];
  away.resize(bytes_);
  for (const Cache &cache : caches_) {
    auto *data = static_cast<std::byte *>(program_.data(*cache.state));
    std::memcpy(away.data() + cache.start, data, cache.state->tensor.bytes);
    if (!wanted.empty())
      std::memcpy(data, wanted.data() + cache.start, cache.state->tensor.bytes);
  }
  loaded_ = page;
}

// A slot's part of a cache.
std::byte *Caches::place(const Cache &cache, size_t slot) {
  std::byte *all = slot / batch_ == loaded_ ? static_cast<std::byte *>(program_.data(*cache.state))
                                            : pages_[slot / batch_].data() + cache.start;
  return all + slot % batch_ * (cache.state->tensor.bytes / batch_);
}

void Caches::copy(size_t from, size_t to, size_t count) {
  pages_.resize(std::max({pages_.size(), to / batch_ + 1, from / batch_ + 1}));
  for (const size_t slot : {from, to})
    if (slot / batch_ != loaded_)
      pages_[slot / batch_].resize(bytes_);
  for (const Cache &cache : caches_)
    move(cache, place(cache, to), place(cache, from), count);
}

void Caches::bring(size_t slot, size_t count) {
  for (const Cache &cache : caches_)
    if (cache.alone)
      move(cache, alone(cache), place(cache, slot), count);
}

void Caches::takeBack(size_t slot, size_t count) {
  for (const Cache &cache : caches_)
    if (cache.alone && !cache.ofSource)
      move(cache, place(cache, slot), alone(cache), count);
}

void Caches::takeSource(size_t slot) {
  for (const Cache &cache : caches_)
    if (cache.alone && cache.ofSource)
      move(cache, place(cache, slot), alone(cache), 0);
}

// One text's part of a cache. Where one dimension can be told to be that of positions, no more than those that are
// known.
void Caches::move(const Cache &cache, std::byte *to, const std::byte *from, size_t count) const {
  const sinter_tensor &tensor = cache.state->tensor;
  const int64_t *begin = tensor.shape + (batch_ > 1), *end = tensor.shape + tensor.rank,
                *along = std::find(begin, end, context_);
  uint64_t parts = 1, whole = tensor.bytes / batch_, known = whole;
  if (!cache.ofSource && along != end && std::find(along + 1, end, context_) == end) {
    for (const int64_t *size = begin; size != along; ++size)
      parts *= uint64_t(*size);
    whole /= parts;
    known = whole / uint64_t(context_) * std::min(count, size_t(context_));
  }
  for (uint64_t part = 0; part < parts; ++part)
    std::memcpy(to + part * whole, from + part * whole, known);
}

} // namespace sinter
