// Pairs of sentences out of two texts, a sentence a line, for entries that take `source` and `target`.
#pragma once

#include "data/dataset.h"

namespace sinter {

/// What their tokens mean, in the tokenizer and in the model.
constexpr int32_t paddingToken = 0, beginToken = 1, endToken = 2;

/// Line n of the one text and line n of the other are a pair; the files of an input follow each other. Rows of
/// `source`, i32 [B, S], are tokens, the end, then padding; rows of `target`, i32 [B, T], begin with the begin token.
/// Pairs of which one line is empty or too long for its row are left out, and counted in a note. Failure (input) if the
/// texts have different numbers of lines, are not UTF-8, or none is left, if the tokenizer has no special tokens of
/// these numbers, or more tokens than `vocabulary` (0: unknown); Failure (usage) if the entry takes other arrays.
Data loadPairs(const DataOptions &options, const Batch &batch, int64_t vocabulary);

/// Without line ends: "\n" or "\r\n". The last one needs none.
std::vector<std::string_view> linesOf(std::string_view text);

} // namespace sinter
