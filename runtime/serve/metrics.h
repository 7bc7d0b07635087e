// What Prometheus asks for: counters and gauges in its text format.
#pragma once

#include "engine.h"

#include <array>
#include <chrono>
#include <map>
#include <string>

namespace sinter::serve {

class Metrics {
public:
  void response(unsigned status) { ++responses_[status]; }
  void firstToken(double seconds);
  /// Connections that are open now.
  size_t connections = 0;

  /// All of it; `# TYPE` before each.
  std::string text(const EngineCounts &engine) const;

private:
  static constexpr std::array<double, 9> bounds_ = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
  std::map<unsigned, uint64_t> responses_;
  std::array<uint64_t, bounds_.size() + 1> within_{};
  double seconds_ = 0;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

} // namespace sinter::serve
