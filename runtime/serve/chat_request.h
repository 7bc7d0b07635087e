// What /v1/chat/completions is asked for: messages, which the model's template makes one text.
#pragma once

#include "completion_request.h"
#include "tokenizers/chat_template.h"

namespace sinter::serve {

/// As parseCompletion. Refusal (400) also of messages that are none, of roles that the template lacks, and of a chat
/// that leaves no room for an answer in the context.
CompletionRequest parseChat(const JsonTree &body, const ChatTemplate &chats, const Generator &generator,
                            const RequestLimits &limits, const std::string &model, uint64_t seed);

} // namespace sinter::serve
