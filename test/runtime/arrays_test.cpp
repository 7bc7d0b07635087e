// Arrays in files: every format and type, and what is said of those that do not fit.
#include "array_files.h"
#include "arrays/array_files.h"
#include "arrays/idx.h"

#include <algorithm>
#include <cmath>

namespace sinter::test {

namespace {

class ArraysTest : public testing::Test {
protected:
  Folder folder;

  Array read(const std::string &name, const std::string &content, const std::string &part = "",
             const std::string &input = "x", uint32_t dtype = SINTER_F32) {
    ArrayFiles files;
    return files.read(write(folder / name, content), part, input, dtype);
  }
  /// All numbers, as an input of f32 gets them.
  static std::vector<float> floats(const Array &array) {
    std::vector<float> all(size_t(array.rows() * array.rowSize()));
    for (int64_t row = 0; row < array.rows(); ++row)
      array.copyRow(row, SINTER_F32, all.data() + row * array.rowSize());
    return all;
  }
  static std::vector<int32_t> integers(const Array &array) {
    std::vector<int32_t> all(size_t(array.rows() * array.rowSize()));
    for (int64_t row = 0; row < array.rows(); ++row)
      array.copyRow(row, SINTER_I32, all.data() + row * array.rowSize());
    return all;
  }
  Failed failed(const std::string &name, const std::string &content, const std::string &part = "") {
    return failureOf([&] { read(name, content, part); });
  }
  std::string problem(const std::string &name, const std::string &content, uint32_t dtype, int64_t most = INT32_MAX) {
    return failureOf([&] { checkArray(read(name, content), "x", dtype, 0, most); }).message;
  }
};

using Floats = std::vector<float>;
using Sizes = std::vector<int64_t>;

} // namespace

TEST_F(ArraysTest, NumpyTypes) {
  const auto numbers = [&](const std::string &type, const std::string &content) {
    return floats(read("a.npy", npyFile(type, "2,", content)));
  };
  EXPECT_EQ(numbers("<f4", bytesOf<float>({1.5f, -2})), (Floats{1.5f, -2}));
  EXPECT_EQ(numbers("=f4", bytesOf<float>({1.5f, -2})), (Floats{1.5f, -2}));
  EXPECT_EQ(numbers("<f8", bytesOf<double>({0.1, 1e20})), (Floats{0.1f, 1e20f}));
  EXPECT_EQ(numbers("<f2", bytesOf<uint16_t>({0x3c00, 0xc500})), (Floats{1, -5}));
  EXPECT_EQ(numbers("<f2", bytesOf<uint16_t>({0x0001, 0x03ff})), (Floats{0x1p-24f, 1023 * 0x1p-24f}));
  EXPECT_EQ(numbers("|u1", {'\0', '\xff'}), (Floats{0, 1})); // pixels
  EXPECT_EQ(numbers("|i1", {'\1', '\xff'}), (Floats{1, -1}));
  EXPECT_EQ(numbers("|b1", {'\1', '\0'}), (Floats{1, 0}));
  EXPECT_EQ(numbers("<u2", bytesOf<uint16_t>({1, 65535})), (Floats{1, 65535}));
  EXPECT_EQ(numbers("<i2", bytesOf<int16_t>({1, -300})), (Floats{1, -300}));
  EXPECT_EQ(numbers("<i4", bytesOf<int32_t>({1, -70000})), (Floats{1, -70000}));
  EXPECT_EQ(numbers("<u4", bytesOf<uint32_t>({1, 4000000000u})), (Floats{1, 4e9f}));
  EXPECT_EQ(numbers("<i8", bytesOf<int64_t>({1, -5000000000})), (Floats{1, -5e9f}));
  EXPECT_EQ(numbers("<u8", bytesOf<uint64_t>({1, 10000000000})), (Floats{1, 1e10f}));
  EXPECT_EQ(numbers(">f4", {'\x3f', '\xc0', '\0', '\0', '\xc0', '\0', '\0', '\0'}), (Floats{1.5f, -2}));
  EXPECT_EQ(numbers(">i2", {'\0', '\7', '\xff', '\xfe'}), (Floats{7, -2}));
  // Where integers are wanted, a byte is what it is.
  EXPECT_EQ(integers(read("a.npy", npyFile("|u1", "2,", {'\7', '\xff'}))), (std::vector<int32_t>{7, 255}));
}

TEST_F(ArraysTest, ForOtherTypes) {
  const Array wide = read("a.npy", npyFile("<i8", "3,", bytesOf<int64_t>({-1, 1, (int64_t{1} << 62) + 1})));
  std::vector<int64_t> whole(3);
  for (int64_t row = 0; row < 3; ++row)
    wide.copyRow(row, SINTER_I64, whole.data() + row);
  EXPECT_EQ(whole, (std::vector<int64_t>{-1, 1, (int64_t{1} << 62) + 1}));
  const Array floats =
      read("a.npy",
           npyFile("<f4", "7,", bytesOf<float>({1, -0.0f, 1 + 0x1p-8f, 1 + 0x3p-8f, 1 + 0x1p-11f, 0x1.8p-24f, 65519})));
  std::vector<uint16_t> halves(7), bfloats(7);
  std::vector<double> doubles(7);
  for (int64_t row = 0; row < 7; ++row) {
    floats.copyRow(row, SINTER_F16, halves.data() + row);
    floats.copyRow(row, SINTER_BF16, bfloats.data() + row);
    floats.copyRow(row, SINTER_F64, doubles.data() + row);
  }
  // Ties go to even fractions.
  EXPECT_EQ(halves, (std::vector<uint16_t>{0x3c00, 0x8000, 0x3c04, 0x3c0c, 0x3c00, 0x0002, 0x7bff}));
  EXPECT_EQ(bfloats, (std::vector<uint16_t>{0x3f80, 0x8000, 0x3f80, 0x3f82, 0x3f80, 0x33c0, 0x4780}));
  EXPECT_EQ(doubles[3], 1 + 0x3p-8);
}

TEST_F(ArraysTest, NumpyShapes) {
  const std::string six = bytesOf<float>({0, 1, 2, 3, 4, 5});
  const Array array = read("a.npy", npyFile("<f4", "2, 3, ", six));
  EXPECT_EQ(array.shape, (Sizes{2, 3}));
  Floats row(3);
  array.copyRow(1, SINTER_F32, row.data());
  EXPECT_EQ(row, (Floats{3, 4, 5}));
  EXPECT_EQ(read("a.npy", npyFile("<f4", "2, 3", six, "False", 2)).shape, (Sizes{2, 3}));
  EXPECT_EQ(read("a.npy", npyFile("<f4", "6,", six, "True", 3)).shape, (Sizes{6})); // of one axis, any order is one
  EXPECT_EQ(read("a.npy", npyFile("<f4", "", bytesOf<float>({3}))).rows(), 1);
  expectContains(failed("a.npy", npyFile("<f4", "2, 3, ", six, "True")).message, "an array in Fortran's order; save");
  EXPECT_EQ(read("named by nothing", npyFile("<f4", "6,", six)).shape, (Sizes{6}));
}

TEST_F(ArraysTest, NumpyErrors) {
  const std::string six = bytesOf<float>({0, 1, 2, 3, 4, 5});
  const auto damaged = [&](const std::string &content, const char *part) {
    const Failed failure = failed("a.npy", content);
    EXPECT_EQ(failure.exit, Exit::Damaged) << failure.message;
    expectContains(failure.message, part);
  };
  damaged(npyFile("<f4", "2, 4, ", six), "shape [2, 4] of float32 needs 32 bytes, the file has 24");
  damaged(npyFile("<f4", "5,", six), "needs 20 bytes, the file has 24");
  damaged(npyFile("<f4", "9223372036854775807, 9223372036854775807", six), "overflows");
  damaged(npyFile("<f4", "-2, -3", six), "its NumPy header is not understood");
  damaged(npyFile("<f4", "2, 3, 1, 1, 1, 1, 1, 1, 1", six), "its NumPy header is not understood");
  damaged(npyFile("<f4", "2 3", six), "its NumPy header is not understood");
  damaged(npyFile("<f4", "6,", six, "Maybe"), "its NumPy header is not understood");
  damaged(npyFile("<f4", "6,", six).substr(0, 40), "truncated");
  damaged(npyFile("<f4", "6,", six, "False", 4), "of no known version");
  damaged("\x93NUM", "not a NumPy file");
  damaged("\x93NUMPY\2" + std::string("\0\xff\xff\xff\x7f", 5), "a NumPy header of 2147483647 bytes");
  expectContains(failed("a.npy", npyFile("<c8", "3,", six)).message, "an array of type '<c8', which is not read");
  expectContains(failed("a.npy", npyFile("|O", "3,", six)).message, "an array of type '|O'");
  std::string records = npyFile("<f4", "6,", six);
  records.replace(records.find("'<f4'"), 5, "[('a'");
  expectContains(failed("a.npy", records).message, "an array of records");
  expectContains(failed("a.npy", npyFile("<f4", "0, 3, ", "")).message, "is empty: shape [0, 3]");
  expectContains(failed("a.npy", npyFile("<f4", "0, 9223372036854775807, 9223372036854775807", "")).message,
                 "is empty");
  expectContains(failed("a.npy", "PK\3\4" + std::string(60, ' ')).message, "not a NumPy file but a zip archive");
  expectContains(failed("a.npy", npyFile("<f4", "6,", six), "b").message, "is one array: nothing in it is called b");
}

TEST_F(ArraysTest, Archives) {
  const std::string x = npyFile("<f4", "2, 1", bytesOf<float>({1, 2})),
                    y = npyFile("<i8", "3,", bytesOf<int64_t>({7, 8, 9}));
  for (const bool packed : {false, true})
    for (const bool large : {false, true}) {
      const std::string file = zipFile({{"x.npy", x, packed, large}, {"y.npy", y, packed, large}}, large);
      EXPECT_EQ(floats(read("a.npz", file)), (Floats{1, 2})); // what is called as the input is
      EXPECT_EQ(floats(read("a.npz", file, "y")), (Floats{7, 8, 9}));
      EXPECT_EQ(floats(read("a.npz", file, "y.npy")), (Floats{7, 8, 9}));
      const Failed none = failed("a.npz", file, "z");
      expectContains(none.message, "a.npz: has no array z: it has x.npy, y.npy");
      expectContains(failureOf([&] { read("a.npz", file, "", "images"); }).message,
                     "has no array images: it has x.npy, y.npy; name one of them: --input images=");
    }
  EXPECT_EQ(floats(read("a.npz", zipFile({{"arr_0.npy", y}}))), (Floats{7, 8, 9})); // the only one
  // A comment at the end, and a member that is no array.
  std::string file = zipFile({{"x.npy", x, true}, {"readme.txt", "hello"}});
  file[file.size() - 2] = 5;
  EXPECT_EQ(floats(read("a.npz", file + "words")), (Floats{1, 2}));
  EXPECT_EQ(failed("a.npz", file + "words", "readme.txt").exit, Exit::Damaged);
}

TEST_F(ArraysTest, DamagedArchives) {
  const std::string x = npyFile("<f4", "2, 1", bytesOf<float>({1, 2}));
  for (const bool packed : {false, true}) {
    const std::string good = zipFile({{"x.npy", x, packed}});
    const auto damaged = [&](const std::string &content, const char *part) {
      const Failed failure = failed("a.npz", content);
      EXPECT_EQ(failure.exit, Exit::Damaged) << failure.message;
      expectContains(failure.message, part);
    };
    std::string bad = good;
    bad[bad.find("PK\1\2") + 16] ^= 1;
    damaged(bad, "its content has another checksum than it was packed with");
    bad = good;
    bad[bad.find("PK\1\2") + 42] = 9;
    damaged(bad, "a member is not where the directory says");
    bad = good;
    bad[bad.find("PK\1\2") + 24] ^= 1; // its size
    EXPECT_EQ(failed("a.npz", bad).exit, Exit::Damaged);
    damaged(good.substr(0, good.size() - 22), "it has no directory");
    damaged("PK\3\4 and nothing else", "it has no directory");
    damaged("", "it has no directory");
    bad = good;
    bad[bad.rfind("PK\5\6") + 10] = 2;
    damaged(bad, "its directory is shorter than it says");
    bad[bad.rfind("PK\5\6") + 10] = 1;
    bad[bad.find("PK\1\2") + 8] = 1;
    expectContains(failed("a.npz", bad).message, "x.npy is encrypted");
    bad[bad.find("PK\1\2") + 8] = 0;
    bad[bad.find("PK\1\2") + 10] = 12;
    expectContains(failed("a.npz", bad).message, "x.npy is packed by method 12, only 0 (stored) and 8 (deflated)");
    damaged(zipFile({{"x.npy", x, packed}, {"x.npy", x, packed}}), "two members of one name");
  }
  // More than memory may cost.
  std::string bomb = zipFile({{"x.npy", npyFile("|u1", "100000000,", ""), true}});
  bomb.replace(bomb.find("PK\1\2") + 24, 4, littleEndian(100000128, 4));
  expectContains(failed("a.npz", bomb).message, "too strongly packed; save it by numpy.savez");
  expectContains(failed("a.npz", "GGUF\3" + std::string(60, ' ')).message, "not a zip archive but a GGUF file");
}

TEST_F(ArraysTest, Safetensors) {
  const std::string file = tensorFile("x", "BF16", "2,2", bytesOf<uint16_t>({0x3f80, 0xc000, 0x4040, 0}));
  const Array array = read("a.safetensors", file);
  EXPECT_EQ(array.shape, (Sizes{2, 2}));
  EXPECT_EQ(floats(array), (Floats{1, -2, 3, 0}));
  EXPECT_EQ(floats(read("by its beginning", file)), (Floats{1, -2, 3, 0}));
  EXPECT_EQ(floats(read("a.safetensors", file, "", "other")), (Floats{1, -2, 3, 0})); // the only one
  // Headers as long as the first bytes of other formats say.
  for (const size_t length : {0x280, 0x380, 0x480, 0x580}) {
    std::string header = file.substr(8, file.size() - 16);
    header.resize(length, ' ');
    EXPECT_EQ(floats(read("a.safetensors", littleEndian(length, 8) + header + file.substr(file.size() - 8))),
              (Floats{1, -2, 3, 0}));
  }
  expectContains(failed("a.safetensors", file, "z").message, "has no array z: it has x");
  expectContains(failed("a.safetensors", tensorFile("x", "F8_E4M3", "2", "ab")).message,
                 "numbers of type F8_E4M3 are not read");
  expectContains(failed("a.safetensors", tensorFile("x", "F32", "0", "")).message, "is empty: shape [0]");
}

TEST_F(ArraysTest, Tables) {
  const std::string plain = "1,2.5,300\n-4,+1e-3,70000\n";
  EXPECT_EQ(floats(read("t.csv", plain)), (Floats{1, 2.5f, 300, -4, 1e-3f, 70000}));
  EXPECT_EQ(read("t.csv", plain).shape, (Sizes{2, 3}));
  EXPECT_EQ(integers(read("t.csv", plain, "3")), (std::vector<int32_t>{300, 70000}));
  // Other separators, line ends, a byte order mark, empty lines, blanks, no line end at the end.
  for (const char *same : {"1;2.5;300\r\n-4;+1e-3;70000\r\n", "1\t2.5\t300\n-4\t+1e-3\t70000",
                           "\xef\xbb\xbf"
                           "1,2.5,300\n\n-4,+1e-3,70000\n\n",
                           " 1 , 2.5,300 \n-4,  +1e-3 ,70000", "\"1\",\"2.5\",\"300\"\n\"-4\",\"+1e-3\",\"70000\"\n",
                           "a,b,c\n1,2.5,300\n-4,+1e-3,70000\n", "# a,b,c\n1,2.5,300\n-4,+1e-3,70000\n"})
    EXPECT_EQ(floats(read("t.csv", same)), (Floats{1, 2.5f, 300, -4, 1e-3f, 70000})) << same;
  // The nearest f32 of the text itself.
  EXPECT_EQ(floats(read("t.csv", "0.1\n16777217.5\n1e-45\n"))[0], 0.1f);
  EXPECT_TRUE(std::signbit(floats(read("t.csv", "-0\n1\n"))[0]));
}

TEST_F(ArraysTest, Columns) {
  const std::string table = "id,age,\"net, price\",y\n1,2,3,4\n5,6,7,8\n";
  EXPECT_EQ(floats(read("t.csv", table, "y")), (Floats{4, 8}));
  EXPECT_EQ(floats(read("t.csv", table, "y,id")), (Floats{4, 1, 8, 5}));
  EXPECT_EQ(floats(read("t.csv", table, "2-4")), (Floats{2, 3, 4, 6, 7, 8}));
  EXPECT_EQ(floats(read("t.csv", table, "-y")), (Floats{1, 2, 3, 5, 6, 7}));
  EXPECT_EQ(floats(read("t.csv", table, "-y,1")), (Floats{2, 3, 6, 7}));
  EXPECT_EQ(floats(read("t.csv", table, "", "y")), (Floats{4, 8})); // what is called as the input is
  EXPECT_EQ(floats(read("t.csv", table, "", "x")).size(), 8u);
  const auto error = [&](const std::string &part) {
    const Failed failure = failed("t.csv", table, part);
    EXPECT_EQ(failure.exit, Exit::Usage);
    return failure.message;
  };
  expectContains(error("ag"), "has no column ag: 4 columns, the first is called id; did you mean age?");
  for (const char *bad : {"0", "5", "3-2", "1-9", "-", ",", "1-", "-1-x", "1,,2"})
    expectContains(error(bad), "has no column");
}

TEST_F(ArraysTest, TableErrors) {
  const auto error = [&](const std::string &content) {
    const Failed failure = failed("t.csv", content);
    EXPECT_EQ(failure.exit, Exit::Input) << failure.message;
    return failure.message;
  };
  expectContains(error("a,b\n1,2\n1,x\n"), "t.csv: line 3, column 2 (b): 'x' is not a finite number");
  expectContains(error("1,2\n1,\n"), "line 2, column 2: '' is not a finite number");
  expectContains(error("1,2\n1,nan\n"), "'nan' is not a finite number");
  expectContains(error("1,2\n1,1e39\n"), "'1e39' is not a finite number");
  expectContains(error("1,2\n1,0x10\n"), "'0x10' is not a finite number");
  expectContains(error("1,2\n\n1,2,3\n"), "line 3 has 3 columns, the first line has 2");
  expectContains(error("1,2\n1\n"), "line 2 has 1 columns, the first line has 2");
  expectContains(error(""), "is empty");
  expectContains(error("\n\n"), "is empty");
  expectContains(error("a,b\n"), "has no line of numbers");
  expectContains(error(std::string("\0\1\2", 3)), "not a table: the first line is no text");
  expectContains(error("<!DOCTYPE html>\n"), "not a table but an HTML page");
  expectContains(error("1," + std::string(9 << 20, '1') + "\n"), "has more than 8388608 bytes");
  expectContains(error("1" + std::string(300000, ',')), "has 300001 columns, more than 262144");
  // A table of digits that turns out to be of f32 everywhere.
  std::string digits = "0.5";
  for (int i = 1; i < 1000; ++i)
    digits += ",0.5";
  for (int row = 0; row < 12000; ++row) {
    digits += "\n0";
    for (int i = 1; i < 1000; ++i)
      digits += ",0";
  }
  expectContains(error(digits), "are far more than the file's");
}

TEST_F(ArraysTest, Idx) {
  const auto idx = [](char type, const std::string &content) {
    return std::string{0, 0, type, 1, 0, 0, 0, 2} + content;
  };
  EXPECT_EQ(floats(read("a", idx(8, {'\0', '\x33'}))), (Floats{0, 0.2f}));
  EXPECT_EQ(floats(read("a", idx(9, {'\1', '\xff'}))), (Floats{1, -1}));
  EXPECT_EQ(floats(read("a", idx(11, {'\1', '\0', '\xff', '\xff'}))), (Floats{256, -1}));
  EXPECT_EQ(floats(read("a", idx(12, {0, 0, 1, 0, 0, 0, 0, 3}))), (Floats{256, 3}));
  EXPECT_EQ(floats(read("a", idx(13, {'\x3f', '\xc0', 0, 0, '\xc0', 0, 0, 0}))), (Floats{1.5f, -2}));
  EXPECT_EQ(floats(read("a", idx(14, {'\x3f', '\xf8', 0, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0}))),
            (Floats{1.5f, -2}));
  expectContains(failed("a", idx(10, "ab")).message, "an IDX file of type 0x0a");
  EXPECT_EQ(failed("a", idx(8, "a")).exit, Exit::Damaged);
  EXPECT_EQ(failed("a", idx(8, "abc")).exit, Exit::Damaged);
  EXPECT_EQ(failed("a", std::string{0, 0, 8, 9} + std::string(40, '\1')).exit, Exit::Damaged);
}

TEST_F(ArraysTest, Cifar) {
  std::string ten, hundred;
  for (int n = 0; n < 3; ++n) {
    ten += char(n + 4) + std::string(3072, char(51 * n));
    hundred += std::string{char(n + 1), char(n + 90)} + std::string(3072, char(51 * n));
  }
  for (const std::string &file : {ten, hundred}) {
    const Array images = read("batch.bin", file, "", "x");
    EXPECT_EQ(images.shape, (Sizes{3, 3, 32, 32}));
    EXPECT_EQ(floats(images)[0], 0);
    EXPECT_EQ(floats(images)[3072 + 5], 0.2f);
    EXPECT_EQ(floats(images).back(), 0.4f);
  }
  EXPECT_EQ(integers(read("batch.bin", ten, "", "y", SINTER_I32)), (std::vector<int32_t>{4, 5, 6}));
  EXPECT_EQ(integers(read("batch.bin", hundred, "", "y", SINTER_I32)), (std::vector<int32_t>{90, 91, 92}));
  EXPECT_EQ(integers(read("batch.bin", hundred, "fine")), (std::vector<int32_t>{90, 91, 92}));
  EXPECT_EQ(integers(read("batch.bin", hundred, "coarse")), (std::vector<int32_t>{1, 2, 3}));
  expectContains(failed("batch.bin", ten, "coarse").message, "has no coarse for the input x: it has images, labels");
  expectContains(failed("batch.bin", ten + "x").message, "9220 bytes are no whole number of CIFAR's records");
  expectContains(failed("batch.bin", "").message, "0 bytes are no whole number");
}

TEST_F(ArraysTest, NumbersThatDoNotFit) {
  const std::string bad = npyFile("<f4", "2, 2", bytesOf<float>({0, 1, INFINITY, 0.5f}));
  expectContains(problem("a.npy", bad, SINTER_F32), "a.npy: number 0 of example 1 is inf, which is not finite as f32");
  expectContains(problem("a.npy", npyFile("<f8", "1,", bytesOf<double>({1e39})), SINTER_F32),
                 "which is not finite as f32");
  expectContains(problem("a.npy", npyFile("<f4", "1,", bytesOf<float>({65520})), SINTER_F16),
                 "which is not finite as f16: the input x takes f16");
  expectContains(problem("a.npy", npyFile("<f4", "2,", bytesOf<float>({1, 0.5f})), SINTER_I32),
                 "number 0 of example 1 is 0.5, which is not whole");
  expectContains(problem("a.npy", npyFile("<i8", "1,", bytesOf<int64_t>({10})), SINTER_I32, 9),
                 "number 0 of example 0 is 10, which is not in [0, 9]");
  expectContains(problem("a.npy", npyFile("<i8", "1,", bytesOf<int64_t>({-1})), SINTER_I32),
                 "is -1, which is not in [0, ");
  expectContains(problem("a.npy", npyFile("|u1", "2,", "\1\2"), SINTER_I8), "example 1 is 2, which is neither 0 nor 1");
  expectContains(problem("t.csv", "1,2\n3,4.5\n", SINTER_I32), "number 1 of example 1 is 4.5, which is not whole");
}

} // namespace sinter::test
