// One text that is being made: its tokens, what of it can be shown, and why it ended.
#pragma once

#include "base/utf8.h"
#include "sampling/sampler.h"
#include "sampling/token_model.h"
#include "tokenizers/tokenizer.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter {

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
  int32_t end = -1;                ///< ends with this token, which is no part of the text; -1: there is none
  std::optional<FullContext> full; ///< none: what suits the program best
};

struct Generated {
  std::vector<GeneratedToken> tokens;
  std::string text;
  bool stopped = false; ///< by one of the stop strings, or the token that ends
  bool full = false;    ///< by the end of the context
  double score = 0;     ///< of a search
};

/// Bytes of tokens as text, up to the first stop string.
class TextSoFar {
public:
  /// Adds bytes; true if a stop string ends the text, which is cut before it.
  bool add(const std::string &bytes, const std::vector<std::string> &stops);
  /// Adds what is left of an unfinished character.
  void finish() { text_ += utf8_.finish(); }
  const std::string &text() const { return text_; }
  /// How much of it no stop string can take back any more.
  size_t certain(const std::vector<std::string> &stops) const;

private:
  Utf8Stream utf8_;
  std::string text_;
};

class Continuation {
public:
  /// Of `prompt`, one token at least.
  Continuation(const Tokenizer &tokenizer, GenerateOptions options, int64_t choices, std::vector<int32_t> prompt);

  const History &history() const { return history_; }
  const GenerateOptions &options() const { return options_; }
  /// What was made since the prompt, or since the last turn of somebody else.
  const Generated &soFar() const { return result_; }
  bool done() const { return result_.stopped || result_.full || int64_t(result_.tokens.size()) >= options_.count; }
  /// Chooses one more token by the logits after the last one.
  void add(std::span<const float> logits);
  /// The context is full.
  void endFull() { result_.full = true; }

  /// Text that has become certain since the last call; `last`: nothing follows.
  std::string takeShown(bool last);
  /// What was made; the end of it.
  Generated finish();

  /// Another turn: `tokens` follow, which somebody else wrote, then up to as many again.
  void append(std::span<const int32_t> tokens);

private:
  const Tokenizer &tokenizer_;
  GenerateOptions options_;
  Sampler sampler_;
  History history_;
  TextSoFar text_;
  size_t shown_ = 0;
  Generated result_;
};

} // namespace sinter
