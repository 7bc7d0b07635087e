#include "data/dataset.h"

#include "base/error.h"
#include "program/program.h"
#include "program/random.h"

#include <fmt/format.h>

namespace sinter {

static const sinter_input *findBatchInput(const sinter_entry &entry, const char *name, uint32_t dtype) {
  const sinter_input *input = Program::findInput(entry, name);
  return input && input->tensor.dtype == dtype && input->tensor.rank > 0 ? input : nullptr;
}

Batch Batch::of(Program &program, const sinter_entry &entry) {
  Batch batch;
  if (const sinter_input *tokens = findBatchInput(entry, "tokens", SINTER_I32); tokens && tokens->tensor.rank == 2) {
    const sinter_input *targets = findBatchInput(entry, "targets", SINTER_I32);
    if (targets && elementCount(targets->tensor) == elementCount(tokens->tensor)) {
      batch.rows = tokens->tensor.shape[0];
      batch.length = tokens->tensor.shape[1];
      batch.tokens = static_cast<int32_t *>(program.data(*tokens));
      batch.targets = static_cast<int32_t *>(program.data(*targets));
      return batch;
    }
  }
  if (const sinter_input *images = findBatchInput(entry, "images", SINTER_F32)) {
    const sinter_input *labels = findBatchInput(entry, "labels", SINTER_I32);
    if (labels && elementCount(labels->tensor) == images->tensor.shape[0]) {
      batch.rows = images->tensor.shape[0];
      batch.length = elementCount(images->tensor) / batch.rows;
      batch.images = static_cast<float *>(program.data(*images));
      batch.labels = static_cast<int32_t *>(program.data(*labels));
      return batch;
    }
  }
  fail(Exit::Usage,
       fmt::format("entry {}: takes neither tokens and targets (i32 [batch, context]) nor images (f32 [batch, ...])"
                   " and labels (i32 [batch]): --data has nothing to fill",
                   entry.name));
}

void Dataset::fill(const Batch &batch, Order order, uint64_t seed, int64_t step) const {
  const Random random(seed, streamOf("batches"));
  for (int64_t b = 0; b < batch.rows; ++b) {
    const uint64_t number = uint64_t(step) * uint64_t(batch.rows) + uint64_t(b);
    if (order == Order::Sequential)
      copyRow(batch, b, int64_t(number % uint64_t(rows(batch.length))));
    else
      copyRandomRow(batch, b, random.bits(number));
  }
}

int64_t splitPoint(int64_t count, double validationFraction) {
  return count - int64_t(double(count) * validationFraction);
}

} // namespace sinter
