#include "training/evaluate.h"

#include "arrays/npy.h"
#include "base/error.h"
#include "base/format.h"
#include "files/files.h"
#include "program/program.h"
#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sinter {

double Evaluation::perplexity() const { return std::exp(loss); }

double Evaluation::bitsPerByte() const {
  return bytes ? loss * double(predictions) / double(bytes) / std::numbers::ln2 : std::nan("");
}

namespace {

/// Sums over predictions.
struct Sums {
  double loss = 0, correct = 0;
};

} // namespace

static bool isClass(int32_t target, int64_t classes) { return target >= 0 && (!classes || target < classes); }

static int64_t countOf(const std::vector<int32_t> &targets, int64_t classes) {
  return std::count_if(targets.begin(), targets.end(), [&](int32_t target) { return isClass(target, classes); });
}

// Loss and hits of the first predictions of the batch, as many as there are targets, from the logits, in double.
static Sums measure(const float *logits, const std::vector<int32_t> &targets, int64_t classes) {
  Sums sums;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!isClass(targets[i], classes))
      continue;
    const float *row = logits + int64_t(i) * classes;
    const float *highest = std::max_element(row, row + classes);
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c)
      sum += std::exp(double(row[c]) - *highest);
    sums.loss += std::log(sum) + *highest - row[targets[i]];
    sums.correct += highest - row == targets[i];
  }
  return sums;
}

// The output to measure single rows from; null if there is none.
static const sinter_tensor *logitsOf(const sinter_entry &entry, const Batch &batch) {
  const sinter_tensor *logits = Program::findOutput(entry, "logits");
  const bool hasTargets = batch.tokens || batch.images;
  if (!logits || logits->dtype != SINTER_F32 || logits->rank < 2 || !hasTargets)
    return nullptr;
  return elementCount(*logits) == batch.predictions() * logits->shape[logits->rank - 1] ? logits : nullptr;
}

static std::string unfit(const Dataset &data, const Batch &batch, bool hasLogits) {
  if (const std::string input = data.missing(batch); !input.empty())
    return formatted("the input {} of the entry eval has no data", input);
  const int64_t rows = data.rows(batch.length);
  if (rows < 1)
    return formatted("too short: {} are not one row of {}", data.size(), batch.length);
  if (!hasLogits && rows < batch.rows)
    return formatted(
        "too short: {} rows of data, but a batch has {}, and the entry has no logits to take single rows from", rows,
        batch.rows);
  return {};
}

std::string evaluationProblem(Program &program, const Dataset &data) {
  try {
    const sinter_entry &entry = requireEntry(program, "eval");
    const Batch batch = Batch::of(program, entry);
    return unfit(data, batch, logitsOf(entry, batch));
  } catch (const Failure &failure) {
    return failure.what();
  }
}

Evaluation evaluate(Program &program, const Dataset &data, int64_t maximumBatches) {
  const sinter_entry &entry = requireEntry(program, "eval");
  const Batch batch = Batch::of(program, entry);
  const sinter_tensor *logits = logitsOf(entry, batch);
  const bool hasCorrect = Program::findOutput(entry, "correct");
  const int64_t perRow = batch.tokens ? batch.length : 1;
  const int64_t classes = logits ? logits->shape[logits->rank - 1] : vocabularySize(program);
  if (const std::string problem = unfit(data, batch, logits); !problem.empty())
    fail(Exit::Input, problem);
  const int64_t rows = data.rows(batch.length);
  int64_t batches = (rows + batch.rows - 1) / batch.rows;
  if (!logits && rows % batch.rows && batches > 1)
    --batches;
  const int64_t used = maximumBatches ? std::min(batches, maximumBatches) : batches;

  Evaluation result;
  double loss = 0, correct = 0;
  for (int64_t i = 0; i < used; ++i) {
    const int64_t first = batches * i / used * batch.rows;
    const int64_t valid = std::min(batch.rows, rows - first);
    program.setDefaults(entry);
    for (int64_t b = 0; b < batch.rows; ++b)
      data.copyRow(batch, b, first + std::min(b, valid - 1));
    // The inputs' memory is reused while the entry runs: what is needed afterwards is kept or made again.
    for (int64_t b = 0; b < valid; ++b)
      result.bytes += data.bytesOfRow(batch, first + b);
    std::vector<int32_t> targets;
    if (const int32_t *source = batch.tokens ? batch.targets : batch.labels)
      targets.assign(source, source + valid * perRow);
    const int64_t counted = targets.empty() ? valid * perRow : countOf(targets, classes);
    const bool whole = valid == batch.rows && (counted == valid * perRow || !logits);
    program.run(entry);
    Sums sums;
    if (!whole || (logits && !hasCorrect))
      sums = measure(static_cast<const float *>(program.data(*logits)), targets, classes);
    if (whole) {
      sums.loss = program.scalar(entry, "loss") * double(counted);
      if (hasCorrect)
        sums.correct = program.scalar(entry, "correct");
    }
    loss += sums.loss;
    correct += sums.correct;
    result.predictions += counted;
  }
  result.loss = loss / double(result.predictions);
  result.accuracy = logits || hasCorrect ? correct / double(result.predictions) : std::nan("");
  return result;
}

void writeLogits(const std::string &path, Program &program) {
  const sinter_entry &entry = requireEntry(program, "eval");
  const sinter_tensor *logits = Program::findOutput(entry, "logits");
  if (!logits || logits->dtype != SINTER_F32)
    fail(Exit::Usage, "--logits: the entry 'eval' has no output 'logits' of f32");
  const std::string header = npyHeader("<f4", {logits->shape, logits->shape + logits->rank});
  AtomicFile file(path);
  file.write(header.data(), header.size());
  file.write(program.data(*logits), logits->bytes);
  file.commit();
}

} // namespace sinter
