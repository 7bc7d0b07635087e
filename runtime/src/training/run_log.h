// What a training's log tells, read back.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sinter {

/// A number of some steps.
struct Series {
  std::string name;                               ///< "loss", "val_loss", "tokens_per_s", ...
  std::vector<std::pair<int64_t, double>> points; ///< (step, value), in the log's order
};

struct RunLog {
  std::vector<Series> series; ///< in the order in which their names first appear
  std::vector<std::pair<int64_t, std::string>> samples;

  const Series *find(const std::string &name) const;
};

/// The log's path: `path` itself or, if it is a folder, log.jsonl in it.
std::string findLog(const std::string &path);

/// Reads the lines of a log, all numbers of which become series. Failure (input) if the file cannot be read or has no
/// line of a log. Lines that are no flat JSON with a step are left out: the last one may have been cut short by a kill.
RunLog readRunLog(const std::string &path);

/// Means of as many neighbours as it takes to have `most` points at most; the step is the last one's.
std::vector<std::pair<int64_t, double>> thinned(const std::vector<std::pair<int64_t, double>> &points, size_t most);

} // namespace sinter
