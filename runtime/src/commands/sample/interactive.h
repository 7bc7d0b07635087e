// sample --interactive: a text that somebody and the model write in turns.
#pragma once

#include "base/error.h"
#include "sampling/generate.h"

#include <string>
#include <vector>

namespace sinter {

/// Reads lines from standard input. Each is added to the text with its newline (if the vocabulary has one), then the
/// model goes on: for at most `options.count` tokens, up to a stop string, or until it is interrupted (SIGINT); an
/// empty line adds nothing. It ends at the end of the input, or by another signal (Exit::Interrupted). On a terminal ">
/// " asks for a line, and a line that the vocabulary cannot spell is an error that is told; elsewhere it ends with that
/// Failure (input). `tokens` is what the text begins with: of the prompt, or empty.
Exit interact(Generator &generator, std::vector<int32_t> tokens, const GenerateOptions &options);

} // namespace sinter
