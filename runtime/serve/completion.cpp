#include "completion.h"

#include "base/json.h"
#include "base/trace.h"
#include "base/utf8.h"

#include <cmath>
#include <iterator>
#include <sys/random.h>

namespace sinter::serve {

using Clock = std::chrono::steady_clock;

uint64_t randomNumber() {
  uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != ssize_t(sizeof number))
    number = uint64_t(Clock::now().time_since_epoch().count());
  return number;
}

static const char *reasonOf(Ending ending) {
  switch (ending) {
  case Ending::None:
    return "null";
  case Ending::Stop:
    return "\"stop\"";
  case Ending::Overdue:
  case Ending::Cancelled:
  case Ending::Failed:
    return "\"error\"";
  default:
    return "\"length\"";
  }
}

static size_t charactersOf(std::string_view text) {
  size_t count = 0;
  for (const char c : text)
    count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

void Choice::add(Progress progress) {
  if (request_.echo && !echoed_) {
    text_ += prompt_.text;
    echoed_ = true;
  }
  for (GeneratedToken &token : progress.prompt)
    tokens_.push_back(std::move(token));
  newTokens_ += progress.tokens.size();
  std::move(progress.tokens.begin(), progress.tokens.end(), std::back_inserter(tokens_));
  if (dropSpace_ && !progress.text.empty()) {
    progress.text.erase(0, progress.text.front() == ' ');
    dropSpace_ = false;
  }
  text_ += progress.text;
  ending_ = progress.ending;
  if (ending_ == Ending::Failed)
    problem_ = std::move(progress.problem);
}

std::string Choice::json(size_t index) {
  std::string json =
      formatted("{{\"index\":{},{},\"logprobs\":", index, request_.chat ? message() : "\"text\":" + jsonQuoted(text_));
  json += !request_.logProbabilities ? "null" : request_.chat ? logProbabilitiesOfChat() : logProbabilities();
  if (request_.tokenIds) {
    json += ",\"token_ids\":[";
    for (size_t i = 0; i < tokens_.size(); ++i)
      json += formatted("{}{}", i ? "," : "", tokens_[i].id);
    json += "]";
  }
  json += formatted(",\"finish_reason\":{}}}", reasonOf(ending_));
  text_.clear();
  tokens_.clear();
  return json;
}

// The first part of a streamed message says whose it is.
std::string Choice::message() {
  const bool first = !std::exchange(begun_, true);
  const std::string content = "\"content\":" + jsonQuoted(text_);
  if (!request_.stream)
    return formatted("\"message\":{{\"role\":\"assistant\",{},\"refusal\":null}}", content);
  return formatted("\"delta\":{{{}{}}}", first ? "\"role\":\"assistant\"," : "",
                   first || !text_.empty() ? content : "");
}

// As the API writes tokens that are no text by themselves.
std::string Choice::pieceOf(int32_t id) const {
  const std::string bytes = tokenizer_.decode(id);
  if (findInvalidUtf8(bytes) == std::string_view::npos)
    return bytes;
  std::string piece = "bytes:";
  for (const char c : bytes)
    piece += formatted("\\x{:02x}", static_cast<unsigned char>(c));
  return piece;
}

// Four lists and, with return_token_ids, the most probable tokens in their order with their numbers.
std::string Choice::logProbabilities() {
  std::string pieces, numbers, tops, offsets, ranked;
  const auto of = [](double logProbability) {
    return formatted("{:.9g}", JsonNumber{logProbability == 0 ? 0 : logProbability});
  };
  for (const GeneratedToken &token : tokens_) {
    const char *comma = pieces.empty() ? "" : ",";
    pieces += comma + jsonQuoted(pieceOf(token.id));
    numbers += comma + of(token.logProbability);
    offsets += formatted("{}{}", comma, offset_);
    offset_ += charactersOf(characters_.push(tokenizer_.decode(token.id)));
    const bool none = *request_.logProbabilities == 0 || std::isnan(token.logProbability);
    std::string top, rank;
    for (const auto &[id, logProbability] : token.top) {
      const char *separator = top.empty() ? "" : ",";
      top += formatted("{}{}:{}", separator, jsonQuoted(pieceOf(id)), of(logProbability));
      rank += formatted("{}{{\"id\":{},\"token\":{},\"logprob\":{}}}", separator, id, jsonQuoted(pieceOf(id)),
                        of(logProbability));
    }
    tops += formatted("{}{}", comma, none ? "null" : "{" + top + "}");
    ranked += formatted("{}{}", comma, none ? "null" : "[" + rank + "]");
  }
  return formatted("{{\"tokens\":[{}],\"token_logprobs\":[{}],\"top_logprobs\":{},\"text_offset\":[{}]{}}}", pieces,
                   numbers, *request_.logProbabilities ? "[" + tops + "]" : "null", offsets,
                   request_.tokenIds ? formatted(",\"top_tokens\":[{}]", ranked) : "");
}

// A list of tokens, each with its bytes, and with the most probable ones.
std::string Choice::logProbabilitiesOfChat() const {
  const auto member = [&](int32_t id, double logProbability) {
    std::string bytes;
    for (const char c : tokenizer_.decode(id))
      bytes += formatted("{}{}", bytes.empty() ? "" : ",", unsigned(static_cast<unsigned char>(c)));
    return formatted("\"token\":{},\"logprob\":{:.9g},\"bytes\":[{}]", jsonQuoted(pieceOf(id)),
                     JsonNumber{logProbability == 0 ? 0 : logProbability}, bytes);
  };
  std::string list;
  for (const GeneratedToken &token : tokens_) {
    std::string top;
    for (const auto &[id, logProbability] : token.top)
      if (*request_.logProbabilities > 0)
        top += formatted("{}{{{}}}", top.empty() ? "" : ",", member(id, logProbability));
    list += formatted("{}{{{},\"top_logprobs\":[{}]}}", list.empty() ? "" : ",", member(token.id, token.logProbability),
                      top);
  }
  return formatted("{{\"content\":[{}],\"refusal\":null}}", list);
}

Completion::Completion(Answering &shared, CompletionRequest request, Outlet &outlet)
    : shared_(shared), request_(std::move(request)), outlet_(outlet),
      id_(formatted("{}-{:016x}", request_.chat ? "chatcmpl" : "cmpl", randomNumber())),
      created_(std::chrono::system_clock::now()), begun_(Clock::now()) {
  for (const Prompt &prompt : request_.prompts)
    for (int64_t i = 0; i < request_.n; ++i)
      choices_.emplace_back(request_, prompt, shared_.tokenizer);
}

Completion::~Completion() {
  if (first_ && ended_ < choices_.size())
    shared_.engine.cancel(*first_, choices_.size());
  if (Trace *trace = Trace::active(); trace && first_)
    trace->overlapping("serve", "completion", begun_, Clock::now(), *first_);
}

void Completion::start() {
  std::vector<Job> jobs;
  for (const Prompt &prompt : request_.prompts)
    for (int64_t i = 0; i < request_.n; ++i) {
      Job job{prompt.tokens,
              request_.options,
              request_.echo && request_.logProbabilities,
              request_.ignoreEnd,
              !request_.stream,
              begun_ + shared_.timeout,
              {}};
      job.options.sampler.seed += uint64_t(i);
      const size_t number = jobs.size();
      job.tell = [self = weak_from_this(), number](Progress progress) {
        if (const auto completion = self.lock())
          completion->progress(number, std::move(progress));
      };
      jobs.push_back(std::move(job));
    }
  first_ = shared_.engine.submit(std::move(jobs));
  if (!first_)
    throw Refusal(429, "too many texts are waiting already; try again", {}, "queue_full");
}

std::string Completion::usageJson() const {
  size_t prompt = 0, made = 0;
  for (const Prompt &one : request_.prompts)
    prompt += one.tokens.size();
  for (const Choice &choice : choices_)
    made += choice.newTokens();
  return formatted("{{\"prompt_tokens\":{},\"completion_tokens\":{},\"total_tokens\":{}}}", prompt, made,
                   prompt + made);
}

std::string Completion::object(const std::string &choices, bool usage) const {
  const auto created = std::chrono::duration_cast<std::chrono::seconds>(created_.time_since_epoch()).count();
  const char *object = !request_.chat    ? "text_completion"
                       : request_.stream ? "chat.completion.chunk"
                                         : "chat.completion";
  return formatted("{{\"id\":\"{}\",\"object\":\"{}\",\"created\":{},\"model\":{},\"choices\":[{}]{}}}", id_, object,
                   created, jsonQuoted(shared_.model), choices, usage ? ",\"usage\":" + usageJson() : "");
}

// What went wrong with one of its texts.
std::optional<Refusal> Completion::failure() const {
  for (const Choice &choice : choices_) {
    if (choice.ending() == Ending::Failed)
      return Refusal(500, choice.problem());
    if (choice.ending() == Ending::Overdue)
      return Refusal(504, formatted("not done within {} seconds", shared_.timeout.count()), {}, "timeout");
    if (choice.ending() == Ending::Cancelled)
      return Refusal(503, "the server is leaving", {}, "shutting_down");
  }
  return std::nullopt;
}

void Completion::progress(size_t number, Progress progress) {
  const auto keep = shared_from_this(); // the outlet may let go of it
  Choice &choice = choices_[number];
  if (progress.first && !someToken_) {
    someToken_ = true;
    shared_.firstToken(std::chrono::duration<double>(*progress.first - begun_).count());
  }
  const bool ends = progress.ending != Ending::None;
  choice.add(std::move(progress));
  ended_ += ends;
  const bool failed =
      ends && choice.ending() != Ending::Stop && choice.ending() != Ending::Length && choice.ending() != Ending::Full;
  if (request_.stream && !failed && choice.hasNews())
    outlet_.sendEvent(object(choice.json(number), false));
  if (ended_ == choices_.size())
    finish();
}

void Completion::finish() {
  const auto refusal = failure();
  if (!request_.stream) {
    std::string choices;
    for (size_t i = 0; i < choices_.size() && !refusal; ++i)
      choices += (i ? "," : "") + choices_[i].json(i);
    return outlet_.sendWhole(refusal ? refusal->response() : Response{200, "application/json", object(choices, true)});
  }
  if (refusal)
    outlet_.sendEvent(refusal->json());
  else if (request_.includeUsage)
    outlet_.sendEvent(object("", true));
  if (!refusal)
    outlet_.sendEvent("[DONE]");
  outlet_.endEvents();
}

} // namespace sinter::serve
