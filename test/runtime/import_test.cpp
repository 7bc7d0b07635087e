// Parameters of other people's files: names, number formats, shards, GGUF.
#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf.h"
#include "checkpoint/number_formats.h"
#include "support.h"

#include <cmath>

namespace sinter::test {

namespace {

class ImportTest : public testing::Test {
protected:
  Folder folder;
  Program program{sinter_program_v1, 1};

  ImportTest() { program.initialize(1); }
  float *table() {
    for (uint32_t s = 0; s < program.description().state_count; ++s)
      if (const sinter_state &state = program.description().states[s]; isParameter(state))
        return static_cast<float *>(program.data(state));
    return nullptr;
  }
  static std::string header(const std::string &tensors) {
    std::string text = "{" + tensors + "}", length(8, '\0');
    text.resize((text.size() + 7) / 8 * 8, ' ');
    length[0] = char(text.size());
    length[1] = char(text.size() >> 8);
    return length + text;
  }
  // The mock's table [96, 96], element (r, c) is r + c / 128, as halves, and as what is given.
  static std::string entry(const std::string &name, const char *dtype, size_t begin, size_t bytes) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[96,96],\"data_offsets\":[" +
           std::to_string(begin) + "," + std::to_string(begin + bytes) + "]}";
  }
  static std::string halves() {
    std::string bytes;
    for (int i = 0; i < 96 * 96; ++i) {
      const uint16_t half = floatToHalf(float(i / 96) + float(i % 96) / 128);
      bytes.append(reinterpret_cast<const char *>(&half), 2);
    }
    return bytes;
  }
  std::vector<ImportedTensor> load(const std::string &path, const std::vector<std::string> &rules = {}) {
    std::vector<ImportedTensor> lines;
    std::vector<std::string> notes;
    bool complete;
    loadParameters(path, program, &complete, notes, parseNameRules(rules), &lines);
    return lines;
  }
};

} // namespace

// Values from IEEE 754: the least, the least normal and the greatest halves, ties to even, what rounds to infinity.
TEST(NumberFormats, Halves) {
  const std::pair<uint16_t, float> exact[] = {
      {0x0001, 0x1p-24f}, {0x03ff, 0x3ffp-24f}, {0x0400, 0x1p-14f},    {0x3c00, 1},        {0x7bff, 65504},
      {0xc000, -2},       {0x8000, -0.0f},      {0x3555, 0x1.554p-2f}, {0x7c00, INFINITY}, {0xfc00, -INFINITY}};
  for (const auto &[half, value] : exact) {
    EXPECT_EQ(halfToFloat(half), value);
    EXPECT_EQ(floatToHalf(value), half);
  }
  for (uint32_t half = 0; half < 0x10000; ++half)
    if (const float value = halfToFloat(uint16_t(half)); !std::isnan(value))
      EXPECT_EQ(floatToHalf(value), half);
    else
      EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
  EXPECT_EQ(floatToHalf(65519), 0x7bff);
  EXPECT_EQ(floatToHalf(65520), 0x7c00);
  EXPECT_EQ(floatToHalf(1 + 0x1p-11f), 0x3c00);
  EXPECT_EQ(floatToHalf(1 + 0x3p-11f), 0x3c02);
  EXPECT_EQ(floatToHalf(0x1p-25f), 0);
  EXPECT_EQ(floatToHalf(0x3p-25f), 2);
}

// Blocks by hand: a scale, then numbers of it.
TEST(NumberFormats, Blocks) {
  float values[32], back[32];
  for (int i = 0; i < 32; ++i)
    values[i] = float(i - 16); // greatest 16: q4_0 has scale 2, q8_0 16 / 127
  char bytes[34];
  const NumberFormat &q4 = *findNumberFormat("Q4_0"), &q8 = *findNumberFormat("Q8_0");
  q4.fromFloat(values, 32, bytes);
  EXPECT_EQ(bytes[0] | bytes[1] << 8, 0x4000);
  EXPECT_EQ(static_cast<unsigned char>(bytes[2]), 0x80); // -16 is -8 scales, 0 is 8 in the high four bits
  q4.toFloat(bytes, 32, back);
  EXPECT_EQ(back[0], -16);
  EXPECT_EQ(back[18], 2);
  q8.fromFloat(values, 32, bytes);
  EXPECT_EQ(bytes[2], -127);
  q8.toFloat(bytes, 32, back);
  for (int i = 0; i < 32; ++i)
    EXPECT_NEAR(back[i], values[i], 16.0 / 127 / 2 + 1e-3);
  EXPECT_EQ(findNumberFormat("Q5_0"), nullptr);
}

