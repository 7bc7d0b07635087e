// bench sample: how fast prompts are read and tokens made, and how much of the memory's bandwidth that takes.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "commands/bench/bench.h"
#include "commands/bench/machine_peak.h"
#include "program/device.h"
#include "program/program.h"
#include "sampling/sampler.h"
#include "sampling/token_model.h"

#include <algorithm>
#include <map>
#include <vector>

namespace sinter {

namespace {

/// Seconds of each repetition, the shortest first.
struct Seconds {
  std::vector<double> prompts, tokens; ///< tokens: of one more token of every text
  static double median(const std::vector<double> &sorted) { return sorted[sorted.size() / 2]; }
};

/// What a new token has to read at least.
struct Reads {
  double weights = 0, caches = 0; ///< bytes
};

} // namespace

// Texts of random tokens, whose most probable continuations are made: as many at once as the program takes, all others
// one after another.
static void runTexts(const BenchCommand &command, TokenModel &model, uint64_t run, double &promptSeconds,
                     double &tokenSeconds) {
  Sampler sampler({.temperature = 0}, model.vocabulary());
  const size_t vocabulary = size_t(model.vocabulary()), count = size_t(command.batch);
  const FullContext full = model.fullContext();
  for (size_t first = 0; first < count; first += model.batch()) {
    std::vector<History> texts(std::min(model.batch(), count - first));
    for (size_t t = 0; t < texts.size(); ++t) {
      const Random random(run * count + first + t, streamOf("prompt"));
      for (int64_t i = 0; i < command.promptTokens; ++i)
        texts[t].tokens.push_back(int32_t(random.below(uint64_t(i), vocabulary)));
    }
    double start = now();
    for (int64_t i = 0; i <= command.newTokens; ++i) {
      std::vector<TextView> views;
      for (const History &text : texts)
        views.emplace_back(text.tokens);
      const auto logits = model.logitsAfter(views, full);
      for (size_t t = 0; t < texts.size(); ++t)
        texts[t].choose(sampler.pick(logits.subspan(t * vocabulary, vocabulary), texts[t]));
      if (i > 0)
        continue;
      promptSeconds += now() - start;
      start = now();
    }
    tokenSeconds += (now() - start) / double(command.newTokens);
  }
}

// Whether it is of a state that the entry itself writes.
static bool isCache(const sinter_program &program, const sinter_entry &entry, const sinter_operand &operand) {
  for (uint32_t s = 0; s < program.state_count; ++s)
    if (const sinter_tensor &state = program.states[s].tensor;
        operand.space == SINTER_STATE && operand.offset - state.offset < state.bytes)
      return accesses(entry, state, SINTER_WRITE);
  return false;
}

// Of one call of the entry that makes a token: the parameters and constants that it reads whole, each once. A launch
// that does less than one operation with every number of an operand looks rows up in it: those are not counted.
static double weightBytes(const Program &program, const sinter_entry &entry) {
  std::map<std::pair<uint32_t, uint64_t>, uint64_t> read; // place: end
  for (uint32_t l = 0; l < entry.launch_count; ++l) {
    const sinter_launch &launch = entry.launches[l];
    const double flops = kernelInfo(program.description(), program.plan(), launch.kernel).flops;
    for (uint32_t o = 0; o < launch.operand_count; ++o)
      if (const sinter_operand &operand = launch.operands[o];
          operand.space != SINTER_ARENA && (operand.access & SINTER_READ) && flops >= double(operand.bytes) / 4 &&
          !isCache(program.description(), entry, operand)) {
        uint64_t &end = read[{operand.space, operand.offset}];
        end = std::max(end, operand.offset + operand.bytes);
      }
  }
  double bytes = 0;
  std::pair<uint32_t, uint64_t> last{0, 0}; // space, end
  for (const auto &[place, end] : read) {
    const uint64_t from = place.first == last.first ? std::max(place.second, last.second) : place.second;
    bytes += end > from ? double(end - from) : 0;
    last = {place.first, std::max(end, from)};
  }
  return bytes;
}

static Reads readsOf(const BenchCommand &command, const Program &program, const TokenModel &model) {
  const sinter_entry &entry = *program.findEntry(model.remembers() ? "decode" : "logits");
  Reads reads;
  reads.weights = weightBytes(program, entry) / double(std::min(model.batch(), size_t(command.batch)));
  if (!model.remembers())
    return reads;
  // Of a cache along the context as much as is filled in the middle of the measurement.
  const double filled =
      std::min(1.0, (double(command.promptTokens) + double(command.newTokens) / 2) / double(model.context()));
  for (uint32_t s = 0; s < program.description().state_count; ++s) {
    const sinter_tensor &cache = program.description().states[s].tensor;
    if (program.description().states[s].role != SINTER_TRANSIENT || !accesses(entry, cache, SINTER_WRITE))
      continue;
    const bool along = std::find(cache.shape, cache.shape + cache.rank, model.context()) != cache.shape + cache.rank;
    reads.caches += double(cache.bytes) / double(model.batch()) * (along ? filled : 1);
  }
  return reads;
}

static void print(const BenchCommand &command, Program &program, const Seconds &seconds, const Reads &reads,
                  double bandwidth, int64_t peakBytes) {
  const double texts = double(command.batch), token = Seconds::median(seconds.tokens);
  const double prefill = texts * double(command.promptTokens) / Seconds::median(seconds.prompts),
               decode = texts / token;
  const double bytes = reads.weights + reads.caches, read = bytes * decode;
  if (command.json) {
    const auto milliseconds = [](const std::vector<double> &of) {
      return formatted("{{\"median\":{:.6g},\"min\":{:.6g},\"max\":{:.6g}}}", 1e3 * Seconds::median(of),
                       1e3 * of.front(), 1e3 * of.back());
    };
    sinter::print("{{\"entry\":\"sample\",\"steps\":{},\"batch\":{},\"prompt_tokens\":{},\"new_tokens\":{},"
                  "\"ms_per_step\":{},\"ms_per_prompt\":{},\"tokens_per_s\":{:.6g},\"prefill_tokens_per_s\":{:.6g},"
                  "\"bytes_per_token\":{:.0f},\"weight_bytes_per_token\":{:.0f},\"gb_per_s\":{:.6g},\"machine\":{},"
                  "\"of_bandwidth\":{},\"arena_bytes\":{},\"parameter_bytes\":{},\"peak_rss_bytes\":{},\"threads\":{},"
                  "\"device\":{}}}\n",
                  command.steps, command.batch, command.promptTokens, command.newTokens, milliseconds(seconds.tokens),
                  milliseconds(seconds.prompts), decode, prefill, bytes, reads.weights, read / 1e9,
                  bandwidth > 0 ? formatted("{{\"gb_per_s\":{:.6g}}}", bandwidth / 1e9) : "null",
                  bandwidth > 0 ? formatted("{:.4g}", 100 * read / bandwidth) : "null", program.plan().arena_bytes,
                  parameterBytes(program.description()), peakBytes, program.threads(),
                  jsonQuoted(std::string(program.device().name())));
    return;
  }
  sinter::print("{} x {} tokens of prompts: {:.6g} tokens/s; {} x {} new ones: {:.6g} tokens/s ({:.3f} ms each time, "
                "median of {}; {:.3f} to {:.3f})\n",
                command.batch, command.promptTokens, prefill, command.batch, command.newTokens, decode, 1e3 * token,
                command.steps, 1e3 * seconds.tokens.front(), 1e3 * seconds.tokens.back());
  sinter::print("a new token reads {:.2f} MB of weights, {:.2f} MB of caches: {:.2f} GB/s{}, {} threads\n",
                reads.weights / 1e6, reads.caches / 1e6, read / 1e9,
                bandwidth > 0 ? formatted(", {:.1f} % of the {:.2f} GB/s that they read of a large array",
                                          100 * read / bandwidth, bandwidth / 1e9)
                              : "",
                program.threads());
}

Exit benchSample(const BenchCommand &command, Program &program) {
  TokenModel model(program);
  Seconds seconds;
  for (int64_t run = -1; run < command.steps; ++run) {
    double prompt = 0, token = 0;
    runTexts(command, model, uint64_t(run + 1), prompt, token);
    if (run < 0)
      continue;
    seconds.prompts.push_back(prompt);
    seconds.tokens.push_back(token);
  }
  std::sort(seconds.prompts.begin(), seconds.prompts.end());
  std::sort(seconds.tokens.begin(), seconds.tokens.end());
  const int64_t peakBytes = peakMemory(); // before the machine is measured
  double bandwidth = 0;                   // of other devices it is not known
  for (int again = 0; program.device().onProcessor() && again < 2; ++again)
    bandwidth = std::max(bandwidth, measureReadBandwidth(program.threads()));
  print(command, program, seconds, readsOf(command, program, model), bandwidth, peakBytes);
  return Exit::Done;
}

} // namespace sinter
