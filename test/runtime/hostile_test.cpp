// Hostile files: what they may cost (their size and 64 MB, a second), what they are called, and that none of them ends
// a program by a signal.
#include "base/utf8.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "commands.h"
#include "training/trainer.h"

#include <algorithm>
#include <fstream>

namespace sinter::test {

namespace {

class HostileTest : public CommandsTest {
protected:
  std::string plainHeader = R"("table.weight":{"dtype":"F32","shape":[96,96],"data_offsets":[0,36864]})";

  /// A checkpoint with this metadata, and tensors before the program's own; its hash is right.
  void writeCheckpoint(const std::string &path, std::map<std::string, std::string> changes,
                       const std::string &moreTensors = "");
};

} // namespace

void HostileTest::writeCheckpoint(const std::string &path, std::map<std::string, std::string> changes,
                                  const std::string &moreTensors) {
  std::map<std::string, std::string> metadata = {{"format", "sinter-checkpoint"},
                                                 {"version", "1"},
                                                 {"program", "mock"},
                                                 {"config", "{\"context\":8}"},
                                                 {"step", "5"},
                                                 {"seed", "0"},
                                                 {"data_position", "20"},
                                                 {"data_xxh3", "0000000000000000"},
                                                 {"options", TrainingOptions().json()},
                                                 {"tokenizer", "bytes"},
                                                 {"vocabulary", ""}};
  for (const auto &[key, value] : changes)
    metadata[key] = value;
  std::string text;
  for (const auto &[key, value] : metadata)
    text += (text.empty() ? "" : ",") + Json(key).dump() + ":" + Json(value).dump();
  const std::string header =
      R"({"__metadata__":{)" + text + R"(,"xxh3":"0000000000000000"},)" + moreTensors + plainHeader +
      R"(,"optimizer.momentum.table.weight":{"dtype":"F32","shape":[96,96],"data_offsets":[36864,73728]}})";
  std::ofstream(path) << withHash(headerLengthBytes(header) + header + std::string(73728, '\0'));
}

// Headers of up to 16 MB.
TEST_F(HostileTest, WhatHeadersCost) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  const std::string path = folder / "o/checkpoint.safetensors";
  const int64_t base = costOf({"sample", "--checkpoint", path, "-n", "1"}).bytes;
  const auto expectCheap = [&](const char *what) {
    for (const std::vector<std::string> &command : {std::vector<std::string>{"sample", "--checkpoint", path, "-n", "1"},
                                                    training("o", 6, {"--resume"}),
                                                    {"import", "--from", path, "--out", folder / "imported"},
                                                    {"eval", "--data", text, "--checkpoint", path}}) {
      const Cost cost = costOf(command);
      EXPECT_TRUE(cost.exit == 0 || cost.exit == 1 || cost.exit == 3)
          << what << ": " << command[0] << ": " << cost.exit << cost.err;
      EXPECT_LT(cost.bytes, base + int64_t(std::filesystem::file_size(path)) + spare) << what << ": " << command[0];
      EXPECT_LT(cost.seconds, 1) << what << ": " << command[0];
    }
  };
  writeCheckpoint(path, {{"options", repeated("[", 7500000) + repeated("]", 7500000)}});
  expectCheap("nested options");
  writeCheckpoint(path, {{"options", "{\"steps\":" + repeated("{\"a\":", 2500000)}});
  expectCheap("nested objects");
  writeCheckpoint(path, {{"config", repeated("[", 7500000)}});
  expectCheap("nested configuration");
  writeCheckpoint(path, {{"config", "{\"" + std::string(15000000, 'x') + "\":1}"}});
  expectCheap("long configuration");
  {
    std::map<std::string, std::string> many;
    for (int i = 0; i < 900000; ++i)
      many[std::to_string(i)] = "";
    writeCheckpoint(path, many);
  }
  expectCheap("metadata");
  {
    std::string tensors;
    for (int i = 0; i < 99998; ++i)
      tensors +=
          "\"" + std::string(90, 'n') + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
    writeCheckpoint(path, {}, tensors);
  }
  expectCheap("tensors");
  {
    std::string points;
    for (char32_t value = 1; value < 0x110000; ++value)
      if (value < 0xd800 || value > 0xdfff)
        appendUtf8(points, value);
    writeCheckpoint(path, {{"tokenizer", "chars"}, {"vocabulary", points}});
  }
  expectCheap("a vocabulary of all characters");
  writeCheckpoint(path, {{"tokenizer", "chars"}, {"vocabulary", std::string(15000000, 'x')}});
  expectCheap("a long vocabulary");
}

