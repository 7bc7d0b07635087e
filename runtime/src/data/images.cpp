#include "data/images.h"

#include "arrays/idx.h"
#include "base/error.h"
#include "base/format.h"
#include "data/array_dataset.h"

#include <filesystem>

namespace sinter {

// A folder stands for the training files in it.
std::string imagesIn(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return path;
  for (const char *name : {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"})
    if (std::filesystem::exists(path + "/" + name, error))
      return path + "/" + name;
  fail(Exit::Input, formatted("{}: the folder has no train-images-idx3-ubyte or train-images-idx3-ubyte.gz", path));
}

static std::string labelsOf(const std::string &images) {
  const std::filesystem::path path(images);
  std::string name = path.filename().string();
  if (const size_t at = name.find("images-idx3"); at != std::string::npos)
    name.replace(at, 11, "labels-idx1");
  else if (const size_t plain = name.find("images"); plain != std::string::npos)
    name.replace(plain, 6, "labels");
  else
    fail(Exit::Input,
         formatted("{}: the labels file is found by replacing 'images' in the name, which this name lacks", images));
  const auto withSuffix = [&](const std::string &candidate) { return (path.parent_path() / candidate).string(); };
  std::error_code error;
  for (const std::string &candidate :
       {name, name + ".gz", name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name})
    if (std::filesystem::exists(withSuffix(candidate), error))
      return withSuffix(candidate);
  fail(Exit::Input, formatted("{}: has no labels file {}", images, withSuffix(name)));
}

// Images and labels, in the order of their names.
static std::vector<InputArrays> readImages(const std::string &path, const Batch &batch, int64_t classes) {
  const std::string labelsPath = labelsOf(path);
  Array images = readIdx(path, 3), labels = readIdx(labelsPath, 1);
  if (images.rowSize() != batch.length)
    fail(Exit::Input, formatted("{}: images of {} by {} pixels, but the model takes {} numbers an image", path,
                                images.shape[1], images.shape[2], batch.length));
  if (images.rows() != labels.rows())
    fail(Exit::Input, formatted("{}: {} images, but {} labels in {}", path, images.rows(), labels.rows(), labelsPath));
  for (int64_t i = 0; classes && i < labels.rows(); ++i)
    if (labels.number(i, 0) >= double(classes))
      fail(Exit::Input,
           formatted("{}: label {} is {}, but the model has {} classes", labelsPath, i, labels.number(i, 0), classes));
  return {{"images", {std::move(images)}}, {"labels", {std::move(labels)}}};
}

std::vector<std::string> imageFiles(const std::string &path) {
  std::vector<std::string> files;
  try {
    files.push_back(imagesIn(path));
    files.push_back(labelsOf(files.back()));
  } catch (const Failure &) { // no images, or none that can be read: said when they are
  }
  return files;
}

Data loadImages(const DataOptions &options, const Batch &batch, int64_t classes) {
  checkAugmentation(options.augmentation, batch);
  std::vector<InputArrays> training = readImages(imagesIn(options.path), batch, classes), validation;
  if (!options.validationPath.empty())
    validation = readImages(options.validationPath, batch, classes);
  return makeArrayData(std::move(training), std::move(validation), options, "images");
}

} // namespace sinter
