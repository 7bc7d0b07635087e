// Which attention one kernel can take as a whole.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace sinter {

/// What such a kernel takes of queries and of keys at a time, at least: whole vectors.
inline constexpr int64_t kAttentionDivisor = 16;

/// Whether scores of this shape (..., queries, keys) may belong to a group of sinter-group-attention.
inline bool mayBeAttention(llvm::ArrayRef<int64_t> shape) {
  return shape.size() >= 3 && shape.back() % kAttentionDivisor == 0 && shape[shape.size() - 2] % kAttentionDivisor == 0;
}

} // namespace sinter
