// Text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// What a kind of tokenizer does. Constant once it is made: threads share it.
class TokenizerModel {
public:
  virtual ~TokenizerModel() = default;
  virtual int64_t size() const = 0;
  /// Appends the ids of the text from `position` on, which is advanced by at least `bytes` (or to the text's end), up
  /// to a place where the text may be cut without a difference to the ids.
  virtual void encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                          const std::string &what) const = 0;
  /// The first such place at or behind `at`; the text's size if there is none.
  virtual size_t cutBehind(std::string_view text, size_t at) const = 0;
  virtual std::string decode(int32_t token) const = 0;
  /// What tokens mean together, where that is not what they mean one by one.
  virtual std::string decodeAll(std::span<const int32_t> tokens) const;
  /// What a checkpoint keeps: text in its metadata, or a file's content.
  virtual std::string saved() const { return {}; }
  virtual int32_t endOfText() const { return -1; }
};

class TextTokenizer;

/// `bytes`: id = byte. `chars`: id = rank of the code point among those of the training text. `model`: what a file of
/// tokens says. `none`: ids only.
class Tokenizer {
public:
  enum class Kind { None, Bytes, Chars, Model };

  Tokenizer() = default;
  static Tokenizer bytes();
  /// From the distinct code points of `text`, which must be UTF-8 (Failure that names `what` and the byte).
  static Tokenizer charsOf(std::string_view text, const std::string &what);
  static Tokenizer of(std::shared_ptr<const TextTokenizer> model);
  /// From what a checkpoint holds. Throws Failure (damaged) if that is no tokenizer.
  static Tokenizer restore(const std::string &kind, const std::string &vocabulary, const std::string &what);

  Kind kind() const { return kind_; }
  const char *name() const;
  /// Number of ids; 0 for `none`.
  int64_t size() const { return model_ ? model_->size() : 0; }
  /// For a checkpoint: of `chars` the code points in the order of their ids, of `model` a tokenizer.json; empty for the
  /// others.
  std::string vocabulary() const { return model_ ? model_->saved() : std::string(); }
  /// Of `model`; null for the others.
  const TextTokenizer *text() const;
  /// The token between documents; -1: there is none.
  int32_t endOfText() const { return model_ ? model_->endOfText() : -1; }

  /// Ids of `text`. Throws Failure (input) that names the first character the vocabulary does not hold, and `what`.
  std::vector<int32_t> encode(std::string_view text, const std::string &what) const;
  /// The same for long texts, part by part: see TokenizerModel.
  void encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                  const std::string &what) const;
  size_t cutBehind(std::string_view text, size_t at) const { return model_->cutBehind(text, at); }
  /// Of `bytes` and `chars`, whose tokens do not depend on what follows: ids of the text from `position` on, which is
  /// advanced, as many as `ids` has room for.
  size_t encodePart(std::string_view text, size_t &position, std::span<int32_t> ids, const std::string &what) const;
  /// The bytes of one token; empty for ids out of range. For `none` the id in decimal and a space.
  std::string decode(int32_t token) const;
  std::string decodeAll(std::span<const int32_t> tokens) const;

private:
  Kind kind_ = Kind::None;
  std::shared_ptr<const TokenizerModel> model_; // copies share it
};

} // namespace sinter
