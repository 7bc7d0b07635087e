#include "completion_request.h"

#include "base/error.h"
#include "base/report.h"
#include "base/suggest.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace sinter::serve {

namespace {

using Kind = JsonTree::Kind;

[[noreturn]] void refuse(const std::string &param, const std::string &problem) {
  throw Refusal(400, fmt::format("{}: {}", param, problem), param);
}

const char *nameOf(Kind kind) {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::False:
  case Kind::True:
    return "a boolean";
  case Kind::Number:
    return "a number";
  case Kind::Text:
    return "a string";
  case Kind::Array:
    return "an array";
  case Kind::Object:
    return "an object";
  }
  return "";
}

[[noreturn]] void wrongKind(const std::string &param, const char *wanted, const JsonTree &value) {
  refuse(param, fmt::format("must be {}, but is {}", wanted, nameOf(value.kind)));
}

/// Members of one object, which says what is wrong with them.
class Members {
public:
  explicit Members(const JsonTree &object) : object_(object) {}

  bool flag(const char *name, bool otherwise) const {
    const JsonTree &value = object_[name];
    if (value.isNull())
      return otherwise;
    if (value.kind != Kind::True && value.kind != Kind::False)
      wrongKind(name, "a boolean", value);
    return value.isTrue();
  }

  double number(const char *name, double least, double most, double otherwise) const {
    const JsonTree &value = object_[name];
    return value.isNull() ? otherwise : numberOf(name, value, least, most);
  }

  int64_t whole(const char *name, int64_t least, int64_t most, int64_t otherwise) const {
    return wholeOrNone(name, least, most).value_or(otherwise);
  }

  std::optional<int64_t> wholeOrNone(const char *name, int64_t least, int64_t most) const {
    const JsonTree &value = object_[name];
    if (value.isNull())
      return std::nullopt;
    if (value.kind != Kind::Number)
      wrongKind(name, "a whole number", value);
    int64_t number = 0;
    const char *end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (error != std::errc() || rest != end || number < least || number > most)
      refuse(name, fmt::format("must be a whole number from {} to {}, but is {}", least, most, value.text));
    return number;
  }

  static double numberOf(const std::string &name, const JsonTree &value, double least, double most) {
    if (value.kind != Kind::Number)
      wrongKind(name, "a number", value);
    double number = NAN;
    std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
    if (!(number >= least && number <= most))
      refuse(name, fmt::format("must be a number from {} to {}, but is {}", least, most, value.text));
    return number;
  }

  const JsonTree &operator[](const char *name) const { return object_[name]; }

private:
  const JsonTree &object_;
};

// What is taken, and what changes nothing here.
const std::vector<std::string> kKnown = {
    "model", "prompt",  "suffix",         "max_tokens",       "temperature",       "top_p",
    "n",     "best_of", "stream",         "stream_options",   "logprobs",          "echo",
    "stop",  "seed",    "user",           "presence_penalty", "frequency_penalty", "logit_bias",
    "top_k", "min_p",   "repeat_penalty", "repeat_window",    "ignore_eos",        "return_token_ids"};

void checkMembers(const JsonTree &body, const std::string &model) {
  if (body.kind != Kind::Object)
    throw Refusal(400, fmt::format("the body must be a JSON object, but is {}", nameOf(body.kind)));
  for (const JsonTree &member : body.members)
    if (std::find(kKnown.begin(), kKnown.end(), member.name) == kKnown.end()) {
      const std::string name = printable(std::string_view(member.name).substr(0, 100));
      throw Refusal(400, fmt::format("unknown member '{}'{}", name, didYouMean(name, kKnown)), name);
    }
  if (!body["suffix"].isNull())
    refuse("suffix", "the model goes on with texts, and does not fill gaps: it must be null");
  const JsonTree &asked = body["model"];
  if (!asked.isNull() && !asked.isText())
    wrongKind("model", "a string", asked);
  if (asked.isText() && asked.text != model)
    throw Refusal(404,
                  fmt::format("the model '{}' does not exist; this is '{}'",
                              printable(std::string_view(asked.text).substr(0, 100)), printable(model)),
                  "model", "model_not_found");
}

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
    refuse("stop", fmt::format("has {} strings; {} at most", stops.size(), RequestLimits::stops));
  for (const std::string &stop : stops)
    if (stop.empty() || stop.size() > RequestLimits::stopBytes)
      refuse("stop", fmt::format("a string of {} bytes; each has 1 to {}", stop.size(), RequestLimits::stopBytes));
  return stops;
}

