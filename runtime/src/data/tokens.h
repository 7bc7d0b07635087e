// Text and token files for the inputs `tokens` and `targets`.
#pragma once

#include "data/dataset.h"

namespace sinter {

/// `vocabulary` is the number of tokens that the model knows, 0 if unknown.
Data loadTokens(const DataOptions &options, const Batch &batch, int64_t vocabulary);

} // namespace sinter
