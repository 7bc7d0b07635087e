// What the subcommand train reads: the files that are named to it or by the checkpoint to resume, and the data in them.
#pragma once

#include "checkpoint/checkpoint.h"
#include "commands/commands.h"
#include "data/data.h"
#include "files/same_file.h"
#include "training/trainer.h"

#include <string>
#include <vector>

namespace sinter {

class TrainingData {
public:
  /// `resumes`: `folder` has a checkpoint to go on from.
  TrainingData(Program &program, const TrainCommand &command, std::string folder, bool resumes)
      : program_(program), command_(command), folder_(std::move(folder)), resumes_(resumes) {}

  /// What is not given comes from `options`, the checkpoint's; what is given, or found there, goes back into them.
  void takePaths(TrainingOptions &options);
  /// All files, each with the option that names it.
  std::vector<NamedFile> files() const;
  /// Whether inputs name arrays, which are shuffled where nothing else is said.
  bool readsArrays(const Batch &batch) const { return sinter::readsArrays(from_, batch); }

  /// `restored`: the tokenizer that came with the parameters, or null.
  void load(const TrainingOptions &options, const Batch &batch, const Tokenizer *restored);
  /// Warns of other data than the checkpoint's: these are allowed (a file may have grown), but never unnoticed.
  void compare(const Checkpoint &checkpoint, const TrainingOptions &saved, const TrainingOptions &options) const;

  const std::string &path() const { return from_.path; } ///< of inputs the first file's, for messages
  /// Whether files are named to be held out, and the first of them; otherwise a part of all is.
  bool namesHeldOut() const { return !from_.validationPath.empty() || !from_.validationInputs.empty(); }
  const std::string &heldOutPath() const {
    return !namesHeldOut()                  ? from_.path
           : from_.validationInputs.empty() ? from_.validationPath
                                            : from_.validationInputs[0].path;
  }
  const Dataset &training() const { return *data_.training; }
  const Dataset *validation() const { return data_.validation.get(); }
  const Tokenizer &tokenizer() const { return data_.tokenizer; }

private:
  void takeInputs(TrainingOptions &options);

  Program &program_;
  const TrainCommand &command_;
  const std::string folder_;
  const bool resumes_;
  DataOptions from_; ///< files, as far as they are known
  Data data_;
};

} // namespace sinter
