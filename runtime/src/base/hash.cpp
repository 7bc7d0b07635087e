#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter {

struct Hash::State {
  XXH3_state_t hash;
};

Hash::Hash(uint64_t seed) : state_(std::make_unique<State>()) { XXH3_64bits_reset_withSeed(&state_->hash, seed); }
Hash::~Hash() = default;
void Hash::add(const void *data, size_t size) { XXH3_64bits_update(&state_->hash, data, size); }
uint64_t Hash::value() const { return XXH3_64bits_digest(&state_->hash); }

uint64_t hashOf(const void *data, size_t size) {
  Hash hash;
  hash.add(data, size);
  return hash.value();
}

} // namespace sinter
