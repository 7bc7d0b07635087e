#include "data/array_dataset.h"

#include "base/error.h"
#include "base/format.h"
#include "base/hash.h"
#include "program/random.h"
#include "sinter/abi.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace sinter {

int64_t InputArrays::rows() const {
  int64_t rows = 0;
  for (const Array &part : parts)
    rows += part.rows();
  return rows;
}

void copyExample(const InputArrays &arrays, int64_t row, const BatchInput &input, int64_t b) {
  size_t part = 0;
  for (; row >= arrays.parts[part].rows(); ++part)
    row -= arrays.parts[part].rows();
  arrays.parts[part].copyRow(row, input.dtype, input.row(b));
}

namespace {

// Moves the image's lines and columns: what comes from outside is 0.
void shift(char *image, int64_t height, int64_t width, size_t bytes, int64_t down, int64_t right) {
  const size_t line = size_t(width) * bytes, moved = size_t(width - std::abs(right)) * bytes;
  const size_t to = size_t(std::max<int64_t>(right, 0)) * bytes, from = size_t(std::max<int64_t>(-right, 0)) * bytes;
  for (int64_t n = 0; n < height; ++n) {
    const int64_t y = down > 0 ? height - 1 - n : n, source = y - down; // so that no line is read after it was written
    char *target = image + size_t(y) * line;
    if (source < 0 || source >= height) {
      std::memset(target, 0, line);
      continue;
    }
    std::memmove(target + to, image + size_t(source) * line + from, moved);
    std::memset(target, 0, to);
    std::memset(target + line - from, 0, from);
  }
}

void mirror(char *image, int64_t height, int64_t width, size_t bytes) {
  for (int64_t y = 0; y < height; ++y)
    for (int64_t left = 0, right = width - 1; left < right; ++left, --right)
      std::swap_ranges(image + size_t(y * width + left) * bytes, image + size_t(y * width + left + 1) * bytes,
                       image + size_t(y * width + right) * bytes);
}

class ArrayDataset final : public Dataset {
public:
  ArrayDataset(std::shared_ptr<const std::vector<InputArrays>> arrays, int64_t begin, int64_t end,
               const Augmentation &augmentation, const char *unit, bool mixed = false)
      : arrays_(std::move(arrays)), begin_(begin), end_(end), augmentation_(augmentation), unit_(unit), mixed_(mixed) {}

  int64_t rows(int64_t) const override { return end_ - begin_; }
  void copyRow(const Batch &batch, int64_t b, int64_t row) const override {
    for (const BatchInput &input : batch.inputs)
      copyExample(arraysOf(input.name), placeOf(row), input, b);
  }
  void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const override {
    copyRow(batch, b, int64_t((static_cast<unsigned __int128>(random) * uint64_t(end_ - begin_)) >> 64));
  }
  int64_t bytesOfRow(const Batch &, int64_t) const override { return 0; }

  void augmentRow(const Batch &batch, int64_t b, uint64_t random) const override {
    const auto below = [&](uint64_t bound) { // one number, used up from its low end
      const uint64_t value = random % bound;
      random /= bound;
      return int64_t(value);
    };
    if (!augmentation_.flip && !augmentation_.crop)
      return;
    const bool flip = augmentation_.flip && below(2);
    const int64_t most = augmentation_.crop, down = below(uint64_t(2 * most + 1)) - most,
                  right = below(uint64_t(2 * most + 1)) - most;
    for (const BatchInput &input : batch.inputs) {
      if (input.shape.size() < 3)
        continue;
      const int64_t height = input.shape[input.shape.size() - 2], width = input.shape.back();
      const auto imageBytes = size_t(height * width) * input.elementBytes;
      for (size_t at = 0; at < input.rowBytes; at += imageBytes) {
        char *image = input.row(b) + at;
        if (flip)
          mirror(image, height, width, input.elementBytes);
        if (down || right)
          shift(image, height, width, input.elementBytes, down, right);
      }
    }
  }

