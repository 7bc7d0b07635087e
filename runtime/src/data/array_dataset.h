// Examples out of arrays: each input's rows are examples, and those of all inputs belong together.
#pragma once

#include "arrays/array.h"
#include "data/dataset.h"

namespace sinter {

/// What an input takes of an example. Several files make one sequence.
struct InputArrays {
  std::string name;
  std::vector<Array> parts;

  int64_t rows() const;
};

/// Example `row` into row `b` of the batch.
void copyExample(const InputArrays &arrays, int64_t row, const BatchInput &input, int64_t b);

/// Whether the shapes are the same but for sizes of 1.
bool hasShapeOf(const std::vector<int64_t> &a, const std::vector<int64_t> &b);

/// Failure (input) unless the array's rows are examples of the input: of its shape, or all of its numbers in one row,
/// and numbers that it can take. `vocabulary` as for loadArrays.
void checkInputArray(const Array &array, const BatchInput &input, int64_t vocabulary);

/// Training and validation data of these. With another set of arrays for validation, all of the first are for training;
/// else its end is held out, or so many by chance (`randomSplit`). Failure (input) if the inputs have different numbers
/// of examples, or none is left. `unit` is what an example is called.
Data makeArrayData(std::vector<InputArrays> arrays, std::vector<InputArrays> validation, const DataOptions &options,
                   const char *unit);

/// Failure (usage) if no input of the batch is an image that can be changed so.
void checkAugmentation(const Augmentation &augmentation, const Batch &batch);

/// The arrays of each input of the batch, as `options` names their files; checked against its type and shape.
/// `vocabulary` bounds `tokens`, `targets` and `labels`; 0: unknown.
Data loadArrays(const DataOptions &options, const Batch &batch, int64_t vocabulary);

} // namespace sinter
