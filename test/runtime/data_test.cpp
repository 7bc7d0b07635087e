// Text, tokens, images: batches and errors.
#include "base/utf8.h"
#include "data/data.h"
#include "data/token_store.h"
#include "support.h"

#include <algorithm>
#include <fstream>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sinter::test {

namespace {

constexpr int64_t rows = 2, length = 4;

struct Buffers {
  int32_t tokens[rows * length], targets[rows * length], labels[rows];
  float images[rows * length];
  Batch text() { return {rows, length, tokens, targets, nullptr, nullptr}; }
  Batch pictures() {
    return {rows,
            length,
            nullptr,
            nullptr,
            images,
            labels,
            {{"images", SINTER_F32, {rows, length}, 4, 4 * length, reinterpret_cast<char *>(images)},
             {"labels", SINTER_I32, {rows}, 4, 4, reinterpret_cast<char *>(labels)}}};
  }
};

class DataTest : public testing::Test {
protected:
  Folder folder;
  Buffers buffers;

  Data load(const std::string &content, int64_t vocabulary, double fraction = 0, const char *name = "t.txt") {
    DataOptions options;
    options.path = write(folder / name, content);
    options.validationFraction = fraction;
    return loadData(options, buffers.text(), vocabulary);
  }
  std::string error(const std::string &content, int64_t vocabulary, const char *name = "t.txt") {
    const Failed failed = failureOf([&] { load(content, vocabulary, 0, name); });
    EXPECT_EQ(failed.exit, Exit::Input);
    return failed.message;
  }
};

} // namespace

TEST_F(DataTest, SequentialRowsFollowTheRuleAndWrap) {
  const Data data = load("abcdefghijklmn", 256); // 14 bytes: 3 rows of 4
  EXPECT_EQ(data.training->rows(length), 3);
  data.training->fill(buffers.text(), Order::Sequential, 0, 0);
  EXPECT_EQ(std::vector<int32_t>(buffers.tokens, buffers.tokens + 8),
            (std::vector<int32_t>{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}));
  EXPECT_EQ(std::vector<int32_t>(buffers.targets, buffers.targets + 8),
            (std::vector<int32_t>{'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'}));
  data.training->fill(buffers.text(), Order::Sequential, 0, 1); // row number 2, then 3 modulo 3
  EXPECT_EQ(buffers.tokens[0], 'i');
  EXPECT_EQ(buffers.tokens[4], 'a');
}

// More than 256 characters: the text stays as it is, and tokens are found in it from anywhere.
TEST_F(DataTest, TokensOfLargeVocabularies) {
  std::string text;
  std::vector<int32_t> values;
  uint32_t random = 7;
  for (int i = 0; i < 5000; ++i) {
    random = random * 1664525u + 1013904223u;
    values.push_back(int32_t('a' + (random >> 16) % (random >> 31 ? 26 : 3000)));
    appendUtf8(text, char32_t(values.back()));
  }
  const Tokenizer tokenizer = Tokenizer::charsOf(text, "t");
  ASSERT_GT(tokenizer.size(), 256);
  const TokenStore store = TokenStore::ofText(text, tokenizer, "t");
  const std::vector<int32_t> ids = tokenizer.encode(text, "t");
  ASSERT_EQ(store.size(), 5000);
  for (int64_t begin : {0, 1, 1000, 1023, 1024, 1025, 2047, 2048, 3000, 4990, 4999, 5000})
    for (int64_t count : {0, 1, 2, 10, 1024, 1500})
      if (begin + count <= 5000) {
        std::vector<int32_t> got(static_cast<size_t>(count));
        store.copy(begin, count, got.data());
        EXPECT_TRUE(std::equal(got.begin(), got.end(), ids.begin() + begin)) << begin << " " << count;
      }
  // As it was when ids were kept: resumes of earlier checkpoints know their data again.
  EXPECT_EQ(store.hash(0, 5000), XXH3_64bits(ids.data(), ids.size() * 4));
  EXPECT_EQ(store.hash(1000, 4000), XXH3_64bits(ids.data() + 1000, 3000 * 4));
}

