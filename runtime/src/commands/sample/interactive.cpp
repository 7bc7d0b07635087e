#include "commands/sample/interactive.h"

#include "base/error.h"
#include "base/format.h"
#include "base/interrupt.h"
#include "base/output.h"
#include "base/report.h"
#include "files/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unistd.h>

namespace sinter {

namespace {

/// Lines of standard input as they come.
class Lines {
public:
  /// Without its newline; none at the end.
  std::optional<std::string> next() {
    size_t end;
    while ((end = pending_.find('\n')) == std::string::npos) {
      char part[4096];
      const ssize_t count = ::read(STDIN_FILENO, part, sizeof part);
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        fail(Exit::Input, formatted("standard input: cannot read: {}", std::strerror(errno)));
      if (count == 0)
        break;
      pending_.append(part, size_t(count));
      if (pending_.size() > streamLimit)
        fail(Exit::Input, formatted("standard input: a line of more than {} bytes", streamLimit));
    }
    if (pending_.empty())
      return std::nullopt;
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end == std::string::npos ? end : end + 1);
    return line;
  }

private:
  std::string pending_;
};

/// A text in turns.
class Conversation {
public:
  Conversation(Generator &generator, std::vector<int32_t> tokens, const GenerateOptions &options)
      : generator_(generator), empty_(tokens.empty()),
        text_(generator.tokenizer(), options, generator.choices(), std::move(tokens)),
        newline_(spells("\n") ? "\n" : "") {}

  /// What somebody wrote; false if it has characters that the vocabulary does not, after an error that says so, or the
  /// Failure itself where nobody could answer.
  bool add(const std::string &line, bool answered) {
    try {
      std::vector<int32_t> tokens;
      if (!line.empty())
        tokens = generator_.promptTokens(line + newline_, "standard input", 0, true);
      else if (empty_)
        tokens = generator_.promptTokens("", "standard input"); // something to go on from
      text_.append(tokens);
      empty_ = false;
      return true;
    } catch (const Failure &failure) {
      if (!answered)
        throw;
      reportError(failure.what());
      return false;
    }
  }

  enum class Turn { Done, Unread, Told };
  /// The model's turn. Unread: nobody reads any more; Told: to end.
  Turn goOn() {
    const InterruptWatch watch;
    bool open = true;
    std::string last;
    generator_.goOn(text_, [&](const std::string &shown) {
      open = open && printText(shown);
      last = shown;
      return open && !watch.requested();
    });
    const bool lineEnds = last.ends_with('\n') && !watch.requested(); // a terminal shows ^C behind it
    open = open && (lineEnds || printText("\n"));
    return !open ? Turn::Unread : watch.requested() && watch.signal() != SIGINT ? Turn::Told : Turn::Done;
  }

private:
  bool spells(const std::string &text) const {
    try {
      generator_.promptTokens(text, "");
      return true;
    } catch (const Failure &) {
      return false;
    }
  }

  Generator &generator_;
  bool empty_;
  Continuation text_;
  std::string newline_;
};

} // namespace

Exit interact(Generator &generator, std::vector<int32_t> tokens, const GenerateOptions &options) {
  const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  Conversation conversation(generator, std::move(tokens), options);
  Lines lines;
  while (!terminal || printText("> ")) {
    const auto line = lines.next();
    if (!line) {
      if (terminal)
        printText("\n");
      break;
    }
    if (!conversation.add(*line, terminal))
      continue;
    const auto turn = conversation.goOn();
    if (turn == Conversation::Turn::Told)
      return Exit::Interrupted;
    if (turn == Conversation::Turn::Unread)
      break;
  }
  return Exit::Done;
}

} // namespace sinter
