#include "sampling/beams.h"

#include <algorithm>
#include <cmath>

namespace sinter {

namespace {

struct Hypothesis {
  History history;
  TextSoFar text;
  std::vector<GeneratedToken> tokens;
  double sum = 0;   // of log-probabilities
  double score = 0; // once it is done
  bool stopped = false, full = false;
};

/// A kept continuation and a token that may follow.
struct Choice {
  size_t parent, rank;
  double sum;
  int32_t token;
};

bool earlier(const std::vector<GeneratedToken> &a, const std::vector<GeneratedToken> &b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const GeneratedToken &x, const GeneratedToken &y) { return x.id < y.id; });
}

bool better(const Hypothesis &a, const Hypothesis &b) {
  return a.score != b.score ? a.score > b.score : earlier(a.tokens, b.tokens);
}

class Search {
public:
  Search(Generator &generator, const GenerateOptions &options, const BeamOptions &beam)
      : generator_(generator), options_(options), beam_(beam), sampler_(options.sampler, generator.choices()) {}

  std::vector<Generated> run(const std::vector<int32_t> &prompt, int64_t best);

private:
  void step();
  bool precedes(const Choice &a, const Choice &b) const;
  Hypothesis follow(const Choice &choice, std::span<const float> logits);
  void putAside(Hypothesis &&hypothesis);
  double scoreOf(double sum, size_t length) const { return sum / std::pow(double(length), beam_.lengthPenalty); }
  bool surpassable() const;

  Generator &generator_;
  const GenerateOptions &options_;
  const BeamOptions &beam_;
  Sampler sampler_;
  std::vector<Hypothesis> kept_;  // the most probable first, all of one length
  std::vector<Hypothesis> aside_; // the best first, `beams` at most
  std::vector<Sampler::Scores> scores_;
};

} // namespace

// Whether `a` is kept before `b`. Choices of one parent come in the order of their logits.
bool Search::precedes(const Choice &a, const Choice &b) const {
  if (a.sum != b.sum)
    return a.sum > b.sum;
  const auto &left = kept_[a.parent].tokens, &right = kept_[b.parent].tokens;
  return a.parent == b.parent ? a.rank < b.rank : earlier(left, right);
}

Hypothesis Search::follow(const Choice &choice, std::span<const float> logits) {
  Hypothesis next = kept_[choice.parent];
  next.sum = choice.sum;
  GeneratedToken token{choice.token, 0, {}};
  if (options_.logProbabilities > 0) {
    TokenProbability probability = sampler_.probability(logits, choice.token, options_.logProbabilities);
    token.logProbability = probability.ofToken;
    token.top = std::move(probability.top);
  }
  next.history.choose(choice.token);
  next.stopped = next.text.add(generator_.tokenizer().decode(choice.token), options_.stop);
  next.tokens.push_back(std::move(token));
  return next;
}

void Search::putAside(Hypothesis &&hypothesis) {
  hypothesis.score = scoreOf(hypothesis.sum, std::max(hypothesis.tokens.size(), size_t(1)));
  aside_.insert(std::upper_bound(aside_.begin(), aside_.end(), hypothesis, better), std::move(hypothesis));
  if (int64_t(aside_.size()) > beam_.beams)
    aside_.pop_back();
}

// Whether some continuation of those that are kept may come before the last of those aside. Log-probabilities only fall
// as a text grows; its length then counts for it or against it.
bool Search::surpassable() const {
  if (int64_t(aside_.size()) < beam_.beams)
    return true;
  const size_t length = beam_.lengthPenalty > 0 ? size_t(options_.count) : kept_.front().tokens.size() + 1;
  return scoreOf(kept_.front().sum, length) >= aside_.back().score;
}

void Search::step() {
  std::vector<TextView> texts;
  for (const Hypothesis &each : kept_)
    texts.emplace_back(each.history.tokens);
  TokenModel &model = generator_.model();
  const size_t vocabulary = size_t(model.vocabulary());
  const auto logits = model.logitsAfter(texts, options_.full.value_or(model.fullContext()));
  scores_.resize(kept_.size());
  std::vector<Choice> first; // the best choice of each parent that was not taken yet
  const auto offer = [&](size_t parent, size_t rank) {
    Sampler::Scores &scores = scores_[parent];
    if (rank < scores.size())
      if (const double probability = scores.logProbability(rank); probability > -INFINITY)
        first.push_back({parent, rank, kept_[parent].sum + probability, scores.ranking.at(rank).second});
  };
  for (size_t parent = 0; parent < kept_.size(); ++parent) {
    sampler_.score(logits.subspan(parent * vocabulary, vocabulary), kept_[parent].history, scores_[parent]);
    offer(parent, 0);
  }
  std::vector<Hypothesis> next;
  while (int64_t(next.size()) < beam_.beams && !first.empty()) {
    const auto best =
        std::min_element(first.begin(), first.end(), [&](const Choice &a, const Choice &b) { return precedes(a, b); });
    const Choice choice = *best;
    first.erase(best);
    offer(choice.parent, choice.rank + 1);
    Hypothesis hypothesis = follow(choice, logits.subspan(choice.parent * vocabulary, vocabulary));
    hypothesis.stopped ? putAside(std::move(hypothesis)) : next.push_back(std::move(hypothesis));
  }
  kept_ = std::move(next);
}

std::vector<Generated> Search::run(const std::vector<int32_t> &prompt, int64_t best) {
  kept_.resize(1);
  kept_.front().history.tokens = prompt;
  const auto length = [&] { return int64_t(kept_.front().tokens.size()); };
  const auto full = [&] {
    return options_.full == FullContext::Stop &&
           int64_t(kept_.front().history.tokens.size()) > generator_.model().context();
  };
  while (!kept_.empty() && length() < options_.count && !full() && surpassable())
    step();
  // Those that are as long as may be are done, too; where nothing was surpassable, the others are not.
  if (!kept_.empty() && (length() == options_.count || full()))
    for (const bool cut = length() < options_.count; Hypothesis &each : kept_) {
      each.full = cut;
      putAside(std::move(each));
    }
  std::vector<Generated> results;
  for (Hypothesis &each : aside_) {
    if (int64_t(results.size()) == best)
      break;
    if (!each.stopped)
      each.text.finish();
    results.push_back({std::move(each.tokens), each.text.text(), each.stopped, each.full, each.score});
  }
  return results;
}

std::vector<Generated> beamSearch(Generator &generator, const std::vector<int32_t> &tokens,
                                  const GenerateOptions &options, const BeamOptions &beam, int64_t best) {
  return Search(generator, options, beam).run(tokens, best);
}

} // namespace sinter
