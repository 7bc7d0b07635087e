// Files of arrays and images: .npy, .npz, safetensors, tables, IDX, CIFAR's binaries. Whatever is taken gives batches
// of numbers that their inputs may have.
#include "../array_files.h"
#include "data/data.h"
#include "target.h"

#include <cmath>

namespace sinter::test {

namespace {

float x[8];
int32_t labels[2];
int8_t flags[2];

void use(const std::vector<InputFile> &inputs) {
  Batch batch;
  batch.rows = 2;
  batch.inputs = {{"x", SINTER_F32, {2, 4}, 4, 16, reinterpret_cast<char *>(x)},
                  {"labels", SINTER_I32, {2}, 4, 4, reinterpret_cast<char *>(labels)},
                  {"z", SINTER_I8, {2}, 1, 1, reinterpret_cast<char *>(flags)}};
  DataOptions options;
  options.inputs = inputs;
  options.validationFraction = 0.3;
  const Data data = loadData(options, batch, 10);
  (void)data.training->hash();
  for (int64_t step = 0; step < 3; ++step) {
    data.training->fill(batch, Order::Shuffled, 1, step);
    for (const float number : x)
      require(std::isfinite(number), "numbers are finite");
    for (const int32_t label : labels)
      require(label >= 0 && label < 10, "labels are classes");
    for (const int8_t flag : flags)
      require(flag == 0 || flag == 1, "booleans are 0 or 1");
  }
}

/// The input is a file for `x`; the others come from one that is good.
void useFor(const std::string &name, const std::string &input) {
  static const std::string others = fuzzFile("others.csv", "labels,z\n1,0\n9,1\n0,0\n");
  use({{"x", fuzzFile(name, input), ""}, {"", others, ""}});
}

const std::string &twelve() {
  static const std::string numbers = bytesOf<float>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  return numbers;
}

void readNumpy(const std::string &input) { useFor("x.npy", input); }
void readTensors(const std::string &input) { useFor("x.safetensors", input); }
void readIdxArray(const std::string &input) { useFor("x.idx", input); }
void readArchive(const std::string &input) { use({{"", fuzzFile("a.npz", input), ""}}); }
void readLines(const std::string &input) {
  const std::string path = fuzzFile("t.csv", input);
  use({{"x", path, "1-4"}, {"labels", path, ""}, {"z", path, "z"}});
}

std::vector<std::string> numpySeeds() {
  std::string wide;
  for (int i = 0; i < 12; ++i)
    wide += littleEndian(uint64_t(i), 8);
  return {npyFile("<f4", "3, 4, ", twelve()), npyFile("<i8", "3, 4, ", wide, "False", 2),
          npyFile("|u1", "3, 2, 2, ", "abcdefghijkl"), npyFile(">f4", "3, 4, ", std::string(48, '\0'))};
}

std::vector<std::string> archiveSeeds() {
  std::vector<std::string> seeds;
  for (const bool packed : {false, true})
    for (const bool large : {false, true})
      seeds.push_back(zipFile({{"x.npy", npyFile("<f4", "3, 4, ", twelve()), packed},
                               {"labels.npy", npyFile("<i8", "3,", bytesOf<int64_t>({1, 2, 3})), packed, large},
                               {"z.npy", npyFile("|b1", "3,", {0, 1, 1}), packed}},
                              large));
  return seeds;
}

/// A member's numbers are changed in a header of unchanged length, or its sizes.
void changeNumpy(Mutator &mutator, std::string &input) {
  if (mutator.below(2) || input.size() < 128)
    return mutator.below(2) ? mutator.bytes(input) : mutator.numbers(input, 128);
  std::string header = input.substr(0, 128);
  mutator.json(header);
  header.resize(128, ' ');
  input.replace(0, 128, header);
}

void changeTensors(Mutator &mutator, std::string &input) {
  if (input.size() < 8 + twelve().size() || mutator.below(4) == 0)
    return mutator.bytes(input);
  std::string header = input.substr(8, input.size() - 8 - twelve().size());
  mutator.json(header);
  input = littleEndian(header.size(), 8) + header + twelve();
}

// --- Images with labels: two IDX files, which may be compressed.

enum : unsigned { Compress = 1, Called = 2 };

std::string gzipped(const std::string &bytes) {
  const std::string path = fuzzFile("z", "");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), unsigned(bytes.size()));
  gzclose(file);
  return readFile(path);
}

std::vector<std::string> imageSeeds() {
  const std::string images = std::string("\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2", 16) + "abcdefgh";
  const std::string classes = std::string("\0\0\10\1\0\0\0\2\1\2", 10);
  return {char(0) + joined(images, classes), char(Compress | Called) + joined(images, classes),
          char(Called) + joined(gzipped(images), gzipped(classes))};
}

