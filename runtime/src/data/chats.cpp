#include "data/chats.h"

#include "base/format.h"
#include "base/json_tree.h"
#include "base/report.h"
#include "data/token_files.h"

#include <algorithm>
#include <filesystem>

namespace sinter {

std::vector<ChatMessage> readChat(std::string_view line, const ChatTemplate &chats, const std::string &what) {
  constexpr size_t most = 1 << 20, shown = 60;
  const auto wrong = [&](const std::string &problem) {
    fail(Exit::Input, formatted("{}: the line '{}': {}", what, printable(line.substr(0, shown)), problem));
  };
  JsonTreeBuilder builder(most);
  if (!readJson(line, builder))
    wrong("no JSON; each line is to be an object with messages");
  const JsonTree &messages = builder.tree()["messages"];
  if (messages.kind != JsonTree::Kind::Array || messages.members.empty())
    wrong("has no messages");
  std::vector<ChatMessage> chat;
  for (const JsonTree &message : messages.members) {
    const JsonTree &content = message["content"];
    const std::optional<ChatMessage::Role> role = roleNamed(message["role"].text);
    if (!role || !chats.has(*role))
      wrong(formatted("a message of '{}', of which the template {} knows nothing",
                      printable(std::string_view(message["role"].text).substr(0, shown)), chats.name()));
    if (!content.isText())
      wrong("a message whose content is no text");
    chat.push_back({*role, content.text});
  }
  return chat;
}

std::string chatTemplateBeside(const std::vector<std::string> &files) {
  std::error_code error;
  if (files.empty() || !isTokenFile(files[0]))
    return "";
  const std::filesystem::path path = std::filesystem::path(files[0]).parent_path() / "chat_template.json";
  return std::filesystem::is_regular_file(path, error) ? path.string() : "";
}

} // namespace sinter
