// Byte pair encoding: tokens that are joined in the order of their ranks until no pair is a token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// Two neighbours that become one.
struct Merge {
  int32_t left, right, whole;
};

/// The merges in the order of their ranks, found by their two parts.
class MergeTable {
public:
  MergeTable() = default;
  explicit MergeTable(const std::vector<Merge> &merges);

  const std::vector<Merge> &merges() const { return merges_; }
  /// Of a pair that is given twice the first counts, and is kept. For building a table while it is used.
  void add(const Merge &merge);

  /// Joins until nothing is left to join: always the pair of the least rank, of equal ones the first. Takes n log n.
  void apply(std::vector<int32_t> &ids) const;

private:
  struct Slot {
    uint64_t pair = empty;
    int32_t rank = none, whole = -1;
  };
  static constexpr uint64_t empty = UINT64_MAX;
  static constexpr int32_t none = INT32_MAX;

  void grow();
  const Slot &find(int32_t left, int32_t right) const;
  void applyToMany(std::vector<int32_t> &ids) const;

  std::vector<Merge> merges_;
  std::vector<Slot> slots_; // a power of two, at most half of it taken
  Slot missing_;
};

/// Texts by number, and back.
class TokenTexts {
public:
  /// Failure is the caller's: false if the id is taken, or the text is another id's.
  bool add(int32_t id, std::string_view text);
  /// -1: none.
  int32_t find(std::string_view text) const;
  /// Empty where there is none.
  std::string_view text(int32_t id) const;
  /// One above the highest id.
  int32_t size() const { return int32_t(places_.size()); }
  bool has(int32_t id) const { return id >= 0 && id < size() && places_[size_t(id)].begin != nowhere; }
  size_t longest() const { return longest_; }

private:
  struct Place {
    uint32_t begin = nowhere, length = 0;
  };
  static constexpr uint32_t nowhere = UINT32_MAX;
  size_t slotOf(std::string_view text) const;

  std::string all_;
  std::vector<Place> places_;
  std::vector<int32_t> slots_;
  size_t count_ = 0, longest_ = 0;
};

} // namespace sinter