  // Of the inputs one after the other, from the last in the order of their names on.
  uint64_t hash() const override {
    uint64_t hash = 0;
    for (auto input = arrays_->rbegin(); input != arrays_->rend(); ++input)
      hash = hashWith(*input, hash);
    return hash;
  }
  std::string size() const override { return formatted("{} {}", end_ - begin_, unit_); }
  std::string missing(const Batch &batch) const override {
    for (const BatchInput &input : batch.inputs)
      if (std::none_of(arrays_->begin(), arrays_->end(), [&](const InputArrays &a) { return a.name == input.name; }))
        return input.name;
    return "";
  }

private:
  // Among the examples of the files.
  int64_t placeOf(int64_t row) const {
    return mixed_ ? positionInSplit(begin_ + row, (*arrays_)[0].rows()) : begin_ + row;
  }

  const InputArrays &arraysOf(const std::string &name) const {
    return *std::find_if(arrays_->begin(), arrays_->end(), [&](const InputArrays &a) { return a.name == name; });
  }

  uint64_t hashWith(const InputArrays &input, uint64_t seed) const {
    Hash hash(seed);
    for (int64_t row = 0; row < end_ - begin_; ++row) {
      int64_t place = placeOf(row);
      auto part = input.parts.begin();
      for (; place >= part->rows(); ++part)
        place -= part->rows();
      const char *at = part->bytes->data() + part->begin + size_t(place) * part->rowBytes;
      hash.add(at, part->cells.empty() ? size_t(part->rowSize()) * elementBytes(part->element) : 0);
      for (const Array::Cell &cell : part->cells)
        hash.add(at + cell.offset, elementBytes(cell.element));
    }
    return hash.value();
  }

  std::shared_ptr<const std::vector<InputArrays>> arrays_; // in the order of their names
  int64_t begin_, end_;
  Augmentation augmentation_;
  const char *unit_;
  bool mixed_; // begin_ and end_ are positions in the split by chance
};

// Examples of all inputs, which must agree.
int64_t countExamples(const std::vector<InputArrays> &arrays) {
  for (const InputArrays &input : arrays)
    if (input.rows() != arrays[0].rows())
      fail(Exit::Input,
           formatted("{} has {} examples for the input {}, but {} has {} for {}", arrays[0].parts[0].origin,
                     arrays[0].rows(), arrays[0].name, input.parts[0].origin, input.rows(), input.name));
  return arrays[0].rows();
}

std::shared_ptr<const std::vector<InputArrays>> sorted(std::vector<InputArrays> arrays) {
  std::sort(arrays.begin(), arrays.end(), [](const InputArrays &a, const InputArrays &b) { return a.name < b.name; });
  return std::make_shared<const std::vector<InputArrays>>(std::move(arrays));
}

} // namespace

Data makeArrayData(std::vector<InputArrays> arrays, std::vector<InputArrays> validation, const DataOptions &options,
                   const char *unit) {
  Data data;
  const int64_t count = countExamples(arrays);
  const int64_t split = validation.empty() ? splitPoint(count, options.validationFraction) : count;
  if (split < 1)
    fail(Exit::Input,
         formatted("{}: too short: {} {}, none of them left for training", arrays[0].parts[0].origin, count, unit));
  const auto shared = sorted(std::move(arrays));
  data.training = std::make_unique<ArrayDataset>(shared, 0, split, options.augmentation, unit, options.randomSplit);
  if (!validation.empty()) {
    const int64_t heldOut = countExamples(validation);
    data.validation = std::make_unique<ArrayDataset>(sorted(std::move(validation)), 0, heldOut, Augmentation(), unit);
  } else if (split < count) {
    data.validation = std::make_unique<ArrayDataset>(shared, split, count, Augmentation(), unit, options.randomSplit);
  }
  return data;
}

// Without those of 1: [60000, 1] is what [60000] is.
static std::vector<int64_t> significant(std::vector<int64_t> shape) {
  std::erase(shape, 1);
  return shape;
}

