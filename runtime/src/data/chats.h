// Chats in files: JSON lines of {"messages": [{"role": ..., "content": ...}, ...]}, as fine-tuning has them.
#pragma once

#include "tokenizers/chat_template.h"

namespace sinter {

/// The messages of a line. Failure (input) that names `what` and shows how the line begins: no JSON, no messages, roles
/// that the template lacks, contents that are no text. Other members are passed over.
std::vector<ChatMessage> readChat(std::string_view line, const ChatTemplate &chats, const std::string &what);

/// The template that belongs to files of tokens: a chat_template.json beside the first; else empty.
std::string chatTemplateBeside(const std::vector<std::string> &files);

} // namespace sinter
