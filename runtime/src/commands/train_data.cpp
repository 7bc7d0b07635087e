#include "commands/train_data.h"

#include "base/error.h"
#include "base/report.h"

#include <fmt/format.h>

namespace sinter {

void TrainingData::takePaths(TrainingOptions &options) {
  takeInputs(options);
  if (!inputs_.empty())
    return;
  path_ = command_.data.empty() ? savedDataPath(options.data, folder_) : command_.data;
  validationPath_ =
      command_.validationData.empty() ? savedDataPath(options.validationData, folder_) : command_.validationData;
  if (path_.empty())
    fail(Exit::Usage, fmt::format("--data is required: {} does not name its data", checkpointPath(folder_)));
  if (command_.data.empty() && path_ == "-")
    fail(Exit::Usage, "--data is required: the training to resume had its data from standard input");
  if (!command_.data.empty())
    options.data = dataPathToSave(path_, folder_);
  if (!command_.validationData.empty())
    options.validationData = dataPathToSave(validationPath_, folder_);
}

// Data that are named input by input, here or in the checkpoint.
void TrainingData::takeInputs(TrainingOptions &options) {
  const sinter_entry &entry = requireEntry(program_, "train");
  inputs_ = command_.inputs.empty() ? savedInputFiles(options.inputs, folder_)
                                    : parseInputFiles(command_.inputs, entry, "--input");
  validationInputs_ = command_.validationInputs.empty()
                          ? savedInputFiles(options.validationInputs, folder_)
                          : parseInputFiles(command_.validationInputs, entry, "--val-input");
  if (!command_.data.empty()) { // in place of those in the checkpoint
    inputs_.clear();
    if (command_.validationInputs.empty())
      validationInputs_.clear();
  }
  if (inputs_.empty() != validationInputs_.empty() && inputs_.empty())
    fail(Exit::Usage, "--val-input goes with --input, --val-data with --data");
  if (!inputs_.empty() && !command_.validationData.empty())
    fail(Exit::Usage, "--val-data goes with --data, --val-input with --input");
  options.inputs = inputFilesToSave(inputs_, folder_);
  options.validationInputs = inputFilesToSave(validationInputs_, folder_);
  if (inputs_.empty())
    return;
  options.data = options.validationData = "";
  path_ = inputs_[0].path;
}

std::vector<NamedFile> TrainingData::files() const {
  std::vector<NamedFile> files;
  for (const std::string &file : dataFiles(inputs_.empty() ? path_ : ""))
    files.push_back({"--data", file});
  for (const std::string &file : dataFiles(validationPath_))
    files.push_back({"--val-data", file});
  for (const std::string &file : filesOf(inputs_))
    files.push_back({"--input", file});
  for (const std::string &file : filesOf(validationInputs_))
    files.push_back({"--val-input", file});
  return files;
}

bool TrainingData::readsArrays(const Batch &batch) const {
  DataOptions options;
  options.path = path_;
  options.inputs = inputs_;
  return sinter::readsArrays(options, batch);
}

void TrainingData::load(const TrainingOptions &options, const Batch &batch, const std::optional<Tokenizer> &restored) {
  DataOptions from;
  from.path = path_;
  from.validationPath = validationPath_;
  from.validationFraction = options.validationFraction;
  from.inputs = inputs_;
  from.validationInputs = validationInputs_;
  from.augmentation = options.augmentation;
  from.tokenizer = command_.tokenizer;
  from.restored = restored;
  try {
    data_ = loadData(from, batch, vocabularySize(program_));
  } catch (const Failure &failure) {
    if (!resumes_ || !command_.data.empty() || !command_.inputs.empty())
      throw;
    fail(failure.exit(), fmt::format("{}; the training to resume had its data there: {} names another place",
                                     failure.what(), inputs_.empty() ? "--data" : "--input"));
  }
}

void TrainingData::compare(const Checkpoint &checkpoint, const TrainingOptions &saved,
                           const TrainingOptions &options) const {
  if (training().hash() == checkpoint.dataHash)
    return;
  if (saved.validationFraction != options.validationFraction ||
      saved.validationData.empty() != options.validationData.empty() ||
      saved.validationInputs.empty() != options.validationInputs.empty())
    reportWarning(fmt::format("{}: another part of it is held out than before: {} are trained on, were {}", path_,
                              training().size(), checkpoint.dataSize));
  else
    reportWarning(fmt::format("{}: not the data that the checkpoint was trained on: {} with hash {:016x}, was {} with "
                              "hash {:016x}",
                              path_, training().size(), training().hash(),
                              checkpoint.dataSize.empty() ? "data" : checkpoint.dataSize, checkpoint.dataHash));
}

} // namespace sinter