TEST_F(HostileTest, WhatTextsCost) {
  const std::string big = folder / "big.txt";
  {
    const std::string part = someText(1 << 20);
    std::ofstream file(big);
    for (int i = 0; i < 60; ++i)
      file << part;
  }
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  ASSERT_EQ(run({"export", "--checkpoint", folder / "o", "--out", folder / "plain"}).exit, 0);
  const int64_t base = costOf({"sample", "--checkpoint", folder / "o", "-n", "1"}).bytes,
                size = int64_t(std::filesystem::file_size(big));
  for (const std::vector<std::string> &command :
       {std::vector<std::string>{"train", "--data", big, "--steps", "1"},
        {"train", "--data", text, "--val-data", big, "--steps", "1", "--eval-batches", "1"},
        {"eval", "--checkpoint", folder / "o", "--data", big, "--batches", "1"},
        {"import", "--from", folder / "plain", "--out", folder / "i", "--tokenizer", "chars", "--vocabulary-from", big},
        {"sample", "--checkpoint", folder / "o", "--prompt-file", big, "-n", "1"},
        {"sample", "--checkpoint", folder / "o", "--prompt-file", big, "-n", "1", "--json"}}) {
    const Cost cost = costOf(command);
    EXPECT_EQ(cost.exit, 0) << cost.err;
    EXPECT_LT(cost.bytes, base + size + spare) << command[0] << " " << command[1];
  }
  EXPECT_EQ(Json::parse(readFile(folder / "out"))["prompt"], readFile(big)); // of the last one: pieces make the whole
}

// What begins like a file of another format is called by its name.
TEST_F(HostileTest, OtherFormatsAreNamed) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  const std::string zeros(100, '\0');
  const std::pair<std::string, const char *> kinds[] = {
      {"GGUF\3" + zeros, "a GGUF file"},
      {"PK\3\4\x14" + zeros, "a zip archive, as PyTorch's .pt and .pth files are"},
      {"\x80\2}q" + zeros, "a Python pickle"},
      {"\x1f\x8b\x08" + zeros, "compressed with gzip"},
      {"\x89HDF\r\n\x1a\n" + zeros, "an HDF5 file"},
      {"<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"},
      {"\xef\xbb\xbf\n <HTML>", "an HTML page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
       "a pointer of Git LFS, not the file itself"},
  };
  for (const auto &[bytes, name] : kinds) {
    const std::string path = write(folder / "model.safetensors", bytes);
    for (const std::vector<std::string> &command : {std::vector<std::string>{"sample", "--checkpoint", path},
                                                    {"train", "--data", text, "--steps", "1", "--init", path},
                                                    {"import", "--from", path, "--out", folder / "i"},
                                                    {"export", "--checkpoint", path, "--out", folder / "e"}})
      expectError(command, 1,
                  bytes.starts_with("GGUF") ? "model.safetensors: has no table.weight" // which is read, by any name
                                            : "model.safetensors: not safetensors but " + std::string(name));
    const bool isText = std::string(name) == "an HTML page";
    write(folder / "data.txt", bytes);
    if (isText)
      EXPECT_NE(run({"eval", "--data", folder / "data.txt", "--checkpoint", folder / "o"}).exit,
                3); // a text like others
    else
      expectError({"train", "--data", folder / "data.txt", "--steps", "1"}, 1,
                  "data.txt: not text but " + std::string(name));
  }
}

