// XXH3 of 64 bits, compiled in one place: it is large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sinter {

/// Of bytes that come one after the other.
class Hash {
public:
  explicit Hash(uint64_t seed = 0);
  ~Hash();
  Hash(const Hash &) = delete;
  Hash &operator=(const Hash &) = delete;
  void add(const void *data, size_t size);
  uint64_t value() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

uint64_t hashOf(const void *data, size_t size);

} // namespace sinter
