// The mean loss of the program over a dataset, through its entry `eval`.
#pragma once

#include "data/dataset.h"

namespace sinter {

struct Evaluation {
  double loss = 0;         ///< mean, in nats a prediction
  double accuracy = 0;     ///< NaN if the entry tells neither `correct` nor `logits`
  int64_t predictions = 0; ///< tokens or images that count: padding does not
  int64_t bytes = 0;       ///< of the text they stand for; 0 if unknown
  double perplexity() const;
  double bitsPerByte() const; ///< NaN if unknown
};

/// Why `evaluate` would fail: the program has no entry `eval` that data can fill, or there is too little of it; empty
/// if it would not.
std::string evaluationProblem(Program &program, const Dataset &data);

/// Evaluates whole rows, each once. `maximumBatches` 0: all of them, else about as many batches, evenly spaced. A last
/// batch that is not full is measured row by row from the logits; if the entry has no logits, it is left out. A batch
/// with padding is measured from the logits, too, or else its loss is taken for the mean over what is none.
Evaluation evaluate(Program &program, const Dataset &data, int64_t maximumBatches);

/// Writes output `logits` of the last call of `eval` as a NumPy file.
void writeLogits(const std::string &path, Program &program);

} // namespace sinter