TEST_F(HostileTest, DtypesThatNobodyNeeds) {
  const std::string extra =
      R"(,"a":{"dtype":"BF16","shape":[3],"data_offsets":[36864,36870]},"b":{"dtype":"F64","shape":[1],"data_offsets":[36870,36878]},)"
      R"("c":{"dtype":"I64","shape":[],"data_offsets":[36878,36886]},"d":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[36886,36888]},)"
      R"("e":{"dtype":"F4","shape":[3],"data_offsets":[36888,36890]},"f":{"dtype":"x\u001b[2J","shape":[7],"data_offsets":[36890,36891]})";
  const auto fileWith = [&](const std::string &header, size_t bytes) {
    return write(folder / "p.safetensors", headerLengthBytes(header) + header + std::string(bytes, '\0'));
  };
  const std::string path = fileWith("{" + plainHeader + extra + "}", 36891);
  EXPECT_EQ(run(training("o", 5, {"--init", path})).exit, 0);
  const Result imported =
      run({"import", "--from", path, "--out", folder / "i", "--tokenizer", "chars", "--vocabulary-from", text});
  EXPECT_EQ(imported.exit, 0) << imported.err;
  EXPECT_EQ(run({"sample", "--checkpoint", folder / "i", "-n", "1"}).exit, 0);
  // The one that is needed must be right.
  fileWith(R"({"table.weight":{"dtype":"F8_E4M3","shape":[96,96],"data_offsets":[0,9216]}})", 9216);
  expectError({"import", "--from", path, "--out", folder / "i"}, 1,
              "table.weight: F8_E4M3 cannot be read as F32, the type of table.weight");
}

TEST_F(HostileTest, VocabulariesThatDoNotFit) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  ASSERT_EQ(run({"export", "--checkpoint", folder / "o", "--out", folder / "plain"}).exit, 0);
  expectError({"import", "--from", folder / "plain", "--out", folder / "i", "--tokenizer", "chars", "--vocabulary-from",
               write(folder / "empty", "")},
              1, "empty: is empty: a vocabulary needs a character");
  expectError({"import", "--from", folder / "plain", "--out", folder / "i", "--tokenizer", "bytes"}, 1,
              "the tokenizer has 256 tokens, but the model's vocabulary holds 96");
  for (const auto &[tokenizer, vocabulary] :
       {std::pair("chars", ""), {"", ""}, {"words", "ab"}, {"chars", "ba"}, {"chars", "aa"}, {"none", "ab"}}) {
    writeCheckpoint(folder / "bad", {{"tokenizer", tokenizer}, {"vocabulary", vocabulary}});
    for (const char *temperature : {"0", "1"})
      expectError({"sample", "--checkpoint", folder / "bad", "-n", "2", "--temperature", temperature}, 3, "bad: ");
  }
  // More tokens than the model has: no prompt may reach beyond its parameters.
  writeCheckpoint(folder / "bytes", {});
  EXPECT_EQ(run({"sample", "--checkpoint", folder / "bytes", "--prompt", "AZ", "-n", "3"}).exit, 0);
  expectError({"sample", "--checkpoint", folder / "bytes", "--prompt", "Az"}, 1,
              "--prompt: has token 122, but the model only 96 of them");
  expectError({"eval", "--checkpoint", folder / "bytes", "--data", text}, 1, "");
  std::string points;
  for (char32_t value = 0x100; value < 0x1100; ++value)
    appendUtf8(points, value);
  writeCheckpoint(folder / "many", {{"tokenizer", "chars"}, {"vocabulary", points}});
  expectError({"sample", "--checkpoint", folder / "many", "--prompt", "\u1000"}, 1,
              "has token 3840, but the model only 96 of them");
}

TEST_F(HostileTest, SavedOptionsAreChecked) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  const Json good = Json::parse(TrainingOptions().json());
  const std::pair<const char *, Json> bad[] = {{"steps", -1},
                                               {"steps", 1.5},
                                               {"steps", "5"},
                                               {"steps", nullptr},
                                               {"steps", int64_t(1) << 60},
                                               {"warmup", -1},
                                               {"val_fraction", 1},
                                               {"val_fraction", -0.5},
                                               {"val_fraction", "x"},
                                               {"schedule", "quadratic"},
                                               {"schedule", 1},
                                               {"order", "reverse"},
                                               {"lr", -1},
                                               {"lr", "fast"},
                                               {"lr", 1e39},
                                               {"lr", true},
                                               {"lr", Json::array()},
                                               {"beta1", 1},
                                               {"beta2", 0.99999999},
                                               {"beta1", -0.1},
                                               {"weight_decay", -1},
                                               {"grad_clip", -1},
                                               {"min_lr", -1},
                                               {"eps", -1},
                                               {"eps", 1e300}};
  for (const auto &[name, value] : bad) {
    Json options = good;
    options[name] = value;
    writeCheckpoint(folder / "o/checkpoint.safetensors", {{"options", options.dump()}});
    expectError(training("o", 10, {"--resume"}), 3, value.is_array() ? "not readable" : name);
  }
  for (const char *text :
       {"", "null", "[]", "{", "{}}", "{\"steps\":1,\"steps\":2}", "{\"lr\":1e999}", "{\"steps\":1} x"}) {
    writeCheckpoint(folder / "o/checkpoint.safetensors", {{"options", text}});
    expectError(training("o", 10, {"--resume"}), 3, "the saved options are not readable");
  }
}

