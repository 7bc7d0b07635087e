// The files are untrusted.
#include "data/images.h"

#include "base/error.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter {

namespace {

constexpr uint64_t spareBytes = uint64_t(64) << 20; // what a file may make us allocate beyond its size

/// An IDX file of bytes: sizes and content.
struct Idx {
  std::vector<uint64_t> sizes;
  std::string bytes;
};

class Gunzip {
public:
  explicit Gunzip(const std::string &path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_)
      fail(Exit::Input, fmt::format("{}: cannot open", path));
  }
  ~Gunzip() { gzclose(file_); }
  Gunzip(const Gunzip &) = delete;
  Gunzip &operator=(const Gunzip &) = delete;
  void read(void *data, size_t size) {
    size_t done = 0;
    while (done < size) {
      const int got = gzread(file_, static_cast<char *>(data) + done, unsigned(std::min<size_t>(size - done, 1 << 20)));
      if (got <= 0)
        fail(Exit::Damaged, fmt::format("{}: damaged: {}", path_, got < 0 ? "not readable as gzip" : "truncated"));
      done += size_t(got);
    }
  }
  bool atEnd() {
    char next;
    const int got = gzread(file_, &next, 1);
    int error = Z_OK; // a stream cut after its last data byte is told here only
    gzerror(file_, &error);
    if (got < 0 || error != Z_OK)
      fail(Exit::Damaged, fmt::format("{}: damaged: truncated, or not readable as gzip", path_));
    return got == 0;
  }

private:
  std::string path_;
  gzFile file_;
};

Idx readIdx(const std::string &path, size_t rank) {
  const FileReader opened(path); // also for the messages if it cannot be
  const uint64_t fileBytes = opened.size();
  const std::string beginning = opened.beginning(kindBytes);
  const std::string kind = beginning.starts_with("\x1f\x8b") ? "" : knownKind(beginning);
  if (!kind.empty())
    fail(Exit::Input, fmt::format("{}: not an IDX file but {}", path, kind));
  Gunzip file(path); // reads plain files as they are
  unsigned char head[4];
  file.read(head, sizeof head);
  if (head[0] == 0 && head[1] == 0 && head[2] != 8 && head[2] != 0 && head[3] == rank)
    fail(Exit::Input, fmt::format("{}: an IDX file of type 0x{:02x}, but only bytes (0x08) are read", path, head[2]));
  if (head[0] || head[1] || head[2] != 8 || head[3] != rank)
    fail(Exit::Damaged, fmt::format("{}: not an IDX file of bytes with {} axes", path, rank));
  Idx idx;
  uint64_t bytes = 1;
  for (size_t d = 0; d < rank; ++d) {
    unsigned char size[4];
    file.read(size, sizeof size);
    idx.sizes.push_back(uint64_t(size[0]) << 24 | size[1] << 16 | size[2] << 8 | size[3]);
    if (__builtin_mul_overflow(bytes, idx.sizes.back(), &bytes))
      bytes = UINT64_MAX;
  }
  if (bytes == 0)
    fail(Exit::Input, fmt::format("{}: is empty: sizes [{}]", path, fmt::join(idx.sizes, ", ")));
  if (bytes > fileBytes + spareBytes)
    fail(Exit::Damaged, fmt::format("{}: damaged or truncated: sizes [{}] need {} bytes, the file has {}", path,
                                    fmt::join(idx.sizes, ", "), bytes, fileBytes));
  idx.bytes.resize(bytes);
  file.read(idx.bytes.data(), idx.bytes.size());
  if (!file.atEnd())
    fail(Exit::Damaged,
         fmt::format("{}: damaged: more bytes than its sizes [{}] say", path, fmt::join(idx.sizes, ", ")));
  return idx;
}

struct ImageStore {
  std::string pixels, labels;
};

class ImageDataset final : public Dataset {
public:
  ImageDataset(std::shared_ptr<const ImageStore> store, int64_t imageBytes, int64_t begin, int64_t end)
      : store_(std::move(store)), imageBytes_(imageBytes), begin_(begin), end_(end) {}

