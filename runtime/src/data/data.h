// Training and validation data: text or token files for `tokens` and `targets`, IDX images for `images` and `labels`,
// arrays for any inputs.
#pragma once

#include "data/dataset.h"

namespace sinter {

/// Loads what the entry (train or eval) takes. `vocabulary` is the size of its last axis of logits, 0 if unknown.
Data loadData(const DataOptions &options, const Batch &batch, int64_t vocabulary);

/// Whether these are arrays that inputs name, not text, token files, or images with labels in files of their own.
bool readsArrays(const DataOptions &options, const Batch &batch);

/// The files that data at `path` is read from: images have labels, and may be named by their folder.
std::vector<std::string> dataFiles(const std::string &path);

/// How a checkpoint in `folder` names a data file, and back: by the way from the folder, so that both can move together
/// and a resume works from anywhere; by its absolute path if the two have nothing but the root in common. The spelling
/// on the command line makes no difference. "-", standard input, stays as it is.
std::string dataPathToSave(const std::string &path, const std::string &folder);
std::string savedDataPath(const std::string &saved, const std::string &folder);

} // namespace sinter
