#include "training/plot.h"

#include "base/format.h"
#include "base/utf8.h"

#include <algorithm>
#include <cmath>

namespace sinter {

void PlotPoints::add(int64_t step, double loss) {
  if (!std::isfinite(loss))
    return;
  sum_ += loss;
  if (++taken_ < each_)
    return;
  if (points_.size() == most_) {
    for (size_t i = 0; i + 1 < most_; i += 2)
      points_[i / 2] = {points_[i + 1].first, (points_[i].second + points_[i + 1].second) / 2};
    points_.resize(most_ / 2);
    each_ *= 2;
    if (taken_ < each_) // it is half of the next one
      return;
  }
  points_.emplace_back(double(step), sum_ / double(taken_));
  sum_ = 0;
  taken_ = 0;
}

namespace {

using Points = std::vector<std::pair<double, double>>;

struct Range {
  double least = INFINITY, most = -INFINITY;
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  /// From 0 to 1.
  double share(double value) const { return most > least ? (value - least) / (most - least) : 0.5; }
};

/// Characters of which each has dots in a field of 2 x 4 (Braille) or 1 x 1.
class Field {
public:
  Field(size_t columns, size_t rows, bool unicode)
      : columns_(columns), rows_(rows), wide_(unicode ? 2 : 1), high_(unicode ? 4 : 1), dots_(columns * rows),
        marks_(columns * rows) {}

  // `x` and `y` from 0 to 1, y upwards.
  void dot(double x, double y) {
    const size_t across = size_t(std::lround(x * double(columns_ * wide_ - 1)));
    const size_t down = size_t(std::lround((1 - y) * double(rows_ * high_ - 1)));
    // Braille's dots 1 to 8 by their places.
    static constexpr unsigned char bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    dots_[down / high_ * columns_ + across / wide_] |= bits[down % high_][across % wide_];
  }
  void mark(double x, double y) {
    const size_t across = size_t(std::lround(x * double(columns_ - 1)));
    marks_[size_t(std::lround((1 - y) * double(rows_ - 1))) * columns_ + across] = true;
  }
  std::string row(size_t row) const {
    std::string text;
    for (size_t c = row * columns_; c < (row + 1) * columns_; ++c) {
      if (marks_[c])
        text += 'o';
      else if (!dots_[c])
        text += ' ';
      else if (wide_ == 1)
        text += '.';
      else
        appendUtf8(text, char32_t(0x2800 + dots_[c]));
    }
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

private:
  size_t columns_, rows_, wide_, high_;
  std::vector<unsigned char> dots_;
  std::vector<bool> marks_;
};

} // namespace

std::string plotText(const Points &line, const Points &marks, size_t columns, size_t rows, bool unicode) {
  constexpr size_t label = 9, least = 8; // "  1.2345 "
  Range steps, values;
  size_t count = 0;
  for (const Points *points : {&line, &marks})
    for (const auto &[step, value] : *points)
      if (std::isfinite(value)) {
        steps.add(step);
        values.add(value);
        ++count;
      }
  if (count < 2 || columns < label + least || rows < 2)
    return "";
  Field field(columns - label, rows, unicode);
  for (const auto &[step, value] : line)
    if (std::isfinite(value))
      field.dot(steps.share(step), values.share(value));
  for (const auto &[step, value] : marks)
    if (std::isfinite(value))
      field.mark(steps.share(step), values.share(value));
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    const bool named = row == 0 || row + 1 == rows;
    const std::string name =
        named ? formatted("{:.4g}", row ? values.least : values.most).substr(0, label - 1) : std::string();
    const std::string dots = field.row(row);
    text += dots.empty() && !named ? "\n" : formatted("{:>{}} {}\n", name, label - 1, dots);
  }
  const std::string first = formatted("{}", steps.least), last = formatted("step {}", steps.most);
  const size_t room = columns - label;
  const bool both = first.size() + 1 + last.size() <= room;
  return text + formatted("{:{}}{}{:>{}}\n", "", label, both ? first : "", last.substr(0, room),
                          both ? room - first.size() : std::min(room, last.size()));
}

} // namespace sinter
