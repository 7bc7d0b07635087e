// "Did you mean": the known name that is nearest to one that was typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// Insertions, deletions, replacements and exchanges of neighbours that turn one text into the other.
size_t editDistance(std::string_view a, std::string_view b);

/// The name among `known` that `typed` begins (if it begins only one) or misses by about a third of its letters at
/// most; empty if there is none.
std::string nearestName(std::string_view typed, const std::vector<std::string> &known);

/// "; did you mean NAME?", or nothing.
std::string didYouMean(std::string_view typed, const std::vector<std::string> &known);

} // namespace sinter
