#include "chat_request.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>

namespace sinter::serve {

namespace {

using Kind = JsonTree::Kind;
using Role = ChatMessage::Role;

const std::vector<std::string> kKnown = {"model",
                                         "messages",
                                         "max_tokens",
                                         "max_completion_tokens",
                                         "temperature",
                                         "top_p",
                                         "n",
                                         "stream",
                                         "stream_options",
                                         "logprobs",
                                         "top_logprobs",
                                         "stop",
                                         "seed",
                                         "user",
                                         "presence_penalty",
                                         "frequency_penalty",
                                         "logit_bias",
                                         "top_k",
                                         "min_p",
                                         "repeat_penalty",
                                         "repeat_window",
                                         "ignore_eos",
                                         "tools",
                                         "tool_choice",
                                         "functions",
                                         "function_call",
                                         "response_format",
                                         "modalities",
                                         "audio",
                                         "prediction",
                                         "metadata",
                                         "store",
                                         "service_tier",
                                         "reasoning_effort",
                                         "web_search_options",
                                         "parallel_tool_calls"};
// Of these, what would change an answer.
constexpr const char *kUnable[] = {"tools", "tool_choice", "functions",         "function_call",
                                   "audio", "prediction",  "web_search_options"};

Role roleOf(const JsonTree &value, const std::string &param, const ChatTemplate &chats) {
  if (!value.isText())
    wrongKind(param, "system, user or assistant", value);
  const auto role = roleNamed(value.text);
  if (!role)
    refuse(param, formatted("must be system, user or assistant, but is {}", inQuotes(value.text)));
  if (!chats.has(*role))
    refuse(param, formatted("the model's template ({}) has no messages of the system", chats.name()));
  return *role;
}

// A string, or an array of parts that are texts.
std::string contentOf(const JsonTree &value, const std::string &param) {
  if (value.isText())
    return value.text;
  if (value.kind != Kind::Array)
    wrongKind(param, "a string or an array of texts", value);
  std::string content;
  for (const JsonTree &part : value.members) {
    if (!part["type"].isText() || part["type"].text != "text" || !part["text"].isText())
      refuse(param, "parts must be {\"type\":\"text\",\"text\":...}: the model reads nothing but text");
    content += part["text"].text;
  }
  return content;
}

std::vector<ChatMessage> messagesOf(const JsonTree &value, const ChatTemplate &chats) {
  if (value.kind != Kind::Array)
    wrongKind("messages", "an array of messages", value);
  if (value.members.empty())
    refuse("messages", "is empty: there is nothing to answer");
  std::vector<ChatMessage> messages;
  for (const JsonTree &one : value.members) {
    const std::string param = formatted("messages[{}]", messages.size());
    if (one.kind != Kind::Object)
      wrongKind(param, "an object", one);
    for (const JsonTree &member : one.members) // clients send back what they got, with members that are null
      if (!member.isNull() && member.name != "role" && member.name != "content" && member.name != "name")
        refuse(param, formatted("unknown member {}", inQuotes(member.name)));
    messages.push_back({roleOf(one["role"], param + ".role", chats), contentOf(one["content"], param + ".content")});
  }
  return messages;
}

void checkAbilities(const Members &members) {
  for (const char *name : kUnable)
    if (const JsonTree &value = members[name]; !value.isNull() && (value.kind != Kind::Array || !value.members.empty()))
      refuse(name, "the model writes text, and nothing else: it must be null");
  const JsonTree &format = members["response_format"];
  if (!format.isNull() && !(format["type"].isText() && format["type"].text == "text"))
    refuse("response_format", "the model is held to no format: must be {\"type\":\"text\"}");
}

} // namespace

CompletionRequest parseChat(const JsonTree &body, const ChatTemplate &chats, const Generator &generator,
                            const RequestLimits &limits, const std::string &model, uint64_t seed) {
  const Members members(body);
  members.check(kKnown);
  parseModel(members["model"], model);
  checkAbilities(members);
  CompletionRequest request;
  request.chat = true;
  request.spaceBegins = chats.spaceBegins();
  parseCommon(request, members, generator, limits, seed);
  std::vector<int32_t> tokens;
  try {
    tokens = chats.tokens(generator.tokenizer(), messagesOf(members["messages"], chats), true, "messages");
  } catch (const Failure &failure) {
    throw Refusal(400, failure.what(), "messages");
  }
  for (const int32_t token : tokens)
    if (token >= generator.model().vocabulary())
      throw Refusal(500, formatted("the template has token {}, but the model only {} of them", token,
                                   generator.model().vocabulary()));
  // What does not fit would be forgotten, and the system's message first: better to say so.
  const int64_t room = generator.model().context() + 1 - int64_t(tokens.size());
  if (room < 1)
    throw Refusal(
        400,
        formatted("messages: {} tokens, but the model's context has {}", tokens.size(), generator.model().context()),
        "messages", "context_length_exceeded");
  const int64_t most = std::min(limits.maxTokens, room);
  const int64_t asked = members.whole("max_tokens", 0, limits.maxTokens, most);
  request.options.count = std::min(room, members.whole("max_completion_tokens", 0, limits.maxTokens, asked));
  const bool tells = members.flag("logprobs", false);
  const auto tops = members.wholeOrNone("top_logprobs", 0, RequestLimits::logProbabilities);
  if (tops && !tells)
    refuse("top_logprobs", "needs logprobs");
  if (tells)
    request.logProbabilities = tops.value_or(0);
  request.options.logProbabilities = tells ? std::max<int64_t>(1, *request.logProbabilities) : 0;
  const ChatTemplate::End end = chats.endOf(generator.tokenizer());
  request.options.end = end.token;
  if (!end.text.empty())
    request.options.stop.push_back(end.text);
  request.prompts.push_back({std::move(tokens), {}});
  return request;
}

} // namespace sinter::serve