TEST_F(DataTest, RandomRowsAreAFunctionOfSeedAndStep) {
  const Data data = load(someText(1000), 256);
  const auto batchOf = [&](uint64_t seed, int64_t step) {
    data.training->fill(buffers.text(), Order::Random, seed, step);
    return std::vector<int32_t>(buffers.tokens, buffers.tokens + 8);
  };
  EXPECT_EQ(batchOf(1, 5), batchOf(1, 5));
  EXPECT_NE(batchOf(1, 5), batchOf(1, 6));
  EXPECT_NE(batchOf(1, 5), batchOf(2, 5));
}

TEST_F(DataTest, RandomRowsReachBothEnds) {
  const Data data = load("abcdef", 256); // starts 0 and 1 only
  bool seen[2] = {};
  for (int64_t step = 0; step < 50; ++step) {
    data.training->fill(buffers.text(), Order::Random, 0, step);
    ASSERT_LE(buffers.tokens[0], 'b');
    seen[buffers.tokens[0] - 'a'] = true;
  }
  EXPECT_TRUE(seen[0] && seen[1]);
}

TEST_F(DataTest, SplitHoldsOutTheEnd) {
  const Data data = load(std::string(90, 'a') + std::string(10, 'b'), 256, 0.1);
  data.validation->fill(buffers.text(), Order::Sequential, 0, 0);
  EXPECT_EQ(buffers.tokens[0], 'b');
  EXPECT_EQ(data.validation->rows(length), 2);
  EXPECT_EQ(data.training->size(), "90 tokens");
}

TEST_F(DataTest, TokenFilesAreLittleEndianUint16) {
  std::string bytes;
  for (int id : {1, 300, 2, 3, 4, 5})
    bytes += {char(id), char(id >> 8)};
  const Data data = load(bytes, 301, 0, "t.bin");
  data.training->fill(buffers.text(), Order::Sequential, 0, 0);
  EXPECT_EQ(buffers.tokens[1], 300);
  EXPECT_EQ(error(bytes, 300, "t.bin"), folder / "t.bin" + ": token 1 is 300, but the model's vocabulary has 300");
  expectContains(error(bytes + "x", 301, "t.bin"), "13 bytes are not a whole number of uint16 tokens");
}

// What lies too far behind to be looked at when a file is opened is looked at when it is read.
TEST_F(DataTest, TokensOfLargeFilesAreChecked) {
  constexpr int64_t far = (int64_t(1) << 27) + rows * length; // a hole on the disk
  DataOptions options;
  options.path = write(folder / "t.bin", "");
  options.validationFraction = 0;
  std::filesystem::resize_file(options.path, 2 * far);
  std::ofstream(options.path, std::ios::app) << std::string("\x2b\1\x2c\1\0\0\0\0\0\0", 10); // 299, 300, 0, 0, 0
  const auto fillFromThere = [&](int64_t vocabulary) {
    loadData(options, buffers.text(), vocabulary)
        .training->fill(buffers.text(), Order::Sequential, 0, far / (rows * length));
  };
  fillFromThere(301);
  EXPECT_EQ(buffers.tokens[0], 299);
  EXPECT_EQ(buffers.tokens[1], 300);
  const Failed failed = failureOf([&] { fillFromThere(300); });
  EXPECT_EQ(failed.exit, Exit::Input);
  EXPECT_EQ(failed.message, options.path + ": token 134217737 is 300, but the model's vocabulary has 300");
}

