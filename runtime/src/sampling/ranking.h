// Tokens by their logits, the highest first and the smaller id among equals, sorted only as far as somebody looks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace sinter {

class Ranking {
public:
  using Candidate = std::pair<double, int32_t>; ///< logit, id

  /// In any order until begin() was called.
  std::vector<Candidate> &candidates() { return candidates_; }
  /// The candidates are as they will stay.
  void begin() { sorted_ = 0; }
  size_t size() const { return candidates_.size(); }

  /// The candidate of rank 0, found without sorting anything.
  const Candidate &best() const { return *std::min_element(candidates_.begin(), candidates_.end(), Before()); }
  /// The candidate of this rank, which is below size(). Ranks cost about what their order of magnitude does, not what
  /// sorting a vocabulary would.
  const Candidate &at(size_t rank) {
    while (rank >= sorted_) {
      const size_t next = std::min(candidates_.size(), std::max(firstPart, 8 * sorted_));
      const auto from = candidates_.begin() + int64_t(sorted_), to = candidates_.begin() + int64_t(next);
      // Nearly all candidates only lose against the last of the best so far.
      std::partial_sort(from, to, candidates_.end(), Before());
      sorted_ = next;
    }
    return candidates_[rank];
  }

private:
  struct Before { // a type, so that no comparison is a call
    bool operator()(const Candidate &a, const Candidate &b) const {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    }
  };
  static constexpr size_t firstPart = 64;
  std::vector<Candidate> candidates_;
  size_t sorted_ = 0; // so many of the first ranks are in their places
};

} // namespace sinter
