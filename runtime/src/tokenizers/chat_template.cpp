#include "tokenizers/chat_template.h"

#include "base/flat_json.h"
#include "base/format.h"
#include "base/json.h"
#include "base/report.h"
#include "base/suggest.h"
#include "files/files.h"
#include "tokenizers/text_tokenizer.h"

#include <algorithm>

namespace sinter {

namespace {

constexpr std::string_view kContent = "{content}";

/// As model cards have them: chatml is Qwen's and SmolLM's, llama3 and gemma are those of these models.
struct Known {
  const char *name, *json, *mark; ///< mark: what tells it in a template of Jinja
};
constexpr Known kKnown[] = {
    {"chatml",
     R"({"system":"<|im_start|>system\n{content}<|im_end|>\n","user":"<|im_start|>user\n{content}<|im_end|>\n",)"
     R"("assistant":"<|im_start|>assistant\n{content}<|im_end|>\n"})",
     "<|im_start|>"},
    {"llama3",
     R"({"begin":"<|begin_of_text|>",)"
     R"("system":"<|start_header_id|>system<|end_header_id|>\n\n{content}<|eot_id|>",)"
     R"("user":"<|start_header_id|>user<|end_header_id|>\n\n{content}<|eot_id|>",)"
     R"("assistant":"<|start_header_id|>assistant<|end_header_id|>\n\n{content}<|eot_id|>","trim":true})",
     "<|start_header_id|>"},
    {"gemma",
     R"({"begin":"<bos>","user":"<start_of_turn>user\n{content}<end_of_turn>\n",)"
     R"("assistant":"<start_of_turn>model\n{content}<end_of_turn>\n","trim":true})",
     "<start_of_turn>"},
    {"plain", R"({"system":"{content}\n","user":"User: {content}\n","assistant":"Assistant: {content}\n"})", nullptr},
};
constexpr const char *kRoles[] = {"system", "user", "assistant"};
const std::vector<std::string> kMembers = {"begin", "system", "user", "assistant", "trim"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(space);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(space) + 1 - first);
}

// A file that is somebody else's template.
[[noreturn]] void refuseJinja(const std::string &path, const std::string &text) {
  std::string like;
  for (const Known &known : kKnown)
    if (known.mark && text.find(known.mark) != text.npos)
      like = formatted("; its marks are those of {}", known.name);
  fail(Exit::Input, formatted("{}: a template in Jinja, which is a programming language: not read{}; known by name "
                              "are chatml, llama3, gemma and plain, and train --help says what a file is",
                              path, like));
}

} // namespace

const char *nameOf(ChatMessage::Role role) { return kRoles[size_t(role)]; }

std::optional<ChatMessage::Role> roleNamed(std::string_view name) {
  if (name == "developer")
    return ChatMessage::Role::System;
  for (size_t role = 0; role < std::size(kRoles); ++role)
    if (name == kRoles[role])
      return ChatMessage::Role(role);
  return std::nullopt;
}

ChatTemplate ChatTemplate::named(const std::string &nameOrFile) {
  for (const Known &known : kKnown)
    if (nameOrFile == known.name)
      return restore(known.json, nameOrFile, Exit::Input);
  const std::string text = readFile(nameOrFile);
  if (text.find("{%") != text.npos || text.find("{{") != text.npos)
    refuseJinja(nameOrFile, text);
  return restore(text, nameOrFile, Exit::Input);
}

ChatTemplate ChatTemplate::restore(const std::string &json, const std::string &what, Exit exit) {
  ChatTemplate result = parse(json, what, exit);
  result.name_ = "custom";
  for (const Known &known : kKnown)
    if (parse(known.json, known.name, exit).saved() == result.saved())
      result.name_ = known.name;
  return result;
}

