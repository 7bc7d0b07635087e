// Batches out of arrays: which example stands where, how images are changed, what must agree.
#include "array_files.h"
#include "data/array_dataset.h"
#include "data/data.h"

#include <algorithm>
#include <map>
#include <numeric>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter::test {

namespace {

constexpr int64_t rows = 4;

class ArrayDatasetTest : public testing::Test {
protected:
  Folder folder;
  float x[rows * 2 * 3 * 3];
  int32_t y[rows];
  DataOptions options;

  /// x of [4, sizes...], y of [4].
  Batch batch(std::vector<int64_t> sizes, bool withY = true) {
    Batch batch;
    batch.rows = rows;
    std::vector<int64_t> shape = {rows};
    shape.insert(shape.end(), sizes.begin(), sizes.end());
    const auto count = size_t(std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>()));
    batch.inputs.push_back({"x", SINTER_F32, shape, 4, 4 * count, reinterpret_cast<char *>(x)});
    if (withY)
      batch.inputs.push_back({"y", SINTER_I32, {rows}, 4, 4, reinterpret_cast<char *>(y)});
    return batch;
  }
  /// Examples 0 to count - 1, each with its number for both inputs.
  void numbered(int count) {
    std::string table = "x,y\n";
    for (int i = 0; i < count; ++i)
      table += std::to_string(i) + "," + std::to_string(i) + "\n";
    write(folder / "t.csv", table);
    options.inputs = {{"", folder / "t.csv", ""}};
  }
  std::string error(const Batch &batch, int64_t vocabulary = 0) {
    return failureOf([&] { loadData(options, batch, vocabulary); }).message;
  }
};

} // namespace

// A round of the shuffled order has each example once, whatever their number, and all of its inputs.
TEST_F(ArrayDatasetTest, ShuffledRoundsHaveAllExamplesOnce) {
  options.validationFraction = 0;
  for (const int count : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100, 255, 256, 257, 1000}) {
    numbered(count);
    const Data data = loadData(options, batch({}), 0);
    std::vector<int> order;
    for (int64_t step = 0; step * rows < 3 * count; ++step) {
      data.training->fill(batch({}), Order::Shuffled, 7, step);
      for (int64_t b = 0; b < rows; ++b) {
        ASSERT_EQ(int32_t(x[b]), y[b]);
        order.push_back(y[b]);
      }
    }
    for (int round = 0; round < 3; ++round) {
      std::vector<int> seen(order.begin() + round * count, order.begin() + (round + 1) * count);
      if (count > 16)
        EXPECT_FALSE(std::is_sorted(seen.begin(), seen.end()));
      std::sort(seen.begin(), seen.end());
      for (int i = 0; i < count; ++i)
        ASSERT_EQ(seen[size_t(i)], i) << count << " in round " << round;
    }
    if (count > 16)
      EXPECT_FALSE(std::equal(order.begin(), order.begin() + count, order.begin() + count)) << "rounds of one order";
  }
}

// Each of the 24 orders of 4 examples comes about as often as the others: chi-square of 23 degrees, 1 in 10,000.
TEST_F(ArrayDatasetTest, ShuffledOrdersAreEquallyFrequent) {
  options.validationFraction = 0;
  numbered(4);
  const Data data = loadData(options, batch({}), 0);
  std::map<std::vector<int>, int> counts;
  constexpr int rounds = 24000;
  for (int64_t step = 0; step < rounds; ++step) {
    data.training->fill(batch({}), Order::Shuffled, 3, step);
    ++counts[{y[0], y[1], y[2], y[3]}];
  }
  EXPECT_EQ(counts.size(), 24u);
  double square = 0;
  for (const auto &[order, count] : counts)
    square += (count - rounds / 24.0) * (count - rounds / 24.0) / (rounds / 24.0);
  EXPECT_LT(square, 55);
}

TEST_F(ArrayDatasetTest, RowsAreAFunctionOfSeedStepAndRow) {
  numbered(50);
  const Data data = loadData(options, batch({}), 0);
  const auto rowsOf = [&](uint64_t seed, int64_t step) {
    data.training->fill(batch({}), Order::Shuffled, seed, step);
    return std::vector<int32_t>(y, y + rows);
  };
  const auto fifth = rowsOf(1, 5);
  EXPECT_NE(rowsOf(1, 6), fifth);
  EXPECT_NE(rowsOf(2, 5), fifth);
  EXPECT_EQ(rowsOf(1, 5), fifth);
}

