// Programs written by hand that remember: what the logits are depends on all tokens so far and on their places.
#pragma once

#include "sinter/abi.h"

namespace sinter::test {

inline constexpr int64_t decoderContext = 16, decoderVocabulary = 12, decoderRows = 5;

/// With entries `logits`, `prefill` (decoderRows new tokens) and `decode`: of one text, with numbers as offset and
/// position, or of `batch` texts (4 or 3) with an offset and a count each; of 3, prefill gives the logits of all rows.
/// Their caches keep what was written behind the last new token, which is garbage.
const sinter_program &mockDecoder(int64_t batch);

} // namespace sinter::test