ChatTemplate ChatTemplate::parse(const std::string &json, const std::string &what, Exit exit) {
  const auto wrong = [&](const std::string &problem) { fail(exit, formatted("{}: chat template: {}", what, problem)); };
  const auto values = parseFlatJson(json);
  if (!values)
    wrong("must be a JSON object of texts: user, assistant and, perhaps, system and begin, with {content} where a "
          "message stands");
  ChatTemplate result;
  std::array<bool, 3> given{};
  for (const auto &[name, value] : *values) {
    const bool flag = name == "trim";
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
      wrong(formatted("unknown member '{}'{}", printable(std::string_view(name).substr(0, 100)),
                      didYouMean(name, kMembers)));
    if (flag ? value.quoted || (value.text != "true" && value.text != "false") : !value.quoted)
      wrong(formatted("{} must be {}", name, flag ? "true or false" : "a text"));
    result.trim_ |= flag && value.text == "true";
    if (name == "begin")
      result.begin_ = value.text;
    for (size_t role = 0; role < given.size(); ++role)
      if (name == kRoles[role]) {
        const size_t at = value.text.find(kContent);
        if (at == value.text.npos || value.text.find(kContent, at + 1) != value.text.npos)
          wrong(formatted("{} must have {{content}} once, where the message stands", name));
        result.parts_[role] = {value.text.substr(0, at), value.text.substr(at + kContent.size())};
        given[role] = true;
      }
  }
  for (const Role role : {Role::User, Role::Assistant})
    if (!given[size_t(role)])
      wrong(formatted("has no {}", nameOf(role)));
  result.hasSystem_ = given[size_t(Role::System)];
  if (result.endOf(Tokenizer()).text.empty())
    wrong("nothing tells where an answer ends: assistant has no text behind {content}, and user none in front of it");
  return result;
}

std::string ChatTemplate::saved() const {
  std::string json = formatted("{{\"begin\":{}", jsonQuoted(begin_));
  for (const Role role : {Role::System, Role::User, Role::Assistant})
    if (has(role))
      json += formatted(",\"{}\":{}", nameOf(role),
                        jsonQuoted(part(role).before + std::string(kContent) + part(role).behind));
  return json + formatted(",\"trim\":{}}}", trim_);
}

std::vector<int32_t> ChatTemplate::tokens(const Tokenizer &tokenizer, std::span<const ChatMessage> messages,
                                          bool answers, const std::string &what) const {
  std::string text;
  std::vector<TextTokenizer::Range> own; // the parts that are the template's
  const auto add = [&](std::string_view part) {
    own.emplace_back(text.size(), text.size() + part.size());
    text += part;
  };
  add(begin_);
  for (const ChatMessage &message : messages) {
    add(part(message.role).before);
    text += trim_ ? trimmed(message.content) : message.content;
    add(part(message.role).behind);
  }
  if (answers) {
    std::string_view before = part(Role::Assistant).before;
    while (before.ends_with(' '))
      before.remove_suffix(1);
    add(before);
  }
  return tokenizer.text() ? tokenizer.text()->encodeWithSpecial(text, own, what) : tokenizer.encode(text, what);
}

ChatTemplate::End ChatTemplate::endOf(const Tokenizer &tokenizer) const {
  const std::string &behind = part(Role::Assistant).behind;
  if (tokenizer.text())
    if (const int32_t token = tokenizer.text()->findSpecial(behind).first; token >= 0)
      return {token, {}};
  // Where there is but white space behind an answer, lines of it may be parts of one: the user's turn tells.
  if (const std::string_view mark = trimmed(behind); !mark.empty())
    return {-1, std::string(mark)};
  std::string text = behind + part(Role::User).before;
  while (text.ends_with(' '))
    text.pop_back();
  return {-1, trimmed(text).empty() ? std::string() : text};
}

bool ChatTemplate::isSafe(const Tokenizer &tokenizer) const {
  return tokenizer.text() && tokenizer.text()->findSpecial(part(Role::User).before).first >= 0;
}

} // namespace sinter
