// What benchmarks against other libraries share: a round times a few calls of each contestant in turn, after one
// untimed call that wakes its threads. Rests between turns let spinning worker threads go to sleep.
#pragma once

#include "program/random.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

/// Contestants of one thread may be timed by its work instead: on a machine that others use, too.
inline bool timesWork = false;

inline double now() {
  if (timesWork)
    return double(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(8)); }

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Contestant {
  std::string name;
  std::function<void()> call;
  std::vector<double> seconds;

  /// Runs for about `budget` seconds.
  void turn(double budget) {
    call();
    const double start = now();
    double before = start;
    do {
      call();
      const double after = now();
      seconds.push_back(after - before);
      before = after;
    } while (before - start < budget);
    rest();
  }
};

/// Largest difference of two results, relative to the largest element.
inline double difference(const float *x, const float *y, int64_t count) {
  double most = 0, scale = 0;
  for (int64_t i = 0; i < count; ++i) {
    most = std::max(most, std::abs(double(x[i]) - y[i]));
    scale = std::max(scale, std::abs(double(y[i])));
  }
  return std::isnan(most) ? INFINITY : most / scale;
}

inline std::vector<float> randomMatrix(int64_t count, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  const sinter::Random random(seed, 0);
  for (int64_t i = 0; i < count; ++i)
    values[size_t(i)] = float(2 * random.uniform(uint64_t(i)) - 1);
  return values;
}
