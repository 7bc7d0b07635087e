#include "sampling/generate.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <cmath>

namespace sinter {

Generator::Generator(Program &program, const Tokenizer &tokenizer) : tokenizer_(tokenizer), model_(program) {}

int64_t Generator::choices() const {
  return tokenizer_.kind() == Tokenizer::Kind::None ? model_.vocabulary()
                                                    : std::min(model_.vocabulary(), tokenizer_.size());
}

std::vector<int32_t> Generator::promptTokens(const std::string &prompt, const std::string &what, int64_t window,
                                             bool all) const {
  std::vector<int32_t> last;
  const size_t matter = size_t(std::max(model_.context(), window));
  std::vector<int32_t> part;
  for (size_t position = 0; position < prompt.size(); part.clear()) {
    tokenizer_.encodeSome(prompt, position, 65536, part, what);
    for (const int32_t token : part)
      if (token >= model_.vocabulary())
        fail(Exit::Input,
             formatted("{}: has token {}, but the model only {} of them: the tokenizer is of another model", what,
                       token, model_.vocabulary()));
    last.insert(last.end(), part.begin(), part.end());
    if (!all && last.size() > matter)
      last.erase(last.begin(), last.end() - int64_t(matter));
  }
  if (!last.empty())
    return last;
  if (tokenizer_.kind() == Tokenizer::Kind::None)
    return {0};
  for (int32_t id = 0; id < tokenizer_.size(); ++id)
    if (tokenizer_.decode(id) == "\n")
      return {id};
  return {0};
}

// Whether there is no room for another token, where a full context ends the text.
static bool isFull(const Continuation &text, int64_t context) {
  return text.options().full == FullContext::Stop && int64_t(text.history().tokens.size()) > context;
}

bool Generator::goOn(Continuation &text, const std::function<bool(const std::string &)> &show) {
  while (!text.done()) {
    if (isFull(text, model_.context())) {
      text.endFull();
      break;
    }
    text.add(model_.logitsAfter(TextView(text.history().tokens), fullOf(text.options())));
    if (const std::string shown = text.takeShown(false); !shown.empty() && !show(shown))
      return false;
  }
  const std::string rest = text.takeShown(true);
  return rest.empty() || show(rest);
}

Generated Generator::run(std::vector<int32_t> tokens, const GenerateOptions &options,
                         const std::function<bool(const std::string &)> &show) {
  Continuation text(tokenizer_, options, choices(), std::move(tokens));
  goOn(text, show);
  return text.finish();
}

std::vector<Generated> Generator::samples(const std::vector<int32_t> &tokens, const GenerateOptions &options,
                                          int64_t count) {
  std::vector<Generated> results;
  std::vector<Continuation> group;
  while (int64_t(results.size()) < count) {
    group.clear();
    while (group.size() < model_.batch() && int64_t(results.size() + group.size()) < count) {
      GenerateOptions own = options;
      own.sampler.seed += results.size() + group.size();
      group.emplace_back(tokenizer_, std::move(own), choices(), tokens);
    }
    advanceAll(group);
    for (Continuation &text : group)
      results.push_back(text.finish());
  }
  return results;
}

// One token more of each at a time; who is done leaves its place empty.
void Generator::advanceAll(std::vector<Continuation> &group) {
  std::vector<Continuation *> open;
  std::vector<TextView> texts;
  do {
    open.clear();
    texts.clear();
    for (Continuation &text : group) {
      if (!text.done() && isFull(text, model_.context()))
        text.endFull();
      if (text.done())
        continue;
      open.push_back(&text);
      texts.emplace_back(text.history().tokens);
    }
    if (open.empty())
      return;
    const std::span<const float> logits = model_.logitsAfter(texts, fullOf(group.front().options()));
    for (size_t i = 0; i < open.size(); ++i)
      open[i]->add(logits.subspan(i * size_t(model_.vocabulary()), size_t(model_.vocabulary())));
  } while (true);
}

std::vector<GeneratedToken> Generator::promptProbabilities(const std::vector<int32_t> &tokens,
                                                           const GenerateOptions &options) {
  const Sampler sampler(options.sampler, choices());
  std::vector<GeneratedToken> result;
  for (size_t i = 0; i < tokens.size(); ++i) {
    GeneratedToken token{tokens[i], NAN, {}};
    if (i > 0 && !(fullOf(options) == FullContext::Stop && int64_t(i) > model_.context())) {
      const auto logits = model_.logitsAfter(TextView(tokens).first(i), fullOf(options));
      TokenProbability probability = sampler.probability(logits, tokens[i], options.logProbabilities);
      token.logProbability = probability.ofToken;
      token.top = std::move(probability.top);
    }
    result.push_back(std::move(token));
  }
  return result;
}

} // namespace sinter
