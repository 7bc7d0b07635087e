#include "sampling/beams.h"

#include <algorithm>
#include <cmath>
#include <deque>

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
  Search(const Generator &generator, const GenerateOptions &options, const BeamOptions &beam,
         const std::vector<int32_t> &prompt, std::span<const int32_t> source = {});

  /// Whether it needs logits to go on, of its texts.
  bool goesOn() const;
  void addTexts(std::vector<TextView> &texts) const;
  size_t textCount() const { return kept_.size(); }
  /// One step: `logits` are those after each of its texts.
  void step(std::span<const float> logits);
  std::vector<Generated> results(int64_t best);

private:
  bool precedes(const Choice &a, const Choice &b) const;
  Hypothesis follow(const Choice &choice, std::span<const float> logits);
  void putAside(Hypothesis &&hypothesis);
  double scoreOf(double sum, size_t length) const { return sum / std::pow(double(length), beam_.lengthPenalty); }
  bool surpassable() const;
  int64_t length() const { return int64_t(kept_.front().tokens.size()); }
  bool full() const;

  const Generator &generator_;
  const GenerateOptions &options_;
  const BeamOptions &beam_;
  Sampler sampler_;
  std::vector<Hypothesis> kept_;  // the most probable first, all of one length
  std::vector<Hypothesis> aside_; // the best first, `beams` at most
  std::vector<Sampler::Scores> scores_;
};

} // namespace

Search::Search(const Generator &generator, const GenerateOptions &options, const BeamOptions &beam,
               const std::vector<int32_t> &prompt, std::span<const int32_t> source)
    : generator_(generator), options_(options), beam_(beam), sampler_(options.sampler, generator.choices()), kept_(1) {
  kept_.front().history.tokens = prompt;
  kept_.front().history.source.assign(source.begin(), source.end());
}

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
  next.stopped =
      choice.token == options_.end || next.text.add(generator_.tokenizer().decode(choice.token), options_.stop);
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

void Search::addTexts(std::vector<TextView> &texts) const {
  for (const Hypothesis &each : kept_)
    texts.emplace_back(each.history.tokens, each.history.source);
}

void Search::step(std::span<const float> logits) {
  const size_t vocabulary = size_t(generator_.model().vocabulary());
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

bool Search::full() const {
  return options_.full == FullContext::Stop &&
         int64_t(kept_.front().history.tokens.size()) > generator_.model().context();
}

bool Search::goesOn() const { return !kept_.empty() && length() < options_.count && !full() && surpassable(); }

std::vector<Generated> Search::results(int64_t best) {
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
  Search search(generator, options, beam, tokens);
  TokenModel &model = generator.model();
  std::vector<TextView> texts;
  while (search.goesOn()) {
    texts.clear();
    search.addTexts(texts);
    search.step(model.logitsAfter(texts, options.full.value_or(model.fullContext())));
  }
  return search.results(best);
}

void beamSearches(Generator &generator, const std::vector<int32_t> &tokens,
                  std::span<const std::vector<int32_t>> sources, const GenerateOptions &options,
                  const BeamOptions &beam, const std::function<void(const Generated &)> &done) {
  TokenModel &model = generator.model();
  const size_t vocabulary = size_t(model.vocabulary()),
               atOnce = std::max(model.batch() / size_t(beam.beams), size_t(1));
  std::deque<Search> open; // the first of them is the first that `done` waits for
  std::vector<TextView> texts;
  for (size_t next = 0; next < sources.size() || !open.empty();) {
    size_t going = size_t(std::count_if(open.begin(), open.end(), [](const Search &s) { return s.goesOn(); }));
    for (; going < atOnce && next < sources.size(); ++next, ++going)
      open.emplace_back(generator, options, beam, tokens, sources[next]);
    texts.clear();
    std::vector<Search *> asking;
    for (Search &search : open)
      if (search.goesOn()) {
        search.addTexts(texts);
        asking.push_back(&search);
      }
    if (!texts.empty()) {
      std::span<const float> logits = model.logitsAfter(texts, options.full.value_or(model.fullContext()));
      for (Search *search : asking) {
        const size_t count = search->textCount() * vocabulary;
        search->step(logits.first(count));
        logits = logits.subspan(count);
      }
    }
    for (; !open.empty() && !open.front().goesOn(); open.pop_front())
      done(open.front().results(1).front());
  }
}

} // namespace sinter
