#include "completion_request.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"

#include <charconv>
#include <cmath>

namespace sinter::serve {

namespace {

using Kind = JsonTree::Kind;

// What is taken, and what changes nothing here.
const std::vector<std::string> kKnown = {
    "model", "prompt",  "suffix",         "max_tokens",       "temperature",       "top_p",
    "n",     "best_of", "stream",         "stream_options",   "logprobs",          "echo",
    "stop",  "seed",    "user",           "presence_penalty", "frequency_penalty", "logit_bias",
    "top_k", "min_p",   "repeat_penalty", "repeat_window",    "ignore_eos",        "return_token_ids"};

std::vector<std::string> stopsOf(const JsonTree &value) {
  std::vector<std::string> stops;
  if (value.isText())
    stops.push_back(value.text);
  else if (value.kind == Kind::Array)
    for (const JsonTree &one : value.members) {
      if (!one.isText())
        wrongKind("stop", "a string or an array of strings", one);
      stops.push_back(one.text);
    }
  else if (!value.isNull())
    wrongKind("stop", "a string or an array of strings", value);
  if (stops.size() > RequestLimits::stops)
    refuse("stop", formatted("has {} strings; {} at most", stops.size(), RequestLimits::stops));
  for (const std::string &stop : stops)
    if (stop.empty() || stop.size() > RequestLimits::stopBytes)
      refuse("stop", formatted("a string of {} bytes; each has 1 to {}", stop.size(), RequestLimits::stopBytes));
  return stops;
}

std::vector<std::pair<int32_t, double>> biasOf(const JsonTree &value, int64_t vocabulary) {
  std::vector<std::pair<int32_t, double>> biases;
  if (!value.isNull() && value.kind != Kind::Object)
    wrongKind("logit_bias", "an object", value);
  if (value.members.size() > 1024)
    refuse("logit_bias", formatted("has {} tokens; 1024 at most", value.members.size()));
  for (const JsonTree &member : value.members) {
    int32_t id = -1;
    const char *end = member.name.data() + member.name.size();
    const auto [rest, error] = std::from_chars(member.name.data(), end, id);
    if (error != std::errc() || rest != end || id < 0 || id >= vocabulary)
      refuse("logit_bias", formatted("'{}' is no token: the model has {}, numbered from 0",
                                     printable(std::string_view(member.name).substr(0, 100)), vocabulary));
    biases.emplace_back(id, Members::numberOf("logit_bias", member, -100, 100));
  }
  // The API's way to forbid a token.
  for (auto &[id, bias] : biases)
    if (bias == -100)
      bias = -INFINITY;
  return biases;
}

uint64_t seedOf(const JsonTree &value, uint64_t otherwise) {
  if (value.isNull())
    return otherwise;
  if (value.kind != Kind::Number)
    wrongKind("seed", "a whole number", value);
  const char *begin = value.text.data(), *end = begin + value.text.size();
  uint64_t seed = 0;
  if (const auto [rest, error] = std::from_chars(begin, end, seed); error == std::errc() && rest == end)
    return seed;
  int64_t negative = 0;
  if (const auto [rest, error] = std::from_chars(begin, end, negative); error == std::errc() && rest == end)
    return uint64_t(negative);
  refuse("seed", formatted("must be a whole number of 64 bits, but is {}", value.text));
}

void addPrompt(CompletionRequest &request, const Generator &generator, std::vector<int32_t> tokens, std::string text,
               const RequestLimits &limits) {
  if (int64_t(tokens.size()) > limits.promptTokens)
    refuse("prompt", formatted("has {} tokens; {} at most", tokens.size(), limits.promptTokens));
  if (tokens.empty())
    tokens = generator.promptTokens("", "prompt");
  request.prompts.push_back({std::move(tokens), std::move(text)});
}

// A string, an array of strings, of tokens, or of arrays of tokens.
void parsePrompts(CompletionRequest &request, const JsonTree &value, const Generator &generator,
                  const RequestLimits &limits) {
  static const char *wanted = "a string, an array of strings, of token ids, or of arrays of token ids";
  const auto addText = [&](const std::string &text) {
    addPrompt(request, generator, tokensOf(generator, text, "prompt"), text, limits);
  };
  const auto addTokens = [&](const JsonTree &array) {
    std::vector<int32_t> tokens = tokensOf(generator, array, "prompt");
    std::string text = generator.tokenizer().decodeAll(tokens);
    addPrompt(request, generator, std::move(tokens), std::move(text), limits);
  };
  if (value.isNull())
    return addText("");
  if (value.isText())
    return addText(value.text);
  if (value.kind != Kind::Array)
    wrongKind("prompt", wanted, value);
  if (value.members.empty())
    refuse("prompt", "an empty array: there is nothing to go on from");
  if (value.members.front().kind == Kind::Number)
    return addTokens(value);
  if (value.members.size() > limits.texts)
    refuse("prompt", formatted("has {} texts; {} at most", value.members.size(), limits.texts));
  for (const JsonTree &one : value.members) {
    if (one.isText())
      addText(one.text);
    else if (one.kind == Kind::Array)
      addTokens(one);
    else
      wrongKind("prompt", wanted, one);
  }
}

} // namespace

JsonTree parseBody(const std::string &body) {
  JsonTreeBuilder builder(RequestLimits::members);
  if (!readJson(body, builder)) {
    if (builder.wrongAt() > 0)
      throw Refusal(400, formatted("the body is no JSON: wrong at byte {}", builder.wrongAt()));
    throw Refusal(400, formatted("the body is no JSON that is taken: at most {} values, 32 levels deep, numbers that "
                                 "a double holds",
                                 RequestLimits::members));
  }
  return std::move(builder.tree());
}

std::vector<int32_t> tokensOf(const Generator &generator, const std::string &text, const std::string &param) {
  try {
    return text.empty() ? std::vector<int32_t>() : generator.promptTokens(text, param, 0, true);
  } catch (const Failure &failure) {
    throw Refusal(400, failure.what(), param);
  }
}

std::vector<int32_t> tokensOf(const Generator &generator, const JsonTree &array, const std::string &param) {
  if (array.kind != Kind::Array)
    wrongKind(param, "an array of token ids", array);
  std::vector<int32_t> tokens;
  for (const JsonTree &one : array.members) {
    const int32_t id = one.whole();
    if (id < 0 || id >= generator.choices())
      refuse(param, formatted("{} is no token: the model has {}, numbered from 0",
                              one.kind == Kind::Number ? one.text : nameOf(one.kind), generator.choices()));
    tokens.push_back(id);
  }
  return tokens;
}

void parseModel(const JsonTree &asked, const std::string &model) {
  if (!asked.isNull() && !asked.isText())
    wrongKind("model", "a string", asked);
  if (asked.isText() && asked.text != model)
    throw Refusal(404, formatted("the model {} does not exist; this is {}", inQuotes(asked.text), inQuotes(model)),
                  "model", "model_not_found");
}

void parseCommon(CompletionRequest &request, const Members &members, const Generator &generator,
                 const RequestLimits &limits, uint64_t seed) {
  request.n = members.whole("n", 1, int64_t(limits.texts), 1);
  request.stream = members.flag("stream", false);
  request.ignoreEnd = members.flag("ignore_eos", false);
  request.tokenIds = members.flag("return_token_ids", false);
  const JsonTree &streaming = members["stream_options"];
  if (!streaming.isNull() && streaming.kind != Kind::Object)
    wrongKind("stream_options", "an object", streaming);
  request.includeUsage = Members(streaming).flag("include_usage", false);
  request.options.stop = stopsOf(members["stop"]);
  SamplerOptions &options = request.options.sampler;
  options.temperature = members.number("temperature", 0, 100, options.temperature);
  options.topP = members.number("top_p", 0, 1, options.topP);
  options.topK = members.whole("top_k", 0, INT32_MAX, options.topK);
  options.minP = members.number("min_p", 0, 1, options.minP);
  options.repeatPenalty = members.number("repeat_penalty", 1e-3, 1e3, options.repeatPenalty);
  options.repeatWindow = members.whole("repeat_window", 0, INT32_MAX, options.repeatWindow);
  options.presencePenalty = members.number("presence_penalty", -2, 2, 0);
  options.frequencyPenalty = members.number("frequency_penalty", -2, 2, 0);
  options.logitBias = biasOf(members["logit_bias"], generator.choices());
  options.seed = seedOf(members["seed"], seed);
}

CompletionRequest parseCompletion(const JsonTree &body, const Generator &generator, const RequestLimits &limits,
                                  const std::string &model, uint64_t seed) {
  const Members members(body);
  members.check(kKnown);
  if (!body["suffix"].isNull())
    refuse("suffix", "the model goes on with texts, and does not fill gaps: it must be null");
  parseModel(members["model"], model);
  CompletionRequest request;
  parseCommon(request, members, generator, limits, seed);
  if (members.whole("best_of", 1, int64_t(limits.texts), request.n) != request.n)
    refuse("best_of", "must be n: all that are made are returned");
  request.echo = members.flag("echo", false);
  request.options.count = members.whole("max_tokens", 0, limits.maxTokens, std::min<int64_t>(16, limits.maxTokens));
  request.logProbabilities = members.wholeOrNone("logprobs", 0, RequestLimits::logProbabilities);
  request.options.logProbabilities = request.logProbabilities ? std::max<int64_t>(1, *request.logProbabilities) : 0;
  parsePrompts(request, members["prompt"], generator, limits);
  if (request.prompts.size() * size_t(request.n) > limits.texts)
    refuse("n", formatted("{} prompts, {} times each, are more than {} texts", request.prompts.size(), request.n,
                          limits.texts));
  return request;
}

} // namespace sinter::serve
