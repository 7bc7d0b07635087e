// Text from a prompt: the model tells of each next token, the sampler chooses.
#pragma once

#include "sampling/continuation.h"
#include "sampling/token_model.h"
#include "tokenizers/tokenizer.h"

#include <functional>
#include <string>
#include <vector>

namespace sinter {

class Program;

/// Goes on with texts, token by token.
class Generator {
public:
  /// Throws Failure (usage) if the program has no such entry.
  Generator(Program &program, const Tokenizer &tokenizer);

  TokenModel &model() { return model_; }
  const TokenModel &model() const { return model_; }
  const Tokenizer &tokenizer() const { return tokenizer_; }
  /// So many ids may be chosen.
  int64_t choices() const;

  /// The prompt's ids; an empty prompt becomes one token: the newline if the vocabulary has it, else id 0. Failure
  /// (input) if the vocabulary or the model lacks one. Unless `all` are wanted, the last
  /// ones, as many as matter for what comes next, where a penalty looks back by `window` tokens.
  std::vector<int32_t> promptTokens(const std::string &prompt, const std::string &what, int64_t window = 0,
                                    bool all = false) const;

  /// Calls `show` with text as soon as it is certain; it returns false to end.
  Generated run(std::vector<int32_t> tokens, const GenerateOptions &options,
                const std::function<bool(const std::string &)> &show);

  /// The same until the continuation is done; false if `show` ended it.
  bool goOn(Continuation &text, const std::function<bool(const std::string &)> &show);

  /// `count` continuations of one prompt, as many at once as the program takes. Number i is, to the bit, what run()
  /// gives with the options' seed plus i.
  std::vector<Generated> samples(const std::vector<int32_t> &tokens, const GenerateOptions &options, int64_t count);

  /// What the model gives each token of a prompt after those before it, with the `count` most probable ones; NaN for
  /// the first, and for those that a full context leaves out.
  std::vector<GeneratedToken> promptProbabilities(const std::vector<int32_t> &tokens, const GenerateOptions &options);

private:
  void advanceAll(std::vector<Continuation> &group);
  FullContext fullOf(const GenerateOptions &options) const { return options.full.value_or(model_.fullContext()); }

  const Tokenizer &tokenizer_;
  TokenModel model_;
};

} // namespace sinter
