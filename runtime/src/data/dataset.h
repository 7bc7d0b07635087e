// What training and validation data are to all that read them. A row of a batch is a pure function of (seed, step,
// row), so a resumed training needs no saved position.
#pragma once

#include "data/input_files.h"
#include "tokenizers/tokenizer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct sinter_entry;
struct sinter_input;

namespace sinter {

class Program;

/// Random rows may repeat; shuffled ones are all different until each was there once.
enum class Order { Random, Sequential, Shuffled };

/// An input that is an array: [rows, ...].
struct BatchInput {
  std::string name;
  uint32_t dtype; ///< sinter_dtype
  std::vector<int64_t> shape;
  size_t elementBytes, rowBytes;
  char *data;

  char *row(int64_t b) const { return data + size_t(b) * rowBytes; }
  int64_t rowSize() const { return int64_t(rowBytes / elementBytes); }
};

/// The inputs of an entry that data fills, found by their names.
struct Batch {
  int64_t rows = 0;                              ///< batch size
  int64_t length = 0;                            ///< tokens a row, or numbers an image
  int32_t *tokens = nullptr, *targets = nullptr; ///< [rows, length]
  float *images = nullptr;                       ///< [rows, length], in [0, 1]
  int32_t *labels = nullptr;                     ///< [rows]
  /// All inputs that are arrays, these among them.
  std::vector<BatchInput> inputs = {};

  /// Whether the entry takes no arrays: it draws its numbers by itself (random.h).
  bool takesNothing() const { return inputs.empty() && !tokens && !images; }
  /// Of an entry that takes no arrays, one row of nothing. Throws Failure (usage) if its arrays are no batches of one
  /// size.
  static Batch of(Program &program, const sinter_entry &entry);
  /// Numbers predicted in one call: tokens, or else examples.
  int64_t predictions() const { return tokens ? rows * length : rows; }
  /// What these are called: "tokens", "images", "examples".
  const char *unit() const;
};

/// An input of the program, rank 0 as one of [1].
BatchInput batchInput(Program &program, const sinter_input &input);

/// For messages: "x [32, 4], y [32]".
std::string inputNames(const Batch &batch);

/// One part (training or validation) of the data.
class Dataset {
public:
  virtual ~Dataset() = default;
  /// Rows that do not overlap, of `length` tokens each; row r of tokens starts at token r * length.
  virtual int64_t rows(int64_t length) const = 0;
  /// Row `row` of those into row `b` of the batch.
  virtual void copyRow(const Batch &batch, int64_t b, int64_t row) const = 0;
  /// A row that starts anywhere, chosen by a uniform number in [0, 2^64).
  virtual void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const = 0;
  /// Bytes of text that the targets of row `row` stand for; 0 if that is not known.
  virtual int64_t bytesOfRow(const Batch &batch, int64_t row) const = 0;
  /// XXH3 of the content.
  virtual uint64_t hash() const = 0;
  /// For messages: "123456 tokens".
  virtual std::string size() const = 0;
  /// Changes row `b` of the batch as training wants images changed, by a uniform number in [0, 2^64).
  virtual void augmentRow(const Batch &, int64_t, uint64_t) const {}
  /// An input of the batch that the data have nothing for; empty if there is none.
  virtual std::string missing(const Batch &) const { return {}; }

  /// Fills the batch of `step` (from 0). Sequential rows wrap: row number (step * rows + b) modulo rows(length).
  void fill(const Batch &batch, Order order, uint64_t seed, int64_t step) const;
};

/// How training images are changed, differently each time, and all images of one example alike: the last two axes of
/// each input that has at least three are height and width.
struct Augmentation {
  bool flip = false; ///< half of them mirrored, left to right
  int64_t crop = 0;  ///< moved by up to so many pixels each way; what comes from outside is 0
};

/// Of tokens in files that do not say it themselves.
enum class TokenWidth { Unknown = 0, Uint16 = 2, Uint32 = 4 };
/// "uint16", "uint32", or "".
TokenWidth tokenWidthNamed(const std::string &name);

/// What the command line says about data.
struct DataOptions {
  std::string path;                ///< --data
  std::string validationPath;      ///< --val-data
  double validationFraction = 0.1; ///< of --data; 0: none
  bool randomSplit = false;        ///< which part: some by chance, else the end
  std::string tokenizer;           ///< bytes, chars, a file, or empty: chosen by the vocabulary
  std::string separator;           ///< of documents in a text; empty: a file is one
  TokenWidth tokenWidth = TokenWidth::Unknown;
  std::optional<Tokenizer> restored;               ///< of the checkpoint, which wins
  std::vector<InputFile> inputs, validationInputs; ///< --input and --val-input, in place of the paths above
  Augmentation augmentation;
};

struct Data {
  std::unique_ptr<Dataset> training, validation; ///< validation may be null
  Tokenizer tokenizer;
};

/// Index where the validation part of `count` things starts.
int64_t splitPoint(int64_t count, double validationFraction);

/// Which of `count` examples comes at `position` where those to hold out are chosen by chance: one permutation for each
/// count, whatever the seed, so that trainings can be compared, and `eval` needs nothing else.
int64_t positionInSplit(int64_t position, int64_t count);

} // namespace sinter
