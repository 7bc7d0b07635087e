// What sample prints as JSON.
#pragma once

#include "sampling/generate.h"

#include <string>
#include <vector>

namespace sinter {

/// Members of an object, without its braces: text, finish, tokens; logprobs if they are `told`; score if it is one of a
/// search. Texts are valid UTF-8; a token that is none by itself also tells its bytes.
std::string generatedJson(const Tokenizer &tokenizer, const Generated &result, bool told, bool searched);

/// Tokens with their log-probabilities and the most probable ones in their places; null for what is no number.
std::string tokensJson(const Tokenizer &tokenizer, const std::vector<GeneratedToken> &tokens);

} // namespace sinter
