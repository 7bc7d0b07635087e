// Tokens of text as files say them: pieces of it, by a split pattern, become tokens by byte pair encoding or by the
// most probable sequence. What readers of files fill in, and what it does.
#pragma once

#include "tokenizers/merges.h"
#include "tokenizers/splitter.h"
#include "tokenizers/tokenizer.h"

#include <array>
#include <functional>
#include <optional>

namespace sinter {

/// A token beside those of the model, whose text is matched as a whole, if at all.
struct AddedToken {
  int32_t id = -1;
  std::string text;
  bool special = false; ///< matched only on request: never by accident
  bool leftStrip = false, rightStrip = false, singleWord = false, normalized = false;
};

/// What changes a text before it is split.
struct Normalization {
  enum class Kind { Nfc, Prepend, Replace };
  Kind kind;
  std::string from = {}, to = {}; ///< Prepend: `to`
};

/// What splits it. ByteLevel and Metaspace may put a space in front.
struct Splitting {
  enum class Kind { Pattern, Text, Digits, ByteLevel, Metaspace };
  enum class Behaviour { Isolated, Removed, MergedWithPrevious, MergedWithNext };
  enum class Prefix { Never, First, Always };
  Kind kind;
  std::optional<Splitter> splitter = {}; ///< of Pattern
  std::string text = {};                 ///< of Text
  Behaviour behaviour = Behaviour::Isolated;
  Prefix prefix = Prefix::Never;
  bool splits = true; ///< Digits: each alone; ByteLevel: by GPT-2's pattern; Metaspace: in front of each space
};

struct TokenizerParts {
  enum class Algorithm { Bpe, Unigram };
  Algorithm algorithm = Algorithm::Bpe;
  bool byteLevel = true; ///< texts are bytes; else UTF-8 with U+2581 for spaces
  TokenTexts texts;      ///< also of added tokens that are among those of the model
  std::vector<Merge> merges;
  std::vector<double> scores; ///< of Unigram, by id
  bool wholePieces = false;   ///< a piece that is a token becomes it, whatever the merges say
  bool byteFallback = false;  ///< <0xNN> for bytes of characters that are no tokens
  bool fuseUnknown = false;
  int32_t unknown = -1;
  std::vector<Normalization> normalizations;
  std::vector<Splitting> splittings;
  std::vector<AddedToken> added;
  int stripped = 0;                ///< spaces that decoding takes off the beginning
  std::vector<int32_t> begin, end; ///< tokens that the file's template puts around a text
};

class TextTokenizer final : public TokenizerModel {
public:
  /// Failure (damaged) that names `what` unless ids are in range and texts and merges fit.
  TextTokenizer(TokenizerParts parts, const std::string &what);

  int64_t size() const override { return size_; }
  void encodeSome(std::string_view text, size_t &position, size_t bytes, std::vector<int32_t> &ids,
                  const std::string &what) const override;
  size_t cutBehind(std::string_view text, size_t at) const override;
  std::string decode(int32_t token) const override;
  std::string decodeAll(std::span<const int32_t> tokens) const override;
  std::string saved() const override;
  int32_t endOfText() const override { return endOfText_; }

  /// A part of a text: where it begins and ends.
  using Range = std::pair<size_t, size_t>;
  /// All of a text, in which the texts of special tokens are these where they lie within one of `where`, parts in
  /// order.
  std::vector<int32_t> encodeWithSpecial(std::string_view text, std::span<const Range> where,
                                         const std::string &what) const;
  std::vector<int32_t> encodeWithSpecial(std::string_view text, const std::string &what) const {
    return encodeWithSpecial(text, std::array{Range(0, text.size())}, what);
  }
  /// The first special token in a text, and where its text begins; -1 and the text's end if there is none.
  std::pair<int32_t, size_t> findSpecial(std::string_view text) const;
  const TokenizerParts &parts() const { return parts_; }
  bool isSpecial(int32_t token) const;
  /// All merges, by rank.
  const MergeTable &mergeTable() const { return merges_; }

private:
  struct Run; // of one call
  void check(const std::string &what) const;
  void findByteTokens();
  bool mayCut() const;
  void encodeSections(Run &run, std::string_view text) const;
  void encodeSection(Run &run, std::string_view text) const;
  void split(Run &run, size_t step, std::string_view text) const;
  void splitAtText(Run &run, size_t step, std::string_view text) const;
  void splitAtMatches(Run &run, size_t step, std::string_view text) const;
  void splitDigits(Run &run, size_t step, std::string_view text) const;
  void splitBytes(Run &run, size_t step, std::string_view text) const;
  void splitMetaspace(Run &run, size_t step, std::string_view text) const;
  void encodePiece(Run &run, std::string_view piece) const;
  void encodeUncached(Run &run, std::string_view piece) const;
  void addCharacters(Run &run, std::string_view piece, std::vector<int32_t> &ids) const;
  void unigram(Run &run, std::string_view piece, std::vector<int32_t> &ids) const;
  const AddedToken *addedAt(std::string_view text, size_t at, bool special) const;

  TokenizerParts parts_;
  MergeTable merges_;
  Splitter gpt2_{Splitter::Known::Gpt2};
  std::vector<const AddedToken *> addedByText_;      // in the order of their texts
  bool addedStart_[256] = {}, plainStart_[256] = {}; // the first bytes of all, and of those that are not special
  std::vector<bool> special_;                        // by id
  int32_t byteTokens_[256];
  int64_t size_ = 0;
  int32_t endOfText_ = -1;
  double leastScore_ = 0;
  bool wordsPart_ = false; // no token goes on behind a word's end
  bool cuts_ = false;
  uint64_t number_; // unlike that of any other
};

} // namespace sinter
