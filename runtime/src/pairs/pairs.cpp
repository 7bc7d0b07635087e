#include "pairs/pairs.h"

#include "base/error.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/utf8.h"
#include "files/files.h"
#include "sinter/abi.h"
#include "tokenizers/text_tokenizer.h"
#include "tokenizers/tokenizer_files.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sinter {

namespace {

constexpr std::array<const char *, 2> sides = {"source", "target"};

/// Sentences of one language, one behind the other, in two bytes a token if that is enough.
class Sentences {
public:
  explicit Sentences(bool wide) : width_(wide ? 4 : 2) {}

  void add(const std::vector<int32_t> &tokens) {
    for (const int32_t token : tokens)
      bytes_.append(reinterpret_cast<const char *>(&token), width_); // least significant byte first
    ends_.push_back(bytes_.size());
  }
  int64_t size() const { return int64_t(ends_.size()); }
  std::string_view bytesOf(int64_t n) const {
    const size_t begin = n ? ends_[size_t(n) - 1] : 0;
    return std::string_view(bytes_).substr(begin, ends_[size_t(n)] - begin);
  }
  /// Into a row of `length`, filled up with padding.
  void copy(int64_t n, int32_t *row, int64_t length) const {
    const std::string_view bytes = bytesOf(n);
    const size_t count = bytes.size() / width_;
    std::fill(row, row + length, paddingToken);
    for (size_t i = 0; i < count; ++i)
      std::memcpy(row + i, bytes.data() + i * width_, width_);
  }

private:
  size_t width_;
  std::string bytes_;
  std::vector<size_t> ends_;
};

using Pairs = std::array<Sentences, 2>; // in the order of `sides`

class PairDataset final : public Dataset {
public:
  /// Those at [begin, end), of `mixed` in the split by chance.
  PairDataset(std::shared_ptr<const Pairs> pairs, int64_t begin, int64_t end, bool mixed = false)
      : pairs_(std::move(pairs)), begin_(begin), end_(end), mixed_(mixed) {}

  int64_t rows(int64_t) const override { return end_ - begin_; }
  void copyRow(const Batch &batch, int64_t b, int64_t row) const override {
    for (const BatchInput &input : batch.inputs)
      sentencesOf(input).copy(placeOf(row), reinterpret_cast<int32_t *>(input.row(b)), input.rowSize());
  }
  void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const override {
    copyRow(batch, b, int64_t((static_cast<unsigned __int128>(random) * uint64_t(end_ - begin_)) >> 64));
  }
  int64_t bytesOfRow(const Batch &, int64_t) const override { return 0; }
  uint64_t hash() const override {
    Hash hash;
    for (int64_t row = 0; row < end_ - begin_; ++row)
      for (const Sentences &side : *pairs_) {
        const std::string_view bytes = side.bytesOf(placeOf(row));
        const uint64_t size = bytes.size();
        hash.add(&size, sizeof size);
        hash.add(bytes.data(), bytes.size());
      }
    return hash.value();
  }
  std::string size() const override { return formatted("{} pairs", end_ - begin_); }
  std::string missing(const Batch &batch) const override {
    for (const BatchInput &input : batch.inputs)
      if (std::find(sides.begin(), sides.end(), input.name) == sides.end())
        return input.name;
    return "";
  }

private:
  int64_t placeOf(int64_t row) const {
    return mixed_ ? positionInSplit(begin_ + row, (*pairs_)[0].size()) : begin_ + row;
  }
  const Sentences &sentencesOf(const BatchInput &input) const { return (*pairs_)[input.name == sides[1]]; }

  std::shared_ptr<const Pairs> pairs_;
  int64_t begin_, end_;
  bool mixed_;
};

/// How many pairs were left out, and why.
struct LeftOut {
  int64_t empty = 0, tooLong = 0, of = 0;
};

} // namespace

std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The rows that pairs go into, source and target.
static std::array<int64_t, 2> rowSizes(const Batch &batch) {
  std::array<int64_t, 2> sizes = {};
  for (const BatchInput &input : batch.inputs) {
    const auto name = std::find(sides.begin(), sides.end(), input.name);
    if (name == sides.end() || input.dtype != SINTER_I32 || input.shape.size() != 2 || input.rowSize() < 3)
      fail(Exit::Usage, formatted("lines of a text fill source and target, i32 [batch, 3 tokens or more], but the "
                                  "entry takes {}: --input NAME=FILE names an array for each",
                                  inputNames(batch)));
    sizes[size_t(name - sides.begin())] = input.rowSize();
  }
  if (!sizes[0] || !sizes[1])
    fail(Exit::Usage,
         formatted("lines of a text fill source and target, but the entry takes {} only", inputNames(batch)));
  return sizes;
}

