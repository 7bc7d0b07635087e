#include "tokenizers/merges.h"

#include <algorithm>
#include <cstring>
#include <queue>
#include <sys/auxv.h>

namespace sinter {

// Above so many tokens a queue is quicker than a look at all of them for each merge.
static constexpr size_t manyTokens = 96;
// In the place of what became part of its left neighbour. Not -1: that is a byte which is no token, and stays.
static constexpr int32_t gone = INT32_MIN;

// Not known to who writes files: nobody can make texts collide. What is found does not depend on it.
static uint64_t processSeed() {
  uint64_t seed = 0;
  if (const auto *random = reinterpret_cast<const void *>(getauxval(AT_RANDOM)))
    std::memcpy(&seed, random, sizeof seed);
  return seed;
}
static const uint64_t seed = processSeed();

static uint64_t mixed(uint64_t value) {
  value = (value ^ seed) * 0x9e3779b97f4a7c15;
  value = (value ^ value >> 32) * 0xd6e8feb86659fd93;
  return value ^ value >> 32;
}

MergeTable::MergeTable(const std::vector<Merge> &merges) {
  for (const Merge &merge : merges)
    add(merge);
}

void MergeTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(std::max<size_t>(1024, old.size() * 2), Slot());
  for (const Slot &slot : old) {
    if (slot.pair == empty)
      continue;
    size_t at = mixed(slot.pair) & (slots_.size() - 1);
    while (slots_[at].pair != empty)
      at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

const MergeTable::Slot &MergeTable::find(int32_t left, int32_t right) const {
  if (slots_.empty())
    return missing_;
  const uint64_t pair = uint64_t(uint32_t(left)) << 32 | uint32_t(right);
  size_t at = mixed(pair) & (slots_.size() - 1);
  while (slots_[at].pair != pair && slots_[at].pair != empty)
    at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void MergeTable::add(const Merge &merge) {
  if (2 * (merges_.size() + 1) > slots_.size())
    grow();
  Slot &slot = const_cast<Slot &>(find(merge.left, merge.right));
  if (slot.pair != empty)
    return;
  slot = {uint64_t(uint32_t(merge.left)) << 32 | uint32_t(merge.right), int32_t(merges_.size()), merge.whole};
  merges_.push_back(merge);
}

void MergeTable::apply(std::vector<int32_t> &ids) const {
  if (ids.size() > manyTokens)
    return applyToMany(ids);
  if (ids.size() < 2)
    return;
  Slot pairs[manyTokens];
  size_t size = ids.size();
  for (size_t i = 0; i + 1 < size; ++i)
    pairs[i] = find(ids[i], ids[i + 1]);
  while (size > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < size; ++i)
      if (pairs[i].rank < pairs[best].rank)
        best = i;
    if (pairs[best].rank == none)
      break;
    ids[best] = pairs[best].whole;
    std::copy(ids.begin() + int64_t(best) + 2, ids.begin() + int64_t(size), ids.begin() + int64_t(best) + 1);
    if (best + 2 < size)
      std::copy(pairs + best + 2, pairs + size - 1, pairs + best + 1);
    --size;
    if (best + 1 < size)
      pairs[best] = find(ids[best], ids[best + 1]);
    if (best > 0)
      pairs[best - 1] = find(ids[best - 1], ids[best]);
  }
  ids.resize(size);
}

void MergeTable::applyToMany(std::vector<int32_t> &ids) const {
  struct Candidate {
    int32_t rank;
    uint32_t left, right; // places
    int32_t leftId, rightId;
    bool operator<(const Candidate &other) const { // the first comes last, as the queue wants it
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  const auto count = uint32_t(ids.size());
  std::vector<uint32_t> next(count), previous(count);
  std::priority_queue<Candidate> queue;
  const auto consider = [&](uint32_t left, uint32_t right) {
    const Slot &slot = find(ids[left], ids[right]);
    if (slot.rank != none)
      queue.push({slot.rank, left, right, ids[left], ids[right]});
  };
  for (uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 < count)
      consider(i, i + 1);
  }
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    // One of the two may have become another, or part of one.
    if (ids[best.left] != best.leftId || ids[best.right] != best.rightId || next[best.left] != best.right)
      continue;
    ids[best.left] = find(best.leftId, best.rightId).whole;
    ids[best.right] = gone;
    const uint32_t after = next[best.left] = next[best.right];
    if (after < count) {
      previous[after] = best.left;
      consider(best.left, after);
    }
    if (best.left > 0)
      consider(previous[best.left], best.left);
  }
  ids.erase(std::remove(ids.begin(), ids.end(), gone), ids.end());
}

static uint64_t hashOfText(std::string_view text) {
  uint64_t hash = text.size() * 0x9e3779b97f4a7c15;
  const char *data = text.data();
  size_t left = text.size();
  for (; left >= 8; left -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    hash = mixed(hash ^ word);
  }
  uint64_t word = 0;
  std::memcpy(&word, data, left);
  return mixed(mixed(hash ^ word));
}

size_t TokenTexts::slotOf(std::string_view text) const {
  size_t at = hashOfText(text) & (slots_.size() - 1);
  while (slots_[at] >= 0 && this->text(slots_[at]) != text)
    at = (at + 1) & (slots_.size() - 1);
  return at;
}

bool TokenTexts::add(int32_t id, std::string_view text) {
  if (id < 0 || has(id) || text.empty() || find(text) >= 0)
    return false;
  if (2 * (count_ + 1) > slots_.size()) {
    const std::vector<int32_t> old = std::move(slots_);
    slots_.assign(std::max<size_t>(1024, old.size() * 2), -1);
    for (const int32_t other : old)
      if (other >= 0)
        slots_[slotOf(this->text(other))] = other;
  }
  if (id >= size())
    places_.resize(size_t(id) + 1);
  places_[size_t(id)] = {uint32_t(all_.size()), uint32_t(text.size())};
  all_ += text;
  slots_[slotOf(text)] = id;
  ++count_;
  longest_ = std::max(longest_, text.size());
  return true;
}

int32_t TokenTexts::find(std::string_view text) const { return slots_.empty() ? -1 : slots_[slotOf(text)]; }

std::string_view TokenTexts::text(int32_t id) const {
  if (!has(id))
    return {};
  const Place &place = places_[size_t(id)];
  return std::string_view(all_).substr(place.begin, place.length);
}

} // namespace sinter
