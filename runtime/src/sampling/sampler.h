// Chooses the next token from logits. Deterministic in (options, seed, history); ties go to the smaller id.
#pragma once

#include "program/random.h"
#include "sampling/ranking.h"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sinter {

struct SamplerOptions {
  double temperature = 1;      ///< 0: the most probable token
  int64_t topK = 0;            ///< keep the K most probable; 0: all
  double topP = 1;             ///< keep the fewest that together have at least this probability
  double minP = 0;             ///< keep those with at least this times the highest probability
  double repeatPenalty = 1;    ///< divides positive and multiplies negative logits of tokens already there
  int64_t repeatWindow = 64;   ///< which are these: of the last so many tokens, the prompt's included; 0: none
  double presencePenalty = 0;  ///< taken off the logits of tokens that were chosen before
  double frequencyPenalty = 0; ///< the same as often as they were chosen
  std::vector<std::pair<int32_t, double>> logitBias; ///< (id, what is added to its logit); -infinity: never chosen
  uint64_t seed = 0;
};

/// A text as far as it goes.
struct History {
  std::vector<int32_t> tokens;                ///< of the prompt, then what followed
  std::unordered_map<int32_t, int64_t> times; ///< how often each token was chosen; the prompt's were not
  uint64_t chosen = 0;                        ///< how many tokens were
  std::vector<int32_t> source = {};           ///< what the model read first; empty if it reads nothing

  void choose(int32_t token) {
    tokens.push_back(token);
    ++times[token];
    ++chosen;
  }
};

/// A token as the model sees it, whatever the options are.
struct TokenProbability {
  double ofToken = 0;                          ///< log-probability
  std::vector<std::pair<int32_t, double>> top; ///< the most probable tokens with theirs
};

/// With z_j the logit of token j, w_j that token j is among the last `repeatWindow`, c_j how often it was chosen:
///   1. z_j += bias_j
///   2. if w_j: z_j = z_j > 0 ? z_j / repeatPenalty : z_j * repeatPenalty             (CTRL, arXiv:1909.05858; the case
///      of negative logits as llama.cpp has it, as it has the window)
///   3. z_j -= frequencyPenalty * c_j + presencePenalty * (c_j > 0)                    (the API of OpenAI; so is bias)
///   4. p = softmax(z / temperature); temperature 0: the highest z, and nothing of what follows
///   5. keep the `topK` highest p, of these the fewest whose sum is at least `topP` of the sum of these
///      (arXiv:1904.09751), of these all with p_j >= minP * max p (arXiv:2407.01082)
///   6. one draw: number `chosen` of the seed's stream.
/// The order of 4 and 5 is that of Hugging Face's transformers and vLLM; llama.cpp divides by the temperature last.
class Sampler {
public:
  /// `vocabulary` ids may be chosen; logits beyond them are ignored.
  Sampler(SamplerOptions options, int64_t vocabulary);

  /// Throws Failure if a logit is NaN, or there is none.
  int32_t pick(std::span<const float> logits, const History &history);

  /// Logits behind steps 1 to 3, and the logarithm of the sum of their exponentials, for a search: the log-probability
  /// of a candidate is its logit less that. Where the highest is infinite, the first candidate is certain.
  struct Scores {
    Ranking ranking;
    double logSum = 0;
    double logProbability(size_t rank) { return certain ? 0 : ranking.at(rank).first - logSum; }
    bool certain = false;
    size_t size() const { return certain ? 1 : ranking.size(); }
  };
  void score(std::span<const float> logits, const History &history, Scores &scores) const;

  /// Log-probabilities as the model gives them (no option applied): of `token`, and of the `count` most probable.
  TokenProbability probability(std::span<const float> logits, int32_t token, int64_t count) const;

private:
  void adjust(std::span<const float> logits, const History &history, Ranking &ranking) const;
  int32_t draw(uint64_t counter);

  SamplerOptions options_;
  int64_t vocabulary_;
  Random random_;
  Ranking ranking_;
};

} // namespace sinter
