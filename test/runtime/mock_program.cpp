// A program as the compiler would emit it, written by hand: a bigram model logits = table[token] trained by gradient
// descent with momentum. It has everything the runtime deals with (parameters, optimizer memory, the conventional
// entries, scalar inputs with defaults, constants, scratch memory, kernels of many tiles) and follows the bit rules of
// kernels.
#include "sinter/abi.h"

#include <cmath>
#include <cstring>

#ifndef MOCK_CONTEXT
#define MOCK_CONTEXT 8
#endif
#define MOCK_TEXT(number) #number
#define MOCK_TEXT_OF(number) MOCK_TEXT(number)

namespace {

constexpr int64_t batch = 4, context = MOCK_CONTEXT, vocabulary = MOCK_VOCABULARY, rows = batch * context;
constexpr uint64_t aligned(uint64_t bytes) {
  return (bytes + SINTER_ALIGNMENT - 1) / SINTER_ALIGNMENT * SINTER_ALIGNMENT;
}

// Log-softmax of one row of the table into `out`.
void logSoftmax(const float *row, float *out) {
  float highest = row[0], sum = 0;
  for (int64_t v = 1; v < vocabulary; ++v)
    highest = row[v] > highest ? row[v] : highest;
  for (int64_t v = 0; v < vocabulary; ++v)
    sum += std::exp(row[v] - highest);
  const float logSum = highest + std::log(sum);
  for (int64_t v = 0; v < vocabulary; ++v)
    out[v] = row[v] - logSum;
}

// tokens, table, bias -> logits [rows, vocabulary]; one tile a row.
void gatherLogits(void *const *operands, int64_t begin, int64_t end, void *scratch) {
  const auto *tokens = static_cast<const int32_t *>(operands[0]);
  const auto *table = static_cast<const float *>(operands[1]), *bias = static_cast<const float *>(operands[2]);
  auto *logits = static_cast<float *>(operands[3]), *row = static_cast<float *>(scratch);
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t v = 0; v < vocabulary;
         ++v) // by way of the scratch memory, so that sharing it between threads would show
      row[v] = table[tokens[r] * vocabulary + v] + bias[v];
    std::memcpy(logits + r * vocabulary, row, sizeof(float) * vocabulary);
  }
}

// logits, targets -> losses [rows], correct [rows], gradients [rows, vocabulary]
void crossEntropy(void *const *operands, int64_t begin, int64_t end, void *scratch) {
  const auto *logits = static_cast<const float *>(operands[0]);
  const auto *targets = static_cast<const int32_t *>(operands[1]);
  auto *losses = static_cast<float *>(operands[2]), *correct = static_cast<float *>(operands[3]);
  auto *gradients = static_cast<float *>(operands[4]), *row = static_cast<float *>(scratch);
  for (int64_t r = begin; r < end; ++r) {
    logSoftmax(logits + r * vocabulary, row);
    const bool counts = targets[r] >= 0; // else it is padding
    losses[r] = counts ? -row[targets[r]] : 0;
    int64_t best = 0;
    for (int64_t v = 1; v < vocabulary; ++v)
      best = row[v] > row[best] ? v : best;
    correct[r] = best == targets[r];
    for (int64_t v = 0; v < vocabulary; ++v)
      gradients[r * vocabulary + v] = counts ? (std::exp(row[v]) - float(v == targets[r])) / float(rows) : 0;
  }
}

// losses, correct -> mean loss, number of hits
void reduceLosses(void *const *operands, int64_t, int64_t, void *) {
  const auto *losses = static_cast<const float *>(operands[0]), *correct = static_cast<const float *>(operands[1]);
  float loss = 0, hits = 0;
  for (int64_t r = 0; r < rows; ++r) {
    loss += losses[r];
    hits += correct[r];
  }
  *static_cast<float *>(operands[2]) = loss / float(rows);
  *static_cast<float *>(operands[3]) = hits;
}

// tokens, gradients -> table gradient; one tile a token of the vocabulary.
void scatterAdd(void *const *operands, int64_t begin, int64_t end, void *) {
  const auto *tokens = static_cast<const int32_t *>(operands[0]);
  const auto *gradients = static_cast<const float *>(operands[1]);
  auto *table = static_cast<float *>(operands[2]);
  std::memset(table + begin * vocabulary, 0, sizeof(float) * size_t((end - begin) * vocabulary));
  for (int64_t r = 0; r < rows; ++r)
    if (tokens[r] >= begin && tokens[r] < end)
      for (int64_t v = 0; v < vocabulary; ++v)
        table[tokens[r] * vocabulary + v] += gradients[r * vocabulary + v];
}

