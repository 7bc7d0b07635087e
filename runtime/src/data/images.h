// Images in the IDX format of MNIST and its like, plain or gzipped, for the inputs `images` and `labels`.
#pragma once

#include "data/dataset.h"

namespace sinter {

/// The file at `path`, or the training files in a folder; the labels' file is found by its name. `classes` 0: unknown.
Data loadImages(const DataOptions &options, const Batch &batch, int64_t classes);

/// `path` itself or, if it is a folder, the training images in it.
std::string imagesIn(const std::string &path);

/// The files that images at `path` are read from, as far as they are there.
std::vector<std::string> imageFiles(const std::string &path);

} // namespace sinter
