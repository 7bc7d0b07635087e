#include "sampling/generate.h"

#include "base/error.h"
#include "base/utf8.h"

#include <algorithm>
#include <fmt/format.h>

namespace sinter {

Generator::Generator(Program &program, const Tokenizer &tokenizer) : tokenizer_(tokenizer), model_(program) {}

std::vector<int32_t> Generator::promptTokens(const std::string &prompt, const std::string &what) const {
  std::vector<int32_t> last;
  const size_t matter = std::max(size_t(model_.context()), Sampler::repeatWindow);
  std::vector<int32_t> part(std::min(prompt.size(), size_t(65536)));
  for (size_t position = 0; position < prompt.size();) {
    const size_t count = tokenizer_.encodePart(prompt, position, part, what);
    for (size_t i = 0; i < count; ++i)
      if (part[i] >= model_.vocabulary())
        fail(Exit::Input,
             fmt::format("{}: has token {}, but the model only {} of them: the tokenizer is of another model", what,
                         part[i], model_.vocabulary()));
    last.insert(last.end(), part.begin(), part.begin() + int64_t(count));
    if (last.size() > matter)
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

// Length of the longest end of `text` that some stop string begins with: it cannot be shown yet.
static size_t heldBack(const std::string &text, const std::vector<std::string> &stops) {
  size_t held = 0;
  for (const std::string &stop : stops)
    for (size_t length = std::min(stop.size() - 1, text.size()); length > held; --length)
      if (std::string_view(text).substr(text.size() - length) == std::string_view(stop).substr(0, length))
        held = length;
  return held;
}

Generated Generator::run(std::vector<int32_t> tokens, const GenerateOptions &options,
                         const std::function<bool(const std::string &)> &show) {
  const int64_t choices = tokenizer_.kind() == Tokenizer::Kind::None ? model_.vocabulary()
                                                                     : std::min(model_.vocabulary(), tokenizer_.size());
  Sampler sampler(options.sampler, choices);
  Utf8Stream utf8;
  Generated result;
  size_t shown = 0;
  const FullContext full = options.full.value_or(model_.fullContext());
  for (int64_t i = 0; i < options.count && !result.stopped; ++i) {
    if (full == FullContext::Stop && tokens.size() > size_t(model_.context())) {
      result.full = true;
      break;
    }
    const std::span<const float> logits = model_.logitsAfter(tokens, full);
    GeneratedToken token;
    token.id = sampler.pick(logits, tokens, uint64_t(i));
    if (options.logProbabilities > 0) {
      token.logProbability = sampler.logProbability(logits, token.id);
      token.top = sampler.top(logits, options.logProbabilities);
    }
    tokens.push_back(token.id);
    result.text += utf8.push(tokenizer_.decode(token.id));
    result.tokens.push_back(std::move(token));
    size_t end = std::string::npos;
    for (const std::string &stop : options.stop)
      end = std::min(end, result.text.find(stop, shown));
    result.stopped = end != std::string::npos;
    if (result.stopped)
      result.text.resize(end);
    else
      end = result.text.size() - heldBack(result.text, options.stop);
    if (end > shown && !show(result.text.substr(shown, end - shown)))
      return result;
    shown = std::max(shown, end);
  }
  if (!result.stopped) {
    result.text += utf8.finish();
    if (result.text.size() > shown)
      show(result.text.substr(shown));
  }
  return result;
}

} // namespace sinter
