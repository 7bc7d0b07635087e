#include "card.h"

#include "base/error.h"
#include "base/flat_json.h"
#include "base/json.h"
#include "files/files.h"
#include "program/device.h"
#include "program/program.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

namespace sinter::serve {

namespace {

constexpr size_t mostPoints = 500;
constexpr uint64_t mostLogBytes = uint64_t(256) << 20;

using Points = std::vector<std::pair<double, double>>; // step, loss

// Means of as many neighbours as it takes.
std::string pointsJson(const Points &points) {
  const size_t each = std::max<size_t>(1, (points.size() + mostPoints - 1) / mostPoints);
  std::string json;
  for (size_t i = 0; i < points.size(); i += each) {
    const size_t count = std::min(each, points.size() - i);
    double sum = 0;
    for (size_t k = 0; k < count; ++k)
      sum += points[i + k].second;
    json += fmt::format("{}[{},{:.6g}]", i ? "," : "", points[i + count - 1].first, JsonNumber{sum / double(count)});
  }
  return "[" + json + "]";
}

// A log that is not there, or is none, is no reason not to serve.
std::string lossesOf(const std::string &path) {
  Points training, heldOut;
  std::string text;
  try {
    std::error_code error;
    if (std::filesystem::file_size(path, error) <= mostLogBytes && !error)
      text = readFile(path);
  } catch (const Failure &) {
  }
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto line = parseFlatJson(text.substr(at, end - at));
    at = end + 1;
    if (!line || !line->count("step"))
      continue;
    const double step = line->at("step").number().value_or(0);
    for (auto [name, points] : {std::pair("loss", &training), {"val_loss", &heldOut}})
      if (line->count(name) && line->at(name).number())
        points->emplace_back(step, *line->at(name).number());
  }
  return fmt::format("{{\"loss\":{},\"val_loss\":{}}}", pointsJson(training), pointsJson(heldOut));
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
  return fmt::format(
      "{{\"name\":{},\"program\":{},\"source\":{},\"compiler\":{},\"target\":{},\"config\":{},\"parameters\":{},"
      "\"context\":{},\"vocabulary\":{},\"tokenizer\":\"{}\",\"weights\":\"{}\",\"cached\":{},\"texts_at_once\":{},"
      "\"slots\":{},\"memory_bytes\":{},\"checkpoint\":{},\"step\":{},\"seed\":\"{}\",\"best_loss\":{:.6g},"
      "\"temperature\":{},\"top_p\":{},\"losses\":{}}}",
      jsonQuoted(options.name), jsonQuoted(description.name), jsonQuoted(description.source),
      jsonQuoted(description.compiler), jsonQuoted(description.target), jsonOrNull(description.config),
      parameterCount(description), generator.model().context(), generator.choices(), generator.tokenizer().name(),
      weightsKind(description), generator.model().remembers(), generator.model().batch(), options.slots, bytes,
      jsonQuoted(path.filename().string()), checkpoint.step, checkpoint.seed,
      JsonNumber{checkpoint.bestStep >= 0 ? checkpoint.bestLoss : NAN}, defaults.temperature, defaults.topP,
      lossesOf(log));
}

} // namespace sinter::serve
