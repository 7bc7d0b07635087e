#include "mock_decoder.h"

#include <algorithm>

namespace sinter::test {
namespace {

constexpr int64_t context = decoderContext, vocabulary = decoderVocabulary, rows = decoderRows;
constexpr uint64_t aligned(uint64_t bytes) {
  return (bytes + SINTER_ALIGNMENT - 1) / SINTER_ALIGNMENT * SINTER_ALIGNMENT;
}

// What a token in its place adds to all logits from there on.
void contribute(const float *table, int32_t token, int64_t place, float *out) {
  for (int64_t v = 0; v < vocabulary; ++v)
    out[v] = table[token * vocabulary + v] * (1 + 0.37f * float(place % 5));
}

void add(const float *from, float *to) {
  for (int64_t v = 0; v < vocabulary; ++v)
    to[v] += from[v];
}

// tokens, table, position -> logits
void whole(void *const *operands, int64_t, int64_t, void *) {
  const auto *tokens = static_cast<const int32_t *>(operands[0]);
  const auto *table = static_cast<const float *>(operands[1]);
  auto *logits = static_cast<float *>(operands[3]);
  std::fill_n(logits, vocabulary, 0.0f);
  for (int64_t t = 0; t <= *static_cast<const int32_t *>(operands[2]); ++t) {
    float own[vocabulary];
    contribute(table, tokens[t], t, own);
    add(own, logits);
  }
}

// tokens [B, P], table, offset, last row (or count less 1; none: the first), cache [B, context, vocabulary] -> logits;
// one tile a text.
template <int64_t P, bool counts, bool all> void goOn(void *const *operands, int64_t begin, int64_t end, void *) {
  const auto *table = static_cast<const float *>(operands[1]);
  for (int64_t b = begin; b < end; ++b) {
    const auto *tokens = static_cast<const int32_t *>(operands[0]) + b * P;
    const int64_t offset = static_cast<const int32_t *>(operands[2])[b];
    const int64_t last = P == 1 ? 0 : static_cast<const int32_t *>(operands[3])[b] - (counts ? 1 : 0);
    auto *cache = static_cast<float *>(operands[4]) + b * context * vocabulary;
    for (int64_t t = 0; t < P && offset + t < context; ++t)
      contribute(table, tokens[t], offset + t, cache + (offset + t) * vocabulary);
    auto *logits = static_cast<float *>(operands[5]) + b * vocabulary * (all ? P : 1);
    for (int64_t row = all ? 0 : last; row <= (all ? P - 1 : last); ++row, logits += vocabulary) {
      std::fill_n(logits, vocabulary, 0.0f);
      for (int64_t t = 0; t <= offset + row && t < context; ++t)
        add(cache + t * vocabulary, logits);
    }
  }
}

template <int64_t B> struct Decoder {
  static constexpr bool counts = B > 1, all = B == 3;
  static constexpr uint64_t tableBytes = 4 * vocabulary * vocabulary, cacheAt = aligned(tableBytes),
                            cacheBytes = 4 * B * context * vocabulary;
  static constexpr uint64_t tokensBytes = 4 * std::max(context, B *rows), offsetAt = aligned(tokensBytes),
                            lastAt = offsetAt + aligned(4 * B), logitsAt = lastAt + aligned(4 * B),
                            logitsBytes = 4 * B * rows * vocabulary, arenaBytes = logitsAt + aligned(logitsBytes);
  static constexpr sinter_kernel kernel(const char *name, sinter_cpu_function function, int64_t tiles) {
    return {name, "decoder.cpp:1:1", function, tiles, 256, double(2 * vocabulary * vocabulary), 1e3};
  }
  static constexpr sinter_kernel kernels[] = {kernel("whole", whole, 1), kernel("prefill", goOn<rows, counts, all>, B),
                                              kernel("decode", goOn<1, counts, false>, B)};
  static constexpr int64_t wholeShape[] = {1, context}, prefillShape[] = {B, rows}, decodeShape[] = {B, 1},
                           textsShape[] = {B}, tableShape[] = {vocabulary, vocabulary},
                           cacheShape[] = {B, context, vocabulary}, logitsShape[] = {B, vocabulary},
                           allShape[] = {B, rows, vocabulary}, rowShape[] = {vocabulary};
  static constexpr sinter_operand readTokens{SINTER_ARENA, SINTER_READ, 0, tokensBytes, SINTER_SHARED},
      readTable{SINTER_STATE, SINTER_READ, 0, tableBytes, SINTER_SHARED},
      readOffset{SINTER_ARENA, SINTER_READ, offsetAt, 4 * B, SINTER_SHARED},
      readLast{SINTER_ARENA, SINTER_READ, lastAt, 4 * B, SINTER_SHARED},
      useCache{SINTER_STATE, SINTER_READ | SINTER_WRITE, cacheAt, cacheBytes, SINTER_SHARED},
      writeLogits{SINTER_ARENA, SINTER_WRITE, logitsAt, logitsBytes, SINTER_SHARED};
  static constexpr sinter_operand wholeOperands[] = {readTokens, readTable, readLast, writeLogits},
                                  goOnOperands[] = {readTokens, readTable, readOffset, readLast, useCache, writeLogits};
  static constexpr sinter_launch launches[] = {{0, 4, wholeOperands, "", 0, 0, "", ""},
                                               {1, 6, goOnOperands, "", 0, 0, "", ""},
                                               {2, 6, goOnOperands, "", 0, 0, "", ""}};
  static constexpr sinter_input numbers(const char *name, uint64_t at) {
    return {{name, SINTER_I32, B > 1 ? 1u : 0u, B > 1 ? textsShape : nullptr, at, 4 * B}, 0, 0, 0};
  }
  static constexpr sinter_input tokens(const int64_t *shape) {
    return {{"tokens", SINTER_I32, 2, shape, 0, uint64_t(4 * shape[0] * shape[1])}, 0, 0, 0};
  }
  static constexpr sinter_input wholeInputs[] = {tokens(wholeShape),
                                                 {{"position", SINTER_I32, 0, nullptr, lastAt, 4}, 0, 0, 0}},
                                prefillInputs[] = {tokens(prefillShape), numbers("offset", offsetAt),
                                                   numbers(counts ? "count" : "position", lastAt)},
                                decodeInputs[] = {tokens(decodeShape), numbers("offset", offsetAt)};
  static constexpr sinter_tensor row{"logits", SINTER_F32, 1, rowShape, logitsAt, 4 * vocabulary},
      each{"logits", SINTER_F32, 2, logitsShape, logitsAt, 4 * B * vocabulary},
      every{"logits", SINTER_F32, 3, allShape, logitsAt, logitsBytes};
  static constexpr const sinter_tensor *prefillLogits = all ? &every : B > 1 ? &each : &row;
  static constexpr sinter_entry entries[] = {
      {"logits", 2, 1, 1, 0, wholeInputs, &row, &launches[0], arenaBytes, 1e3, nullptr},
      {"prefill", 3, 1, 1, 0, prefillInputs, prefillLogits, &launches[1], arenaBytes, 1e3, nullptr},
      {"decode", 2, 1, 1, 0, decodeInputs, B > 1 ? &each : &row, &launches[2], arenaBytes, 1e3, nullptr}};
  static constexpr sinter_state states[] = {
      {{"table.weight", SINTER_F32, 2, tableShape, 0, tableBytes}, SINTER_NORMAL, SINTER_PARAMETER, 0.6},
      {{"cache.0", SINTER_F32, 3, cacheShape, cacheAt, cacheBytes}, SINTER_ZEROS, SINTER_TRANSIENT, 0}};
  static constexpr sinter_plan plan{3, 0, entries, arenaBytes};
  static constexpr sinter_version versions[] = {{"decoder", 0, 256, kernels}};
  static constexpr sinter_program program{.abi_version = SINTER_ABI_VERSION,
                                          .state_count = 2,
                                          .entry_count = 3,
                                          .version_count = 1,
                                          .vulkan_version_count = 0,
                                          .reserved = 0,
                                          .name = "decoder",
                                          .source = "decoder.cpp",
                                          .compiler = "sinterc 0.1.0",
                                          .target = "cpu:decoder",
                                          .config = "{}",
                                          .states = states,
                                          .versions = versions,
                                          .vulkan = nullptr,
                                          .cpu_plan = &plan,
                                          .vulkan_plan = nullptr,
                                          .constants = nullptr,
                                          .constant_bytes = 0,
                                          .state_bytes = cacheAt + aligned(cacheBytes),
                                          .memory_budget = 0};
};

} // namespace

const sinter_program &mockDecoder(int64_t batch) {
  return batch == 1 ? Decoder<1>::program : batch == 3 ? Decoder<3>::program : Decoder<4>::program;
}

} // namespace sinter::test