  int64_t rows(int64_t) const override { return end_ - begin_; }
  void copyRow(const Batch &batch, int64_t b, int64_t row) const override {
    const auto *pixels = reinterpret_cast<const unsigned char *>(store_->pixels.data()) + (begin_ + row) * imageBytes_;
    for (int64_t i = 0; i < std::min(batch.length, imageBytes_); ++i)
      batch.images[b * batch.length + i] = float(pixels[i]) / 255.0f;
    batch.labels[b] = static_cast<unsigned char>(store_->labels[size_t(begin_ + row)]);
  }
  void copyRandomRow(const Batch &batch, int64_t b, uint64_t random) const override {
    copyRow(batch, b, int64_t((static_cast<unsigned __int128>(random) * uint64_t(end_ - begin_)) >> 64));
  }
  int64_t bytesOfRow(const Batch &, int64_t) const override { return 0; }
  uint64_t hash() const override {
    const uint64_t labels = XXH3_64bits(store_->labels.data() + begin_, size_t(end_ - begin_));
    return XXH3_64bits_withSeed(store_->pixels.data() + begin_ * imageBytes_, size_t((end_ - begin_) * imageBytes_),
                                labels);
  }
  std::string size() const override { return fmt::format("{} images", end_ - begin_); }

private:
  std::shared_ptr<const ImageStore> store_;
  int64_t imageBytes_, begin_, end_;
};

// A folder stands for the training files in it.
std::string imagesIn(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return path;
  for (const char *name : {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"})
    if (std::filesystem::exists(path + "/" + name, error))
      return path + "/" + name;
  fail(Exit::Input, fmt::format("{}: the folder has no train-images-idx3-ubyte or train-images-idx3-ubyte.gz", path));
}

std::string labelsOf(const std::string &images) {
  const std::filesystem::path path(images);
  std::string name = path.filename().string();
  if (const size_t at = name.find("images-idx3"); at != std::string::npos)
    name.replace(at, 11, "labels-idx1");
  else if (const size_t plain = name.find("images"); plain != std::string::npos)
    name.replace(plain, 6, "labels");
  else
    fail(Exit::Input,
         fmt::format("{}: the labels file is found by replacing 'images' in the name, which this name lacks", images));
  const auto withSuffix = [&](const std::string &candidate) { return (path.parent_path() / candidate).string(); };
  std::error_code error;
  for (const std::string &candidate :
       {name, name + ".gz", name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name})
    if (std::filesystem::exists(withSuffix(candidate), error))
      return withSuffix(candidate);
  fail(Exit::Input, fmt::format("{}: has no labels file {}", images, withSuffix(name)));
}

std::shared_ptr<const ImageStore> readImages(const std::string &path, const Batch &batch, int64_t classes) {
  const std::string labelsPath = labelsOf(path);
  Idx images = readIdx(path, 3), labels = readIdx(labelsPath, 1);
  const uint64_t imageBytes = images.sizes[1] * images.sizes[2];
  if (imageBytes != uint64_t(batch.length))
    fail(Exit::Input, fmt::format("{}: images of {} by {} pixels, but the model takes {} numbers an image", path,
                                  images.sizes[1], images.sizes[2], batch.length));
  if (images.sizes[0] != labels.sizes[0])
    fail(Exit::Input,
         fmt::format("{}: {} images, but {} labels in {}", path, images.sizes[0], labels.sizes[0], labelsPath));
  for (size_t i = 0; classes && i < labels.bytes.size(); ++i)
    if (static_cast<unsigned char>(labels.bytes[i]) >= classes)
      fail(Exit::Input, fmt::format("{}: label {} is {}, but the model has {} classes", labelsPath, i,
                                    int(static_cast<unsigned char>(labels.bytes[i])), classes));
  return std::make_shared<ImageStore>(ImageStore{std::move(images.bytes), std::move(labels.bytes)});
}

} // namespace

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
  Data data;
  const std::string path = imagesIn(options.path);
  const auto store = readImages(path, batch, classes);
  const int64_t count = int64_t(store->labels.size());
  const int64_t split = options.validationPath.empty() ? splitPoint(count, options.validationFraction) : count;
  if (split < 1)
    fail(Exit::Input, fmt::format("{}: too short: {} images, none of them left for training", path, count));
  data.training = std::make_unique<ImageDataset>(store, batch.length, 0, split);
  if (!options.validationPath.empty()) {
    const auto other = readImages(options.validationPath, batch, classes);
    data.validation = std::make_unique<ImageDataset>(other, batch.length, 0, int64_t(other->labels.size()));
  } else if (split < count) {
    data.validation = std::make_unique<ImageDataset>(store, batch.length, split, count);
  }
  return data;
}

} // namespace sinter
