// Malformed files of arrays, as fuzz_data_test.cpp does it for other data: each is refused by a Failure or gives
// batches of numbers that its input may have.
#include "array_files.h"
#include "data/data.h"
#include "mutator.h"

#include <cmath>
#include <fstream>

namespace sinter::test {

namespace {

class FuzzArrays : public testing::Test {
protected:
  Folder folder;
  float x[8];
  int32_t y[2];
  int8_t z[2];

  Batch batch() {
    Batch batch;
    batch.rows = 2;
    batch.inputs = {{"x", SINTER_F32, {2, 4}, 4, 16, reinterpret_cast<char *>(x)},
                    {"labels", SINTER_I32, {2}, 4, 4, reinterpret_cast<char *>(y)},
                    {"z", SINTER_I8, {2}, 1, 1, reinterpret_cast<char *>(z)}};
    return batch;
  }

  /// Changes the good file until the time is up; `change` makes one change.
  void fuzz(const char *format, const std::string &name, const std::string &good,
            const std::function<void(Mutator &, std::string &)> &change, std::vector<InputFile> inputs = {}) {
    DataOptions options;
    options.inputs = inputs.empty() ? std::vector<InputFile>{{"", folder / name, ""}} : inputs;
    options.validationFraction = 0.3;
    int64_t tries = 0, taken = 0;
    const auto start = std::chrono::steady_clock::now();
    for (uint64_t seed = 0; !timeIsUp(start); ++seed, ++tries) {
      Mutator mutator(seed);
      std::string content = good;
      if (seed)
        change(mutator, content);
      std::ofstream(folder / name, std::ios::binary) << content;
      const int result = attempt([&] { use(loadData(options, batch(), 10), seed); });
      taken += result;
      if (seed == 0)
        ASSERT_EQ(result, 1) << "the good file";
    }
    std::printf("%s: %lld files, %lld taken\n", format, static_cast<long long>(tries), static_cast<long long>(taken));
    EXPECT_GT(tries, 10);
    EXPECT_LT(taken, tries);
  }

  void use(const Data &data, uint64_t seed) {
    (void)data.training->hash();
    for (int64_t step = 0; step < 3; ++step) {
      data.training->fill(batch(), Order::Shuffled, seed, step);
      for (const float number : x)
        EXPECT_TRUE(std::isfinite(number));
      for (const int32_t label : y)
        EXPECT_TRUE(label >= 0 && label < 10);
      for (const int8_t boolean : z)
        EXPECT_TRUE(boolean == 0 || boolean == 1);
    }
  }
};

const std::string numbers = bytesOf<float>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});

void bytes(Mutator &mutator, std::string &content) { mutator.bytes(content); }

} // namespace

TEST_F(FuzzArrays, Numpy) {
  write(folder / "y.csv", "labels,z\n1,0\n9,1\n0,0\n");
  const auto change = [](Mutator &mutator, std::string &content) {
    if (mutator.below(2))
      return mutator.bytes(content);
    std::string header = content.substr(0, 128); // numbers and words of the header, of unchanged length
    mutator.json(header);
    header.resize(128, ' ');
    content.replace(0, 128, header);
  };
  fuzz("NumPy arrays", "x.npy", npyFile("<f4", "3, 4, ", numbers), change,
       {{"x", folder / "x.npy", ""}, {"", folder / "y.csv", ""}});
}

TEST_F(FuzzArrays, Archives) {
  for (const bool packed : {false, true})
    fuzz(packed ? "packed archives" : "archives", "a.npz",
         zipFile({{"x.npy", npyFile("<f4", "3, 4, ", numbers), packed},
                  {"labels.npy", npyFile("<i8", "3,", bytesOf<int64_t>({1, 2, 3})), packed, true},
                  {"z.npy", npyFile("|b1", "3,", {0, 1, 1}), packed}},
                 true),
         bytes);
}

TEST_F(FuzzArrays, Tables) {
  fuzz("tables", "t.csv", "a,b,c,d,labels,z\n1,2.5,-3,4e2,7,0\n\"5\",6,7,8,9,1\n9,10,11,12,0,1\n", bytes,
       {{"x", folder / "t.csv", "1-4"}, {"labels", folder / "t.csv", ""}, {"z", folder / "t.csv", "z"}});
}

TEST_F(FuzzArrays, Safetensors) {
  write(folder / "y.csv", "labels,z\n1,0\n9,1\n0,0\n");
  const auto change = [](Mutator &mutator, std::string &content) {
    if (mutator.below(2))
      return mutator.bytes(content);
    std::string header = content.substr(8, content.size() - 56);
    mutator.json(header);
    content = littleEndian(header.size(), 8) + header + numbers;
  };
  fuzz("safetensors of data", "x.safetensors", tensorFile("x", "F32", "3,4", numbers), change,
       {{"x", folder / "x.safetensors", ""}, {"", folder / "y.csv", ""}});
}

TEST_F(FuzzArrays, Idx) {
  write(folder / "y.csv", "labels,z\n1,0\n9,1\n0,0\n");
  fuzz("IDX arrays", "x.idx", std::string{0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 4} + "abcdefghijkl", bytes,
       {{"x", folder / "x.idx", ""}, {"", folder / "y.csv", ""}});
}

} // namespace sinter::test