TEST_F(ArrayDatasetTest, TheEndIsHeldOut) {
  numbered(10);
  options.validationFraction = 0.3;
  Data data = loadData(options, batch({}), 0);
  EXPECT_EQ(data.training->size(), "7 examples");
  EXPECT_EQ(data.validation->rows(0), 3);
  data.validation->copyRow(batch({}), 0, 2);
  EXPECT_EQ(y[0], 9);
  // In files of their own.
  write(folder / "v.csv", "x,y\n70,70\n");
  options.validationInputs = {{"", folder / "v.csv", ""}};
  data = loadData(options, batch({}), 0);
  EXPECT_EQ(data.training->rows(0), 10);
  data.validation->copyRow(batch({}), 0, 0);
  EXPECT_EQ(y[0], 70);
}

// Chosen by chance, but for the number of examples by nothing else; all are on one side or the other.
TEST_F(ArrayDatasetTest, SomeAreHeldOutByChance) {
  numbered(1000);
  const auto held = [&](double fraction) {
    options.validationFraction = fraction;
    const Data data = loadData(options, batch({}), 0);
    std::vector<int32_t> training, heldOut;
    for (const auto &[part, numbers] : {std::pair(data.training.get(), &training), {data.validation.get(), &heldOut}})
      for (int64_t row = 0; part && row < part->rows(1); ++row) {
        part->copyRow(batch({}), 0, row);
        EXPECT_EQ(float(y[0]), x[0]);
        numbers->push_back(y[0]);
      }
    std::vector<int32_t> all = training;
    all.insert(all.end(), heldOut.begin(), heldOut.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all.size(), 1000u);
    for (int32_t i = 0; i < 1000; ++i)
      EXPECT_EQ(all[size_t(i)], i);
    return heldOut;
  };
  options.randomSplit = true;
  const std::vector<int32_t> tenth = held(0.1), fifth = held(0.2);
  EXPECT_EQ(tenth.size(), 100u);
  // A larger part has all of a smaller one.
  for (const int32_t example : tenth)
    EXPECT_EQ(std::count(fifth.begin(), fifth.end(), example), 1);
  // The mean of 100 of 0 to 999 has a deviation of 27: within four.
  EXPECT_NEAR(std::accumulate(tenth.begin(), tenth.end(), 0.0) / 100, 499.5, 110);
  EXPECT_FALSE(std::is_sorted(tenth.begin(), tenth.end()));
  const uint64_t hash = loadData(options, batch({}), 0).training->hash();
  EXPECT_EQ(loadData(options, batch({}), 0).training->hash(), hash);
  options.randomSplit = false;
  EXPECT_NE(loadData(options, batch({}), 0).training->hash(), hash);
}

TEST_F(ArrayDatasetTest, SeveralFilesAreOneSequence) {
  write(folder / "x1.npy", npyFile("<f4", "2,", bytesOf<float>({0, 1})));
  write(folder / "x2.npy", npyFile("<f8", "3, 1", bytesOf<double>({2, 3, 4})));
  write(folder / "y.csv", "0\n1\n2\n3\n4\n");
  options.inputs = {{"y", folder / "y.csv", ""}, {"x", folder / "x?.npy", ""}};
  options.validationFraction = 0;
  const Data data = loadData(options, batch({}), 0);
  ASSERT_EQ(data.training->rows(0), 5);
  for (int64_t row = 0; row < 5; ++row) {
    data.training->copyRow(batch({}), 0, row);
    EXPECT_EQ(x[0], float(row));
    EXPECT_EQ(y[0], row);
  }
  EXPECT_EQ(filesOf(options.inputs).size(), 3u);
}

