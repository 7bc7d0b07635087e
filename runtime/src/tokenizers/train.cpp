#include "tokenizers/train.h"

#include "base/hash.h"

#include <algorithm>
#include <queue>

namespace sinter {

size_t TokenizerTrainer::Hash::operator()(std::string_view text) const { return hashOf(text.data(), text.size()); }

void TokenizerTrainer::add(std::string_view text) {
  splitter_.split(text, true, [this](std::string_view piece) {
    const auto found = counts_.find(piece);
    if (found != counts_.end())
      ++found->second;
    else
      counts_.emplace(piece, 1);
  });
}

namespace {

using Pair = std::pair<int32_t, int32_t>;

struct PairHash {
  size_t operator()(const Pair &pair) const {
    const uint64_t value = (uint64_t(uint32_t(pair.first)) << 32 | uint32_t(pair.second)) * 0x9e3779b97f4a7c15;
    return value ^ value >> 29;
  }
};

struct Word {
  std::vector<int32_t> ids;
  int64_t count;
};

/// A pair, how often it is there, and the words that it may be in.
struct Occurrences {
  int64_t count = 0;
  std::vector<uint32_t> words;
};

class Joiner {
public:
  explicit Joiner(std::vector<Word> words) : words_(std::move(words)) {
    for (uint32_t w = 0; w < words_.size(); ++w)
      for (size_t i = 0; i + 1 < words_[w].ids.size(); ++i)
        change({words_[w].ids[i], words_[w].ids[i + 1]}, words_[w].count, w);
    for (const auto &[pair, occurrences] : pairs_)
      queue_.push({occurrences.count, pair});
  }

  /// The most frequent pair; false if none is there twice.
  bool best(Pair &pair) {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const int64_t now = pairs_[top.pair].count;
      if (now == top.count) {
        pair = top.pair;
        return now > 1;
      }
      if (now > 1)
        queue_.push({now, top.pair});
    }
    return false;
  }

  /// Makes one token of each of the pair's places.
  void join(const Pair &pair, int32_t whole) {
    const std::vector<uint32_t> where = std::move(pairs_[pair].words);
    for (const uint32_t w : where)
      joinIn(w, pair, whole);
    pairs_.erase(pair);
    for (const Pair &made : made_)
      queue_.push({pairs_[made].count, made});
    made_.clear();
  }

private:
  struct Candidate {
    int64_t count;
    Pair pair;
    bool operator<(const Candidate &other) const { // the best one is the greatest
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  void change(const Pair &pair, int64_t by, uint32_t word) {
    Occurrences &occurrences = pairs_[pair];
    occurrences.count += by;
    if (by > 0 && (occurrences.words.empty() || occurrences.words.back() != word))
      occurrences.words.push_back(word);
  }

  void joinIn(uint32_t w, const Pair &pair, int32_t whole) {
    std::vector<int32_t> &ids = words_[w].ids;
    const int64_t count = words_[w].count;
    size_t kept = 0;
    bool found = false;
    for (size_t i = 0; i + 1 < ids.size() && !found; ++i)
      found = ids[i] == pair.first && ids[i + 1] == pair.second;
    if (!found)
      return;
    for (size_t i = 0; i + 1 < ids.size(); ++i)
      change({ids[i], ids[i + 1]}, -count, w);
    for (size_t i = 0; i < ids.size(); ++i) {
      const bool joins = i + 1 < ids.size() && ids[i] == pair.first && ids[i + 1] == pair.second;
      ids[kept++] = joins ? whole : ids[i];
      i += joins;
    }
    ids.resize(kept);
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const Pair now{ids[i], ids[i + 1]};
      if (now.first == whole || now.second == whole) {
        if (pairs_[now].count == 0)
          made_.push_back(now);
        change(now, count, w);
      } else
        pairs_[now].count += count;
    }
  }

  std::vector<Word> words_;
  std::unordered_map<Pair, Occurrences, PairHash> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<Pair> made_;
};

} // namespace

std::shared_ptr<const TextTokenizer> TokenizerTrainer::train(int64_t size,
                                                             const std::vector<std::string> &special) const {
  std::vector<std::pair<std::string_view, int64_t>> sorted(counts_.begin(), counts_.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<Word> words;
  const auto first = int32_t(special.size()); // of the bytes
  for (const auto &[text, count] : sorted) {
    Word word{{}, count};
    for (const char c : text)
      word.ids.push_back(first + static_cast<unsigned char>(c));
    if (word.ids.size() > 1)
      words.push_back(std::move(word));
  }
  TokenizerParts parts;
  for (int32_t id = 0; id < first; ++id) {
    parts.texts.add(id, special[size_t(id)]);
    parts.added.push_back({id, special[size_t(id)], true});
  }
  for (int32_t byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    parts.texts.add(first + byte, {&c, 1});
  }
  Joiner joiner(std::move(words));
  Pair pair;
  while (parts.texts.size() + special.empty() < size && joiner.best(pair)) {
    const int32_t whole = parts.texts.size();
    const std::string text = std::string(parts.texts.text(pair.first)) + std::string(parts.texts.text(pair.second));
    // Two ways to the same bytes are two merges to one token.
    const int32_t known = parts.texts.find(text);
    if (known >= 0 && known < first)
      continue;
    const int32_t id = known >= 0 ? known : whole;
    if (known < 0)
      parts.texts.add(whole, text);
    parts.merges.push_back({pair.first, pair.second, id});
    joiner.join(pair, id);
  }
  if (special.empty())
    parts.added.push_back({parts.texts.size(), "<|endoftext|>", true});
  if (splitter_.known() == Splitter::Known::Gpt2)
    parts.splittings.push_back({Splitting::Kind::ByteLevel});
  else {
    parts.splittings.push_back({Splitting::Kind::Pattern});
    parts.splittings.back().splitter.emplace(splitter_.known());
  }
  return std::make_shared<const TextTokenizer>(std::move(parts), "training");
}

} // namespace sinter
