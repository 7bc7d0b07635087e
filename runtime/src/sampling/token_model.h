// A language model as a sampler sees it: the logits of the token that comes next, of one text or of several at once.
#pragma once

#include "program/program.h"
#include "sampling/caches.h"

#include <optional>
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

/// A text as far as it goes: one token at least. Of a model that reads something else first, such as a sentence that it
/// translates, with that.
struct TextView : std::span<const int32_t> {
  TextView() = default;
  TextView(std::span<const int32_t> tokens, std::span<const int32_t> source = {}) : span(tokens), source(source) {}
  TextView(const std::vector<int32_t> &tokens) : span(tokens) {}

  std::span<const int32_t> source;
};

/// The entry `logits`: tokens [1, context], position -> logits [vocabulary] of the token after `position`; and, if the
/// program has both of them, `prefill` and `decode`, which compute the tokens from `offset` on and remember those
/// before. These take B texts at once, B from their shape; a prefill of one text has caches of its own beside them:
///   prefill: tokens i32 [B, P], offset, and position or count; decode: tokens [B, 1], offset
///     -> logits [B, vocabulary], [vocabulary] where B is 1, or [B, P, vocabulary]
/// with offset, position (of the last new token among the new ones) and count (of new tokens) i32, numbers where B is
/// 1, or [B]. Of a text that takes no part in a call, count is 0 (position 0) and offset the place behind what is
/// remembered of it: from there on, an entry may write what it likes.
/// If `logits` takes `source` i32 [1, S], too, which is filled up with zeros, then an entry `encode` takes that of one
/// text, and what it writes, the others read: once for each text.
/// All of them give the same bits, and a text's do not depend on the others'.
class TokenModel {
public:
  /// Throws Failure (usage) if the program has no entry `logits`.
  explicit TokenModel(Program &program);

  /// Tokens that the model sees at once.
  int64_t context() const { return context_; }
  int64_t vocabulary() const { return vocabulary_; }
  /// Tokens of a source that the model reads; 0: it reads none.
  int64_t sourceLength() const { return source_ ? source_->tensor.shape[1] : 0; }
  /// Whether tokens are remembered from call to call.
  bool remembers() const { return prefill_ && decode_; }
  /// Texts that a call computes at once.
  size_t batch() const { return remembers() ? decode_->batch : 1; }
  /// New tokens of a text that a call computes at once; 0: all of them, whether they are new or not.
  size_t promptRows() const { return remembers() ? prefill_->rows : 0; }

  /// Where the tokens begin that the model sees of a text of this length: 0, if the context has room for it.
  size_t windowBegin(size_t length, FullContext full) const;

  /// So many tokens that a text begins with are remembered, of whatever text.
  size_t known(TextView text) const;

  /// Whether `tokens` of a text cost less one by one, in calls that make a token of each of the others anyway, than as
  /// a prefill, for which all others wait: by how long calls have taken so far.
  bool cheaperOneByOne(size_t tokens) const;

  /// What suits the program best.
  FullContext fullContext() const { return remembers() ? FullContext::Half : FullContext::Slide; }

  /// New tokens of a text are computed so many at a time at most; 0: as many as a call takes.
  void setChunk(size_t tokens) { chunk_ = tokens; }

  /// Logits [texts, vocabulary] after the last token of each text. Of more than the context the model sees the last
  /// tokens, as many as `full` says. Parameters must not change between two calls. Valid until the next call.
  /// What is remembered of earlier calls is found by what texts begin with, so they may come in any order; more texts
  /// than a batch take turns, and their caches are put away meanwhile.
  std::span<const float> logitsAfter(std::span<const TextView> texts, FullContext full) {
    return logitsAfter(texts, texts.size(), full);
  }
  /// The same of the first `count` texts: what is remembered of the others stays, but they take no part.
  std::span<const float> logitsAfter(std::span<const TextView> texts, size_t count, FullContext full);
  std::span<const float> logitsAfter(TextView text, FullContext full) { return logitsAfter({&text, 1}, full); }

private:
  /// An entry that computes new tokens only.
  struct Incremental {
    const sinter_entry *entry;
    size_t batch, rows; ///< of its tokens
    double seconds = 0; ///< that a call takes, the last ones count most; not above 0: there have not been two
  };
  std::optional<Incremental> incremental(std::string_view name) const;
  /// What the caches hold of a text, from position 0 on.
  struct Slot {
    std::vector<int32_t> known, source;
    bool unread = true;         ///< the source was not encoded yet
    std::optional<size_t> text; ///< whose it is, in this call
    bool idle = false;          ///< who takes no part in this call
  };

  TextView window(TextView text, FullContext full) const;
  void setSource(const sinter_entry &entry, std::span<const int32_t> tokens);
  size_t commonWith(const Slot &slot, TextView text) const;
  void readSources(size_t first);
  void runWhole(TextView text, float *logits);
  void assign(std::span<const TextView> texts, size_t count);
  void goOn(size_t page, std::span<const TextView> texts);
  void prefillAlone(size_t slot, std::span<const TextView> texts);
  void advance(Incremental &entry, size_t first, std::span<const TextView> texts);
  size_t leftOf(const Slot &slot, std::span<const TextView> texts) const;

  Program &program_;
  const sinter_entry &whole_;
  const sinter_input *source_; ///< null: the model reads none
  int64_t context_, vocabulary_;
  std::optional<Incremental> prefill_, decode_; ///< none: the program has none
  const sinter_entry *encode_ = nullptr;
  std::optional<Caches> caches_;
  size_t chunk_ = 0;
  std::vector<Slot> slots_;    ///< a whole number of batches
  std::vector<float> results_; ///< [texts, vocabulary]
};

} // namespace sinter
