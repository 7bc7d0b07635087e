#include "commands/train_data.h"

#include "base/error.h"
#include "base/format.h"
#include "base/report.h"

namespace sinter {

void TrainingData::takePaths(TrainingOptions &options) {
  takeInputs(options);
  if (!from_.inputs.empty())
    return;
  if (Batch::of(program_, requireEntry(program_, "train")).takesNothing()) {
    from_.path = command_.data;
    from_.validationPath = command_.validationData;
    return;
  }
  from_.path = command_.data.empty() ? savedDataPath(options.data, folder_) : command_.data;
  from_.validationPath =
      command_.validationData.empty() ? savedDataPath(options.validationData, folder_) : command_.validationData;
  if (from_.path.empty())
    fail(Exit::Usage, formatted("--data is required: {} does not name its data", checkpointPath(folder_)));
  if (command_.data.empty() && from_.path == "-")
    fail(Exit::Usage, "--data is required: the training to resume had its data from standard input");
  if (!command_.data.empty())
    options.data = dataPathToSave(from_.path, folder_);
  if (!command_.validationData.empty())
    options.validationData = dataPathToSave(from_.validationPath, folder_);
}

// Data that are named input by input, here or in the checkpoint.
void TrainingData::takeInputs(TrainingOptions &options) {
  const sinter_entry &entry = requireEntry(program_, "train");
  from_.inputs = command_.inputs.empty() ? savedInputFiles(options.inputs, folder_)
                                         : parseInputFiles(command_.inputs, entry, "--input");
  from_.validationInputs = command_.validationInputs.empty()
                               ? savedInputFiles(options.validationInputs, folder_)
                               : parseInputFiles(command_.validationInputs, entry, "--val-input");
  if (!command_.data.empty()) { // in place of those in the checkpoint
    from_.inputs.clear();
    if (command_.validationInputs.empty())
      from_.validationInputs.clear();
  }
  if (from_.inputs.empty() != from_.validationInputs.empty() && from_.inputs.empty())
    fail(Exit::Usage, "--val-input goes with --input, --val-data with --data");
  if (!from_.inputs.empty() && !command_.validationData.empty())
    fail(Exit::Usage, "--val-data goes with --data, --val-input with --input");
  options.inputs = inputFilesToSave(from_.inputs, folder_);
  options.validationInputs = inputFilesToSave(from_.validationInputs, folder_);
  if (from_.inputs.empty())
    return;
  options.data = options.validationData = "";
  from_.path = from_.inputs[0].path;
}

std::vector<NamedFile> TrainingData::files() const {
  std::vector<NamedFile> files;
  const auto add = [&files] [[gnu::noinline]] (const char *option, const std::vector<std::string> &paths) {
    for (const std::string &path : paths)
      files.push_back({option, path});
  };
  add("--data", dataFiles(from_.inputs.empty() ? from_.path : ""));
  add("--val-data", dataFiles(from_.validationPath));
  add("--input", filesOf(from_.inputs));
  add("--val-input", filesOf(from_.validationInputs));
  return files;
}

void TrainingData::load(const TrainingOptions &options, const Batch &batch, const Tokenizer *restored) {
  from_.validationFraction = options.validationFraction;
  from_.randomSplit = options.randomSplit;
  from_.augmentation = options.augmentation;
  from_.tokenizer = command_.tokenizer;
  from_.separator = options.separator;
  from_.tokenWidth = tokenWidthNamed(options.tokenType);
  if (restored)
    from_.restored = *restored;
  try {
    data_ = loadData(from_, batch, vocabularySize(program_));
  } catch (const Failure &failure) {
    if (!resumes_ || !command_.data.empty() || !command_.inputs.empty())
      throw;
    fail(failure.exit(), formatted("{}; the training to resume had its data there: {} names another place",
                                   failure.what(), from_.inputs.empty() ? "--data" : "--input"));
  }
}

void TrainingData::compare(const Checkpoint &checkpoint, const TrainingOptions &saved,
                           const TrainingOptions &options) const {
  if (training().hash() == checkpoint.dataHash)
    return;
  if (saved.validationFraction != options.validationFraction || saved.randomSplit != options.randomSplit ||
      saved.validationData.empty() != options.validationData.empty() ||
      saved.validationInputs.empty() != options.validationInputs.empty())
    reportWarning(formatted("{}: another part of it is held out than before: {} are trained on, were {}", from_.path,
                            training().size(), checkpoint.dataSize));
  else
    reportWarning(formatted("{}: not the data that the checkpoint was trained on: {} with hash {:016x}, was {} with "
                            "hash {:016x}",
                            from_.path, training().size(), training().hash(),
                            checkpoint.dataSize.empty() ? "data" : checkpoint.dataSize, checkpoint.dataHash));
}

} // namespace sinter
