// data.h - the data that labs read: Fashion-MNIST, as Debian's package dataset-fashion-mnist installs it.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>
#include <zlib.h>

namespace lab {

/// The bytes of a file, unpacked if it is gzipped.
inline std::vector<unsigned char> read_file(const std::string &path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file)
    throw std::runtime_error(path + ": cannot be read");
  std::vector<unsigned char> bytes;
  unsigned char part[1 << 16];
  int count = 0;
  while ((count = gzread(file, part, sizeof part)) > 0)
    bytes.insert(bytes.end(), part, part + count);
  gzclose(file);
  if (count < 0)
    throw std::runtime_error(path + ": is damaged");
  return bytes;
}

/// Images row by row, each `side` x `side` of `channels` numbers from 0 to 1, and their classes.
struct Images {
  size_t side = 28, channels = 1;
  std::vector<float> pixels;
  std::vector<int32_t> labels;
  size_t size() const { return labels.size(); }
  size_t numbers() const { return side * side * channels; }
};

/// Images `first` to `first + count` of "train" or "t10k" (the test set).
inline Images fashion_mnist(const std::string &part, size_t first, size_t count) {
  const std::string folder = "/usr/share/datasets/fashion-mnist/" + part;
  const std::vector<unsigned char> pixels = read_file(folder + "-images-idx3-ubyte.gz");
  const std::vector<unsigned char> labels = read_file(folder + "-labels-idx1-ubyte.gz");
  if (labels.size() < 8 + first + count || pixels.size() < 16 + 784 * (first + count))
    throw std::runtime_error(folder + ": has fewer images than " + std::to_string(first + count));
  Images images;
  for (size_t i = 784 * first; i < 784 * (first + count); ++i)
    images.pixels.push_back(float(pixels[16 + i]) / 255);
  for (size_t i = first; i < first + count; ++i)
    images.labels.push_back(labels[8 + i]);
  return images;
}

/// Each square of `times` x `times` pixels becomes its mean.
inline Images shrink(const Images &images, size_t times) {
  Images small{.side = images.side / times, .channels = images.channels, .labels = images.labels};
  small.pixels.assign(images.size() * small.numbers(), 0);
  for (size_t n = 0; n < images.size(); ++n)
    for (size_t y = 0; y < small.side * times; ++y)
      for (size_t x = 0; x < small.side * times; ++x)
        for (size_t c = 0; c < images.channels; ++c)
          small.pixels[((n * small.side + y / times) * small.side + x / times) * images.channels + c] +=
              images.pixels[((n * images.side + y) * images.side + x) * images.channels + c] / float(times * times);
  return small;
}

/// Subtracts the mean of each pixel over all images, and divides all by one deviation: mean 0, variance 1.
inline void standardize(Images &images) {
  const size_t n = images.size(), size = images.numbers();
  double squares = 0;
  for (size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (size_t k = 0; k < n; ++k)
      sum += images.pixels[k * size + i];
    for (size_t k = 0; k < n; ++k) {
      float &pixel = images.pixels[k * size + i];
      pixel -= float(sum / double(n));
      squares += double(pixel) * pixel;
    }
  }
  const float deviation = float(std::sqrt(squares / double(n * size)));
  for (float &pixel : images.pixels)
    pixel /= deviation;
}

/// 1 at each label, else 0: [images, classes].
inline std::vector<float> one_hot(const std::vector<int32_t> &labels, size_t classes) {
  std::vector<float> rows(labels.size() * classes, 0);
  for (size_t i = 0; i < labels.size(); ++i)
    rows[i * classes + size_t(labels[i])] = 1;
  return rows;
}

} // namespace lab
