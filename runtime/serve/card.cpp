#include "card.h"

#include "base/error.h"
#include "base/json.h"
#include "program/device.h"
#include "program/program.h"
#include "training/run_log.h"

#include <filesystem>
#include <sys/stat.h>

namespace sinter::serve {

namespace {

std::string pointsJson(const RunLog &log, const char *name) {
  constexpr size_t mostPoints = 500;
  const Series *series = log.find(name);
  std::string json;
  if (series)
    for (const auto &[step, value] : thinned(series->points, mostPoints))
      json += formatted("{}[{},{:.6g}]", json.empty() ? "" : ",", step, JsonNumber{value});
  return "[" + json + "]";
}

// A log that is not there, or is none, is no reason not to serve.
std::string lossesOf(const std::string &path) {
  RunLog log;
  try {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error))
      log = readRunLog(path);
  } catch (const Failure &) {
  }
  return formatted("{{\"loss\":{},\"val_loss\":{}}}", pointsJson(log, "loss"), pointsJson(log, "val_loss"));
}

int64_t parameterCount(const sinter_program &program) {
  int64_t count = 0;
  for (uint32_t s = 0; s < program.state_count; ++s)
    if (isParameter(program.states[s]))
      count += elementCount(program.states[s].tensor);
  return count;
}

} // namespace

std::string cardOf(Program &program, const Checkpoint &checkpoint, const Generator &generator,
                   const CardOptions &options, int64_t *created) {
  const sinter_program &description = program.description();
  const std::string file = findCheckpoint(options.checkpoint);
  struct stat status{};
  *created = ::stat(file.c_str(), &status) == 0 ? int64_t(status.st_mtime) : 0;
  const std::filesystem::path path(file);
  const std::string log = options.log.empty() ? (path.parent_path() / "log.jsonl").string() : options.log;
  const uint64_t bytes =
      program.version() ? cpuMemoryBytes(description, *program.version(), program.threads()) : description.state_bytes;
  const SamplerOptions defaults;
  return formatted(
      "{{\"name\":{},\"program\":{},\"source\":{},\"compiler\":{},\"target\":{},\"config\":{},\"parameters\":{},"
      "\"context\":{},\"vocabulary\":{},\"tokenizer\":\"{}\",\"weights\":\"{}\",\"cached\":{},\"texts_at_once\":{},"
      "\"slots\":{},\"memory_bytes\":{},\"checkpoint\":{},\"step\":{},\"seed\":\"{}\",\"best_loss\":{:.6g},"
      "\"temperature\":{},\"top_p\":{},\"chat_template\":{},\"chat_system\":{},\"losses\":{}}}",
      jsonQuoted(options.name), jsonQuoted(description.name), jsonQuoted(description.source),
      jsonQuoted(description.compiler), jsonQuoted(description.target), jsonOrNull(description.config),
      parameterCount(description), generator.model().context(), generator.choices(), generator.tokenizer().name(),
      weightsKind(description), generator.model().remembers(), generator.model().batch(), options.slots, bytes,
      jsonQuoted(path.filename().string()), checkpoint.step, checkpoint.seed,
      JsonNumber{checkpoint.bestStep >= 0 ? checkpoint.bestLoss : NAN}, defaults.temperature, defaults.topP,
      options.chats ? jsonQuoted(options.chats->name()) : "null",
      options.chats && options.chats->has(ChatMessage::Role::System), lossesOf(log));
}

} // namespace sinter::serve
