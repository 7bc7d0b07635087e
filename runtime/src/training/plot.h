// A chart of losses in letters, for terminals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sinter {

/// The losses of a training so far, in a room that does not grow.
class PlotPoints {
public:
  explicit PlotPoints(size_t most) : most_(most) { points_.reserve(most); }
  /// Once there is no more room, neighbours become one by their means, and so on. Allocates nothing.
  void add(int64_t step, double loss);
  const std::vector<std::pair<double, double>> &points() const { return points_; }

private:
  size_t most_, each_ = 1, taken_ = 0; // so many losses make a point, so many the next one has
  double sum_ = 0;
  std::vector<std::pair<double, double>> points_;
};

/// A chart of `rows` lines and one more with the steps, none of which has more than `columns` characters; nothing if
/// there is no room, or are fewer than two finite points. `line`: dots for these; `marks`: an `o` for each. Dots are
/// Braille's, eight a character, or `.` without `unicode`.
std::string plotText(const std::vector<std::pair<double, double>> &line,
                     const std::vector<std::pair<double, double>> &marks, size_t columns, size_t rows, bool unicode);

} // namespace sinter
