// Hostile tokenizers: what their files cost, whatever they say, is their size and 64 MB, and a second.
#include "array_files.h"
#include "base/format.h"
#include "commands.h"

namespace sinter::test {

namespace {

class HostileTokenizersTest : public CommandsTest {
protected:
  int64_t base = costOf({"tokenizer", "info", "--tokenizer", "bytes"}).bytes;

  void expectCheap(const std::string &name, const std::string &content) {
    const std::string path = write(folder / name, content);
    for (const std::vector<std::string> &command :
         {std::vector<std::string>{"tokenizer", "info", "--tokenizer", path, "--pattern", "gpt2"},
          {"tokenizer", "encode", "--tokenizer", path, "--pattern", "gpt2", "--text", "a b"},
          {"import", "--from", path, "--out", folder / "imported"}}) {
      if ((command[0] == "import") != name.ends_with(".gguf"))
        continue;
      const Cost cost = costOf(command);
      EXPECT_TRUE(cost.exit == 0 || cost.exit == 1 || cost.exit == 3) << name << ": " << cost.exit << cost.err;
      EXPECT_LT(double(cost.bytes - base - int64_t(content.size())) / double(1 << 20), 64)
          << name << ": MB beside its " << content.size() << " bytes";
      EXPECT_LT(cost.seconds, 1) << name;
    }
  }
};

// Three letters that differ for each i below 2^18.
std::string letters(uint32_t i) {
  const auto letter = [](uint32_t n) {
    return char(n < 26 ? 'a' + n : n < 52 ? 'A' + n - 26 : n < 62 ? '0' + n - 52 : n == 62 ? '+' : '-');
  };
  return {letter(i & 63), letter(i >> 6 & 63), letter(i >> 12 & 63)};
}

template <typename Entry> std::string entries(uint32_t count, Entry entry) {
  std::string all;
  for (uint32_t i = 0; i < count; ++i)
    all += (i ? "," : "") + entry(i);
  return all;
}

std::string model(const std::string &vocabulary, const std::string &merges, const char *type = "BPE") {
  return formatted(R"({{"decoder":{{"type":"ByteLevel"}},"model":{{"type":"{}","vocab":{},"merges":[{}]}}}})", type,
                   vocabulary, merges);
}

} // namespace

TEST_F(HostileTokenizersTest, Json) {
  for (const char *id : {"1048575", "4194303"})
    expectCheap("sparse.json", model(formatted(R"({{"a":{}}})", id), ""));
  const std::string pair = R"({"a":0,"b":1,"ab":2})";
  expectCheap("merges.json", model(pair, repeated("\"a b\",", 1500000) + "\"a b\""));
  expectCheap("pairs.json", model(pair, repeated("[\"a\",\"b\"],", 700000) + "[\"a\",\"b\"]"));
  const auto quoted = [](uint32_t i) { return formatted("\"{}\":{}", letters(i), i); };
  expectCheap("vocabulary.json", model("{" + entries(1 << 18, quoted) + "}", ""));
  expectCheap("unigram.json",
              model("[" + entries(1 << 18, [](uint32_t i) { return formatted("[\"{}\",-1]", letters(i)); }) + "]", "",
                    "Unigram"));
  expectCheap("added.json",
              formatted(R"({{"added_tokens":[{}],"model":{{"type":"BPE","vocab":{{"a":0}},"merges":[]}}}})",
                        entries(100000, [](uint32_t i) {
                          return formatted(R"({{"id":{},"content":"{}"}})", i + 1, letters(i));
                        })));
  expectCheap("nested.json", "{\"model\":" + repeated("[", 4000000) + "\"merges\"");
  // Each of many tokens is split everywhere: the pairs are as many as the file's letters.
  std::string vocabulary = "\"a\":0", merges;
  for (int length = 2; length < 1200; ++length) {
    vocabulary += formatted(",\"{}\":{}", std::string(size_t(length), 'a'), length - 1);
    for (int left = 1; left < length && left < 8; ++left)
      merges += formatted("{}\"{} {}\"", merges.empty() ? "" : ",", std::string(size_t(left), 'a'),
                          std::string(size_t(length - left), 'a'));
  }
  expectCheap("splits.json", model("{" + vocabulary + "}", merges));
}

TEST_F(HostileTokenizersTest, RanksAndPieces) {
  std::string ranks, pieces;
  for (uint32_t i = 0; i < 1 << 18; ++i) {
    ranks += formatted("{}A {}\n", letters(i), i);                         // base64 of three bytes, more or less
    pieces += std::string{10, 7, 10, 3} + letters(i) + std::string{24, 4}; // one that a user defined
  }
  expectCheap("ranks.tiktoken", ranks);
  expectCheap("far.tiktoken", "YQ== 1048575\n");
  expectCheap("user.model", pieces);
  expectCheap("empty.model", repeated(std::string{10, 0}, 4000000));
}

TEST_F(HostileTokenizersTest, Gguf) {
  const auto texts = [](const char *key, uint64_t count) {
    return littleEndian(std::strlen(key), 8) + key + littleEndian(9, 4) + littleEndian(8, 4) + littleEndian(count, 8) +
           std::string(8 * count, '\0');
  };
  const auto file = [](const std::vector<std::string> &values) {
    std::string bytes = "GGUF" + littleEndian(3, 4) + littleEndian(0, 8) + littleEndian(values.size(), 8);
    for (const std::string &value : values)
      bytes += value;
    return bytes;
  };
  const std::string tokens = texts("tokenizer.ggml.tokens", 1000000);
  expectCheap("tokens.gguf", file({tokens}));
  expectCheap("merges.gguf", file({texts("tokenizer.ggml.merges", 1000000), tokens}));
  expectCheap("again.gguf", file({tokens, tokens, tokens}));
}

} // namespace sinter::test
