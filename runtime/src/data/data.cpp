#include "data/data.h"

#include "data/images.h"
#include "data/tokens.h"

#include <filesystem>

namespace sinter {

Data loadData(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  return batch.images ? loadImages(options, batch, vocabulary) : loadTokens(options, batch, vocabulary);
}

std::vector<std::string> dataFiles(const std::string &path) {
  if (path.empty())
    return {};
  std::vector<std::string> files = imageFiles(path);
  files.insert(files.begin(), path);
  return files;
}

static bool staysAsItIs(const std::string &path) { return path.empty() || path == "-"; }

// Without looking at links: "folder/.." is where the folder was named, not where a link leads to.
static std::filesystem::path absolute(const std::filesystem::path &path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path / "", error);
  return error ? path : whole.lexically_normal().parent_path();
}

std::string dataPathToSave(const std::string &path, const std::string &folder) {
  if (staysAsItIs(path))
    return path;
  const std::filesystem::path data = absolute(path), from = absolute(folder);
  // The first part behind the root.
  const bool apart = data.relative_path().empty() || from.relative_path().empty() ||
                     *data.relative_path().begin() != *from.relative_path().begin();
  return (apart ? data : data.lexically_relative(from)).string();
}

std::string savedDataPath(const std::string &saved, const std::string &folder) {
  return staysAsItIs(saved) ? saved : (absolute(folder) / saved).lexically_normal().string();
}

} // namespace sinter
