#include "training/run_log.h"

#include "base/error.h"
#include "base/flat_json.h"
#include "base/format.h"
#include "files/files.h"

#include <algorithm>
#include <filesystem>

namespace sinter {

const Series *RunLog::find(const std::string &name) const {
  const auto found = std::find_if(series.begin(), series.end(), [&](const Series &one) { return one.name == name; });
  return found == series.end() ? nullptr : &*found;
}

std::string findLog(const std::string &path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? path + "/log.jsonl" : path;
}

// The series of this name; a new one if there is none yet.
static Series &seriesOf(RunLog &log, const std::string &name) {
  for (Series &series : log.series)
    if (series.name == name)
      return series;
  return log.series.emplace_back(Series{name, {}});
}

RunLog readRunLog(const std::string &path) {
  constexpr size_t mostSeries = 64;
  const std::string text = readFile(path);
  RunLog log;
  size_t lines = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const auto line = parseFlatJson(text.substr(at, end - at));
    at = end + 1;
    const auto step = line && line->count("step") ? line->at("step").wholeNumber() : std::nullopt;
    if (!step)
      continue;
    ++lines;
    for (const auto &[name, value] : *line) {
      if (name == "sample" && value.quoted)
        log.samples.emplace_back(*step, value.text);
      else if (name != "step" && value.number() && log.series.size() < mostSeries)
        seriesOf(log, name).points.emplace_back(*step, *value.number());
    }
  }
  if (lines == 0)
    fail(Exit::Input, formatted("{}: is not the log of a training: no line has a step", path));
  return log;
}

std::vector<std::pair<int64_t, double>> thinned(const std::vector<std::pair<int64_t, double>> &points, size_t most) {
  const size_t each = std::max<size_t>(1, (points.size() + most - 1) / most);
  std::vector<std::pair<int64_t, double>> means;
  for (size_t i = 0; i < points.size(); i += each) {
    const size_t count = std::min(each, points.size() - i);
    double sum = 0;
    for (size_t k = 0; k < count; ++k)
      sum += points[i + k].second;
    means.emplace_back(points[i + count - 1].first, sum / double(count));
  }
  return means;
}

} // namespace sinter
