// Malformed data, as fuzz_test.cpp does it for checkpoints: images, texts, token files, vocabularies, prompts, logs,
// saved options.
#include "base/flat_json.h"
#include "data/data.h"
#include "files/log_file.h"
#include "mutator.h"
#include "sampling/generate.h"
#include "support.h"
#include "training/trainer.h"

#include <fstream>
#include <functional>
#include <zlib.h>

namespace sinter::test {

namespace {

// Calls `attemptOne` with seeds until the time is up, and tells how many were taken, which must not be all.
void fuzz(const char *format, const std::function<int(uint64_t, Mutator &)> &attemptOne) {
  int64_t tries = 0, taken = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed, ++tries) {
    Mutator mutator(seed);
    taken += attemptOne(seed, mutator);
  }
  std::printf("%s: %lld files, %lld taken\n", format, static_cast<long long>(tries), static_cast<long long>(taken));
  EXPECT_GT(tries, 10);
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, tries);
}

void put(const std::string &path, const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string gzipped(const std::string &bytes, const std::string &path) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), unsigned(bytes.size()));
  gzclose(file);
  return readFile(path);
}

struct Tokens {
  int32_t tokens[8], targets[8];
  Batch batch() { return {2, 4, tokens, targets, nullptr, nullptr}; }
  /// Fills some batches and checks that no id is outside of the vocabulary.
  void use(const Data &data, uint64_t seed, int64_t vocabulary) {
    for (int64_t step = 0; step < 3; ++step)
      for (const Order order : {Order::Random, Order::Sequential}) {
        data.training->fill(batch(), order, seed, step);
        for (int i = 0; i < 8; ++i)
          EXPECT_TRUE(tokens[i] >= 0 && tokens[i] < vocabulary && targets[i] >= -1 && targets[i] < vocabulary);
      }
  }
};

} // namespace

TEST(Fuzz, Images) {
  Folder folder;
  int32_t labels[1];
  float images[4];
  const Batch batch = {1,
                       4,
                       nullptr,
                       nullptr,
                       images,
                       labels,
                       {{"images", SINTER_F32, {1, 4}, 4, 16, reinterpret_cast<char *>(images)},
                        {"labels", SINTER_I32, {1}, 4, 4, reinterpret_cast<char *>(labels)}}};
  const std::string goodImages = std::string("\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2", 16) + "abcdefgh";
  const std::string goodLabels = std::string("\0\0\10\1\0\0\0\2", 8) + std::string("\1\2", 2);
  fuzz("IDX images", [&](uint64_t seed, Mutator &mutator) {
    DataOptions options;
    const bool compressed = mutator.below(2);
    options.path = folder / (compressed ? "x-images-idx3-ubyte.gz" : "x-images-idx3-ubyte");
    std::filesystem::remove(folder / "x-labels-idx1-ubyte.gz");
    std::filesystem::remove(folder / "x-labels-idx1-ubyte");
    std::string first = goodImages, second = goodLabels;
    const bool before = mutator.below(2); // below the compression, or above
    if (seed > 1 && (before || !compressed))
      mutator.bytes(mutator.below(2) ? first : second);
    if (compressed) {
      first = gzipped(first, folder / "z");
      second = gzipped(second, folder / "z");
      if (seed > 1 && !before)
        mutator.bytes(mutator.below(2) ? first : second);
    }
    put(options.path, first);
    put(folder / (compressed ? "x-labels-idx1-ubyte.gz" : "x-labels-idx1-ubyte"), second);
    const int taken = attempt([&] {
      const Data data = loadData(options, batch, 10);
      data.training->fill(batch, Order::Random, seed, 0);
      EXPECT_TRUE(labels[0] >= 0 && labels[0] < 10);
    });
    if (seed <= 1)
      EXPECT_EQ(taken, 1);
    return taken;
  });
}