TEST_F(ArrayDatasetTest, WhatDoesNotBelongTogether) {
  write(folder / "x.npy", npyFile("<f4", "2,", bytesOf<float>({0, 1})));
  write(folder / "y.npy", npyFile("<i4", "3,", bytesOf<int32_t>({0, 1, 9})));
  options.inputs = {{"x", folder / "x.npy", ""}, {"y", folder / "y.npy", ""}};
  expectContains(error(batch({})), "x.npy has 2 examples for the input x, but " + folder / "y.npy" + " has 3 for y");
  options.inputs.pop_back();
  EXPECT_EQ(error(batch({})), "the input y [4] has no data: --input y=FILE");
  options.inputs = {{"x", folder / "x.npy", ""}, {"y", folder / "x.npy", ""}};
  options.validationInputs = {{"x", folder / "x.npy", ""}};
  EXPECT_EQ(error(batch({})), "the input y [4] has no data: --val-input y=FILE");
  options.validationInputs.clear();
  options.inputs = {{"", folder / "x.npy", ""}};
  expectContains(error(batch({})), "x.npy: is one array, but the entry takes x [4], y [4]: say whose it is");
  options.inputs = {{"x", folder / "x.npy", ""}};
  expectContains(error(batch({3}, false)), "x.npy: examples of shape [], but the input x takes [3]");
  write(folder / "x.npy", npyFile("<f4", "1, 3, 2, ", bytesOf<float>({0, 1, 2, 3, 4, 5})));
  expectContains(error(batch({2, 3}, false)), "examples of shape [3, 2], but the input x takes [2, 3]");
  options.validationFraction = 0;
  EXPECT_EQ(loadData(options, batch({6}, false), 0).training->rows(0), 1); // all numbers in one row
  EXPECT_EQ(loadData(options, batch({3, 1, 2}, false), 0).training->rows(0), 1);
  options.validationFraction = 0.9;
  write(folder / "x.npy", npyFile("<f4", "3,", bytesOf<float>({0, 1, 2})));
  options.validationFraction = 1;
  expectContains(error(batch({}, false)), "too short: 3 examples, none of them left for training");
}

TEST_F(ArrayDatasetTest, LabelsAndTokensAreInTheVocabulary) {
  write(folder / "y.csv", "0\n-1\n9\n");
  options.inputs = {{"", folder / "y.csv", ""}};
  options.validationFraction = 0;
  Batch batch = this->batch({});
  batch.inputs.erase(batch.inputs.begin());
  for (const char *name : {"tokens", "labels"}) {
    batch.inputs[0].name = name;
    expectContains(error(batch, 10), "number 0 of example 1 is -1, which is not in [0, 9]");
  }
  batch.inputs[0].name = "targets"; // -1: one that does not count
  EXPECT_EQ(loadData(options, batch, 10).training->rows(0), 3);
  expectContains(error(batch, 9), "number 0 of example 2 is 9, which is not in [-2147483648, 8]");
}

// Against images moved and mirrored one pixel at a time.
TEST_F(ArrayDatasetTest, ImagesAreChangedAlike) {
  std::vector<float> image(18);
  std::iota(image.begin(), image.end(), 1.0f); // 2 channels of 3 x 3
  write(folder / "x.npy", npyFile("<f4", "1, 2, 3, 3, ", bytesOf(image)));
  options.inputs = {{"x", folder / "x.npy", ""}};
  options.validationFraction = 0;
  options.augmentation = {true, 2};
  const Batch batch = this->batch({2, 3, 3}, false);
  const auto changed = [&](bool flip, int down, int right) {
    std::vector<float> result;
    for (int channel = 0; channel < 2; ++channel)
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column) {
          const int from = row - down, place = column - right, mirrored = flip ? 2 - place : place;
          const bool inside = from >= 0 && from < 3 && place >= 0 && place < 3;
          result.push_back(inside ? image[size_t(channel * 9 + from * 3 + mirrored)] : 0);
        }
    return result;
  };
  std::map<std::vector<float>, int> possible, seen;
  for (const bool flip : {false, true})
    for (int down = -2; down <= 2; ++down)
      for (int right = -2; right <= 2; ++right)
        ++possible[changed(flip, down, right)];
  const Data data = loadData(options, batch, 0);
  for (int64_t step = 0; step < 500; ++step) {
    data.training->fill(batch, Order::Sequential, 5, step);
    for (int64_t b = 0; b < rows; ++b)
      ++seen[{x + b * 18, x + (b + 1) * 18}];
  }
  for (const auto &[content, times] : seen)
    EXPECT_TRUE(possible.contains(content));
  EXPECT_EQ(seen.size(), possible.size());
  data.training->copyRow(batch, 0, 0); // looked at as they are
  EXPECT_EQ(std::vector<float>(x, x + 18), image);
  options.augmentation.crop = 3;
  expectContains(error(batch), "--crop 3: the input x [4, 2, 3, 3] has no more lines or columns than that");
  EXPECT_NE(error(this->batch({18}, false)).find("--flip and --crop have no effect"), std::string::npos);
}

