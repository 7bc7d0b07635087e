// statistics.h - means, slopes and quantiles of what a lab measured.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <ranges>
#include <vector>

namespace lab {

template <typename Values> double mean(const Values &values) {
  double sum = 0;
  for (double value : values)
    sum += value;
  return sum / double(std::ranges::size(values));
}

/// Of a sample: the sum of squares is divided by one less than the count.
template <typename Values> double variance(const Values &values) {
  const double middle = mean(values);
  double sum = 0;
  for (double value : values)
    sum += (value - middle) * (value - middle);
  return sum / double(std::ranges::size(values) - 1);
}

template <typename Values> double quantile(const Values &values, double part) {
  std::vector<double> sorted(std::ranges::begin(values), std::ranges::end(values));
  std::ranges::sort(sorted);
  const double at = part * double(sorted.size() - 1);
  const size_t low = size_t(at), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - double(low)) * (sorted[high] - sorted[low]);
}
template <typename Values> double median(const Values &values) { return quantile(values, 0.5); }

/// y = offset + slope x of least squares.
struct Line {
  double slope, offset;
};
inline Line fit_line(const std::vector<double> &x, const std::vector<double> &y) {
  const double mx = mean(x), my = mean(y);
  double xy = 0, xx = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
  }
  return {xy / xx, my - xy / xx * mx};
}

/// The exponent p of y ~ x^p.
inline double power(const std::vector<double> &x, const std::vector<double> &y) {
  std::vector<double> lx, ly;
  for (size_t i = 0; i < x.size(); ++i) {
    lx.push_back(std::log(x[i]));
    ly.push_back(std::log(y[i]));
  }
  return fit_line(lx, ly).slope;
}

} // namespace lab
