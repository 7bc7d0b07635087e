// A language model as a sampler sees it: the logits of the token that comes next.
#pragma once

#include "program/program.h"

#include <span>
#include <string_view>
#include <vector>

namespace sinter {

/// What happens to a text that is longer than the context.
enum class FullContext {
  Slide, ///< the model sees the last `context` tokens: each has another position every time, so all are computed anew
  Half,  ///< it forgets the older half of them at a time, and goes on with the newer one
  Stop,  ///< the text ends
};

/// `slide`, `half` or `stop`.
FullContext fullContextNamed(std::string_view name);

/// The entry `logits`: tokens [1, context], position -> logits of the token after `position`; and, if the program has
/// them, `prefill` and `decode`, which compute the tokens from `offset` on and remember those before. They give the
/// same bits.
class TokenModel {
public:
  /// Throws Failure (usage) if the program has no entry `logits`.
  explicit TokenModel(Program &program);

  /// Tokens that the model sees at once.
  int64_t context() const { return context_; }
  int64_t vocabulary() const { return vocabulary_; }
  /// Whether tokens are remembered from call to call.
  bool remembers() const { return prefill_ && decode_; }

  /// What suits the program best.
  FullContext fullContext() const { return remembers() ? FullContext::Half : FullContext::Slide; }

  /// Logits [vocabulary] after the last of `tokens`, of which there is one at least. Of more than the context the model
  /// sees the last ones, as many as `full` says. Parameters must not change between two calls. Valid until the next
  /// call.
  std::span<const float> logitsAfter(std::span<const int32_t> tokens, FullContext full);

private:
  /// Logits after at most `context` tokens, of which those that are known are not computed again.
  std::span<const float> goOn(std::span<const int32_t> tokens);
  /// An entry with these tokens, of which the last one is asked for.
  std::span<const float> run(const sinter_entry &entry, std::span<const int32_t> tokens, int64_t offset);

  Program &program_;
  const sinter_entry &whole_;
  const sinter_entry *prefill_, *decode_; ///< null: the program has none
  int64_t context_, vocabulary_;
  std::vector<int32_t> known_; ///< what the caches hold, from position 0 on
};

} // namespace sinter