// Each file is a sequence of its own width; numbers of ones only are padding, no target.
TEST_F(DataTest, TokenFilesSayTheirWidthAndPadding) {
  std::string wide;
  for (uint32_t id : {1u, 70000u, 2u, 0xffffffffu, 4u, 5u})
    wide.append(reinterpret_cast<const char *>(&id), 4);
  const Data data = load(wide, 70001, 0, "t.u32.bin");
  data.training->copyRow(buffers.text(), 0, 0);
  EXPECT_EQ(std::vector<int32_t>(buffers.tokens, buffers.tokens + 4), (std::vector<int32_t>{1, 70000, 2, 0}));
  EXPECT_EQ(std::vector<int32_t>(buffers.targets, buffers.targets + 4), (std::vector<int32_t>{70000, 2, -1, 4}));
  DataOptions options;
  options.path = write(folder / "t.bin", wide);
  options.validationFraction = 0;
  options.tokenWidth = TokenWidth::Uint32;
  EXPECT_EQ(loadData(options, buffers.text(), 70001).training->size(), "6 tokens");
  options.tokenWidth = TokenWidth::Unknown;
  EXPECT_EQ(loadData(options, buffers.text(), 0).training->size(), "12 tokens");
}

// As llm.c's dev/data writes them: 256 numbers of 32 bits, then the tokens.
TEST_F(DataTest, FilesOfLlmC) {
  std::string header(1024, '\0');
  const int32_t numbers[] = {20240520, 1, 6};
  std::memcpy(header.data(), numbers, sizeof numbers);
  std::string tokens;
  for (int id : {1, 300, 2, 3, 4, 5})
    tokens += {char(id), char(id >> 8)};
  const Data data = load(header + tokens, 301, 0, "t.bin");
  EXPECT_EQ(data.training->size(), "6 tokens");
  data.training->copyRow(buffers.text(), 0, 0);
  EXPECT_EQ(buffers.tokens[1], 300);
  write(folder / "t.bin", header + tokens + "xx");
  EXPECT_EQ(failureOf([&] { load(header + tokens + "xx", 301, 0, "t.bin"); }).exit, Exit::Damaged);
  header[4] = 9;
  expectContains(error(header + tokens, 301, "t.bin"), "in version 9, of which only 1 is read");
}

TEST_F(DataTest, FilesOfAFolderFollowEachOther) {
  makeFolder(folder / "d/b");
  write(folder / "d/b/2.txt", "cd");
  write(folder / "d/1.txt", "abxy");
  write(folder / "d/.hidden.txt", "no");
  write(folder / "d/3.csv", "no");
  DataOptions options;
  options.path = folder / "d";
  options.validationFraction = 0;
  const Data data = loadData(options, buffers.text(), 256);
  EXPECT_EQ(data.training->size(), "6 tokens");
  data.training->copyRow(buffers.text(), 0, 0);
  EXPECT_EQ(buffers.targets[3], 'c');
  options.path = folder / "d/*.txt";
  EXPECT_EQ(failureOf([&] { loadData(options, buffers.text(), 256); }).message,
            options.path + ": too short: 4 tokens, but a context of 4 needs at least 5");
  write(folder / "d/4.bin", "abcdabcdab");
  options.path = folder / "d"; // files of tokens come first
  EXPECT_EQ(loadData(options, buffers.text(), 65536).training->size(), "5 tokens");
  options.path = folder / "d/[14].*";
  expectContains(failureOf([&] { loadData(options, buffers.text(), 256); }).message, "cannot be one sequence");
}

TEST_F(DataTest, TextErrors) {
  EXPECT_EQ(error("", 256), folder / "t.txt" + ": is empty");
  expectContains(error("abcd", 256), "too short: 4 tokens, but a context of 4 needs at least 5");
  expectContains(error("abc\xff"
                       "defgh",
                       256),
                 "not UTF-8 text: byte 0xff at offset 3");
  expectContains(error("abcdefgh", 5),
                 "8 distinct characters, but the model's vocabulary holds 5: no room for 'f' (U+0066)");
  expectContains(failureOf([&] {
                   DataOptions options;
                   options.path = folder / "none.txt";
                   loadData(options, buffers.text(), 256);
                 }).message,
                 "none.txt: cannot open: No such file");
  expectContains(failureOf([&] {
                   DataOptions options;
                   options.path = folder / "empty";
                   makeFolder(options.path);
                   loadData(options, buffers.text(), 256);
                 }).message,
                 "is a folder");
}