TEST(NameRules, Stars) {
  const auto rules = parseNameRules({"transformer.h.*.attn.*=h.*.attn.*:transpose", "a=b", "*.w=x.*"});
  EXPECT_EQ(rules[0].apply("transformer.h.11.attn.c_proj.weight"), "h.11.attn.c_proj.weight");
  EXPECT_TRUE(rules[0].transpose);
  EXPECT_EQ(rules[0].apply("transformer.h.11.mlp"), "");
  EXPECT_EQ(rules[1].apply("a"), "b");
  EXPECT_EQ(rules[1].apply("ab"), "");
  EXPECT_EQ(rules[2].apply("q.w"), "x.q");
  EXPECT_EQ(rules[2].apply("w"), "");
  for (const char *bad : {"a", "=b", "a=", "a=*", "a=:transpose"})
    EXPECT_EQ(failureOf([&] { parseNameRules({bad}); }).exit, Exit::Usage) << bad;
}

TEST_F(ImportTest, HalvesAndBuffers) {
  const std::string path =
      write(folder / "m.safetensors",
            header(entry("transformer.table.weight", "F16", 0, 18432) +
                   R"(,"h.0.attn.bias":{"dtype":"U8","shape":[4],"data_offsets":[18432,18436]},)"
                   R"("lm_head.weight":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[18436,18440]})") +
                halves() + "12345678");
  const auto lines = load(path);
  EXPECT_EQ(table()[97], 1 + 1.0f / 128);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].use, "table.weight");
  EXPECT_EQ(lines[1].why, "a buffer, not a parameter");
  EXPECT_EQ(lines[2].why, "the head is tied to the embedding here");
  expectContains(importTable(lines), "3 found, 1 used, 2 ignored, 0 missed\n");
}

TEST_F(ImportTest, RulesTranspose) {
  const std::string path = write(folder / "m.safetensors", header(entry("other.w", "F16", 0, 18432)) + halves());
  expectContains(failureOf([&] { load(path); }).message, "has no table.weight, a parameter of the program");
  load(path, {"other.w=table.weight:transpose"});
  EXPECT_EQ(table()[1], 1);
  EXPECT_EQ(table()[96], 1.0f / 128);
}

TEST_F(ImportTest, Shards) {
  write(folder / "m-1.safetensors", header(entry("table.weight", "F16", 0, 18432)) + halves());
  write(folder / "m-2.safetensors", header(R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})") + "1234");
  write(folder / "model.safetensors.index.json",
        R"({"metadata":{},"weight_map":{"table.weight":"m-1.safetensors","x":"m-2.safetensors"}})");
  EXPECT_EQ(load(findCheckpoint(folder.path())).size(), 2u);
  EXPECT_EQ(table()[97], 1 + 1.0f / 128);
  const auto index = [&](const char *content) {
    write(folder / "i.json", content);
    return failureOf([&] { load(folder / "i.json"); }).message;
  };
  expectContains(index(R"({"weight_map":{"y":"m-1.safetensors"}})"), "y is not in m-1.safetensors");
  expectContains(index(R"({"weight_map":{"y":"../m-1.safetensors"}})"), "which is no file beside it");
  expectContains(index("{}"), "has no weight_map");
  expectContains(index("{"), "not JSON at byte");
}

TEST_F(ImportTest, Gguf) {
  expectContains(failureOf([&] { exportGguf(folder / "m.gguf", program, Tokenizer::bytes(), {}); }).message,
                 "is no parameter of GPT-2's or of Llama's");
  const auto message = [&](const std::string &content) {
    write(folder / "m.gguf", content);
    return failureOf([&] { load(folder / "m.gguf"); }).message;
  };
  expectContains(message("GGUF"), "damaged, or not GGUF: truncated inside its header");
  expectContains(message(std::string("GGUF\1\0\0\0", 8)), "GGUF of version 1, of which 2 and 3 are read");
  expectContains(message(std::string("GGUF\3\0\0\0\377\377\377\377\377\377\377\377\0\0\0\0\0\0\0\0", 24)),
                 "18446744073709551615 tensors");
  // A header with one tensor that lies behind the file's end.
  std::string file("GGUF\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
  file += std::string("\1\0\0\0\0\0\0\0a\1\0\0\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 33);
  expectContains(message(file + std::string(32, '\0')), "are not inside the");
}

// Rows are paired as llama.cpp turns them, and back.
TEST(Gguf, Heads) {
  std::vector<float> rows = {0, 1, 2, 3, 10, 11, 12, 13}; // two heads of four
  pairHeads(rows.data(), 8, 1, 2, false);
  EXPECT_EQ(rows, (std::vector<float>{0, 2, 1, 3, 10, 12, 11, 13}));
  pairHeads(rows.data(), 8, 1, 2, true);
  EXPECT_EQ(rows, (std::vector<float>{0, 1, 2, 3, 10, 11, 12, 13}));
}

} // namespace sinter::test
