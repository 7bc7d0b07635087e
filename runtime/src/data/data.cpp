#include "data/data.h"

#include "base/error.h"
#include "base/format.h"
#include "data/array_dataset.h"
#include "data/images.h"
#include "data/token_files.h"
#include "data/tokens.h"
#include "pairs/part.h"

#include <filesystem>

namespace sinter {

static bool isImagePair(const DataOptions &options, const Batch &batch) {
  return batch.images && (batch.inputs.empty() || batch.inputs.size() == 2) &&
         !ArrayFiles::hasKnownEnding(options.path);
}

bool readsArrays(const DataOptions &options, const Batch &batch) {
  return !options.inputs.empty() || (!batch.tokens && !isImagePair(options, batch));
}

// Of an entry that draws its numbers by itself.
class NoData : public Dataset {
public:
  int64_t rows(int64_t) const override { return 1; }
  void copyRow(const Batch &, int64_t, int64_t) const override {}
  void copyRandomRow(const Batch &, int64_t, uint64_t) const override {}
  int64_t bytesOfRow(const Batch &, int64_t) const override { return 0; }
  uint64_t hash() const override { return 0; }
  std::string size() const override { return "no data"; }
};

Data loadData(const DataOptions &options, const Batch &batch, int64_t vocabulary) {
  if (batch.takesNothing()) {
    if (!options.path.empty() || !options.validationPath.empty() || !options.inputs.empty())
      fail(Exit::Usage, "--data: none of the entry's inputs is an array: it draws its numbers by itself");
    return {std::make_unique<NoData>(), nullptr, {}};
  }
  if (readsLines(options.inputs) || readsLines(options.validationInputs)) {
    if (!pairsPart())
      fail(Exit::Usage, formatted("FILE:{}: is for entries that take source and target; this one takes {}", linesOfText,
                                  inputNames(batch)));
    return pairsPart()->load(options, batch, vocabulary);
  }
  if (!options.inputs.empty())
    return loadArrays(options, batch, vocabulary);
  if (batch.tokens && batch.inputs.size() > 2)
    fail(Exit::Usage, formatted("--data fills tokens and targets, but the entry takes {}: say where each comes from: "
                                "--input NAME=FILE",
                                inputNames(batch)));
  if (batch.tokens) {
    if (options.augmentation.flip || options.augmentation.crop)
      fail(Exit::Usage, "--flip and --crop have no effect: tokens are no images");
    return loadTokens(options, batch, vocabulary);
  }
  if (isImagePair(options, batch))
    return loadImages(options, batch, vocabulary);
  DataOptions unnamed = options;
  unnamed.inputs = {{"", imagesIn(options.path), ""}};
  if (!options.validationPath.empty())
    unnamed.validationInputs = {{"", imagesIn(options.validationPath), ""}};
  return loadArrays(unnamed, batch, vocabulary);
}

std::vector<std::string> dataFiles(const std::string &path) {
  if (path.empty())
    return {};
  std::vector<std::string> files = textFiles(path);
  for (const std::string &file : imageFiles(path))
    files.push_back(file);
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
