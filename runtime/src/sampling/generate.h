// Text from a prompt: runs the entry `logits` for each next token and lets the sampler choose.
#pragma once

#include "data/tokenizer.h"
#include "sampling/sampler.h"
#include "sampling/token_model.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

struct sinter_entry;

namespace sinter {

class Program;

struct GeneratedToken {
  int32_t id = 0;
  double logProbability = 0; ///< only with logProbabilities > 0
  std::vector<std::pair<int32_t, double>> top;
};

struct GenerateOptions {
  SamplerOptions sampler;
  int64_t count = 200;
  int64_t logProbabilities = 0;    ///< how many of the most probable tokens to tell
  std::vector<std::string> stop;   ///< ends before any of these appears in the text
  std::optional<FullContext> full; ///< none: what suits the program best
};

struct Generated {
  std::vector<GeneratedToken> tokens;
  std::string text;
  bool stopped = false; ///< by one of the stop strings
  bool full = false;    ///< by the end of the context
};

/// Goes on with texts, token by token.
class Generator {
public:
  /// Throws Failure (usage) if the program has no such entry.
  Generator(Program &program, const Tokenizer &tokenizer);

  /// The prompt's last ids, as many as matter for what comes next; an empty prompt becomes one token: the newline if
  /// the vocabulary has it, else id 0. Failure (input) if the vocabulary or the model lacks one.
  std::vector<int32_t> promptTokens(const std::string &prompt, const std::string &what) const;

  /// Calls `show` with text as soon as it is certain; it returns false to end.
  Generated run(std::vector<int32_t> tokens, const GenerateOptions &options,
                const std::function<bool(const std::string &)> &show);

private:
  const Tokenizer &tokenizer_;
  TokenModel model_;
};

} // namespace sinter
