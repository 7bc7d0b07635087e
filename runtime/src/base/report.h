// What a program says to standard error: whole lines that begin with its name, "gpt train: error: ...".
#pragma once

#include <string>
#include <string_view>

namespace sinter {

/// Who speaks: the program as it was called and, once it is known, the subcommand ("gpt train").
void speakAs(std::string name);
const std::string &speaker();

/// One line each. They never fail: a message that nobody can read must not end a training.
void reportError(std::string_view message);
void reportWarning(std::string_view message);
void reportNote(std::string_view message);

/// Text of the user's (arguments, file names) for one line on a terminal: control characters and bytes that are not
/// UTF-8 are written as \xNN, but for those in `kept`.
std::string printable(std::string_view text, std::string_view kept = {});

} // namespace sinter