// Resumes of earlier checkpoints know their data again: pixels with the hash of labels as the seed.
TEST_F(ArrayDatasetTest, HashOfImagesWithLabels) {
  const std::string pixels = "abcdefghijkl", labels = {1, 2, 3};
  write(folder / "a-images-idx3", std::string{0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2} + pixels);
  write(folder / "a-labels-idx1", std::string{0, 0, 8, 1, 0, 0, 0, 3} + labels);
  Batch batch = this->batch({2, 2});
  batch.inputs[0].name = "images";
  batch.inputs[1].name = "labels";
  batch.images = x;
  batch.labels = y;
  batch.length = 4;
  options.path = folder / "a-images-idx3";
  options.validationFraction = 0.34;
  const Data data = loadData(options, batch, 10);
  EXPECT_EQ(data.training->hash(), XXH3_64bits_withSeed(pixels.data(), 8, XXH3_64bits(labels.data(), 2)));
  EXPECT_EQ(data.validation->hash(), XXH3_64bits_withSeed(pixels.data() + 8, 4, XXH3_64bits(labels.data() + 2, 1)));
}

TEST_F(ArrayDatasetTest, InputFilesAsWordsAndSaved) {
  const sinter_input inputs[] = {{{"x", SINTER_F32, 0, nullptr, 0, 4}, 0, 0, 0},
                                 {{"labels", SINTER_I32, 0, nullptr, 0, 4}, 0, 0, 0}};
  sinter_entry entry = {};
  entry.name = "train";
  entry.inputs = inputs;
  entry.input_count = 2;
  write(folder / "a=b:c.npy", "");
  const std::vector<InputFile> files =
      parseInputFiles({"x=d/a.npy", "labels=t.csv:a,b", "d/all.npz", folder / "a=b:c.npy", "x=" + folder / "a=b:c.npy"},
                      entry, "--input");
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files[0].name + "|" + files[0].path + "|" + files[0].part, "x|d/a.npy|");
  EXPECT_EQ(files[1].name + "|" + files[1].path + "|" + files[1].part, "labels|t.csv|a,b");
  EXPECT_EQ(files[2].name + "|" + files[2].path + "|" + files[2].part, "|d/all.npz|");
  EXPECT_EQ(files[3].path, folder / "a=b:c.npy");
  EXPECT_EQ(files[4].path, folder / "a=b:c.npy");
  for (const std::string &place : {folder.path(), std::string("/"), std::string("other")}) {
    const std::vector<InputFile> again = savedInputFiles(inputFilesToSave(files, place), place);
    ASSERT_EQ(again.size(), files.size());
    for (size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(again[i].name, files[i].name);
      EXPECT_EQ(again[i].part, files[i].part);
      EXPECT_EQ(std::filesystem::absolute(again[i].path), std::filesystem::absolute(files[i].path));
    }
  }
  expectContains(failureOf([&] { parseInputFiles({"label=a"}, entry, "--input"); }).message,
                 "--input label=a: the entry train has no input label; it has x, labels; did you mean labels?");
  EXPECT_EQ(failureOf([&] { parseInputFiles({"x="}, entry, "--input"); }).exit, Exit::Usage);
  EXPECT_EQ(failureOf([&] { parseInputFiles({"x=a\nb"}, entry, "--input"); }).exit, Exit::Usage);
  for (const char *damaged : {"\n\n", "x", "x=", "\t", "a\tb=c", "=\t"}) // what no program saves is passed over
    EXPECT_LE(savedInputFiles(damaged, "f").size(), 1u);
}

} // namespace sinter::test
