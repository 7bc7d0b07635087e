#include "commands/bench/machine_peak.h"

#include "base/threads.h"
#include "program/block.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sinter {

static constexpr int repeats = 4; // the best counts
static constexpr int64_t rounds = 1 << 20;
static constexpr int64_t chains = 12; // multiply-adds that do not wait for each other: more than two units need

// Keeps the results of a loop that nobody wants.
static volatile float unwanted;

#define SINTER_CHAINS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void multiplyAdd512() {
  const __m512 x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(unwanted);
#define SINTER_START(i) __m512 a##i = _mm512_set1_ps(float(i));
  SINTER_CHAINS(SINTER_START)
#undef SINTER_START
  for (int64_t n = 0; n < rounds; ++n) {
#define SINTER_STEP(i) a##i = _mm512_fmadd_ps(a##i, x, y);
    SINTER_CHAINS(SINTER_STEP)
#undef SINTER_STEP
  }
#define SINTER_END(i) unwanted = _mm512_cvtss_f32(a##i);
  SINTER_CHAINS(SINTER_END)
#undef SINTER_END
}

__attribute__((target("avx,fma"))) static void multiplyAdd256() {
  const __m256 x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(unwanted);
#define SINTER_START(i) __m256 a##i = _mm256_set1_ps(float(i));
  SINTER_CHAINS(SINTER_START)
#undef SINTER_START
  for (int64_t n = 0; n < rounds; ++n) {
#define SINTER_STEP(i) a##i = _mm256_fmadd_ps(a##i, x, y);
    SINTER_CHAINS(SINTER_STEP)
#undef SINTER_STEP
  }
#define SINTER_END(i) unwanted = _mm256_cvtss_f32(a##i);
  SINTER_CHAINS(SINTER_END)
#undef SINTER_END
}
#endif

// Without multiply-adds: a product and a sum of four lanes each.
static void multiplyAdd128() {
  using Vector = float __attribute__((vector_size(16)));
  const Vector x{0.5f, 0.5f, 0.5f, 0.5f}, y{unwanted, unwanted, unwanted, unwanted};
#define SINTER_START(i) Vector a##i{float(i)};
  SINTER_CHAINS(SINTER_START)
#undef SINTER_START
  for (int64_t n = 0; n < rounds; ++n) {
#define SINTER_STEP(i) a##i = a##i * x + y;
    SINTER_CHAINS(SINTER_STEP)
#undef SINTER_STEP
  }
#define SINTER_END(i) unwanted = a##i[0];
  SINTER_CHAINS(SINTER_END)
#undef SINTER_END
}

static void readAll(const std::byte *data, size_t bytes) {
  using Vector = uint64_t __attribute__((vector_size(16)));
  Vector a{}, b{}, c{}, d{};
  for (const auto *v = reinterpret_cast<const Vector *>(data), *end = v + bytes / 64 * 4; v != end; v += 4) {
    a ^= v[0];
    b ^= v[1];
    c ^= v[2];
    d ^= v[3];
  }
  unwanted = float((a ^ b ^ c ^ d)[0]);
}

// Seconds that `work` takes when every thread does it at the same time; the best of some.
static double timeOnAll(int threads, const std::function<void(int)> &work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    std::atomic<int> waiting{threads};
    Clock::time_point begun;
    const auto both = [&](int thread) {
      if (waiting.fetch_sub(1) == 1)
        begun = Clock::now();
      while (waiting.load() > 0)
        std::this_thread::yield();
      work(thread);
    };
    std::vector<std::jthread> helpers;
    try {
      for (int thread = 1; thread < threads; ++thread)
        startThread(helpers, threads, [&both, thread] { both(thread); });
    } catch (...) {
      waiting = 0; // lets those go that wait for all
      throw;
    }
    both(0);
    helpers.clear();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begun).count());
  }
  return best;
}

double measureReadBandwidth(int threads) {
  // Eight times the last level, if the system tells how large it is, so that next to nothing of it is found there
  // again; no more than is quickly read.
  const int64_t cache = std::max<int64_t>(0, sysconf(_SC_LEVEL3_CACHE_SIZE));
  const size_t part = size_t(std::clamp<int64_t>(8 * cache, 256 << 20, 512 << 20)) / size_t(threads) / 4096 * 4096;
  Block buffer("buffer of the bandwidth measurement", part * size_t(threads));
  std::memset(buffer.data(), 1, part * size_t(threads));
  const double reading = timeOnAll(threads, [&](int thread) { readAll(buffer.data() + size_t(thread) * part, part); });
  return double(part) * threads / reading;
}

MachinePeak measureMachinePeak(int threads, std::string_view features) {
  const std::string words = ' ' + std::string(features) + ' ';
  void (*multiplyAdd)() = multiplyAdd128;
  int64_t lanes = 4;
#if defined(__x86_64__)
  if (words.find(" avx512f ") != words.npos)
    multiplyAdd = multiplyAdd512, lanes = 16;
  else if (words.find(" fma ") != words.npos)
    multiplyAdd = multiplyAdd256, lanes = 8;
#endif
  unwanted = 1;
  MachinePeak peak;
  const double seconds = timeOnAll(threads, [&](int) { multiplyAdd(); });
  peak.flops = 2.0 * double(lanes * chains * rounds) * threads / seconds;
  peak.bytes = measureReadBandwidth(threads);
  return peak;
}

} // namespace sinter