static Tokenizer tokenizerOf(const DataOptions &options, int64_t vocabulary) {
  constexpr const char *way = "`tokenizer train --first-token '<pad>' --first-token '<s>' --first-token '</s>' --data "
                              "SOURCE --data TARGET -o tokenizer.json` makes one";
  const bool isRestored = options.restored && options.restored->kind() != Tokenizer::Kind::None;
  if (!isRestored && options.tokenizer.empty())
    fail(Exit::Usage, formatted("--tokenizer is required, of both texts together: {}", way));
  const bool isFile = options.tokenizer != "bytes" && options.tokenizer != "chars";
  const Tokenizer tokenizer = isRestored ? *options.restored
                              : isFile   ? Tokenizer::of(readTokenizer(options.tokenizer))
                                         : Tokenizer::bytes();
  const std::string what = isRestored ? "the checkpoint's tokenizer" : "--tokenizer " + options.tokenizer;
  for (const int32_t token : {paddingToken, beginToken, endToken})
    if (!tokenizer.text() || !tokenizer.text()->isSpecial(token))
      fail(Exit::Input,
           formatted("{}: token {} is not a special one; 0 is padding, 1 the begin, 2 the end: {}", what, token, way));
  if (vocabulary && tokenizer.size() > vocabulary)
    fail(Exit::Input, formatted("{}: has {} tokens, but the model's vocabulary holds {}; compile the model with a "
                                "vocabulary of at least {}",
                                what, tokenizer.size(), vocabulary, tokenizer.size()));
  return tokenizer;
}

// All texts of an input, each to end with a line end; `what` names them.
static std::string readTexts(const std::vector<InputFile> &inputs, const char *name, std::string &what) {
  std::string all;
  for (const InputFile &file : filesFor(inputs, name)) {
    const std::string text = readFile(file.path);
    if (const size_t at = findInvalidUtf8(text); at != text.npos)
      fail(Exit::Input, formatted("{}: not UTF-8 text: byte 0x{:02x} at offset {}", file.path, uint8_t(text[at]), at));
    all += text;
    if (!text.empty() && text.back() != '\n')
      all += '\n';
    what += (what.empty() ? "" : ", ") + file.path;
  }
  return all;
}

static std::shared_ptr<const Pairs> readPairs(const char *option, const std::vector<InputFile> &inputs,
                                              const std::array<int64_t, 2> &sizes, const Tokenizer &tokenizer) {
  std::string what[2], texts[2];
  std::vector<std::string_view> lines[2];
  for (int side = 0; side < 2; ++side) {
    texts[side] = readTexts(inputs, sides[size_t(side)], what[side]);
    lines[side] = linesOf(texts[side]);
    if (what[side].empty())
      fail(Exit::Usage, formatted("{0}{1} and {0}{2} go together: a text for each", option, sides[0], sides[1]));
  }
  if (lines[0].size() != lines[1].size())
    fail(Exit::Input, formatted("{} has {} lines, but {} has {}: line n of the one belongs to line n of the other",
                                what[0], lines[0].size(), what[1], lines[1].size()));
  const bool wide = tokenizer.size() > 0x10000;
  auto pairs = std::make_shared<Pairs>(Pairs{Sentences(wide), Sentences(wide)});
  LeftOut left{.of = int64_t(lines[0].size())};
  for (size_t n = 0; n < lines[0].size(); ++n) {
    std::vector<int32_t> source = tokenizer.encode(lines[0][n], what[0]),
                         target = tokenizer.encode(lines[1][n], what[1]);
    const bool empty = source.empty() || target.empty();
    const bool tooLong = int64_t(source.size()) + 1 > sizes[0] || int64_t(target.size()) + 2 > sizes[1];
    left.empty += empty;
    left.tooLong += tooLong && !empty;
    if (empty || tooLong)
      continue;
    target.insert(target.begin(), beginToken);
    for (std::vector<int32_t> *tokens : {&source, &target})
      tokens->push_back(endToken);
    (*pairs)[0].add(source);
    (*pairs)[1].add(target);
  }
  if (left.empty || left.tooLong)
    reportNote(formatted("{}, {}: of {} pairs {} are left out, of which a line is empty, and {} that are longer than "
                         "{} and {} tokens",
                         what[0], what[1], left.of, left.empty, left.tooLong, sizes[0] - 1, sizes[1] - 2));
  if (!(*pairs)[0].size())
    fail(Exit::Input, formatted("{}, {}: no pair that fits, of {}", what[0], what[1], left.of));
  return pairs;
}

Data loadPairs(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  if (options.augmentation.flip || options.augmentation.crop)
    fail(Exit::Usage, "--flip and --crop have no effect: sentences are no images");
  const std::array<int64_t, 2> sizes = rowSizes(batch);
  Data data;
  data.tokenizer = tokenizerOf(options, vocabulary);
  const auto pairs = readPairs("--", options.inputs, sizes, data.tokenizer);
  const int64_t count = (*pairs)[0].size();
  if (!options.validationInputs.empty()) {
    const auto heldOut = readPairs("--val-", options.validationInputs, sizes, data.tokenizer);
    data.training = std::make_unique<PairDataset>(pairs, 0, count);
    data.validation = std::make_unique<PairDataset>(heldOut, 0, (*heldOut)[0].size());
    return data;
  }
  const int64_t split = splitPoint(count, options.validationFraction);
  if (split < 1)
    fail(Exit::Input,
         formatted("{}: too short: {} pairs, none of them left for training", options.inputs[0].path, count));
  data.training = std::make_unique<PairDataset>(pairs, 0, split, options.randomSplit);
  if (split < count)
    data.validation = std::make_unique<PairDataset>(pairs, split, count, options.randomSplit);
  return data;
}

} // namespace sinter
