#include "checkpoint/kept.h"

#include "base/error.h"
#include "base/format.h"
#include "files/files.h"
#include "files/put_aside.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace sinter {

static constexpr std::string_view keptBegin = "checkpoint-", keptEnd = ".safetensors";

std::string bestPath(const std::string &folder) { return folder + "/best.safetensors"; }
std::string keptPath(const std::string &folder, int64_t step) {
  return formatted("{}/{}{}{}", folder, keptBegin, step, keptEnd);
}

std::vector<int64_t> keptSteps(const std::string &folder) {
  std::vector<int64_t> steps;
  std::error_code error;
  for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(keptBegin) || !name.ends_with(keptEnd))
      continue;
    int64_t step = 0;
    const char *end = name.data() + name.size() - keptEnd.size();
    const auto [rest, failed] = std::from_chars(name.data() + keptBegin.size(), end, step);
    if (failed == std::errc() && rest == end && keptPath(folder, step) == folder + "/" + name)
      steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::vector<std::string> putKeptAside(const std::string &folder) {
  std::vector<std::string> paths, aside;
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(bestPath(folder), error)))
    paths.push_back(bestPath(folder));
  for (const int64_t step : keptSteps(folder))
    paths.push_back(keptPath(folder, step));
  for (const std::string &path : paths) {
    aside.push_back(putAside(path));
    ::unlink(path.c_str()); // its other name stays
  }
  return aside;
}

// A second name of the file, which stays when the next checkpoint takes its place; or a copy.
void keepCheckpoint(const std::string &folder, int64_t step, int64_t count) {
  const std::string from = checkpointPath(folder), to = keptPath(folder, step);
  if (::link(from.c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) // a training that was killed has come as far before
      (void)::unlink(to.c_str());
    if (::link(from.c_str(), to.c_str()) != 0)
      writeFileAtomically(to, readFile(from));
  }
  std::vector<int64_t> steps = keptSteps(folder);
  std::erase_if(steps, [&](int64_t other) { return other > step; }); // of what a resume has yet to do again
  for (size_t i = 0; i + size_t(count) < steps.size(); ++i)
    if (::unlink(keptPath(folder, steps[i]).c_str()) != 0 && errno != ENOENT)
      fail(Exit::Input, formatted("{}: cannot remove: {}", keptPath(folder, steps[i]), std::strerror(errno)));
  (void)syncFolder(folder);
}

} // namespace sinter
