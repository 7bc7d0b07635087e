// Which file an input's numbers come from, as --input says it: NAME=FILE, NAME=FILE:PART, or FILE for all inputs.
#pragma once

#include "arrays/array_files.h"

#include <string>
#include <vector>

struct sinter_entry;

namespace sinter {

struct InputFile {
  std::string name; ///< of the input; empty: of each what is called as it is
  std::string path; ///< may be a pattern ("data_batch_*.bin"): several files, in the order of their names
  std::string part; ///< of the file; empty: all, or what is called as the input is

  /// As it was written.
  std::string text() const;
};

/// Failure (usage) if the entry takes no such input. `option` is what gives the words: "--input".
std::vector<InputFile> parseInputFiles(const std::vector<std::string> &words, const sinter_entry &entry,
                                       const std::string &option);

/// Checkpoints keep them as one text, with each path named by the way from the checkpoint's folder, and back.
std::string inputFilesToSave(const std::vector<InputFile> &files, const std::string &folder);
std::vector<InputFile> savedInputFiles(const std::string &saved, const std::string &folder);

/// The files that a path or pattern stands for; the path itself if it matches none.
std::vector<std::string> matchingFiles(const std::string &path);

/// Those of an input, each a file: what is named for it or else what is for all.
std::vector<InputFile> filesFor(const std::vector<InputFile> &inputs, const std::string &name);

/// The files of all.
std::vector<std::string> filesOf(const std::vector<InputFile> &inputs);

} // namespace sinter
