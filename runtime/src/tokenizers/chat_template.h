// What stands around the messages of a chat, so that a model sees one text: whose turn it is, and where a message ends.
#pragma once

#include "base/error.h"
#include "tokenizers/tokenizer.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

struct ChatMessage {
  enum class Role { System, User, Assistant };
  Role role = Role::User;
  std::string content;
};

/// `system`, `user` or `assistant`; also `developer`, which is what newer APIs call the system.
const char *nameOf(ChatMessage::Role role);
std::optional<ChatMessage::Role> roleNamed(std::string_view name);

/// A text for each role, in which {content} stands for the message, and one for the beginning of the chat. As a file,
/// an object of JSON:
///   {"begin": "", "system": "<|im_start|>system\n{content}<|im_end|>\n", "user": ..., "assistant": ...,
///    "trim": false}
/// `begin` and `system` may be left out (a chat has no message of the system then); `trim` takes white space off both
/// ends of messages. Special tokens are those of these texts alone: in a message, their texts are text.
class ChatTemplate {
public:
  /// `chatml`, `llama3`, `gemma`, `plain`, or a file's. Failure (input) that names what is wrong with it.
  static ChatTemplate named(const std::string &nameOrFile);
  /// From its JSON; Failure (`exit`) that names `what`.
  static ChatTemplate restore(const std::string &json, const std::string &what, Exit exit);
  /// JSON that restore() takes.
  std::string saved() const;

  /// A known name, or `custom`.
  const std::string &name() const { return name_; }
  bool has(ChatMessage::Role role) const { return hasSystem_ || role != Role::System; }

  /// Tokens of a chat and, if `answers`, of what an answer begins behind. Failure (input) of characters that the
  /// vocabulary lacks.
  std::vector<int32_t> tokens(const Tokenizer &tokenizer, std::span<const ChatMessage> messages, bool answers,
                              const std::string &what) const;

  /// Where an answer ends: a token or, where the tokenizer has none for it, a text.
  struct End {
    int32_t token = -1;
    std::string text;
  };
  End endOf(const Tokenizer &tokenizer) const;
  /// Whether answers begin with a space that belongs to the template: what they follow has been cut in front of it,
  /// since tokens have their spaces in front.
  bool spaceBegins() const { return part(Role::Assistant).before.ends_with(' '); }
  /// Whether its marks are special tokens, which no message can hold.
  bool isSafe(const Tokenizer &tokenizer) const;

private:
  using Role = ChatMessage::Role;
  static ChatTemplate parse(const std::string &json, const std::string &what, Exit exit);
  struct Part {
    std::string before, behind; ///< a message
  };
  const Part &part(Role role) const { return parts_[size_t(role)]; }
  std::string name_, begin_;
  std::array<Part, 3> parts_;
  bool trim_ = false, hasSystem_ = false;
};

} // namespace sinter
