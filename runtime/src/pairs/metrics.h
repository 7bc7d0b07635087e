// How near translations are to those of people: BLEU and chrF, with the numbers of sacrebleu (Post 2018,
// arXiv:1804.08771), whose defaults these are.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// Lines of one text, and those of any number of references, each of as many lines.
using Lines = std::vector<std::string_view>;

/// The words of a line as mteval-v13a.pl parts them: entities of HTML resolved, marks of ASCII on their own, but full
/// stops and commas between digits, hyphens that no digit is before, and apostrophes.
std::vector<std::string> tokenize13a(std::string_view line);

struct Bleu {
  static constexpr size_t orders = 4;
  double score = 0; ///< 0 to 100
  std::array<int64_t, orders> right = {}, of = {};
  std::array<double, orders> precisions = {}; ///< in per cent, smoothed
  int64_t words = 0, referenceWords = 0;
  double brevity = 0;
};
/// Of all lines together (Papineni et al. 2002). An n-gram counts at most as often as in the reference that has it
/// most; the length that counts is that of the reference nearest to a line's, of two the shorter. Precisions of 0
/// become 1 / 2^k of one n-gram, k counting them (Chen, Cherry 2014, method 3).
Bleu bleuOf(const Lines &lines, const std::vector<Lines> &references);

/// chrF2 (Popovic 2015, 2016): the F-score, recall counting twice, of the means of precision and recall over n-grams of
/// 1 to 6 characters without spaces, those orders left out that either side has none of. Of several references, the one
/// that a line does best with. 0 to 100.
double chrfOf(const Lines &lines, const std::vector<Lines> &references);

} // namespace sinter
