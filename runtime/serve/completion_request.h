// What /v1/completions is asked for: OpenAI's members, and a few that sample has beside them.
#pragma once

#include "members.h"
#include "sampling/generate.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter::serve {

/// What no request may go beyond.
struct RequestLimits {
  int64_t maxTokens = 4096;     ///< to make
  int64_t promptTokens = 65536; ///< of a prompt
  size_t texts = 64;            ///< n times the prompts
  static constexpr size_t members = 131072, stops = 16, stopBytes = 256;
  static constexpr int64_t logProbabilities = 20;
};

struct Prompt {
  std::vector<int32_t> tokens; ///< one at least
  std::string text;            ///< as it was given, or what the tokens spell
};

struct CompletionRequest {
  std::vector<Prompt> prompts;
  int64_t n = 1;
  GenerateOptions options;
  std::optional<int64_t> logProbabilities; ///< how many of the most probable tokens to tell; 0: of none
  bool stream = false, includeUsage = false, echo = false, ignoreEnd = false, tokenIds = false;
  bool chat = false;        ///< answered as a message
  bool spaceBegins = false; ///< a space that the answer begins with belongs to the template of chats
};

/// A body as a tree. Refusal (400) of what is no JSON, nested deeper than 32 levels, or of too many members.
JsonTree parseBody(const std::string &body);

/// Refusal (400, or 404 of another model) that names the member: unknown ones, wrong types, values out of range,
/// prompts that the vocabulary cannot spell. `model`: what ours is called; `seed`: where none is given.
CompletionRequest parseCompletion(const JsonTree &body, const Generator &generator, const RequestLimits &limits,
                                  const std::string &model, uint64_t seed);

/// What requests for texts and chats have in common: how many, how they are drawn, where they stop.
void parseCommon(CompletionRequest &request, const Members &members, const Generator &generator,
                 const RequestLimits &limits, uint64_t seed);
/// Refusal (404) of another model than ours.
void parseModel(const JsonTree &asked, const std::string &model);

/// A text's tokens. Refusal (400) if the vocabulary cannot spell it.
std::vector<int32_t> tokensOf(const Generator &generator, const std::string &text, const std::string &param);
/// Ids of an array. Refusal (400) if one is no token of the model.
std::vector<int32_t> tokensOf(const Generator &generator, const JsonTree &array, const std::string &param);

} // namespace sinter::serve