void norm(void *const *operands, int64_t, int64_t, void *) {
  const auto *gradient = static_cast<const float *>(operands[0]);
  float sum = 0;
  for (int64_t i = 0; i < vocabulary * vocabulary; ++i)
    sum += gradient[i] * gradient[i];
  *static_cast<float *>(operands[1]) = std::sqrt(sum);
}

// gradient, lr, beta1, step -> momentum, table (in place); one tile a row of the table.
void update(void *const *operands, int64_t begin, int64_t end, void *) {
  const auto *gradient = static_cast<const float *>(operands[0]);
  const float lr = *static_cast<const float *>(operands[1]), beta = *static_cast<const float *>(operands[2]);
  const float correction = 1 - std::pow(beta, float(*static_cast<const int32_t *>(operands[3])));
  auto *momentum = static_cast<float *>(operands[4]), *table = static_cast<float *>(operands[5]);
  for (int64_t i = begin * vocabulary; i < end * vocabulary; ++i) {
    momentum[i] = beta * momentum[i] + (1 - beta) * gradient[i];
    table[i] -= lr * momentum[i] / correction;
  }
}

// all logits, position -> logits of one position
void pickRow(void *const *operands, int64_t, int64_t, void *) {
  const int32_t position = *static_cast<const int32_t *>(operands[1]);
  std::memcpy(operands[2], static_cast<const float *>(operands[0]) + position * vocabulary, sizeof(float) * vocabulary);
}

constexpr sinter_kernel makeKernel(const char *name, sinter_cpu_function function, int64_t tiles, double flops) {
  return {name, "mock.cpp:1:1", function, tiles, aligned(sizeof(float) * vocabulary), flops, 1e5};
}

enum { GatherLogits, CrossEntropy, ReduceLosses, ScatterAdd, Norm, Update, GatherOne, PickRow };
const sinter_kernel kernels[] = {
    makeKernel("gather_logits", gatherLogits, rows, 1e4),
    makeKernel("cross_entropy", crossEntropy, rows, 1e5),
    makeKernel("reduce_losses", reduceLosses, 1, 64),
    makeKernel("scatter_add", scatterAdd, vocabulary, 1e4),
    makeKernel("norm", norm, 1, 1e4),
    makeKernel("update", update, vocabulary, 1e5),
    makeKernel("gather_logits_8", gatherLogits, context, 1e4),
    makeKernel("pick_row", pickRow, 1, 0),
};

// The arena, by hand and without reuse.
constexpr uint64_t tokensAt = 0, targetsAt = aligned(4 * rows), lrAt = targetsAt + aligned(4 * rows),
                   betaAt = lrAt + aligned(4), stepAt = betaAt + aligned(4), lossAt = stepAt + aligned(4),
                   correctAt = lossAt + aligned(4), normAt = correctAt + aligned(4), logitsAt = normAt + aligned(4),
                   lossesAt = logitsAt + aligned(4 * rows * vocabulary), hitsAt = lossesAt + aligned(4 * rows),
                   gradientsAt = hitsAt + aligned(4 * rows),
                   tableGradientAt = gradientsAt + aligned(4 * rows * vocabulary),
                   arenaBytes = tableGradientAt + aligned(4 * vocabulary * vocabulary);
constexpr uint64_t tableBytes = 4 * vocabulary * vocabulary, momentumAt = aligned(tableBytes);

const int64_t tokenShape[] = {batch, context}, oneShape[] = {1, context}, tableShape[] = {vocabulary, vocabulary},
              logitsShape[] = {batch, context, vocabulary}, rowShape[] = {vocabulary};

alignas(SINTER_ALIGNMENT) const float bias[vocabulary] = {};

constexpr sinter_operand read(uint64_t offset, uint64_t bytes, uint32_t space = SINTER_ARENA) {
  return {space, SINTER_READ, offset, bytes};
}
constexpr sinter_operand write(uint64_t offset, uint64_t bytes, uint32_t space = SINTER_ARENA) {
  return {space, SINTER_WRITE, offset, bytes};
}
constexpr sinter_operand readTokens = read(tokensAt, 4 * rows), readTable = read(0, tableBytes, SINTER_STATE),
                         readBias = read(0, sizeof bias, SINTER_CONSTANTS);
constexpr uint64_t logitsBytes = 4 * rows * vocabulary;

const sinter_operand gatherOperands[] = {readTokens, readTable, readBias, write(logitsAt, logitsBytes)};
const sinter_operand entropyOperands[] = {read(logitsAt, logitsBytes), read(targetsAt, 4 * rows),
                                          write(lossesAt, 4 * rows), write(hitsAt, 4 * rows),
                                          write(gradientsAt, logitsBytes)};
const sinter_operand reduceOperands[] = {read(lossesAt, 4 * rows), read(hitsAt, 4 * rows), write(lossAt, 4),
                                         write(correctAt, 4)};
const sinter_operand scatterOperands[] = {readTokens, read(gradientsAt, logitsBytes),
                                          write(tableGradientAt, tableBytes)};