bool hasShapeOf(const std::vector<int64_t> &a, const std::vector<int64_t> &b) {
  return significant(a) == significant(b);
}

// An example must have the input's shape, or be all of its numbers in one row.
static void checkShape(const Array &array, const BatchInput &input) {
  const std::vector<int64_t> of = significant(array.rowShape()),
                             wanted = significant({input.shape.begin() + 1, input.shape.end()});
  const bool flat = of.size() <= 1 || wanted.size() <= 1;
  if (of != wanted && !(flat && array.rowSize() == input.rowSize()))
    fail(Exit::Input,
         formatted("{}: examples of shape {}, but the input {} takes {}{}", array.origin, shapeText(array.rowShape()),
                   input.name, shapeText({input.shape.begin() + 1, input.shape.end()}),
                   array.cells.empty() ? "" : "; choose columns: NAME=FILE:COLUMN,COLUMN or NAME=FILE:-COLUMN"));
}

static void checkNumbers(const Array &array, const BatchInput &input, int64_t vocabulary) {
  const bool isWide = input.dtype == SINTER_I64;
  int64_t least = isWide ? INT64_MIN : INT32_MIN, most = isWide ? INT64_MAX : INT32_MAX;
  if (vocabulary && (input.name == "tokens" || input.name == "targets" || input.name == "labels")) {
    most = vocabulary - 1;
    least = input.name == "targets" ? least : 0; // a target outside of the classes is one that does not count
  }
  checkArray(array, input.name, input.dtype, least, most);
}

void checkInputArray(const Array &array, const BatchInput &input, int64_t vocabulary) {
  checkShape(array, input);
  checkNumbers(array, input, vocabulary);
}

// The files of one option: --input or --val-input.
static std::vector<InputArrays> readInputs(const char *option, const std::vector<InputFile> &files, const Batch &batch,
                                           int64_t vocabulary, ArrayFiles &reader) {
  std::vector<InputArrays> all;
  for (const BatchInput &input : batch.inputs) {
    InputArrays arrays = {input.name, {}};
    for (const InputFile &file : filesFor(files, input.name)) {
      if (file.name.empty() && batch.inputs.size() > 1 && !ArrayFiles::holdsSeveral(file.path))
        fail(Exit::Usage, formatted("{}: is one array, but the entry takes {}: say whose it is: {} NAME={}", file.path,
                                    inputNames(batch), option, file.path));
      Array array = reader.read(file.path, file.part, input.name, input.dtype);
      checkInputArray(array, input, vocabulary);
      arrays.parts.push_back(std::move(array));
    }
    if (arrays.parts.empty())
      fail(Exit::Usage, formatted("the input {} {} has no data: {} {}=FILE", input.name, shapeText(input.shape), option,
                                  input.name));
    all.push_back(std::move(arrays));
  }
  return all;
}

void checkAugmentation(const Augmentation &augmentation, const Batch &batch) {
  if (!augmentation.flip && !augmentation.crop)
    return;
  bool images = false;
  for (const BatchInput &input : batch.inputs) {
    if (input.shape.size() < 3)
      continue;
    images = true;
    if (augmentation.crop >= std::min(input.shape.back(), input.shape[input.shape.size() - 2]))
      fail(Exit::Usage, formatted("--crop {}: the input {} {} has no more lines or columns than that",
                                  augmentation.crop, input.name, shapeText(input.shape)));
  }
  if (!images)
    fail(Exit::Usage, formatted("--flip and --crop have no effect: no input of the entry is an image, [batch, ..., "
                                "height, width]; it takes {}",
                                inputNames(batch)));
}

Data loadArrays(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  ArrayFiles reader;
  checkAugmentation(options.augmentation, batch);
  std::vector<InputArrays> training = readInputs("--input", options.inputs, batch, vocabulary, reader), validation;
  if (!options.validationInputs.empty())
    validation = readInputs("--val-input", options.validationInputs, batch, vocabulary, reader);
  return makeArrayData(std::move(training), std::move(validation), options, batch.unit());
}

} // namespace sinter
