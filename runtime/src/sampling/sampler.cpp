#include "sampling/sampler.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace sinter {

Sampler::Sampler(const SamplerOptions &options, int64_t vocabulary)
    : options_(options), vocabulary_(vocabulary), random_(options.seed, streamOf("sampler")) {}

static bool moreProbable(const std::pair<double, int32_t> &a, const std::pair<double, int32_t> &b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

int32_t Sampler::pick(std::span<const float> logits, std::span<const int32_t> history, uint64_t counter) {
  const int64_t count = std::min<int64_t>(vocabulary_, int64_t(logits.size()));
  candidates_.clear();
  for (int64_t id = 0; id < count; ++id) {
    if (std::isnan(logits[size_t(id)]))
      fail(Exit::Input,
           fmt::format("the logit of token {} is not a number; the checkpoint's parameters are not finite", id));
    candidates_.emplace_back(logits[size_t(id)], int32_t(id));
  }
  if (candidates_.empty())
    fail(Exit::Input, "there is no token to choose: the vocabulary is empty");
  if (options_.repeatPenalty != 1) {
    const auto recent = history.last(std::min(history.size(), repeatWindow));
    for (auto &[logit, id] : candidates_)
      if (std::find(recent.begin(), recent.end(), id) != recent.end())
        logit = logit > 0 ? logit / options_.repeatPenalty : logit * options_.repeatPenalty;
  }
  if (options_.temperature == 0)
    return std::min_element(candidates_.begin(), candidates_.end(), moreProbable)->second;

  std::sort(candidates_.begin(), candidates_.end(), moreProbable);
  if (options_.topK > 0 && size_t(options_.topK) < candidates_.size())
    candidates_.resize(size_t(options_.topK));
  const double highest = candidates_.front().first;
  if (std::isinf(highest))
    return candidates_.front().second;
  double sum = 0;
  for (auto &[value, id] : candidates_)
    sum += value = std::exp((value - highest) / options_.temperature);
  double reached = 0;
  size_t kept = 0;
  while (kept < candidates_.size() &&
         (kept == 0 || (reached < options_.topP * sum && candidates_[kept].first >= options_.minP)))
    reached += candidates_[kept++].first;
  double draw = random_.uniform(counter) * reached;
  for (size_t i = 0; i < kept; ++i) {
    draw -= candidates_[i].first;
    if (draw < 0)
      return candidates_[i].second;
  }
  return candidates_[kept - 1].second;
}

double Sampler::logSum(std::span<const float> logits) const {
  double highest = -INFINITY, sum = 0;
  for (float logit : logits)
    highest = std::max(highest, double(logit));
  for (float logit : logits)
    sum += std::exp(double(logit) - highest);
  return highest + std::log(sum);
}

double Sampler::logProbability(std::span<const float> logits, int32_t token) const {
  return double(logits[size_t(token)]) - logSum(logits);
}

std::vector<std::pair<int32_t, double>> Sampler::top(std::span<const float> logits, int64_t count) const {
  std::vector<std::pair<double, int32_t>> all;
  for (size_t id = 0; id < logits.size() && int64_t(id) < vocabulary_; ++id)
    all.emplace_back(logits[id], int32_t(id));
  std::sort(all.begin(), all.end(), moreProbable);
  all.resize(std::min(all.size(), size_t(count)));
  const double total = logSum(logits);
  std::vector<std::pair<int32_t, double>> result;
  for (const auto &[logit, id] : all)
    result.emplace_back(id, logit - total);
  return result;
}

} // namespace sinter