const sinter_operand normOperands[] = {read(tableGradientAt, tableBytes), write(normAt, 4)};
const sinter_operand updateOperands[] = {read(tableGradientAt, tableBytes),
                                         read(lrAt, 4),
                                         read(betaAt, 4),
                                         read(stepAt, 4),
                                         {SINTER_STATE, SINTER_READ | SINTER_WRITE, momentumAt, tableBytes},
                                         {SINTER_STATE, SINTER_READ | SINTER_WRITE, 0, tableBytes}};
const sinter_operand pickOperands[] = {read(logitsAt, logitsBytes), read(stepAt, 4), write(lossesAt, 4 * vocabulary)};

const sinter_launch trainLaunches[] = {{GatherLogits, 4, gatherOperands, "mock.cpp:10:3"},
                                       {CrossEntropy, 5, entropyOperands, "mock.cpp:11:3"},
                                       {ReduceLosses, 4, reduceOperands, "mock.cpp:12:3"},
                                       {ScatterAdd, 3, scatterOperands, "mock.cpp:13:3"},
                                       {Norm, 2, normOperands, "mock.cpp:14:3"},
                                       {Update, 6, updateOperands, "mock.cpp:15:3", 0, 0, "h.0.w", "h.*.w"}};
const sinter_launch logitsLaunches[] = {{GatherOne, 4, gatherOperands, "mock.cpp:20:3"},
                                        {PickRow, 3, pickOperands, "mock.cpp:21:3"}};

constexpr sinter_tensor scalar(const char *name, uint32_t dtype, uint64_t offset) {
  return {name, dtype, 0, nullptr, offset, 4};
}

const sinter_input trainInputs[] = {
    {{"tokens", SINTER_I32, 2, tokenShape, tokensAt, 4 * rows}, 0, 0, 0},
    {{"targets", SINTER_I32, 2, tokenShape, targetsAt, 4 * rows}, 0, 0, 0},
    {scalar("lr", SINTER_F32, lrAt), 1, 0, 2.0},
    {scalar("beta1", SINTER_F32, betaAt), 1, 0, 0.9},
    {scalar("step", SINTER_I32, stepAt), 0, 0, 0},
};
const sinter_tensor trainOutputs[] = {scalar("loss", SINTER_F32, lossAt), scalar("grad_norm", SINTER_F32, normAt)};
const sinter_tensor evalOutputs[] = {scalar("loss", SINTER_F32, lossAt),
                                     scalar("correct", SINTER_F32, correctAt),
                                     {"logits", SINTER_F32, 3, logitsShape, logitsAt, logitsBytes}};
const sinter_input logitsInputs[] = {{{"tokens", SINTER_I32, 2, oneShape, tokensAt, 4 * context}, 0, 0, 0},
                                     {scalar("position", SINTER_I32, stepAt), 0, 0, 0}};
const sinter_tensor logitsOutputs[] = {{"logits", SINTER_F32, 1, rowShape, lossesAt, 4 * vocabulary}};
static_assert(4 * vocabulary <= gradientsAt - lossesAt + aligned(logitsBytes));

const sinter_entry entries[] = {
    {"train", 5, 2, 6, 0, trainInputs, trainOutputs, trainLaunches, arenaBytes, 2.3e5},
    {"eval", 2, 3, 3, 0, trainInputs, evalOutputs, trainLaunches, arenaBytes, 1.1e5},
    {"logits", 2, 1, 2, 0, logitsInputs, logitsOutputs, logitsLaunches, arenaBytes, 1e4},
};

const sinter_state states[] = {
    {{"table.weight", SINTER_F32, 2, tableShape, 0, tableBytes}, SINTER_NORMAL, 1, 0.02},
    {{"optimizer.momentum.table.weight", SINTER_F32, 2, tableShape, momentumAt, tableBytes}, SINTER_ZEROS, 0, 0},
};

const sinter_plan plan = {sizeof kernels / sizeof *kernels, 0, entries, arenaBytes};
const sinter_version versions[] = {{"mock", 0, aligned(4 * vocabulary), kernels}};

} // namespace

extern "C" const sinter_program sinter_program_v1 = {SINTER_ABI_VERSION,
                                                     2,
                                                     3,
                                                     1,
                                                     0,
                                                     0,
                                                     "mock",
                                                     "mock.cpp",
                                                     "sinterc 0.1.0",
                                                     "cpu:mock",
                                                     "{\"batch\":4,\"context\":" MOCK_TEXT_OF(MOCK_CONTEXT) "}",
                                                     states,
                                                     versions,
                                                     nullptr,
                                                     &plan,
                                                     nullptr,
                                                     bias,
                                                     sizeof bias,
                                                     momentumAt + aligned(tableBytes)};