std::vector<std::pair<int32_t, double>> biasOf(const JsonTree &value, int64_t vocabulary) {
  std::vector<std::pair<int32_t, double>> biases;
  if (!value.isNull() && value.kind != Kind::Object)
    wrongKind("logit_bias", "an object", value);
  if (value.members.size() > 1024)
    refuse("logit_bias", fmt::format("has {} tokens; 1024 at most", value.members.size()));
  for (const JsonTree &member : value.members) {
    int32_t id = -1;
    const char *end = member.name.data() + member.name.size();
    const auto [rest, error] = std::from_chars(member.name.data(), end, id);
    if (error != std::errc() || rest != end || id < 0 || id >= vocabulary)
      refuse("logit_bias", fmt::format("'{}' is no token: the model has {}, numbered from 0",
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
  refuse("seed", fmt::format("must be a whole number of 64 bits, but is {}", value.text));
}

void addPrompt(CompletionRequest &request, const Generator &generator, std::vector<int32_t> tokens, std::string text,
               const RequestLimits &limits) {
  if (int64_t(tokens.size()) > limits.promptTokens)
    refuse("prompt", fmt::format("has {} tokens; {} at most", tokens.size(), limits.promptTokens));
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
    refuse("prompt", fmt::format("has {} texts; {} at most", value.members.size(), limits.texts));
  for (const JsonTree &one : value.members) {
    if (one.isText())
      addText(one.text);
    else if (one.kind == Kind::Array)
      addTokens(one);
    else
      wrongKind("prompt", wanted, one);
  }
}

void parseSampler(SamplerOptions &options, const Members &body, int64_t vocabulary, uint64_t seed) {
  options.temperature = body.number("temperature", 0, 100, options.temperature);
  options.topP = body.number("top_p", 0, 1, options.topP);
  options.topK = body.whole("top_k", 0, INT32_MAX, options.topK);
  options.minP = body.number("min_p", 0, 1, options.minP);
  options.repeatPenalty = body.number("repeat_penalty", 1e-3, 1e3, options.repeatPenalty);
  options.repeatWindow = body.whole("repeat_window", 0, INT32_MAX, options.repeatWindow);
  options.presencePenalty = body.number("presence_penalty", -2, 2, 0);
  options.frequencyPenalty = body.number("frequency_penalty", -2, 2, 0);
  options.logitBias = biasOf(body["logit_bias"], vocabulary);
  options.seed = seedOf(body["seed"], seed);
}

} // namespace

JsonTree parseBody(const std::string &body) {
  JsonTreeBuilder builder(RequestLimits::members);
  if (!readJson(body, builder)) {
    if (builder.wrongAt() > 0)
      throw Refusal(400, fmt::format("the body is no JSON: wrong at byte {}", builder.wrongAt()));
    throw Refusal(400, fmt::format("the body is no JSON that is taken: at most {} values, 32 levels deep, numbers that "
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
      refuse(param, fmt::format("{} is no token: the model has {}, numbered from 0",
                                one.kind == Kind::Number ? one.text : nameOf(one.kind), generator.choices()));
    tokens.push_back(id);
  }
  return tokens;
}

CompletionRequest parseCompletion(const JsonTree &body, const Generator &generator, const RequestLimits &limits,
                                  const std::string &model, uint64_t seed) {
  checkMembers(body, model);
  const Members members(body);
  CompletionRequest request;
  request.n = members.whole("n", 1, int64_t(limits.texts), 1);
  if (members.whole("best_of", 1, int64_t(limits.texts), request.n) != request.n)
    refuse("best_of", "must be n: all that are made are returned");
  request.stream = members.flag("stream", false);
  request.echo = members.flag("echo", false);
  request.ignoreEnd = members.flag("ignore_eos", false);
  request.tokenIds = members.flag("return_token_ids", false);
  const JsonTree &streaming = members["stream_options"];
  if (!streaming.isNull() && streaming.kind != Kind::Object)
    wrongKind("stream_options", "an object", streaming);
  request.includeUsage = Members(streaming).flag("include_usage", false);
  request.options.count = members.whole("max_tokens", 0, limits.maxTokens, std::min<int64_t>(16, limits.maxTokens));
  request.logProbabilities = members.wholeOrNone("logprobs", 0, RequestLimits::logProbabilities);
  request.options.logProbabilities = request.logProbabilities ? std::max<int64_t>(1, *request.logProbabilities) : 0;
  request.options.stop = stopsOf(members["stop"]);
  parseSampler(request.options.sampler, members, generator.choices(), seed);
  parsePrompts(request, members["prompt"], generator, limits);
  if (request.prompts.size() * size_t(request.n) > limits.texts)
    refuse("n", fmt::format("{} prompts, {} times each, are more than {} texts", request.prompts.size(), request.n,
                            limits.texts));
  return request;
}

} // namespace sinter::serve
