// Ids of a tokenizer for sentences that a model translates: the first three.
#pragma once

#include <cstdint>

namespace sinter {

constexpr int32_t kPaddingToken = 0; ///< fills up what is shorter
constexpr int32_t kBeginToken = 1;   ///< stands in front of what is written
constexpr int32_t kEndToken = 2;

} // namespace sinter