TEST(Fuzz, Texts) {
  Folder folder;
  Tokens tokens;
  fuzz("texts", [&](uint64_t seed, Mutator &mutator) {
    DataOptions options;
    options.path = folder / "t.txt";
    options.tokenizer = mutator.below(3) ? "chars" : "bytes";
    std::string text = "in the beginning \u00e9\u20ac\U0001f600 was";
    mutator.bytes(text);
    put(options.path, text);
    const int64_t vocabulary = options.tokenizer == "bytes" ? 256 : mutator.below(2) ? 300 : 20;
    return attempt([&] { tokens.use(loadData(options, tokens.batch(), vocabulary), seed, vocabulary); });
  });
}

TEST(Fuzz, TokenFiles) {
  Folder folder;
  Tokens tokens;
  std::string good;
  for (int i = 0; i < 40; ++i)
    good += {char(i * 7), char(i % 3)};
  fuzz("uint16 token files", [&](uint64_t seed, Mutator &mutator) {
    DataOptions options;
    options.path = folder / "t.bin";
    std::string bytes = good;
    if (seed)
      mutator.bytes(bytes);
    put(options.path, bytes);
    return attempt([&] { tokens.use(loadData(options, tokens.batch(), 800), seed, 800); });
  });
}

// What a checkpoint says of its tokenizer, and prompts for it.
TEST(Fuzz, VocabulariesAndPrompts) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  fuzz("vocabularies and prompts", [&](uint64_t, Mutator &mutator) {
    std::string vocabulary = "\nabc\u00e9\u20ac\U0001f600", kind = "chars", prompt = "abc\u00e9";
    if (mutator.below(2))
      mutator.bytes(vocabulary);
    if (mutator.below(8) == 0)
      mutator.bytes(kind);
    if (mutator.below(2))
      mutator.bytes(prompt);
    return attempt([&] {
      const Tokenizer tokenizer = Tokenizer::restore(kind, vocabulary, "c");
      Generator generator(program, tokenizer);
      GenerateOptions options;
      options.count = 2;
      options.sampler.temperature = double(mutator.below(2));
      options.logProbabilities = int64_t(mutator.below(3));
      const auto ids = generator.promptTokens(prompt, "p");
      for (const GeneratedToken &token : generator.run(ids, options, [](const std::string &) { return true; }).tokens)
        EXPECT_TRUE(token.id >= 0 && token.id < tokenizer.size());
    });
  });
}

// A log that is refused stays as it was; one that is taken is cut at the end of a line.
TEST(Fuzz, Logs) {
  Folder folder;
  const std::string path = folder / "l.jsonl";
  std::string good;
  for (int i = 1; i <= 6; ++i)
    good += "{\"step\":" + std::to_string(i) + ",\"loss\":1.5}\n";
  fuzz("logs", [&](uint64_t seed, Mutator &mutator) {
    std::string text = good;
    if (seed)
      mutator.below(2) ? mutator.json(text) : mutator.bytes(text);
    put(path, text);
    const int taken = attempt([&] { LogFile(path, int64_t(mutator.below(8))); });
    const std::string left = readFile(path);
    if (taken)
      EXPECT_TRUE(text.starts_with(left) && (left.empty() || left.back() == '\n'));
    else
      EXPECT_EQ(left, text);
    return taken;
  });
}

TEST(Fuzz, SavedOptions) {
  TrainingOptions options;
  options.lr = 0.1;
  options.beta1 = 0.9;
  const std::string good = options.json();
  fuzz("saved options", [&](uint64_t seed, Mutator &mutator) {
    std::string text = good;
    for (size_t n = seed ? 1 + mutator.below(3) : 0; n > 0; --n)
      mutator.below(4) ? mutator.json(text) : mutator.bytes(text);
    return attempt([&] {
      const TrainingOptions parsed = TrainingOptions::parse(text, "c");
      EXPECT_TRUE(parsed.steps >= 0 && parsed.warmup >= 0 && parsed.validationFraction >= 0 &&
                  parsed.validationFraction < 1);
      EXPECT_TRUE(!parsed.lr || (*parsed.lr >= 0 && std::isfinite(*parsed.lr)));
    });
  });
}

} // namespace sinter::test
