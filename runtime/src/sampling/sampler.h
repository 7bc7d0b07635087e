// Chooses the next token from logits. Deterministic in (options, seed, counter); ties go to the smaller id.
#pragma once

#include "program/random.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sinter {

struct SamplerOptions {
  double temperature = 1;   ///< 0: the most probable token
  int64_t topK = 0;         ///< keep the K most probable; 0: all
  double topP = 1;          ///< keep the fewest that together have at least this probability
  double minP = 0;          ///< keep those with at least this times the highest probability
  double repeatPenalty = 1; ///< divides positive and multiplies negative logits of tokens already there
  uint64_t seed = 0;
};

/// Applied in this order: repeat penalty, temperature, top-k, top-p, min-p; then one draw.
class Sampler {
public:
  /// The repeat penalty looks at this many tokens before the next one.
  static constexpr size_t repeatWindow = 64;

  /// `vocabulary` ids may be chosen; logits beyond them are ignored.
  Sampler(const SamplerOptions &options, int64_t vocabulary);

  /// `counter` is the number of the token in the text being made. Throws Failure if a logit is NaN.
  int32_t pick(std::span<const float> logits, std::span<const int32_t> history, uint64_t counter);

  /// The `count` most probable tokens with their log-probabilities as the model gives them (no option applied).
  std::vector<std::pair<int32_t, double>> top(std::span<const float> logits, int64_t count) const;
  double logProbability(std::span<const float> logits, int32_t token) const;

private:
  double logSum(std::span<const float> logits) const;

  SamplerOptions options_;
  int64_t vocabulary_;
  Random random_;
  std::vector<std::pair<double, int32_t>> candidates_; // (logit, then probability; id)
};

} // namespace sinter
