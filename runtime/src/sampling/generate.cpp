#include "sampling/generate.h"

#include "base/error.h"
#include "base/utf8.h"
#include "program/program.h"
#include "training/trainer.h"

#include <algorithm>
#include <fmt/format.h>

namespace sinter {

Generator::Generator(Program &program, const Tokenizer &tokenizer)
    : program_(program), tokenizer_(tokenizer), entry_(requireEntry(program, "logits")) {
  const sinter_input *tokens = Program::findInput(entry_, "tokens");
  const sinter_tensor *logits = Program::findOutput(entry_, "logits");
  if (!tokens || tokens->tensor.dtype != SINTER_I32 || tokens->tensor.rank != 2 || tokens->tensor.shape[0] != 1 ||
      !Program::findInput(entry_, "position") || !logits || logits->dtype != SINTER_F32)
    fail(Exit::Usage, "entry logits: must take tokens (i32 [1, context]) and position (i32) and give logits (f32)");
  tokens_ = static_cast<int32_t *>(program.data(*tokens));
  context_ = tokens->tensor.shape[1];
  vocabulary_ = elementCount(*logits);
}

std::vector<int32_t> Generator::promptTokens(const std::string &prompt, const std::string &what) const {
  std::vector<int32_t> last;
  const size_t matter = std::max(size_t(context_), Sampler::repeatWindow);
  std::vector<int32_t> part(std::min(prompt.size(), size_t(65536)));
  for (size_t position = 0; position < prompt.size();) {
    const size_t count = tokenizer_.encodePart(prompt, position, part, what);
    for (size_t i = 0; i < count; ++i)
      if (part[i] >= vocabulary_)
        fail(Exit::Input,
             fmt::format("{}: has token {}, but the model only {} of them: the tokenizer is of another model", what,
                         part[i], vocabulary_));
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

std::span<const float> Generator::nextLogits(std::span<const int32_t> tokens) {
  const auto window = tokens.last(std::min(tokens.size(), size_t(context_)));
  program_.setDefaults(entry_);
  std::fill(std::copy(window.begin(), window.end(), tokens_), tokens_ + context_, 0);
  program_.setScalar(entry_, "position", double(window.size() - 1));
  program_.run(entry_);
  const sinter_tensor &logits = *Program::findOutput(entry_, "logits");
  return {static_cast<const float *>(program_.data(logits)), size_t(vocabulary_)};
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
  const int64_t choices =
      tokenizer_.kind() == Tokenizer::Kind::None ? vocabulary_ : std::min(vocabulary_, tokenizer_.size());
  Sampler sampler(options.sampler, choices);
  Utf8Stream utf8;
  Generated result;
  size_t shown = 0;
  for (int64_t i = 0; i < options.count && !result.stopped; ++i) {
    const std::span<const float> logits = nextLogits(tokens);
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
