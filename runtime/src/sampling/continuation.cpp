#include "sampling/continuation.h"

#include <algorithm>

namespace sinter {

size_t TextSoFar::certain(const std::vector<std::string> &stops) const {
  size_t held = 0; // of the longest end that some stop string begins with
  for (const std::string &stop : stops)
    for (size_t length = std::min(stop.size() - 1, text_.size()); length > held; --length)
      if (std::string_view(text_).substr(text_.size() - length) == std::string_view(stop).substr(0, length))
        held = length;
  return text_.size() - held;
}

bool TextSoFar::add(const std::string &bytes, const std::vector<std::string> &stops) {
  const size_t from = certain(stops); // a stop string that is not in there yet begins here or later
  text_ += utf8_.push(bytes);
  size_t end = std::string::npos;
  for (const std::string &stop : stops)
    end = std::min(end, text_.find(stop, from));
  if (end == std::string::npos)
    return false;
  text_.resize(end);
  return true;
}

Continuation::Continuation(const Tokenizer &tokenizer, GenerateOptions options, int64_t choices,
                           std::vector<int32_t> prompt)
    : tokenizer_(tokenizer), options_(std::move(options)), sampler_(options_.sampler, choices) {
  history_.tokens = std::move(prompt);
}

void Continuation::add(std::span<const float> logits) {
  GeneratedToken token{sampler_.pick(logits, history_), 0, {}};
  if (options_.logProbabilities > 0) {
    TokenProbability probability = sampler_.probability(logits, token.id, options_.logProbabilities);
    token.logProbability = probability.ofToken;
    token.top = std::move(probability.top);
  }
  history_.choose(token.id);
  result_.stopped = token.id == options_.end || text_.add(tokenizer_.decode(token.id), options_.stop);
  result_.tokens.push_back(std::move(token));
}

std::string Continuation::takeShown(bool last) {
  if (last && !result_.stopped)
    text_.finish();
  const size_t end = last || result_.stopped ? text_.text().size() : text_.certain(options_.stop);
  const size_t begin = std::min(shown_, end);
  shown_ = std::max(shown_, end);
  return text_.text().substr(begin, end - begin);
}

Generated Continuation::finish() {
  takeShown(true);
  result_.text = text_.text();
  return std::move(result_);
}

void Continuation::append(std::span<const int32_t> tokens) {
  history_.tokens.insert(history_.tokens.end(), tokens.begin(), tokens.end());
  text_ = {};
  shown_ = 0;
  result_ = {};
}

} // namespace sinter
