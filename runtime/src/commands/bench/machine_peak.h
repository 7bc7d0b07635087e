// What this machine can do at most, measured: the scale for a profile.
#pragma once

#include <string_view>

namespace sinter {

struct MachinePeak {
  double flops; ///< single precision fused multiply-adds a second, each as two operations
  double bytes; ///< read a second from a buffer larger than the caches
};

/// Bytes a second that so many threads read from a buffer larger than the caches.
double measureReadBandwidth(int threads);

/// Measures both for about a quarter of a second on `threads` threads at once, with the widest vectors that code for
/// `features` (names with spaces between) may use.
MachinePeak measureMachinePeak(int threads, std::string_view features);

} // namespace sinter
