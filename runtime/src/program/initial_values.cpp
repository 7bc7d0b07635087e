// The values that states begin with: functions of the seed and the state's name, the same bits on every machine and for
// any number of threads.
#include "base/threads.h"
#include "program/device.h"
#include "program/program.h"
#include "program/random.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace sinter {

// Element i comes from counter i of the stream of the state's name, so any split over threads gives the same bits.
static void initializeRange(const sinter_state &state, float *data, const Random &random, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    switch (state.init) {
    case SINTER_ONES:
      data[i] = 1;
      break;
    case SINTER_CONSTANT:
      data[i] = float(state.scale);
      break;
    case SINTER_NORMAL:
      data[i] = float(state.scale * random.normal(uint64_t(i)));
      break;
    case SINTER_TRUNCATED_NORMAL:
      data[i] = float(state.scale * random.truncatedNormal(uint64_t(i)));
      break;
    case SINTER_UNIFORM:
      data[i] = float(state.scale * (2 * random.uniform(uint64_t(i)) - 1));
      break;
    default:
      data[i] = 0;
    }
  }
}

// Orthonormal vectors, as many as the matrix has rows or columns, whichever is less, from normal ones by Gram and
// Schmidt's method, twice for full precision: uniformly distributed (Saxe, McClelland, Ganguli 2014, arXiv:1312.6120).
static void initializeOrthogonal(const sinter_state &state, float *data, const Random &random) {
  const int64_t columns = state.tensor.shape[state.tensor.rank - 1], rows = elementCount(state.tensor) / columns;
  const bool wide = rows < columns;
  const int64_t count = wide ? rows : columns, length = wide ? columns : rows;
  std::vector<double> vectors(static_cast<size_t>(count * length));
  for (int64_t i = 0; i < count * length; ++i)
    vectors[i] = random.normal(uint64_t(i));
  for (int64_t i = 0; i < count; ++i) {
    double *v = &vectors[i * length];
    const auto remove = [&](const double *other) {
      double dot = 0;
      for (int64_t k = 0; k < length; ++k)
        dot += v[k] * other[k];
      for (int64_t k = 0; other != v && k < length; ++k)
        v[k] -= dot * other[k];
      return dot;
    };
    for (int64_t j = 0; j < 2 * i; ++j)
      remove(&vectors[j % i * length]);
    const double norm = std::sqrt(remove(v));
    for (int64_t k = 0; k < length; ++k) {
      v[k] /= norm;
      data[wide ? i * length + k : k * count + i] = float(state.scale * v[k]);
    }
  }
}

// States of other types than f32: zeros or one constant.
static void initializeOther(const sinter_state &state, void *data) {
  std::memset(data, 0, state.tensor.bytes);
  if (state.init != SINTER_ONES && state.init != SINTER_CONSTANT)
    return;
  const int64_t count = elementCount(state.tensor), size = int64_t(state.tensor.bytes) / count;
  for (int64_t i = 0; i < count; ++i)
    storeScalar(state.tensor.dtype, static_cast<std::byte *>(data) + i * size,
                state.init == SINTER_ONES ? 1 : state.scale);
}

void Program::initialize(uint64_t seed, const std::function<bool(const sinter_state &)> &comesLater) {
  preparation_.reset(); // nothing is prepared any more
  untouched_ = false;
  // Every thread takes its part of every state.
  std::byte *block = device_->state();
  const auto initializePart = [&](int64_t part, int64_t parts) {
    for (uint32_t s = 0; s < program_.state_count; ++s) {
      const sinter_state &state = program_.states[s];
      if (!isSaved(state)) // its pages stay untouched, and take no memory, until somebody writes them
        continue;
      if (comesLater && comesLater(state))
        continue;
      const int64_t count = elementCount(state.tensor);
      std::byte *data = block + state.tensor.offset;
      if (state.init == SINTER_ORTHOGONAL) {
        if (part == 0)
          initializeOrthogonal(state, reinterpret_cast<float *>(data), Random(seed, streamOf(state.tensor.name)));
      } else if (state.tensor.dtype == SINTER_F32)
        initializeRange(state, reinterpret_cast<float *>(data), Random(seed, streamOf(state.tensor.name)),
                        count * part / parts, count * (part + 1) / parts);
      else if (part == 0)
        initializeOther(state, data);
    }
  };
  constexpr uint64_t worthThreads = 1 << 20; // bytes
  const int64_t parts = program_.state_bytes < worthThreads ? 1 : threads();
  std::vector<std::jthread> helpers;
  for (int64_t part = 1; part < parts; ++part)
    startThread(helpers, int(parts), [&, part] { initializePart(part, parts); });
  initializePart(0, parts);
}

void Program::initializeAllButParameters(uint64_t seed) {
  const bool zeros = untouched_ && device_->stateBeginsAsZeros();
  initialize(
      seed, [zeros](const sinter_state &state) { return isParameter(state) || (zeros && state.init == SINTER_ZEROS); });
}

} // namespace sinter