// No file name, prompt, vocabulary or metadata reaches a terminal as it is.
TEST_F(HostileTest, ControlCharactersAreEscaped) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  const std::string evil = "e\x1b[2J\r\n\x7f\xc2\x9b\xff";
  const auto expectClean = [&](const std::vector<std::string> &command, int exit) {
    const Result result = run(command);
    EXPECT_EQ(result.exit, exit) << result.err;
    EXPECT_EQ(
        std::count_if(result.err.begin(), result.err.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }), 1)
        << result.err;
    EXPECT_EQ(result.err.back(), '\n');
  };
  expectClean({"sample", "--checkpoint", folder / evil}, 1);
  expectClean({"train", "--data", folder / evil}, 1);
  expectClean({evil}, 2);
  EXPECT_EQ(run({"sample", "--checkpoint", folder / "a\u202eb\u2028c"}).err.find("\u202e"), std::string::npos);
  expectClean({"train", "--data", text, "--schedule", evil}, 2);
  expectClean({"train", "--data", text, "--" + evil}, 2);
  expectClean({"sample", "--checkpoint", folder / "o", "--prompt", "\x1b"}, 1);
  expectClean({"sample", "--checkpoint", folder / "o", "--tokenizer", evil}, 2);
  expectClean({"bench", evil}, 2);
  writeCheckpoint(folder / "meta", {{"version", "e\x1b[2J\r\n\x7f\xc2\x9b"}});
  expectClean({"sample", "--checkpoint", folder / "meta"}, 1);
  writeCheckpoint(folder / "meta", {{"step", "\x1b[2J"}});
  expectClean({"sample", "--checkpoint", folder / "meta"}, 3);
  writeCheckpoint(folder / "meta", {{"tokenizer", "\x1b[2J"}});
  expectClean({"sample", "--checkpoint", folder / "meta"}, 3);
  const std::string header = R"({"\u001b[2J":{"dtype":"\u001b[3J","shape":[2],"data_offsets":[0,7]}})";
  write(folder / "meta", headerLengthBytes(header) + header + std::string(7, '\0'));
  expectClean({"import", "--from", folder / "meta", "--out", folder / "i"}, 1);
}

// Banned tokens have a log-probability of minus infinity, which JSON has not.
TEST_F(HostileTest, JsonHasNoInfinity) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  std::string path = folder / "o/checkpoint.safetensors", bytes = readFile(path);
  const size_t begin = bytes.size() - 73728;
  const float banned = -INFINITY;
  for (int row = 0; row < 96; ++row)
    std::memcpy(bytes.data() + begin + size_t(row * 96) * 4, &banned, 4); // token 0 everywhere
  bytes.replace(bytes.find("\"xxh3\":\"") + 8, 16, "0000000000000000");
  write(path, withHash(bytes));
  const Result result = run({"sample", "--checkpoint", path, "-n", "3", "--logprobs", "96"});
  EXPECT_EQ(result.exit, 0) << result.err;
  const Json json = Json::parse(result.out);
  int nulls = 0;
  for (const Json &token : json["logprobs"])
    for (const Json &top : token["top"])
      nulls += top["logprob"].is_null();
  EXPECT_GT(nulls, 0);
  const Result eval = run({"eval", "--data", text, "--checkpoint", path});
  EXPECT_TRUE(Json::accept(eval.out)) << eval.out;
}

} // namespace sinter::test
