#include "data/dataset.h"

#include "base/error.h"
#include "base/format.h"
#include "program/program.h"
#include "program/random.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sinter {

BatchInput batchInput(Program &program, const sinter_input &input) {
  const sinter_tensor &tensor = input.tensor;
  std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.rank);
  if (shape.empty())
    shape.push_back(1);
  const auto rows = size_t(shape[0]), count = size_t(elementCount(tensor));
  return {tensor.name,          tensor.dtype,        std::move(shape),
          tensor.bytes / count, tensor.bytes / rows, static_cast<char *>(program.data(input))};
}

static BatchInput *findInput(Batch &batch, const char *name, uint32_t dtype) {
  for (BatchInput &input : batch.inputs)
    if (input.name == name && input.dtype == dtype)
      return &input;
  return nullptr;
}

// The pairs that --data knows files for.
static void findPairs(Batch &batch) {
  const BatchInput *tokens = findInput(batch, "tokens", SINTER_I32), *targets = findInput(batch, "targets", SINTER_I32);
  const BatchInput *images = findInput(batch, "images", SINTER_F32), *labels = findInput(batch, "labels", SINTER_I32);
  if (tokens && targets && tokens->shape.size() == 2 && targets->rowSize() == tokens->rowSize()) {
    batch.length = tokens->rowSize();
    batch.tokens = reinterpret_cast<int32_t *>(tokens->data);
    batch.targets = reinterpret_cast<int32_t *>(targets->data);
  } else if (images && labels && labels->rowSize() == 1) {
    batch.length = images->rowSize();
    batch.images = reinterpret_cast<float *>(images->data);
    batch.labels = reinterpret_cast<int32_t *>(labels->data);
  }
}

Batch Batch::of(Program &program, const sinter_entry &entry) {
  Batch batch;
  for (uint32_t i = 0; i < entry.input_count; ++i)
    if (entry.inputs[i].tensor.rank > 0)
      batch.inputs.push_back(batchInput(program, entry.inputs[i]));
  if (batch.inputs.empty()) {
    batch.rows = batch.length = 1;
    return batch;
  }
  batch.rows = batch.inputs[0].shape[0];
  for (const BatchInput &input : batch.inputs) {
    if (input.shape[0] != batch.rows)
      fail(Exit::Usage, formatted("entry {}: its inputs {} are no batches of one size: data cannot fill them",
                                  entry.name, inputNames(batch)));
  }
  findPairs(batch);
  return batch;
}

const char *Batch::unit() const {
  if (takesNothing())
    return "steps";
  if (tokens)
    return "tokens";
  const bool hasImages =
      std::any_of(inputs.begin(), inputs.end(), [](const BatchInput &i) { return i.name == "images"; });
  return images || hasImages ? "images" : "examples";
}

std::string inputNames(const Batch &batch) {
  std::string text;
  for (const BatchInput &input : batch.inputs)
    text += formatted("{}{} {}", text.empty() ? "" : ", ", input.name, shapeText(input.shape));
  return text;
}

// Position `position` of the permutation number `round` of `count` things: a Feistel network on the least even number
// of bits that holds them, walked until it is one of them. So a shuffled order, too, is a function of the step.
static int64_t shuffled(int64_t position, int64_t count, const Random &random, uint64_t round) {
  const Random ofRound(random.bits(round), streamOf("shuffle"));
  const int half = std::max(1, (int(std::bit_width(uint64_t(count - 1))) + 1) / 2);
  const uint64_t mask = (uint64_t(1) << half) - 1;
  auto place = uint64_t(position);
  do {
    uint64_t left = place >> half, right = place & mask;
    for (uint64_t n = 0; n < 6; ++n)
      left = std::exchange(right, left ^ (ofRound.bits(n << 32 | right) & mask));
    place = left << half | right;
  } while (place >= uint64_t(count));
  return int64_t(place);
}

void Dataset::fill(const Batch &batch, Order order, uint64_t seed, int64_t step) const {
  const Random random(seed, streamOf("batches")), changes(seed, streamOf("augmentation"));
  for (int64_t b = 0; b < batch.rows; ++b) {
    const uint64_t number = uint64_t(step) * uint64_t(batch.rows) + uint64_t(b);
    const auto count = order == Order::Random ? 0 : uint64_t(rows(batch.length));
    if (order == Order::Random)
      copyRandomRow(batch, b, random.bits(number));
    else if (order == Order::Sequential)
      copyRow(batch, b, int64_t(number % count));
    else
      copyRow(batch, b, shuffled(int64_t(number % count), int64_t(count), random, number / count));
    augmentRow(batch, b, changes.bits(number));
  }
}

int64_t positionInSplit(int64_t position, int64_t count) {
  return shuffled(position, count, Random(0, streamOf("split")), 0);
}

int64_t splitPoint(int64_t count, double validationFraction) {
  return count - int64_t(double(count) * validationFraction);
}

} // namespace sinter
