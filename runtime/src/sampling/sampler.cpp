#include "sampling/sampler.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sinter {

Sampler::Sampler(SamplerOptions options, int64_t vocabulary)
    : options_(std::move(options)), vocabulary_(vocabulary), random_(options_.seed, streamOf("sampler")) {}

// Steps 1 to 3.
void Sampler::adjust(std::span<const float> logits, const History &history, Ranking &ranking) const {
  const size_t count = std::min(size_t(vocabulary_), logits.size());
  std::vector<Ranking::Candidate> &candidates = ranking.candidates();
  candidates.resize(count);
  for (size_t id = 0; id < count; ++id) {
    if (std::isnan(logits[id]))
      fail(Exit::Input,
           formatted("the logit of token {} is not a number; the checkpoint's parameters are not finite", id));
    candidates[id] = {logits[id], int32_t(id)};
  }
  if (candidates.empty())
    fail(Exit::Input, "there is no token to choose: the vocabulary is empty");
  const auto known = [&](int32_t id) { return size_t(id) < count; };
  for (const auto &[id, bias] : options_.logitBias)
    if (known(id)) // (An infinite logit stays what it is, but for a token that is never chosen.)
      candidates[size_t(id)].first = std::isinf(bias) ? bias : candidates[size_t(id)].first + bias;
  if (options_.repeatPenalty != 1) {
    const std::vector<int32_t> &tokens = history.tokens;
    const size_t window = std::min(tokens.size(), size_t(options_.repeatWindow));
    std::vector<int32_t> recent(tokens.end() - int64_t(window), tokens.end());
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    for (const int32_t id : recent)
      if (known(id)) {
        double &logit = candidates[size_t(id)].first;
        logit = logit > 0 ? logit / options_.repeatPenalty : logit * options_.repeatPenalty;
      }
  }
  if (options_.frequencyPenalty != 0 || options_.presencePenalty != 0)
    for (const auto &[id, times] : history.times)
      if (known(id))
        candidates[size_t(id)].first -= options_.frequencyPenalty * double(times) + options_.presencePenalty;
  ranking.begin();
}

// The highest logit where no option changes any; none where somebody has to look closer.
static std::optional<int32_t> highestOf(std::span<const float> logits) {
  size_t best = 0;
  bool numbers = true;
  for (size_t id = 0; id < logits.size(); ++id) {
    numbers &= logits[id] == logits[id];
    best = logits[id] > logits[best] ? id : best;
  }
  return numbers && !logits.empty() ? std::optional(int32_t(best)) : std::nullopt;
}

int32_t Sampler::pick(std::span<const float> logits, const History &history) {
  const SamplerOptions &o = options_;
  if (o.temperature == 0 && o.repeatPenalty == 1 && o.frequencyPenalty == 0 && o.presencePenalty == 0 &&
      o.logitBias.empty())
    if (const auto best = highestOf(logits.first(std::min(size_t(vocabulary_), logits.size()))))
      return *best;
  adjust(logits, history, ranking_);
  return options_.temperature == 0 ? ranking_.best().second : draw(history.chosen);
}

// The sum of exp((z - highest) / temperature) in the order of ids, which ranking changes.
static double sumOf(const std::vector<Ranking::Candidate> &candidates, double highest, double temperature) {
  double sum = 0;
  for (const auto &[logit, id] : candidates)
    sum += std::exp((logit - highest) / temperature);
  return sum;
}

// Steps 4 to 6. Candidates are ranked as far as the draw asks for, which is rarely far.
int32_t Sampler::draw(uint64_t counter) {
  const Ranking::Candidate best = ranking_.best();
  if (std::isinf(best.first))
    return best.second;
  const auto weight = [&](double logit) { return std::exp((logit - best.first) / options_.temperature); };
  size_t count = ranking_.size();
  double sum = 0; // of the weights of the K most probable
  if (options_.topK > 0 && size_t(options_.topK) < count) {
    count = size_t(options_.topK);
    for (size_t rank = 0; rank < count; ++rank)
      sum += weight(ranking_.at(rank).first);
  } else {
    sum = sumOf(ranking_.candidates(), best.first, options_.temperature);
  }
  double kept = sum; // of what else is left
  if (options_.topP < 1 || options_.minP > 0) {
    kept = 0;
    size_t rank = 0;
    for (; rank < count && (rank == 0 || kept < options_.topP * sum); ++rank) {
      const double next = weight(ranking_.at(rank).first);
      if (rank > 0 && next < options_.minP)
        break;
      kept += next;
    }
    count = rank;
  }
  double left = random_.uniform(counter) * kept;
  for (size_t rank = 0; rank + 1 < count; ++rank) {
    left -= weight(ranking_.at(rank).first);
    if (left < 0)
      return ranking_.at(rank).second;
  }
  return ranking_.at(count - 1).second;
}

void Sampler::score(std::span<const float> logits, const History &history, Scores &scores) const {
  adjust(logits, history, scores.ranking);
  const double highest = scores.ranking.best().first;
  scores.certain = std::isinf(highest);
  if (!scores.certain)
    scores.logSum = highest + std::log(sumOf(scores.ranking.candidates(), highest, 1));
}

TokenProbability Sampler::probability(std::span<const float> logits, int32_t token, int64_t count) const {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits)
    sum += std::exp(double(logit) - highest);
  const double logSum = highest + std::log(sum);
  Ranking ranking;
  for (size_t id = 0; count > 0 && id < logits.size() && int64_t(id) < vocabulary_; ++id)
    ranking.candidates().emplace_back(logits[id], int32_t(id));
  ranking.begin();
  TokenProbability result{double(logits[size_t(token)]) - logSum, {}};
  for (size_t rank = 0; rank < std::min(ranking.size(), size_t(count)); ++rank)
    result.top.emplace_back(ranking.at(rank).second, ranking.at(rank).first - logSum);
  return result;
}

} // namespace sinter