TEST_F(DataTest, ManyCharactersNeedWideIds) {
  std::string text;
  for (char32_t value = 0x4e00; value < 0x4e00 + 400; ++value)
    text += std::string({char(0xe0 | value >> 12), char(0x80 | (value >> 6 & 63)), char(0x80 | (value & 63))});
  DataOptions options;
  options.path = write(folder / "wide.txt", text);
  options.tokenizer = "chars";
  options.validationFraction = 0;
  const Data data = loadData(options, buffers.text(), 400);
  data.training->copyRow(buffers.text(), 0, 98);
  EXPECT_EQ(buffers.targets[3], 396);
  EXPECT_EQ(data.training->bytesOfRow(buffers.text(), 0), 12);
}

static std::string idx(std::initializer_list<uint32_t> sizes, const std::string &bytes) {
  std::string file = {0, 0, 8, char(sizes.size())};
  for (uint32_t size : sizes)
    file += {char(size >> 24), char(size >> 16), char(size >> 8), char(size)};
  return file + bytes;
}

static void writeGzip(const std::string &path, const std::string &content) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), unsigned(content.size()));
  gzclose(file);
}

TEST_F(DataTest, Images) {
  writeGzip(folder / "train-images-idx3-ubyte.gz", idx({3, 2, 2}, {0, char(255), 51, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  write(folder / "train-labels-idx1-ubyte", idx({3}, {0, 9, 4}));
  DataOptions options;
  options.validationFraction = 0;
  for (const std::string &path : {folder.path(), folder / "train-images-idx3-ubyte.gz"}) {
    options.path = path;
    const Data data = loadData(options, buffers.pictures(), 10);
    data.training->fill(buffers.pictures(), Order::Sequential, 0, 0);
    EXPECT_EQ(buffers.images[1], 1.0f);
    EXPECT_EQ(buffers.images[2], 0.2f);
    EXPECT_EQ(buffers.labels[1], 9);
  }
  EXPECT_EQ(failureOf([&] { loadData(options, buffers.pictures(), 9); }).message,
            folder / "train-labels-idx1-ubyte" + ": label 1 is 9, but the model has 9 classes");
}

TEST_F(DataTest, DamagedImages) {
  DataOptions options;
  options.path = folder / "x-images-idx3-ubyte";
  options.validationFraction = 0;
  write(folder / "x-labels-idx1-ubyte", idx({3}, {0, 9, 4}));
  const auto message = [&](const std::string &content) {
    write(options.path, content);
    return failureOf([&] { loadData(options, buffers.pictures(), 10); });
  };
  expectContains(message(idx({3, 2, 2}, "12345")).message, "truncated");
  expectContains(message(idx({0xffffffff, 0xffffffff, 0xffffffff}, "12345")).message, "damaged or truncated: sizes");
  expectContains(message(idx({3, 2, 2}, "123456789abcd")).message, "more bytes than its sizes");
  expectContains(message(idx({2, 2, 2}, "12345678")).message, "2 images, but 3 labels");
  expectContains(message(idx({3, 1, 2}, "123456")).message, "images of 1 by 2 pixels, but the model takes 4 numbers");
  expectContains(message(idx({0, 2, 2}, "")).message, "is empty");
  expectContains(message("hello").message, "not an IDX file");
  EXPECT_EQ(message("").exit, Exit::Damaged);
  std::string half = idx({3, 2, 2}, "123456789abc");
  writeGzip(folder / "whole", half);
  const std::string gzip = readFile(folder / "whole");
  EXPECT_EQ(message(gzip.substr(0, gzip.size() - 9)).exit, Exit::Damaged);
}

} // namespace sinter::test