void readImages(const std::string &input) {
  auto [images, classes] = parted(contentOf(input));
  if (settingsOf(input) & Compress) { // what was changed lies below the compression
    images = gzipped(images);
    classes = gzipped(classes);
  }
  const std::string ending = settingsOf(input) & Called ? ".gz" : "";
  std::remove(fuzzFile(ending.empty() ? "x-labels-idx1-ubyte.gz" : "x-labels-idx1-ubyte", "").c_str());
  fuzzFile("x-labels-idx1-ubyte" + ending, classes);
  DataOptions options;
  options.path = fuzzFile("x-images-idx3-ubyte" + ending, images);
  const Batch batch = {1,
                       4,
                       nullptr,
                       nullptr,
                       x,
                       labels,
                       {{"images", SINTER_F32, {1, 4}, 4, 16, reinterpret_cast<char *>(x)},
                        {"labels", SINTER_I32, {1}, 4, 4, reinterpret_cast<char *>(labels)}}};
  const Data data = loadData(options, batch, 10);
  data.training->fill(batch, Order::Random, 1, 0);
  require(labels[0] >= 0 && labels[0] < 10, "labels are classes");
  for (int i = 0; i < 4; ++i)
    require(x[i] >= 0 && x[i] <= 1, "pixels are between 0 and 1");
}

void changeImages(Mutator &mutator, std::string &input) {
  changeContent(mutator, input, [&](std::string &content) {
    auto [images, classes] = parted(content);
    std::string &one = mutator.below(2) ? images : classes;
    mutator.below(2) ? mutator.numbers(one, 20) : mutator.bytes(one);
    content = joined(images, classes);
  });
}

// --- CIFAR

constexpr size_t pixels = 3 * 32 * 32;

std::vector<std::string> cifarSeeds() {
  const auto record = [](const std::string &label, char pixel) { return label + std::string(pixels, pixel); };
  return {record("\1", 'a') + record("\2", 'b'), record("\1\7", 'a') + record("\3\11", 'b')};
}

void readCifar(const std::string &input) {
  static float images[2 * pixels];
  Batch batch;
  batch.rows = 2;
  batch.length = pixels;
  batch.images = images;
  batch.labels = labels;
  batch.inputs = {{"images", SINTER_F32, {2, 3, 32, 32}, 4, 4 * pixels, reinterpret_cast<char *>(images)},
                  {"labels", SINTER_I32, {2}, 4, 4, reinterpret_cast<char *>(labels)}};
  DataOptions options;
  options.path = fuzzFile("c.bin", input);
  options.validationFraction = 0;
  options.augmentation = {true, 2};
  const Data data = loadData(options, batch, 10);
  data.training->fill(batch, Order::Shuffled, 1, 0);
  for (int64_t b = 0; b < 2; ++b) {
    require(labels[b] >= 0 && labels[b] < 10, "labels are classes");
    data.training->augmentRow(batch, b, input.size() * 0x9e3779b97f4a7c15);
  }
}

/// Whole records more or less, or other labels.
void changeCifar(Mutator &mutator, std::string &input) {
  const size_t record = pixels + 1 + mutator.below(2);
  switch (mutator.below(4)) {
  case 0:
    input.resize(record * mutator.below(5), char(mutator.next()));
    return;
  case 1:
    if (input.size() > record)
      input[record * mutator.below(input.size() / record)] = char(mutator.below(16));
    return;
  default:
    mutator.bytes(input);
  }
}

void binary(Mutator &mutator, std::string &input) {
  mutator.below(2) ? mutator.numbers(input, input.size()) : mutator.bytes(input);
}
void lines(Mutator &mutator, std::string &input) {
  switch (mutator.below(3)) {
  case 0:
    return mutator.lines(input);
  case 1:
    return mutator.json(input); // its numbers
  default:
    mutator.bytes(input);
  }
}

} // namespace

std::vector<Target> arrayTargets() {
  return {
      {"npy", numpySeeds(), readNumpy, changeNumpy},
      {"npz", archiveSeeds(), readArchive, binary},
      {"csv",
       {"a,b,c,d,labels,z\n1,2.5,-3,4e2,7,0\n\"5\",6,7,8,9,1\n9,10,11,12,0,1\n",
        "a;b;c;d;labels;z\r\n1;2;3;4;5;1\r\n1;2;3;4;5;0\r\n7;8;9;10;1;0\r\n"},
       readLines,
       lines},
      {"arrays.safetensors", {tensorFile("x", "F32", "3,4", twelve())}, readTensors, changeTensors},
      {"idx",
       {std::string{0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 4} + "abcdefghijkl",
        std::string{0, 0, 13, 2, 0, 0, 0, 3, 0, 0, 0, 4} + std::string(48, '\0')},
       readIdxArray,
       binary},
      {"images", imageSeeds(), readImages, changeImages},
      {"cifar", cifarSeeds(), readCifar, changeCifar},
  };
}

} // namespace sinter::test
